// Bytes that are easy to tell apart in a failing test, and the digest and signatures of Node.
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import type { Sha512 } from '../../src/hash'

export const sha512: Sha512 = (bytes) => createHash('sha512').update(bytes).digest()

/** `length` bytes that count up from `first`. */
export function counting<T extends Uint8Array = Uint8Array>(length: number, first: number): T {
  return Uint8Array.from({ length }, (_, index) => (first + index) & 0xff) as Uint8Array as T
}

export interface SigningKey {
  readonly publicKey: Uint8Array
  sign(bytes: Uint8Array): Uint8Array
}

const pkcs8Ed25519 = Buffer.from('302e020100300506032b657004220420', 'hex')
const spkiEd25519 = Buffer.from('302a300506032b6570032100', 'hex')

export function signingKeyFrom(seed: Uint8Array): SigningKey {
  const key: KeyObject = createPrivateKey({ key: Buffer.concat([pkcs8Ed25519, seed]), format: 'der', type: 'pkcs8' })
  const publicKey = new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32))
  return { publicKey, sign: (bytes) => new Uint8Array(sign(null, bytes, key)) }
}

export function isSignedBy(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey({ key: Buffer.concat([spkiEd25519, publicKey]), format: 'der', type: 'spki' })
  return verify(null, bytes, key, signature)
}
