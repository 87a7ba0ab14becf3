// What a document does beside reading and writing its log: summarising it, healing a relay, starting a new epoch. Each is a part that
// hears of the connection and of the frames that are its own; the document knows parts only as this.
import type { DocumentId, Frame, Hash, Refusal } from '@owlivion/sync-protocol'
import type { SyncError } from '../../errors'
import type { AccountContext } from '../account-context'
import type { LogIntake } from '../log/log-intake'
import type { ArrivedSnapshot } from '../snapshot/snapshot-arrivals'
import type { DocumentEdits } from '../writing/document-edits'
import type { OwnWriter } from '../writing/own-writer'
import type { HolderProgress } from './copies'
import type { DocumentLink } from './document-link'
import type { DocumentState } from './document-state'
import type { PartStatus } from './document-status'

/** A frame that speaks of one document. */
export type DocumentFrame = Extract<Frame, { readonly document: DocumentId }>

/** A number of the log, and its hash there. */
export interface LogPlace {
  readonly number: number
  readonly hash: Hash
}

/** What a document gives its parts. */
export interface DocumentHost {
  readonly context: AccountContext
  readonly state: DocumentState
  readonly intake: LogIntake
  /** Who this device writes as, and the one way to change the live document under the edits. */
  readonly ownWriter: OwnWriter
  /** What the document writes by itself goes the way of any other edit. */
  readonly edits: Pick<DocumentEdits, 'transactAll'>
  readonly seenRows: {
    /** True when every other device of the account that was heard of after `sinceMs` has shown that it has applied this much. */
    holdersHave(progress: HolderProgress, sinceMs: number): boolean
    /** Tells the others soon what is here, unless they know. */
    schedule(): void
  }
  /** While the connection is up. */
  readonly link: DocumentLink | undefined
  /** Everything that the relay had when last asked is here. */
  readonly isCaughtUp: boolean
  readonly isClosed: boolean
  /** Of the document with its parts. */
  readonly isHealing: boolean
  /** Runs after the jobs before it, one at a time: whatever changes the verified log is a job. What it throws ends the connection. */
  runJob(job: () => Promise<void>): void
  /** Ids of the records that changed, undefined when any may have. */
  onChange(changed: ReadonlySet<string> | undefined): void
  onStatus(): void
  /** Not caught up any more: asks for everything after the cursor. */
  readAgain(): void
  /** Reads entries as if the relay had sent them, within a job. */
  receivePage(page: Extract<Frame, { type: 'page' }>): Promise<void>
}

/** One thing that a document does beside reading and writing. All methods are optional; none may throw but the awaited ones. */
export interface DocumentPart {
  connected?(link: DocumentLink): void
  disconnected?(): void
  /** For good. */
  close?(): void
  /** Every frame of the document, as a job of its connection. @returns true when no other part, nor the document, is to see it */
  received?(frame: DocumentFrame, link: DocumentLink): Promise<boolean> | boolean
  /** A snapshot that the relay sent whole, asked for or not, as a job. @returns true when no other part is to see it */
  snapshotArrived?(arrived: ArrivedSnapshot, link: DocumentLink): Promise<boolean> | boolean
  /** As above, for what the relay refuses of the document. */
  refused?(refusal: Refusal, error: SyncError, link: DocumentLink): Promise<boolean> | boolean
  /** Everything that the relay has is here, or entries were taken in while it was. Called within a job. */
  caughtUp?(): Promise<void> | void
  /** What follows the cursor is of a later document epoch, or the relay says that this device's own is over. Called within a job. */
  foundLaterEpoch?(): Promise<void> | void
  /** The log was taken back to be read again, and what followed is kept beside it until it has come again. */
  tookBack?(): void
  /** The keyring was read to its end, whether or not there was news; `keyringChanged` follows. */
  keyringRead?(): void
  /** The keyring is another than before, or was read again. Called within a job. */
  keyringChanged?(): Promise<void> | void
  /** Nothing may be sealed or sent while true. */
  readonly holdsPushes?: boolean
  /** Work that began is not over, and would be lost with the connection: a device that connects only now and then stays for a while. */
  readonly needsConnection?: boolean
  readonly status?: Partial<PartStatus>
  /** The relay is brought back what it lost: what was said of the log before counts against nobody, and nothing is summed up. */
  readonly isHealing?: boolean
  /** What the relay is asked to go on from while this is set, in place of the document's own cursor. */
  readonly asksFrom?: LogPlace | undefined
}
