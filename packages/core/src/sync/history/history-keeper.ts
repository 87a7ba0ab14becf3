// What a document needs of whoever keeps the history of an account.
import type { DocumentId } from '@owlivion/sync-protocol'

export interface HistoryKeeper {
  /** Whether the document is one whose changes are kept. */
  keeps(document: DocumentId): Promise<boolean>
  /** Packs of it are in the store. @param options isFirst: of a summary that this device made */
  owed(document: DocumentId, options?: { readonly isFirst?: boolean }): void
  /** Packs of it are on this device alone. */
  isOwing(document: DocumentId): Promise<boolean>
  /** Brings its packs into the account now. @returns when the relay has them, or that was given up; never when it does not answer */
  bring(document: DocumentId): Promise<void>
}
