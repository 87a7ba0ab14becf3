// What a device signs to log in. It binds the relay's address as the device dialled it, so that a relay in the middle
// cannot use the answer elsewhere; the account; and the relay's fresh nonce.

import { concatBytes } from './bytes'
import { Writer } from './codec'
import { domain } from './hash'
import {
  ACCOUNT_ID_BYTES,
  type AccountId,
  DEVICE_ID_BYTES,
  type DeviceId,
  DOCUMENT_ID_BYTES,
  HASH_BYTES,
  type Hash,
  PUBLIC_KEY_BYTES,
} from './ids'
import { MAX_ACTIVE_DEVICES, MAX_HOST_BYTES } from './limits'

/**
 * @param host host and port of the relay as in the URL, in lower case, for example `relay.example.com` or `127.0.0.1:8787`
 * @param account as named in `hello`
 * @param publicKey the device's signing key or the recovery key
 */
export function loginSigningBytes(host: string, account: AccountId, publicKey: Uint8Array, nonce: Hash): Uint8Array {
  return concatBytes(
    domain('login'),
    new Writer()
      .text(host.toLowerCase(), MAX_HOST_BYTES)
      .fixed(account, ACCOUNT_ID_BYTES)
      .fixed(publicKey, PUBLIC_KEY_BYTES)
      .fixed(nonce, HASH_BYTES)
      .finish(),
  )
}

/** What is signed with a `seen` row; `hash` is the entry hash of its envelope. */
export function seenSigningBytes(account: AccountId, document: Uint8Array, hash: Hash): Uint8Array {
  return concatBytes(
    domain('seen'),
    new Writer().fixed(account, ACCOUNT_ID_BYTES).fixed(document, DOCUMENT_ID_BYTES).fixed(hash, HASH_BYTES).finish(),
  )
}

/**
 * What is signed to hold devices off while they are removed.
 * @param head of the keyring as the signer knows it: an old suspension cannot be used again once the keyring has moved on
 */
export function suspendSigningBytes(account: AccountId, head: Hash, devices: readonly DeviceId[]): Uint8Array {
  const writer = new Writer().fixed(account, ACCOUNT_ID_BYTES).fixed(head, HASH_BYTES)
  writer.list(devices, (id) => writer.fixed(id, DEVICE_ID_BYTES), MAX_ACTIVE_DEVICES)
  return concatBytes(domain('suspend'), writer.finish())
}

/** What the recovery key signs to delete an account at a relay; `head` is that of the keyring, so that it cannot be used again. */
export function deletionSigningBytes(account: AccountId, head: Hash): Uint8Array {
  return concatBytes(
    domain('delete-account'),
    new Writer().fixed(account, ACCOUNT_ID_BYTES).fixed(head, HASH_BYTES).finish(),
  )
}
