import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pad, unpad } from '../../src/crypto'
import { paddedLength } from '../../src/crypto/padding'

describe('padding', () => {
  it('brings every length to the small buckets and then to PADMÉ', () => {
    expect([1, 64, 65, 128, 129, 256, 257, 512, 513, 545, 1_000, 4_097, 100_000, 1_048_577].map(paddedLength)).toEqual([
      64, 64, 128, 128, 256, 256, 512, 512, 544, 576, 1_024, 4_352, 100_352, 1_081_344,
    ])
  })

  it('adds at most an eighth above 512 bytes and never makes a longer content shorter', () => {
    fc.assert(
      fc.property(fc.integer({ min: 513, max: 70_000_000 }), (length) => {
        expect(paddedLength(length)).toBeGreaterThanOrEqual(length)
        expect(paddedLength(length)).toBeLessThanOrEqual(length * 1.125)
        expect(paddedLength(length + 1)).toBeGreaterThanOrEqual(paddedLength(length))
        expect(paddedLength(paddedLength(length))).toBe(paddedLength(length))
      }),
    )
  })

  it('gives back what was padded', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.uint8Array({ maxLength: 2_000, size: 'max' }), (compressed, content) => {
        const padded = pad({ compressed, content })
        expect(padded.length).toBe(paddedLength(padded.length))
        expect(unpad(padded)).toEqual({ compressed, content })
      }),
    )
  })

  it('takes only bytes that padding makes', () => {
    const near = fc.tuple(
      fc.integer({ min: 0, max: 2 }),
      fc.integer({ min: 0, max: 140 }),
      fc.uint8Array({ maxLength: 8 }),
    )
    fc.assert(
      fc.property(near, fc.constantFrom(63, 64, 65, 128, 256), ([compression, length, rest], size) => {
        const bytes = new Uint8Array(size)
        bytes.set([compression, length, ...rest])
        const unpadded = unpad(bytes)
        if (unpadded !== undefined) expect(pad(unpadded)).toEqual(bytes)
      }),
    )
  })

  const padded = pad({ compressed: false, content: Uint8Array.of(1, 2, 3) })
  const altered = (index: number, value: number) => Uint8Array.from(padded, (byte, i) => (i === index ? value : byte))

  it.each([
    ['nothing', new Uint8Array()],
    ['an unknown compression', altered(0, 2)],
    ['a length beyond the end', altered(1, 63)],
    ['a length that is cut off', Uint8Array.of(0, 128)],
    ['a length that goes on for ever', new Uint8Array(64).fill(255).fill(0, 0, 1)],
    ['a length in more bytes than it needs', Uint8Array.from(padded, (byte, i) => [0, 0x83, 0][i] ?? byte)],
    ['padding that is not zero', altered(40, 1)],
    ['another size than the bucket', padded.subarray(0, 63)],
    ['a larger bucket than needed', Uint8Array.from({ length: 128 }, (_, i) => padded[i] ?? 0)],
  ])('refuses %s', (_, bytes) => {
    expect(unpad(bytes)).toBeUndefined()
  })
})
