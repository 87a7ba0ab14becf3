// Which public keys and signatures can be good at all. Libraries differ at the edges of both curves: tweetnacl takes a second
// spelling of S, OpenSSL takes keys of small order, browsers refuse either. A signature that is good on one device and bad on
// another, or at the relay, would split an account's history for ever. So the edges are refused here, before a library is
// asked, and every verdict is the same. Only comparisons of public bytes: the cryptography stays outside this package.
import { bytesToHex, hexToBytes } from './bytes'
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from './ids'

/** 2^255 - 19, little-endian: both curves stand over the same field. */
const fieldPrime = hexToBytes('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f')
/** The order of Ed25519's base point, little-endian. */
const groupOrder = hexToBytes('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')

/** Ed25519: the y of the eight points whose order divides 8. For such a key one signature fits any message. */
const smallOrderY = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
])

/** X25519: the u of the points, on the curve and on its twist, whose order divides 8. Their box opens without any secret. */
const smallOrderU = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
])

/**
 * False when an Ed25519 signature can never be good, whatever the message: wrong lengths, S at or above the group's order (a
 * second spelling of another signature), or a key or R that is of small order or not in its shortest spelling. Everybody who
 * verifies asks this first.
 */
export function mayVerify(publicKey: Uint8Array, signature: Uint8Array): boolean {
  return (
    signature.length === SIGNATURE_BYTES &&
    isSoundSigningKey(publicKey) &&
    isBelow(signature.subarray(PUBLIC_KEY_BYTES), groupOrder) &&
    isSoundSigningKey(signature.subarray(0, PUBLIC_KEY_BYTES))
  )
}

/** False for 32 bytes that no honest device has as its Ed25519 key: of small order, or a second spelling of another key. */
export function isSoundSigningKey(key: Uint8Array): boolean {
  if (key.length !== PUBLIC_KEY_BYTES) return false
  const y = key.slice()
  // The top bit is the sign of x.
  y[31] = (y[31] as number) & 0x7f
  return isBelow(y, fieldPrime) && !smallOrderY.has(bytesToHex(y))
}

/**
 * False for 32 bytes that no honest device has as its X25519 key: of small order (what is sealed to or from it, anybody opens),
 * or a second spelling of another key.
 */
export function isSoundBoxKey(key: Uint8Array): boolean {
  // X25519 ignores the top bit, so a key that has it set is a second spelling too; below the prime it never is.
  return key.length === PUBLIC_KEY_BYTES && isBelow(key, fieldPrime) && !smallOrderU.has(bytesToHex(key))
}

/** Compares numbers that are written little-endian. Only for public values. */
function isBelow(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = b.length - 1; i >= 0; i--) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference < 0
  }
  return false
}
