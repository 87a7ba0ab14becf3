// Handing a 32-byte key to somebody: to a member of the account by a NaCl box, or to a later epoch by a secretbox.
import {
  concatBytes,
  hashParts,
  NONCE_BYTES,
  PUBLIC_KEY_BYTES,
  type Sha512,
  WRAPPED_KEY_BYTES,
} from '@owlivion/sync-protocol'
import nacl from 'tweetnacl'
import { KEY_BYTES } from './keys'

/** X25519. */
export interface BoxKeys {
  readonly boxSecret: Uint8Array
  readonly box: Uint8Array
}

/** Makes the public key of a secret, where the machine has a library that is faster than JavaScript. */
interface BoxTools {
  boxPublicKey?(secret: Uint8Array): Uint8Array
}

export function boxKeysOf(boxSecret: Uint8Array, tools: BoxTools = {}): BoxKeys {
  return { boxSecret, box: tools.boxPublicKey?.(boxSecret) ?? nacl.box.keyPair.fromSecretKey(boxSecret).publicKey }
}

/**
 * A key pair that seals one key to one or more members and is then forgotten. The sealed key is part of its seed: a cloned machine
 * that draws the same random bytes seals another key with another pair, hence under another nonce.
 */
export function ephemeralKeys(
  tools: BoxTools & { readonly sha512: Sha512 },
  random: (length: number) => Uint8Array,
  key: Uint8Array,
): BoxKeys {
  return boxKeysOf(hashParts(tools.sha512, 'ephemeral', random(KEY_BYTES), key), tools)
}

/** A NaCl box of 48 bytes that only the holder of `memberBox` opens. */
export function sealKey(sha512: Sha512, ephemeral: BoxKeys, memberBox: Uint8Array, key: Uint8Array): Uint8Array {
  return nacl.box(key, sealKeyNonce(sha512, ephemeral.box, memberBox), memberBox, ephemeral.boxSecret)
}

/** @returns undefined when the box was not made for this member or was altered */
export function openSealedKey(
  sha512: Sha512,
  ephemeralBox: Uint8Array,
  member: BoxKeys,
  sealed: Uint8Array,
): Uint8Array | undefined {
  if (ephemeralBox.length !== PUBLIC_KEY_BYTES) return undefined
  const nonce = sealKeyNonce(sha512, ephemeralBox, member.box)
  return nacl.box.open(sealed, nonce, ephemeralBox, member.boxSecret) ?? undefined
}

/** Both public keys name the box's own key, which seals one thing once: nothing random needs to travel. */
function sealKeyNonce(sha512: Sha512, ephemeralBox: Uint8Array, memberBox: Uint8Array): Uint8Array {
  return hashParts(sha512, 'seal-nonce', ephemeralBox, memberBox).slice(0, NONCE_BYTES)
}

/** `key` under `wrapping`: 24 bytes nonce and a secretbox. */
export function wrapKey(random: (length: number) => Uint8Array, wrapping: Uint8Array, key: Uint8Array): Uint8Array {
  const nonce = random(NONCE_BYTES)
  return concatBytes(nonce, nacl.secretbox(key, nonce, wrapping))
}

/** @returns undefined when it was wrapped under another key or was altered */
export function unwrapKey(wrapping: Uint8Array, wrapped: Uint8Array): Uint8Array | undefined {
  if (wrapped.length !== WRAPPED_KEY_BYTES) return undefined
  return nacl.secretbox.open(wrapped.subarray(NONCE_BYTES), wrapped.subarray(0, NONCE_BYTES), wrapping) ?? undefined
}
