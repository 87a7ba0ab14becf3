// What one run of a world is given, and what comes of it.
import type { Tampering } from './connection'
import type { SimDevice } from './device'
import type { DiskDefect } from './disk'
import type { Plan } from './plan'

/** Ways to break a world on purpose, so that a test sees the checks notice. */
export interface Defects {
  /** The relay confirms what its disk does not hold yet. */
  readonly relayAnswersEarly?: boolean
  readonly disk?: DiskDefect
  readonly tamper?: Tampering
  /** Changes what a document's records do. */
  readonly records?: (device: SimDevice) => void
}

export interface RunOptions {
  readonly plan: Plan
  readonly defects?: Defects
  /** Keeps every line of the trace, not only their hash. */
  readonly keepsTrace?: boolean
}

export interface RunResult {
  readonly seed: number
  /** Empty when all is well. */
  readonly failures: readonly string[]
  readonly traceHash: string
  readonly trace: readonly string[]
  /** By kind of event, how often it happened. */
  readonly counts: ReadonlyMap<string, number>
  readonly calls: number
  readonly edits: number
  readonly rewrites: number
  /** Edits that never reached the disk of their device, or were lost from it by a power cut before the relay had them. */
  readonly neverPromised: number
  readonly conflicts: number
  /** Stored at the relay: without the rebases, and those. */
  readonly snapshots: number
  readonly rebases: number
  /** Entries that the relay's disk holds only inside snapshots at the end. */
  readonly pruned: number
  /** Promised edits that some device lacks at the end. */
  readonly lost: number
  readonly virtualMs: number
}
