// Ed25519, X25519 and SHA-512 by Node's own crypto: 10,000 verifications in under a second.
import { createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto'
import { mayVerify } from '@owlivion/sync-protocol'
import { KeyCache } from './key-cache'
import { boxSecretToPkcs8, publicKeyToSpki, seedToPkcs8 } from './key-formats'
import type { SigningProvider } from './platform'

const KEY_BYTES = 32

export function nodeSigning(): SigningProvider {
  const keys = new KeyCache<KeyObject>()
  const importPrivate = (seed: Uint8Array) => privateKeyOf(seedToPkcs8(seed))
  const importPublic = (publicKey: Uint8Array) =>
    createPublicKey({ key: Buffer.from(publicKeyToSpki(publicKey).buffer), format: 'der', type: 'spki' })
  return {
    async sign(seed, message) {
      return plain(sign(null, message, keys.privateKey(seed, importPrivate)))
    },
    async verify(publicKey, message, signature) {
      return (
        mayVerify(publicKey, signature) && verify(null, message, keys.publicKey(publicKey, importPublic), signature)
      )
    },
    publicKey: (seed) => publicPartOf(keys.privateKey(seed, importPrivate)),
    boxPublicKey: (secret) => publicPartOf(privateKeyOf(boxSecretToPkcs8(secret))),
    sha512: (bytes) => plain(hash('sha512', bytes, 'buffer')),
  }
}

function privateKeyOf(pkcs8: Uint8Array<ArrayBuffer>): KeyObject {
  return createPrivateKey({ key: Buffer.from(pkcs8.buffer), format: 'der', type: 'pkcs8' })
}

function publicPartOf(key: KeyObject): Uint8Array {
  return plain(createPublicKey(key).export({ format: 'der', type: 'spki' })).slice(-KEY_BYTES)
}

/** A Buffer's `slice` is a view where every other array's is a copy; none leaves this file. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer)
}
