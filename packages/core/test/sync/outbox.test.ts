// What is written and not confirmed: which of it is sealed, what a confirmation takes out, and what giving up brings back.
import type { Hash } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import type { Writer } from '../../src/document'
import { LineageMap } from '../../src/sync/device-map'
import { Outbox, type SealedEntry, type SealedPush } from '../../src/sync/writing/outbox'

const hashOf = (n: number) => new Uint8Array(32).fill(n) as Hash
const transaction = (n: number) => ({ writer: 'AAAAAAAA' as Writer, n, operations: [], update: new Uint8Array([n]) })
const entry = (sequence: number, lastOrder: number): SealedEntry => ({
  sequence,
  envelope: new Uint8Array(1),
  previous: hashOf(sequence - 1),
  hash: hashOf(sequence),
  envelopeHash: hashOf(100 + sequence),
  lastOrder,
  writers: [],
})
const push = (incarnation: number, ...entries: SealedEntry[]): SealedPush => ({
  incarnation,
  entries,
  signature: new Uint8Array(64),
  announced: { seen: new LineageMap(), keyringLength: 1 },
})

/** Five transactions; the first four are sealed: orders 1 and 2 in one entry, 3 and 4 in an entry each, of two pushes. */
function filled(): Outbox {
  const outbox = new Outbox()
  for (let n = 1; n <= 5; n++) outbox.add(transaction(n), { isClockKnown: true })
  outbox.pushes = [push(7, entry(1, 2), entry(2, 3)), push(7, entry(3, 4))]
  return outbox
}
const orders = (items: readonly { readonly order: number }[]) => items.map(({ order }) => order)

describe('an outbox', () => {
  it('counts what it is given, and never gives a number twice', () => {
    const outbox = new Outbox()
    expect(outbox.add(transaction(1), { isClockKnown: true }).order).toBe(1)
    outbox.pending = []
    expect(outbox.add(transaction(2), { isClockKnown: false })).toEqual({
      order: 2,
      transaction: transaction(2),
      isClockKnown: false,
    })
    expect(outbox.nextOrder).toBe(3)
  })

  it('knows what is in no push yet', () => {
    const outbox = filled()
    expect(orders(outbox.unsealed())).toEqual([5])
    expect(outbox.lastSealedOrder).toBe(4)
    outbox.pushes = []
    expect(orders(outbox.unsealed())).toEqual([1, 2, 3, 4, 5])
  })

  it('finds its own entries by place and content', () => {
    const outbox = filled()
    expect(outbox.find(7, 2, hashOf(2))?.lastOrder).toBe(3)
    expect(outbox.find(7, 2)?.lastOrder).toBe(3)
    expect(outbox.find(7, 2, hashOf(9))).toBeUndefined()
    expect(outbox.find(8, 2)).toBeUndefined()
    expect(outbox.find(7, 4)).toBeUndefined()
    expect(outbox.findPush(7, 2)).toBe(outbox.pushes[0])
    expect(outbox.findPush(7, 1)).toBeUndefined()
    expect(outbox.findPush(8, 3)).toBeUndefined()
  })

  it('takes out what is confirmed, entry by entry, and the push with its last', () => {
    const outbox = filled()
    const [first, second] = outbox.pushes
    expect(outbox.confirm(7, 1)).toEqual({ orders: [1, 2], push: undefined })
    expect(outbox.pushes).toEqual([first, second])
    expect(outbox.confirm(7, 2)).toEqual({ orders: [3], push: first })
    expect(outbox.confirm(7, 2)).toEqual({ orders: [], push: undefined })
    expect(outbox.confirm(7, 3)).toEqual({ orders: [4], push: second })
    expect(orders(outbox.pending)).toEqual([5])
    expect(outbox.pushes).toEqual([])
  })

  it('gives up what is sealed and keeps what is in it', () => {
    const outbox = filled()
    expect(outbox.unseal().length).toBe(2)
    expect(outbox.pushes).toEqual([])
    expect(orders(outbox.unsealed())).toEqual([1, 2, 3, 4, 5])
    expect(outbox.confirm(7, 1)).toEqual({ orders: [], push: undefined })
  })
})
