// Store keys as bytes, so that a store that can only compare bytes lists them in the order of the keys: numbers before
// text, numbers by value, text by UTF-16 code unit, a key before the keys it is a prefix of.
//
// | part   | bytes                                                                                                      |
// |--------|------------------------------------------------------------------------------------------------------------|
// | number | 10 + length, then its significant bytes, most significant first: more bytes is a greater number             |
// | text   | 20, then each code unit in one to three bytes (the shape of UTF-8, surrogates one by one), then 00          |
//
// 00 ends a text and occurs nowhere else in it: U+0000 is written 01 01, and U+0001 is written 01 02 to keep the order. So every
// part ends by itself, and a key starts with a prefix exactly when its bytes start with the bytes of the prefix.
// UTF-8 itself would not do: it puts U+10000 behind U+FFFF, and it has no bytes for a lone surrogate.
import { SyncError } from '../errors'
import { storageRefusal } from './failure'
import type { StoreKey } from './store'

const NUMBER_TAG = 0x10
const TEXT_TAG = 0x20
/** Above every tag, so prefix + this byte is above every key that starts with the prefix. */
const ABOVE_EVERY_TAG = 0xff
const TEXT_END = 0x00
const ESCAPE = 0x01

/** A key is a few ids; one that is longer is a mistake, and long keys make every comparison slow. */
export const MAX_KEY_BYTES = 4096

/** Bytes whose order is the order of the keys. Throws SyncError `storage-failed` for a key no store takes. */
export function encodeKey(key: StoreKey): Uint8Array {
  if (key.length === 0) throw storageRefusal('A store key needs at least one part.')
  return encodeParts(key)
}

/** The key of these bytes. Throws SyncError `profile-damaged` for bytes that `encodeKey` does not make. */
export function decodeKey(bytes: Uint8Array): StoreKey {
  if (bytes.length === 0 || bytes.length > MAX_KEY_BYTES) throw damagedKey()
  const key: (string | number)[] = []
  let position = 0
  while (position < bytes.length) {
    const tag = bytes[position++]!
    if (tag === TEXT_TAG) {
      const end = bytes.indexOf(TEXT_END, position)
      if (end < 0) throw damagedKey()
      key.push(decodeText(bytes.subarray(position, end)))
      position = end + 1
    } else {
      const end = position + tag - NUMBER_TAG
      let value = 0
      while (position < end) value = value * 256 + (bytes[position++] ?? Number.NaN)
      if (!isKeyNumber(value)) throw damagedKey()
      key.push(value)
    }
  }
  // One check instead of many: tags out of range, leading zeros and overlong code units all fail to come out the same.
  if (!isEqual(encodeParts(key), bytes)) throw damagedKey()
  return key
}

/** The keys that start with a prefix: from the first (inclusive) to the second (exclusive). The empty prefix has them all. */
export function encodeKeyRange(prefix: StoreKey): readonly [from: Uint8Array, to: Uint8Array] {
  const from = encodeParts(prefix)
  return [from, Uint8Array.of(...from, ABOVE_EVERY_TAG)]
}

/** The order of keys, as a comparator. Negative when `left` comes first. */
export function compareKeys(left: StoreKey, right: StoreKey): number {
  const shared = Math.min(left.length, right.length)
  for (let index = 0; index < shared; index++) {
    const a = left[index]!
    const b = right[index]!
    if (a === b) continue
    if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1
    return a < b ? -1 : 1
  }
  return left.length - right.length
}

function encodeParts(parts: StoreKey): Uint8Array {
  const bytes: number[] = []
  for (const part of parts) {
    if (typeof part === 'string') pushText(bytes, part)
    else if (isKeyNumber(part)) pushNumber(bytes, part)
    else
      throw storageRefusal(`A part of a store key is text or a whole number from 0 to 2^53 - 1, not ${String(part)}.`)
    if (bytes.length > MAX_KEY_BYTES) throw storageRefusal(`A store key is longer than ${MAX_KEY_BYTES} bytes.`)
  }
  return Uint8Array.from(bytes)
}

/** -0 is left out: it equals 0 but IndexedDB would hand it back as itself. */
function isKeyNumber(part: unknown): part is number {
  return Number.isSafeInteger(part) && (part as number) >= 0 && !Object.is(part, -0)
}

function pushNumber(bytes: number[], value: number): void {
  const significant: number[] = []
  // Division, not shifts: those cut at 32 bits.
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) significant.unshift(rest % 256)
  bytes.push(NUMBER_TAG + significant.length, ...significant)
}

function pushText(bytes: number[], text: string): void {
  // A text this long is refused by its caller; without the cut it would first be written out whole.
  if (text.length > MAX_KEY_BYTES) throw storageRefusal(`A store key is longer than ${MAX_KEY_BYTES} bytes.`)
  bytes.push(TEXT_TAG)
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit <= ESCAPE) bytes.push(ESCAPE, unit + 1)
    else if (unit < 0x80) bytes.push(unit)
    else if (unit < 0x800) bytes.push(0xc0 | (unit >> 6), 0x80 | (unit & 0x3f))
    else bytes.push(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f))
  }
  bytes.push(TEXT_END)
}

function decodeText(bytes: Uint8Array): string {
  let text = ''
  for (let position = 0; position < bytes.length; ) {
    const first = bytes[position++]!
    // Past the end reads as 0, which the check in decodeKey finds.
    const next = (): number => (bytes[position++] ?? 0) & 0x3f
    if (first === ESCAPE) text += String.fromCharCode(next() - 1)
    else if (first < 0x80) text += String.fromCharCode(first)
    else if (first < 0xe0) text += String.fromCharCode(((first & 0x1f) << 6) | next())
    else text += String.fromCharCode(((first & 0x0f) << 12) | (next() << 6) | next())
  }
  return text
}

function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index])
}

function damagedKey(): SyncError {
  return new SyncError('profile-damaged', 'The store holds a key that this package never writes.')
}
