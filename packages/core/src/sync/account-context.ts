// What every document of an account shares: keys, clock, disk. Made by the engine, read by the documents.
import type { AccountId, DeviceId, DocumentId, Hash, KeyringHead, KeyringState } from '@owlivion/sync-protocol'
import type { SyncError } from '../errors'
import type { Platform } from '../platform'
import type { Store } from '../storage'
import type { HealingLedger } from './healing/healing-ledger'
import type { HistoryKeeper } from './history/history-keeper'
import type { ClaimPlace } from './keyring/keyring-claims'
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
  /** Keys that counted under this position on a branch of the keyring that is gone: they open what this device has stored. */
  lostKeysAt?(document: DocumentId, position: number): readonly { readonly keyId: Hash; readonly key: Uint8Array }[]
  readonly hasLostKeys?: boolean
  /** Another device has read more of the keyring than this one was shown: nothing is sealed under a key that may be out of date. */
  readonly isKeyringHidden?: boolean
  /** A device says how far the keyring went. @returns true when the keyring is to be read because of it */
  noteKeyringHead?(device: DeviceId, place: ClaimPlace, head: KeyringHead): boolean
  /** The key that seals from now on. */
  newestKey(document: DocumentId): SealingKey
  /** Ed25519 by this device's key. */
  sign(message: Uint8Array): Promise<Uint8Array>
  isCutOff(document: DocumentId, device: DeviceId, incarnation: number, sequence: number): boolean
  /** This device was removed, and a record that it verified says so: it reads, and writes no more. */
  readonly isRemoved: boolean
  /** A device has shown, verified, that it lived at this time by its own clock. */
  heard?(device: DeviceId, saidAtMs: number): void
  /** Is told when documents of a relay begin to be healed, and when that is done. */
  readonly healing?: HealingLedger
  /** Keeps what became of records, for when the entries that say it are gone. */
  readonly history?: HistoryKeeper
  /** This device does not sync the document. */
  isOff?(document: DocumentId): boolean
  /** The device's clock corrected by the relay's, in ms. */
  now(): number
  /** This device has dated something: later than `now` where it saw later times, or wrote more than once in a millisecond. */
  wrote?(t: number): void
  /** The relay's clock minus the device's, in ms; undefined until the relay told. */
  readonly clockOffsetMs: number | undefined
  /** When the relay told that last since this was opened, by the device's clock. Set since, that clock takes the corrected one along. */
  readonly clockToldAtMs?: number | undefined
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
