// What a document comes to when its log is placed anew, and how it is asked for.
import type { Body } from '@owlivion/sync-protocol'
import type { StoreBatch } from '../../storage'
import type { StoredEntry } from '../document/rows'
import type { BaseDocs } from './base'
import type { LogReplica } from './log-replica'

export interface LostEntry {
  readonly body: Body
  readonly entry: StoredEntry
}

/** Everything that the rows hold, and what becomes of it as things stand now. */
export interface Replayed {
  readonly docs: BaseDocs
  readonly replica: LogReplica
  /** This device's own entries that it has to seal again, in order: those of every incarnation in which one is lost. */
  readonly lost: readonly LostEntry[]
  /** What this device's own entries that count wrote in texts, whether or not it has its place now. */
  readonly ownTexts: readonly Uint8Array[]
  /** All rows but the state's and the pending ones'. */
  readonly batch: Required<Pick<StoreBatch, 'put' | 'remove'>>
}

export interface ReplayOptions {
  /** Leave out what is beyond a cut; otherwise the document keeps all that it has. */
  readonly drops: boolean
  /** Take in entries up to this number only; those after it will be read again. */
  readonly through?: number
}
