import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { bytesToHex } from '../src/bytes'
import { Reader } from '../src/codec'
import { ProtocolFailure } from '../src/codes'
import { type Codec, codecs } from './support/codecs'
import { byteFields, judge, measureAllocation } from './support/judge'
import { hugeNumbers, mutation, replaced, varint, withinLargerBuffer } from './support/mutations'

// One seed in every run, so that a failure is everybody's; another one by hand, to look further.
fc.configureGlobal({ seed: Number(process.env.PROPERTY_SEED ?? 20_260) })

afterEach(() => vi.restoreAllMocks())

const mutatedBytes = (codec: Codec): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(codec.value, fc.array(mutation, { minLength: 1, maxLength: 3 }))
    .map(([value, mutations]) =>
      mutations.reduce((bytes, mutate) => (bytes.length === 0 ? bytes : mutate(bytes)), codec.encode(value)),
    )

/** Bytes of which many get past the first field, because their beginning is that of a valid value. */
const arbitraryBytes = (codec: Codec): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(codec.value, fc.nat(4), fc.uint8Array({ maxLength: 120, size: 'max' }))
    .map(([value, kept, noise]) => Uint8Array.from([...codec.encode(value).subarray(0, kept), ...noise]))

describe.each(codecs)('$name', (codec) => {
  test('a valid value comes back equal, and encodes to the same bytes again', () => {
    fc.assert(
      fc.property(codec.value, (value) => {
        const bytes = codec.encode(value)
        const decoded = codec.decode(bytes)
        expect(decoded).toEqual(value)
        expect(bytesToHex(codec.encode(decoded))).toBe(bytesToHex(bytes))
      }),
      { numRuns: 60 },
    )
  })

  test('valid bytes that were changed encode to the same bytes again or are refused with a code', () => {
    fc.assert(
      fc.property(mutatedBytes(codec), (bytes) => void judge(codec, bytes)),
      { numRuns: 400 },
    )
  })

  test('any bytes encode to the same bytes again or are refused with a code', () => {
    fc.assert(
      fc.property(arbitraryBytes(codec), (bytes) => void judge(codec, bytes)),
      { numRuns: 250 },
    )
  })

  test('nothing outside the given bytes is read, and every byte field lies within them', () => {
    const bytes = fc.oneof(codec.value.map(codec.encode), mutatedBytes(codec))
    fc.assert(
      fc.property(bytes, fc.nat(50), fc.nat(300), (alone, before, after) => {
        const view = withinLargerBuffer(alone, before, after)
        const verdict = judge(codec, view)
        expect(verdict).toEqual(judge(codec, alone))
        for (const field of byteFields(verdict)) {
          expect(field.buffer).toBe(view.buffer)
          expect(field.byteOffset).toBeGreaterThanOrEqual(before)
          expect(field.byteOffset + field.length).toBeLessThanOrEqual(before + alone.length)
        }
      }),
      { numRuns: 150 },
    )
  })

  test('decoding copies no bytes and makes no more items than there are bytes', () => {
    const bytes = fc.oneof(codec.value.map(codec.encode), mutatedBytes(codec))
    fc.assert(
      fc.property(bytes, (hostile) => {
        const allocation = measureAllocation(() => {
          try {
            codec.decode(hostile)
          } catch (error) {
            if (!(error instanceof ProtocolFailure)) throw error
          }
        })
        expect(allocation.bytes).toBe(0)
        expect(allocation.items).toBeLessThanOrEqual(hostile.length)
      }),
      { numRuns: 150 },
    )
  })

  test('a count or length that claims more than is there is refused before anything is made for it', () => {
    for (const value of fc.sample(codec.value, { numRuns: 20, seed: 7 })) {
      const bytes = codec.encode(value)
      for (const at of claims(codec, bytes)) {
        // The first is within every limit that is worth having, and still more than there are bytes.
        for (const huge of [BigInt(bytes.length), ...hugeNumbers]) {
          // Cut off behind the claim, and with all the rest behind it.
          for (const tail of [bytes.length, 1]) {
            const hostile = replaced(bytes, at, tail, varint(huge))
            const before = itemsMadeUpTo(codec, bytes, at)
            let failure: unknown
            const allocation = measureAllocation(() => {
              try {
                codec.decode(hostile)
              } catch (error) {
                failure = error
              }
            })
            expect(failure).toBeInstanceOf(ProtocolFailure)
            expect(allocation.bytes).toBe(0)
            expect(allocation.items).toBeLessThanOrEqual(before)
          }
        }
      }
    }
  })

  test('a value with one field out of shape is refused by the encoder, or comes back equal', () => {
    fc.assert(
      fc.property(codec.value, fc.nat(), fc.nat(), (value, which, how) => {
        const bent = bend(value, which, how)
        let bytes: Uint8Array
        try {
          bytes = codec.encode(bent)
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolFailure)
          return
        }
        // An encoder may sort, so it is the bytes that must be stable.
        if (isHelloOfAnotherVersion(bent)) return
        expect(bytesToHex(codec.encode(codec.decode(bytes)))).toBe(bytesToHex(bytes))
        expect(canonical(codec.decode(bytes))).toEqual(canonical(bent))
      }),
      { numRuns: 300 },
    )
  })
})

/** Where in `bytes` a reader looks for a count or a length. */
function claims(codec: Codec, bytes: Uint8Array): number[] {
  const positions: number[] = []
  const list = Reader.prototype.list
  const field = Reader.prototype.bytes
  vi.spyOn(Reader.prototype, 'list').mockImplementation(function (this: Reader, ...args) {
    positions.push(this.position)
    return list.apply(this, args)
  })
  vi.spyOn(Reader.prototype, 'bytes').mockImplementation(function (this: Reader, ...args) {
    positions.push(this.position)
    return field.apply(this, args)
  })
  codec.decode(bytes)
  vi.restoreAllMocks()
  return positions
}

/** How many items of lists a reader has rightly made when it comes to `position`. */
function itemsMadeUpTo(codec: Codec, bytes: Uint8Array, position: number): number {
  let items = 0
  const list = Reader.prototype.list
  vi.spyOn(Reader.prototype, 'list').mockImplementation(function (this: Reader, limit, size, read) {
    return list.call(this, limit, size, () => {
      const item = read()
      if (this.position <= position) items++
      return item
    })
  })
  codec.decode(bytes)
  vi.restoreAllMocks()
  return items
}

const badNumbers = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 256, 2 ** 32, 2 ** 53, 2 ** 60]
const badTexts = ['\ud800', 'x'.repeat(600), '\ufeff', 'ä'.repeat(300), '']

/** One leaf of a value, chosen by `which`, is replaced by something a caller without types might pass. */
function bend(value: unknown, which: number, how: number): unknown {
  const total = leaves(value)
  let left = total === 0 ? -1 : which % total
  const walk = (part: unknown, key: string): unknown => {
    if (isLeaf(part)) return left-- === 0 && key !== 'type' ? bendLeaf(part, how) : part
    if (Array.isArray(part)) return part.map((item) => walk(item, key))
    return Object.fromEntries(Object.entries(part as object).map(([name, each]) => [name, walk(each, name)]))
  }
  return walk(value, '')
}

function bendLeaf(leaf: unknown, how: number): unknown {
  if (typeof leaf === 'number') return badNumbers[how % badNumbers.length]
  if (typeof leaf === 'string') return badTexts[how % badTexts.length]
  if (leaf instanceof Uint8Array) return [leaf.subarray(1), Uint8Array.from([...leaf, 1]), new Uint8Array(0)][how % 3]
  return leaf
}

const isLeaf = (value: unknown): boolean => value === null || typeof value !== 'object' || value instanceof Uint8Array

function leaves(value: unknown): number {
  if (isLeaf(value)) return 1
  return Object.values(value as object).reduce((sum: number, part) => sum + leaves(part), 0)
}

const isHelloOfAnotherVersion = (value: unknown): boolean =>
  (value as { type?: unknown }).type === 'hello' && (value as { version: unknown }).version !== 1

/** The two liberties an encoder takes: it sorts what is a set, and shortens the sentence of a refusal. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return sorted(value)
  const { type, message, vector, exempt } = value as { [key: string]: unknown }
  return {
    ...(value as object),
    ...(type === 'refused' && { message: `${message}`.slice(0, 100).replace(/\p{Surrogate}/gu, '\ufffd') }),
    ...(vector !== undefined && { vector: sorted(vector as unknown[]) }),
    ...(exempt !== undefined && { exempt: sorted(exempt as unknown[]) }),
  }
}

const sorted = (items: readonly unknown[]): unknown[] =>
  [...items].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
