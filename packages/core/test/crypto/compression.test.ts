import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { deflateSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { deflate, inflate } from '../../src/crypto/compression'
import { nodePlatform } from '../../src/platform/node'

const MEGABYTE = 1_048_576
const sentence = new TextEncoder().encode('the quick brown fox jumps over the lazy dog. ')
const repeated = (length: number) => Uint8Array.from({ length }, (_, i) => sentence[i % sentence.length] as number)

/** Input that knows how far it was read. */
class WatchedBytes extends Uint8Array<ArrayBuffer> {
  furthest = 0
  override subarray(start?: number, end?: number) {
    this.furthest = Math.max(this.furthest, end ?? this.length)
    return new Uint8Array(this.buffer).subarray(start, end)
  }
}

describe('compression', () => {
  it('leaves small content as it is', () => {
    expect(deflate(repeated(256))).toBeUndefined()
    expect(deflate(repeated(257))?.length).toBeLessThan(100)
  })

  it('leaves content as it is that would not become smaller', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 257, maxLength: 5_000, size: 'max' }), (content) => {
        const deflated = deflate(content)
        if (deflated !== undefined) expect(deflated.length).toBeLessThan(content.length)
      }),
    )
  })

  it('inflates what was deflated, of every size and texture', () => {
    const textured = fc
      .tuple(fc.uint8Array({ minLength: 1, maxLength: 600, size: 'max' }), fc.integer({ min: 1, max: 500 }))
      .map(([unit, times]) =>
        Uint8Array.from({ length: unit.length * times }, (_, i) => unit[i % unit.length] as number),
      )
    fc.assert(
      fc.property(textured, fc.integer({ min: 0, max: 9 }), (content, level) => {
        const deflated = deflateSync(content, { level: level as 0 })
        expect(Buffer.compare(inflate(deflated, MEGABYTE) as Uint8Array, content)).toBe(0)
      }),
      { numRuns: 60 },
    )
  })

  it('inflates up to the limit and not a byte further', () => {
    for (const length of [70_000, 3 * MEGABYTE]) {
      const deflated = deflateSync(repeated(length))
      expect((inflate(deflated, length) as Uint8Array).length).toBe(length)
      expect(inflate(deflated, length - 1)).toBe('too-large')
    }
  })

  it('stops at a bomb, whatever it would grow to', () => {
    const bomb = new WatchedBytes(deflateSync(new Uint8Array(64 * MEGABYTE)).slice().buffer)
    expect(bomb.length).toBeGreaterThan(60_000)
    expect(inflate(bomb, MEGABYTE)).toBe('too-large')
    // One byte of deflate stands for at most 1,032, so what was not read was not made.
    expect(bomb.furthest * 1_032).toBeLessThan(2 * MEGABYTE)
  })

  it('makes nothing larger than its working array of a small bomb', () => {
    const bomb = deflateSync(new Uint8Array(4 * MEGABYTE))
    expect(bomb.length).toBeLessThan(8_192)
    expect(inflate(bomb, MEGABYTE)).toBe('too-large')
    expect((inflate(bomb, 4 * MEGABYTE) as Uint8Array).length).toBe(4 * MEGABYTE)
  })

  it('leaves nothing of a content behind for the next', () => {
    const long = deflateSync(repeated(5_000))
    const first = inflate(long, MEGABYTE) as Uint8Array
    const second = inflate(deflateSync(Uint8Array.of(1, 2, 3)), MEGABYTE)
    expect(first).toEqual(repeated(5_000))
    expect(second).toEqual(Uint8Array.of(1, 2, 3))
  })

  it('says damaged of what is cut off or not deflate', () => {
    const deflated = deflateSync(repeated(5_000))
    const large = deflateSync(Uint8Array.from({ length: 300_000 }, (_, i) => (i * i * 7) % 251))
    for (const whole of [deflated, large]) {
      for (const length of [0, 1, 2, whole.length >> 1, whole.length - 2]) {
        expect(inflate(whole.subarray(0, length), MEGABYTE), `${length} of ${whole.length} bytes`).toBe('damaged')
      }
    }
    expect(inflate(new Uint8Array(100).fill(255), MEGABYTE)).toBe('damaged')
  })
})

describe('the inflater of Node', () => {
  const native = nodePlatform().inflate!
  const nativeDeflate = nodePlatform().deflate!

  it('makes streams that fflate reads, of what is not small', () => {
    let calls = 0
    const counted = (content: Uint8Array) => {
      calls++
      return nativeDeflate(content)
    }
    for (const size of [1_024, 100_000, MEGABYTE]) {
      const content = repeated(size)
      const deflated = deflate(content, counted)!
      expect(deflated.constructor).toBe(Uint8Array)
      expect(deflated.byteLength).toBe(deflated.buffer.byteLength)
      expect(Buffer.compare(inflate(deflated, MEGABYTE) as Uint8Array, content)).toBe(0)
    }
    expect(calls).toBe(3)
    expect(deflate(repeated(1_023), counted)).toEqual(deflate(repeated(1_023)))
    expect(calls).toBe(3)
    // What does not become smaller stays as it is, whoever says so.
    expect(deflate(new Uint8Array(randomBytes(100_000)), counted)).toBeUndefined()
  })
  const noise = Uint8Array.from({ length: 60_000 }, (_, i) => (Math.imul(i, 2_654_435_761) >>> 7) ^ (i % 251))
  const mixed = new Uint8Array([...noise, ...repeated(60_000)])

  it('is asked for what is large, and answers what fflate does', () => {
    const deflated = deflateSync(mixed)
    let answers = 0
    const counting = (bytes: Uint8Array, limit: number) => {
      answers++
      return native(bytes, limit)
    }
    expect(inflate(deflated, MEGABYTE, counting)).toEqual(mixed)
    expect([answers, native(deflated, MEGABYTE)?.length]).toEqual([1, mixed.length])
    expect(inflate(deflateSync(repeated(300)), MEGABYTE, counting)).toEqual(repeated(300))
    expect(answers).toBe(1)
  })

  it('answers nothing where fflate would not answer the same: for streams that are damaged, cut off or followed by something', () => {
    const deflated = deflateSync(mixed, { level: 9 })
    const stored = deflateSync(mixed, { level: 0 })
    const damage = fc.record({
      of: fc.constantFrom(deflated, stored),
      at: fc.nat(),
      by: fc.integer({ min: 0, max: 255 }),
      cut: fc.option(fc.nat()),
      more: fc.uint8Array({ maxLength: 9 }),
    })
    let readable = 0
    fc.assert(
      fc.property(damage, ({ of, at, by, cut, more }) => {
        const bytes = of.slice(0, cut === null ? of.length : Math.max(1_024, cut % of.length))
        bytes[at % Math.min(bytes.length, 4_096)]! ^= by
        const whole = new Uint8Array([...bytes, ...more])
        const answer = native(whole, MEGABYTE)
        if (answer === undefined) return
        readable++
        expect(Buffer.from(answer).equals(Buffer.from(inflate(whole, MEGABYTE) as Uint8Array))).toBe(true)
      }),
      { numRuns: 400 },
    )
    expect(readable).toBeGreaterThan(10)
  })

  it('stops at the limit, and fflate says why', () => {
    const bomb = deflateSync(new Uint8Array(4 * MEGABYTE))
    expect(native(bomb, MEGABYTE)).toBeUndefined()
    expect(inflate(bomb, MEGABYTE, native)).toBe('too-large')
    expect(inflate(deflateSync(new Uint8Array(MEGABYTE)), MEGABYTE, native)).toHaveLength(MEGABYTE)
  })
})
