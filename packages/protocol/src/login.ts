// What a device signs to log in. It binds the relay's address as the device dialled it, so that a relay in the middle
// cannot use the answer elsewhere; the account; and the relay's fresh nonce.

import { concatBytes } from './bytes'
import { Writer } from './codec'
import { domain } from './hash'
import { ACCOUNT_ID_BYTES, type AccountId, DOCUMENT_ID_BYTES, HASH_BYTES, type Hash, PUBLIC_KEY_BYTES } from './ids'
import { MAX_HOST_BYTES } from './limits'

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
