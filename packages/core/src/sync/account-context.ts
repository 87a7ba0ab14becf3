// What every document of an account shares: keys, clock, disk. Made by the engine, read by the documents.
import type { AccountId, DeviceId, DocumentId, Hash, KeyringState } from '@owlivion/sync-protocol'
import type { SyncError } from '../errors'
import type { Platform } from '../platform'
import type { Store } from '../storage'
import type { StoreWriter } from './store-writer'

export interface SealingKey {
  /** Position in the keyring of the record that introduced the epoch. */
  readonly position: number
  readonly keyId: Hash
  readonly key: Uint8Array
}

export interface AccountContext {
  readonly platform: Platform
  readonly account: AccountId
  readonly device: DeviceId
  readonly store: Store
  readonly writer: StoreWriter
  keyring(): KeyringState
  /** A document's key under the epoch at this position, when this device has it. */
  keyAt(document: DocumentId, position: number): Uint8Array | undefined
  /** The key that seals from now on. */
  newestKey(document: DocumentId): SealingKey
  /** Ed25519 by this device's key. */
  sign(message: Uint8Array): Promise<Uint8Array>
  isCutOff(document: DocumentId, device: DeviceId, incarnation: number, sequence: number): boolean
  /** This device was removed, and a record that it verified says so: it reads, and writes no more. */
  readonly isRemoved: boolean
  /** The device's clock corrected by the relay's, in ms. */
  now(): number
  /** The relay's clock minus the device's, in ms; undefined until the relay told. */
  readonly clockOffsetMs: number | undefined
  /** Something the app should know of; nothing is lost by it. */
  report(error: SyncError): void
}

/** A random number of 32 bits, never 0. */
export function randomUint32(platform: Platform): number {
  for (;;) {
    const bytes = platform.random(4)
    const value = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0)
    if (value !== 0) return value
  }
}
