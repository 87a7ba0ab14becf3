// Hashing with a domain string, so that a hash made for one purpose can never be taken for another. The digest itself
// (SHA-512, the hash of NaCl) is passed in: this package does no cryptography of its own.
import { concatBytes } from './bytes'
import { type AccountId, DEVICE_ID_BYTES, type DeviceId, type DocumentId, HASH_BYTES, type Hash } from './ids'

/** SHA-512: any bytes to 64. */
export type Sha512 = (bytes: Uint8Array) => Uint8Array

const encoder = new TextEncoder()
const domainCache = new Map<string, Uint8Array>()

/** The bytes of `owlivion-sync/1/<name>` and a closing zero, which no name contains. */
export function domain(name: string): Uint8Array {
  let bytes = domainCache.get(name)
  if (bytes === undefined) {
    bytes = encoder.encode(`owlivion-sync/1/${name}\0`)
    domainCache.set(name, bytes)
  }
  return bytes
}

/** SHA-512 of domain and parts, cut to 32 bytes (the cut also stops length extension). Parts must delimit themselves. */
export function hashParts(sha512: Sha512, domainName: string, ...parts: readonly Uint8Array[]): Hash {
  // A Buffer's own slice would be a view that keeps the whole digest, and a Buffer, alive in whatever stores the hash.
  return new Uint8Array(sha512(concatBytes(domain(domainName), ...parts)).subarray(0, HASH_BYTES)) as Hash
}

export function accountIdOf(sha512: Sha512, recoverySigningKey: Uint8Array): AccountId {
  return hashParts(sha512, 'account', recoverySigningKey) as Uint8Array as AccountId
}

export function deviceIdOf(sha512: Sha512, signingKey: Uint8Array): DeviceId {
  return hashParts(sha512, 'device', signingKey).slice(0, DEVICE_ID_BYTES) as DeviceId
}

/** h(0): the log hash of an empty document. The relay's generation stays out of it, so that a healed relay reaches the same hashes. */
export function emptyLogHash(sha512: Sha512, account: AccountId, document: DocumentId): Hash {
  return hashParts(sha512, 'log-start', account, document)
}

/** h(n) from h(n-1) and the hash of the n-th envelope's bytes as received. */
export function nextLogHash(sha512: Sha512, previous: Hash, envelopeHash: Hash): Hash {
  return hashParts(sha512, 'log', previous, envelopeHash)
}
