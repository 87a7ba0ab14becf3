// Ed25519 and SHA-512 by Node's own crypto: 10,000 verifications in under a second.
import { createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto'
import { mayVerify } from '@owlivion/sync-protocol'
import { publicKeyToSpki, seedToPkcs8 } from './ed25519'
import { KeyCache } from './key-cache'
import type { SigningProvider } from './platform'

const KEY_BYTES = 32

export function nodeSigning(): SigningProvider {
  const keys = new KeyCache<KeyObject>()
  const importPrivate = (seed: Uint8Array) =>
    createPrivateKey({ key: Buffer.from(seedToPkcs8(seed).buffer), format: 'der', type: 'pkcs8' })
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
    publicKey: (seed) =>
      plain(createPublicKey(keys.privateKey(seed, importPrivate)).export({ format: 'der', type: 'spki' })).slice(
        -KEY_BYTES,
      ),
    sha512: (bytes) => plain(hash('sha512', bytes, 'buffer')),
  }
}

/** A Buffer's `slice` is a view where every other array's is a copy; none leaves this file. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer)
}
