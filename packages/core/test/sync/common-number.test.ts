import type { Frame, Hash } from '@owlivion/sync-protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CommonNumberSearch } from '../../src/sync/log/common-number'

const hashOf = (number: number, log: number): Hash => {
  const hash = new Uint8Array(32)
  new DataView(hash.buffer).setUint32(0, number)
  hash[31] = log
  return hash as Hash
}

interface Relay {
  readonly base: number
  readonly newest: number
  hashAt(number: number): Hash
}

function answer(relay: Relay, numbers: readonly number[]): Extract<Frame, { type: 'hashes' }> {
  const { base, newest } = relay
  const hashes = numbers
    .filter((number) => number >= base && number <= newest)
    .map((number) => ({ number, hash: relay.hashAt(number) }))
  return { type: 'hashes', document: new Uint8Array(16) as never, base, newest, hashes }
}

/** @returns what was found, and after how many questions */
function search(first: number, own: readonly Hash[], relay: Relay) {
  const machine = new CommonNumberSearch(first, own)
  for (let questions = 0; ; questions++) {
    const next = machine.next()
    if (next.kind !== 'ask') return { found: next.kind === 'found' ? next.number : undefined, questions }
    expect(next.numbers.length).toBeLessThanOrEqual(64)
    machine.take(answer(relay, next.numbers))
  }
}

describe('the last number that two logs have in common', () => {
  it('is found wherever they part, whatever each of them has lost or pruned', () => {
    const lengths = fc.nat({ max: 5_000 })
    fc.assert(
      fc.property(lengths, lengths, lengths, lengths, lengths, (first, count, base, more, parts) => {
        const newest = base + more
        const own = Array.from({ length: count + 1 }, (_, i) => hashOf(first + i, first + i > parts ? 1 : 0))
        const relay = { base, newest, hashAt: (number: number) => hashOf(number, number > parts ? 2 : 0) }
        const common = Math.min(first + count, newest, parts)
        const { found } = search(first, own, relay)
        expect(found).toBe(common >= first && common >= base ? common : undefined)
      }),
    )
  })

  it('of a long log takes a few questions', () => {
    const own = Array.from({ length: 200_001 }, (_, number) => hashOf(number, number > 123_456 ? 1 : 0))
    const relay = { base: 0, newest: 190_000, hashAt: (number: number) => hashOf(number, 0) }
    const { found, questions } = search(0, own, relay)
    expect(found).toBe(123_456)
    expect(questions).toBeLessThanOrEqual(4)
  })

  it('is none with a relay that says nothing', () => {
    const relay = { base: 0, newest: 0, hashAt: () => hashOf(0, 9) }
    expect(search(5, [hashOf(5, 0), hashOf(6, 0)], relay)).toEqual({ found: undefined, questions: 1 })
  })
})
