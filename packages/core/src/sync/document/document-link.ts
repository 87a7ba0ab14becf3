import type { DocumentId, Frame } from '@owlivion/sync-protocol'
import type { SyncError } from '../../errors'

/** How the document reaches the relay; answers arrive through the methods of DocumentSync. */
export interface DocumentLink {
  send(frame: Frame): void
  /** Sends parts of something large, one after another; other frames go in between. */
  sendLarge(frames: Iterable<Frame>): void
  /**
   * Asks for everything after the document's cursor.
   * @param inTurn with the next question, once every document that was asked about has its answer: a relay that answered empty had no
   * room left, and hundreds of documents that each ask again at once would be as many questions
   */
  subscribe(document: DocumentId, inTurn?: boolean): void
  /** Reads the keyring; `keyringRead` is called when that is done. */
  readKeyring(): void
  /** Gives the connection up after it showed something untrue; a new one is made after a pause. */
  distrust(error: SyncError): void
}
