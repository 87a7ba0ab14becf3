// The signing provider that runs everywhere: slow (a signature takes about 2 ms, a verification 3 to 6), needs nothing. The
// platforms use what the system brings and come back to this one where it brings nothing.
import { sha512 } from '@noble/hashes/sha2.js'
import { mayVerify } from '@owlivion/sync-protocol'
import nacl from 'tweetnacl'
import type { SigningProvider } from './platform'

export const tweetnaclSigning: SigningProvider = {
  async sign(seed, message) {
    return nacl.sign.detached(message, nacl.sign.keyPair.fromSeed(seed).secretKey)
  },
  async verify(publicKey, message, signature) {
    return mayVerify(publicKey, signature) && nacl.sign.detached.verify(message, signature, publicKey)
  },
  // From noble, which key derivation needs anyway; a third faster than tweetnacl's.
  sha512: (bytes) => sha512(bytes),
}

export function tweetnaclPublicKey(seed: Uint8Array): Uint8Array {
  return nacl.sign.keyPair.fromSeed(seed).publicKey
}

export function publicKeyOf(signing: Pick<SigningProvider, 'publicKey'>, seed: Uint8Array): Uint8Array {
  return signing.publicKey?.(seed) ?? tweetnaclPublicKey(seed)
}
