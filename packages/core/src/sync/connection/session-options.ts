// What a connection to the relay needs from the account that it serves, and what it tells of itself.
import type { AccountId, DeviceId, DocumentId, Generation } from '@owlivion/sync-protocol'
import type { SyncError } from '../../errors'
import type { Platform } from '../../platform'
import type { AccountCalls } from '../account/account-calls'
import type { DocumentSync } from '../document/document-sync'
import type { ExchangedKeyring } from '../keyring/keyring-exchange'
import type { Presence } from '../presence/presence'
import type { LiveRequests } from './live-requests'

export interface SessionOptions {
  readonly platform: Platform
  readonly url: string
  readonly account: AccountId
  readonly device: DeviceId
  /** This device's Ed25519 public key. */
  readonly publicKey: Uint8Array
  sign(message: Uint8Array): Promise<Uint8Array>
  readonly keyring: ExchangedKeyring
  /** Hears of the connection while it is online, and takes the answers to what it asks there. */
  readonly requests?: LiveRequests
  /** As above, for account calls. */
  readonly calls?: AccountCalls
  /** What devices show of themselves in documents. */
  readonly presence?: Presence
  documents(): Iterable<DocumentSync>
  document(id: DocumentId): DocumentSync | undefined
  /** The relay names its database. */
  generationShown?(generation: Generation): void
  /** The relay's clock, in ms, as of now. */
  relayTime(timeMs: number): void
  /** The relay has shown the same keyring as this device's. */
  inStep?(): void
  /** Another device has read more of the keyring than this one was shown. */
  isKeyringHidden?(): boolean
  onState(): void
  report(error: SyncError): void
}
