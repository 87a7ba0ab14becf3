// The platform of a relay that runs as a Node process.
import { createPublicKey, hash, type KeyObject, randomBytes, verify } from 'node:crypto'
import { bytesToHex, mayVerify } from '@owlivion/sync-protocol'
import type { RelayPlatform } from './platform'

/** What stands before the 32 bytes of an Ed25519 key in the DER form that Node reads. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
/** Reading a key costs as much as verifying with it; devices verify with the same one again and again. */
const MAX_CACHED_KEYS = 4_096

/** The clock, randomness, timers and cryptography of a Node process. */
export function createNodePlatform(): RelayPlatform {
  const keyByHex = new Map<string, KeyObject>()

  function readKey(publicKey: Uint8Array): KeyObject {
    const hex = bytesToHex(publicKey)
    let key = keyByHex.get(hex)
    if (key === undefined) {
      key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' })
      if (keyByHex.size >= MAX_CACHED_KEYS) keyByHex.delete(keyByHex.keys().next().value as string)
      keyByHex.set(hex, key)
    }
    return key
  }

  return {
    now: () => Date.now(),
    random: (length) => plainBytes(randomBytes(length)),
    setTimer(delayMs, callback) {
      const timer = setTimeout(callback, delayMs)
      // Sockets keep the process alive, never a time limit on one.
      timer.unref()
      return () => clearTimeout(timer)
    },
    sha512: (bytes) => plainBytes(hash('sha512', bytes, 'buffer')),
    async verify(publicKey, message, signature) {
      try {
        return mayVerify(publicKey, signature) && verify(null, message, readKey(publicKey), signature)
      } catch {
        // Bytes that are no point of the curve are no key of anybody.
        return false
      }
    },
    defer: (callback) => void setImmediate(callback),
  }
}

/** The same bytes without Buffer's own meaning of `slice`, which shares memory where Uint8Array copies. */
export function plainBytes<T extends Uint8Array = Uint8Array>(buffer: Uint8Array): T {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength) as Uint8Array as T
}
