// Whether what a snapshot speaks of and the keyring does not say may yet come: the keyring is read once for each. Several copies of one
// snapshot may be on their way, so asking for the keyring is not having read it.
import { bytesEqual, type Hash } from '@owlivion/sync-protocol'
import type { DocumentLink } from '../document/document-link'

export class KeyringWait {
  private awaitedFor: Hash | undefined
  private readFor: Hash | undefined

  disconnected(): void {
    this.awaitedFor = undefined
    this.readFor = undefined
  }

  /** The keyring was read to its end. */
  keyringRead(): void {
    this.readFor = this.awaitedFor
  }

  /** The keyring was read because of this very snapshot: what it does not know, it will not know. */
  isOver(hash: Hash): boolean {
    return this.readFor !== undefined && bytesEqual(this.readFor, hash)
  }

  /** Reads the keyring for the sake of this snapshot. @returns false when that was done already */
  begin(hash: Hash, link: DocumentLink): boolean {
    if (this.isOver(hash)) return false
    this.awaitedFor = hash.slice() as Hash
    link.readKeyring()
    return true
  }
}
