// The forms in which Node and WebCrypto read Ed25519 and X25519 keys (RFC 8410).
import { hexToBytes } from '@owlivion/sync-protocol'

const pkcs8Prefix = hexToBytes('302e020100300506032b657004220420')
const boxPkcs8Prefix = hexToBytes('302e020100300506032b656e04220420')
const spkiPrefix = hexToBytes('302a300506032b6570032100')

/** An Ed25519 seed as PKCS #8, the only form of a private key that both Node and WebCrypto import. */
export function seedToPkcs8(seed: Uint8Array): Uint8Array<ArrayBuffer> {
  return join(pkcs8Prefix, seed)
}

/** An X25519 secret as PKCS #8. */
export function boxSecretToPkcs8(secret: Uint8Array): Uint8Array<ArrayBuffer> {
  return join(boxPkcs8Prefix, secret)
}

/** An Ed25519 public key as SubjectPublicKeyInfo. */
export function publicKeyToSpki(publicKey: Uint8Array): Uint8Array<ArrayBuffer> {
  return join(spkiPrefix, publicKey)
}

function join(prefix: Uint8Array, rest: Uint8Array): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(prefix.length + rest.length)
  result.set(prefix)
  result.set(rest, prefix.length)
  return result
}
