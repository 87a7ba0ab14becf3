// What every Ed25519 provider agrees on. Libraries differ at the edges (tweetnacl takes a second spelling of S, browsers refuse
// points of small order that Node takes), and a signature that is good on one device and bad on another would split their
// histories. So the edges are refused here, before a library is asked, and the verdict is the same everywhere.

export const ED25519_PUBLIC_KEY_BYTES = 32
export const ED25519_SIGNATURE_BYTES = 64

const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))

/** The order of the base point, little-endian. */
const groupOrder = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')
/** 2^255 - 19, little-endian. */
const fieldPrime = fromHex('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f')

/** The y coordinates of the eight points whose order divides 8: for such a key one signature fits any message. */
const smallOrderY = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
])

/**
 * False when the signature can never be good, whatever the message: wrong lengths, S at or above the group's order (a second
 * spelling of another signature), or a key or R that is of small order or not in its shortest spelling.
 */
export function mayVerify(publicKey: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== ED25519_PUBLIC_KEY_BYTES || signature.length !== ED25519_SIGNATURE_BYTES) return false
  return (
    isBelow(signature.subarray(32), groupOrder) && isSoundPoint(publicKey) && isSoundPoint(signature.subarray(0, 32))
  )
}

function isSoundPoint(encoded: Uint8Array): boolean {
  const y = encoded.slice()
  // The top bit is the sign of x.
  y[31] = (y[31] as number) & 0x7f
  return isBelow(y, fieldPrime) && !smallOrderY.has(toHex(y))
}

/** Compares numbers that are written little-endian. Only for public values. */
function isBelow(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = a.length - 1; i >= 0; i--) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference < 0
  }
  return false
}

const pkcs8Prefix = fromHex('302e020100300506032b657004220420')
const spkiPrefix = fromHex('302a300506032b6570032100')

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
