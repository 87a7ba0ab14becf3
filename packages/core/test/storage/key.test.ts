import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareKeys, decodeKey, encodeKey, encodeKeyRange, MAX_KEY_BYTES } from '../../src/storage/key'
import type { StoreKey } from '../../src/storage/store'

const codeUnit = fc.oneof(
  fc.constantFrom(0, 1, 2, 0x2f, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xffff),
  fc.integer({ min: 0, max: 0xffff }),
)
const text = fc.array(codeUnit, { maxLength: 6 }).map((units) => String.fromCharCode(...units))
const number = fc.oneof(
  fc.constantFrom(0, 1, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1),
  fc.maxSafeNat(),
)
const part = fc.oneof(text, number, fc.constantFrom('', 'log', 0, 1))
const prefix = fc.array(part, { maxLength: 4 })
const key = fc.array(part, { minLength: 1, maxLength: 4 })

/** Two keys that share a beginning, because unrelated ones are told apart by their first byte. */
const relatedKeys = fc
  .tuple(prefix, fc.array(part, { maxLength: 2 }), fc.array(part, { maxLength: 2 }))
  .map(([shared, left, right]): [StoreKey, StoreKey] => [
    [...shared, ...left],
    [...shared, ...right],
  ])
  .filter(([left, right]) => left.length > 0 && right.length > 0)

/** The order as store.ts words it, spelled out unit by unit. */
function orderOfParts(left: string | number, right: string | number): number {
  if (typeof left === 'number') return typeof right === 'number' ? Math.sign(left - right) : -1
  if (typeof right === 'number') return 1
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const difference = left.charCodeAt(index) - right.charCodeAt(index)
    if (difference !== 0) return Math.sign(difference)
  }
  return Math.sign(left.length - right.length)
}

function orderOfKeys(left: StoreKey, right: StoreKey): number {
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const order = orderOfParts(left[index]!, right[index]!)
    if (order !== 0) return order
  }
  return Math.sign(left.length - right.length)
}

const startsWith = (each: StoreKey, start: StoreKey) => start.every((value, index) => each[index] === value)

describe('store keys as bytes', () => {
  it('decode to the key they were made from', () => {
    fc.assert(
      fc.property(key, (each) => {
        expect(decodeKey(encodeKey(each))).toEqual(each)
      }),
      { numRuns: 1_000 },
    )
  })

  it('are in the order of the keys', () => {
    fc.assert(
      fc.property(relatedKeys, ([left, right]) => {
        expect(Math.sign(Buffer.compare(encodeKey(left), encodeKey(right)))).toBe(orderOfKeys(left, right))
        expect(Math.sign(compareKeys(left, right))).toBe(orderOfKeys(left, right))
      }),
      { numRuns: 5_000 },
    )
  })

  it('lie in the range of a prefix exactly when the key starts with it', () => {
    const prefixAndKey = fc.oneof(
      fc.tuple(prefix, key),
      fc.tuple(prefix, key).map(([start, rest]): [StoreKey, StoreKey] => [start, [...start, ...rest]]),
      relatedKeys,
    )
    fc.assert(
      fc.property(prefixAndKey, ([start, each]) => {
        const [from, to] = encodeKeyRange(start)
        const bytes = encodeKey(each)
        const isInRange = Buffer.compare(bytes, from) >= 0 && Buffer.compare(bytes, to) < 0
        expect(isInRange).toBe(startsWith(each, start))
      }),
      { numRuns: 5_000 },
    )
  })

  it('take any other bytes for damage, and never for another key', () => {
    const anyBytes = fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      // Close to real ones: one byte of a key changed, or its end cut off.
      fc.tuple(key, fc.nat(), fc.nat(255)).map(([each, position, byte]) => {
        const bytes = encodeKey(each)
        bytes[position % bytes.length] = byte
        return bytes
      }),
      fc.tuple(key, fc.nat()).map(([each, length]) => encodeKey(each).slice(0, length % 12)),
    )
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        let decoded: StoreKey
        try {
          decoded = decodeKey(bytes)
        } catch (error) {
          expect(error).toMatchObject({ name: 'SyncError', code: 'profile-damaged' })
          return
        }
        expect(encodeKey(decoded)).toEqual(Uint8Array.from(bytes))
      }),
      { numRuns: 5_000 },
    )
  })

  it('are short for the keys that are many: a log entry of a document takes 26 bytes', () => {
    expect(encodeKey(['log', '0123456789abcdef', 4_711]).length).toBe(26)
  })

  it('end at a length that is refused above and taken up to it', () => {
    const longest = 'x'.repeat(MAX_KEY_BYTES - 2)
    expect(decodeKey(encodeKey([longest]))).toEqual([longest])
    expect(() => encodeKey([`${longest}x`])).toThrow(/longer than/)
    expect(() => encodeKey(['x'.repeat(10_000_000)])).toThrow(/longer than/)
    expect(() => decodeKey(new Uint8Array(MAX_KEY_BYTES + 1))).toThrow(/never writes/)
  })
})
