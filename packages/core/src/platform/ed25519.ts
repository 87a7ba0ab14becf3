// The forms in which Node and WebCrypto read Ed25519 keys.
import { hexToBytes } from '@owlivion/sync-protocol'

const pkcs8Prefix = hexToBytes('302e020100300506032b657004220420')
const spkiPrefix = hexToBytes('302a300506032b6570032100')

/** A seed as PKCS #8 (RFC 8410), the only form of a private key that both Node and WebCrypto import. */
export function seedToPkcs8(seed: Uint8Array): Uint8Array<ArrayBuffer> {
  return join(pkcs8Prefix, seed)
}

/** A public key as SubjectPublicKeyInfo (RFC 8410). */
export function publicKeyToSpki(publicKey: Uint8Array): Uint8Array<ArrayBuffer> {
  return join(spkiPrefix, publicKey)
}

function join(prefix: Uint8Array, rest: Uint8Array): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(prefix.length + rest.length)
  result.set(prefix)
  result.set(rest, prefix.length)
  return result
}
