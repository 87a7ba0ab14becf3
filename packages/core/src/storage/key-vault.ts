// Where the profile key is kept, the one key under which a store boxes everything. The vaults of this package are for a browser and for
// a file; the keychain of a host is an object with these three methods, proved by the contract suite in `@owlivion/sync/testing`.
import { KEY_BYTES } from '../crypto'
import { storageRefusal } from './failure'

/**
 * Keeps one key of 32 bytes. An implementer may assume: the caller does not change the key while a call runs. An implementer promises:
 * - a key that is there is never replaced: of two that are handed over at once, both callers are answered the same one;
 * - when the promise of `keep` resolves, the key survives a power cut, because rows are boxed under it from then on;
 * - `read` answers undefined only when no key was ever kept or it was removed. A vault that is locked or cannot be read just now rejects,
 *   or a store would be taken for one whose key is lost;
 * - keys come back as copies, and what the caller does to its own afterwards changes nothing.
 * Failures are SyncError: `storage-failed` (retryable) for what may work later, `profile-key-wrong` for something in the key's place that is none.
 *
 * @example
 * // The keychain of a host: any object that keeps text under a name.
 * const keychain = new Map<string, string>()
 * const vault: KeyVault = {
 *   read: async () => {
 *     const kept = keychain.get('mail')
 *     return kept === undefined ? undefined : Uint8Array.from(JSON.parse(kept))
 *   },
 *   keep: async (key) => {
 *     const kept = keychain.get('mail') ?? JSON.stringify([...key])
 *     keychain.set('mail', kept)
 *     return Uint8Array.from(JSON.parse(kept))
 *   },
 *   remove: async () => {
 *     keychain.delete('mail')
 *   },
 * }
 */
export interface KeyVault {
  /** The key, or undefined when there is none. */
  read(): Promise<Uint8Array | undefined>
  /** Keeps this key unless there is one already. @returns the key that is there now */
  keep(key: Uint8Array): Promise<Uint8Array>
  /** Forgets the key. That there is none is no error. */
  remove(): Promise<void>
}

/** A copy. Throws SyncError `storage-failed` for anything but 32 bytes: a vault that kept it would give it back as no key. */
export function checkedProfileKey(key: Uint8Array): Uint8Array<ArrayBuffer> {
  if (key.length !== KEY_BYTES) throw storageRefusal(`A profile key has ${KEY_BYTES} bytes, not ${key.length}.`)
  return new Uint8Array(key)
}
