// One stored value in its box. A secretbox has no room for what is only authenticated, so the row's key is inside, before the value: what
// somebody moves to another key does not open there.
//
//   24 bytes nonce, secretbox(2 bytes length of the key, the key as in key.ts, the value)
import { NONCE_BYTES } from '@owlivion/sync-protocol'
import nacl from 'tweetnacl'
import { encodeKey } from './key'
import type { StoreKey } from './store'

const LENGTH_BYTES = 2

/** `value` must be a Uint8Array; the nonce is random, so that no row needs to know how often it was written. */
export function boxRow(
  profileKey: Uint8Array,
  random: (length: number) => Uint8Array,
  key: StoreKey,
  value: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const encodedKey = encodeKey(key)
  const inside = new Uint8Array(LENGTH_BYTES + encodedKey.length + value.length)
  new DataView(inside.buffer).setUint16(0, encodedKey.length)
  inside.set(encodedKey, LENGTH_BYTES)
  inside.set(value, LENGTH_BYTES + encodedKey.length)
  const nonce = random(NONCE_BYTES)
  const box = nacl.secretbox(inside, nonce, profileKey)
  const row = new Uint8Array(NONCE_BYTES + box.length)
  row.set(nonce)
  row.set(box, NONCE_BYTES)
  return row
}

/** @returns undefined when it was boxed under another profile key or for another row, or was altered */
export function openRow(profileKey: Uint8Array, key: StoreKey, row: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  if (row.length < NONCE_BYTES) return undefined
  const inside = nacl.secretbox.open(row.subarray(NONCE_BYTES), row.subarray(0, NONCE_BYTES), profileKey)
  if (inside === null || inside.length < LENGTH_BYTES) return undefined
  const encodedKey = encodeKey(key)
  const start = LENGTH_BYTES + encodedKey.length
  if (new DataView(inside.buffer, inside.byteOffset).getUint16(0) !== encodedKey.length) return undefined
  if (!encodedKey.every((byte, index) => byte === inside[LENGTH_BYTES + index])) return undefined
  return new Uint8Array(inside.subarray(start))
}
