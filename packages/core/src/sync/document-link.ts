import type { DocumentId, Frame } from '@owlivion/sync-protocol'
import type { SyncError } from '../errors'

/** How the document reaches the relay; answers arrive through the methods of DocumentSync. */
export interface DocumentLink {
  send(frame: Frame): void
  /** Asks for everything after the document's cursor. */
  subscribe(document: DocumentId): void
  /** Reads the keyring; `keyringRead` is called when that is done. */
  readKeyring(): void
  /** Gives the connection up after it showed something untrue; a new one is made after a pause. */
  distrust(error: SyncError): void
}
