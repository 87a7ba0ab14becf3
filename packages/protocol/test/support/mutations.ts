// What may happen to valid bytes on a wire that lies.
import fc from 'fast-check'
import { concatBytes } from '../../src/bytes'
import { counting } from './bytes'

/** A varint in as many bytes as asked, so that it need not be the shortest, and may be more than a double can hold. */
export function varint(value: bigint, atLeastBytes = 1): Uint8Array {
  const bytes: number[] = []
  for (let rest = value; rest > 0n || bytes.length < atLeastBytes; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  bytes.push((bytes.pop() as number) & 0x7f)
  return Uint8Array.from(bytes)
}

export const hugeNumbers = [65_537n, 2n ** 31n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 56n - 1n, 2n ** 70n]

/** Puts `replacement` in the place of `length` bytes from `at` on. */
export function replaced(bytes: Uint8Array, at: number, length: number, replacement: Uint8Array): Uint8Array {
  return concatBytes(bytes.subarray(0, at), replacement, bytes.subarray(Math.min(bytes.length, at + length)))
}

const place = fc.nat(1_000_000)

type Mutation = (bytes: Uint8Array) => Uint8Array

/** Places are taken modulo the length, so that shrinking stays within the bytes. */
export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, fc.nat(7)).map(
    ([at, bit]): Mutation =>
      (bytes) => {
        const copy = new Uint8Array(bytes)
        const index = at % copy.length
        copy[index] = (copy[index] as number) ^ (1 << bit)
        return copy
      },
  ),
  place.map(
    (at): Mutation =>
      (bytes) =>
        bytes.slice(0, at % bytes.length),
  ),
  fc.uint8Array({ minLength: 1, maxLength: 20 }).map(
    (tail): Mutation =>
      (bytes) =>
        concatBytes(bytes, tail),
  ),
  fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 4 })).map(
    ([at, added]): Mutation =>
      (bytes) =>
        replaced(bytes, at % bytes.length, 0, added),
  ),
  fc.tuple(place, fc.integer({ min: 1, max: 8 })).map(
    ([at, count]): Mutation =>
      (bytes) =>
        replaced(bytes, at % bytes.length, count, new Uint8Array(0)),
  ),
  fc.tuple(place, fc.constantFrom(...hugeNumbers)).map(
    ([at, huge]): Mutation =>
      (bytes) =>
        replaced(bytes, at % bytes.length, 1, varint(huge)),
  ),
  fc.tuple(place, fc.integer({ min: 1, max: 3 })).map(
    ([at, extra]): Mutation =>
      (bytes) => {
        const index = at % bytes.length
        const value = bytes[index] as number
        return replaced(bytes, index, 1, varint(BigInt(value & 0x7f), 1 + extra))
      },
  ),
)

/** The same bytes inside a larger buffer, with others before and after, as a socket hands them out. */
export function withinLargerBuffer(bytes: Uint8Array, before: number, after: number): Uint8Array {
  const buffer = concatBytes(counting(before, 1), bytes, counting(after, 200))
  return buffer.subarray(before, before + bytes.length)
}
