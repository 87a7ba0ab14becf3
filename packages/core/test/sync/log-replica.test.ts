// What counts of a log, in which order. Entries come in by hand; who may follow whom is told by the names below.
import {
  type AccountId,
  type DeviceId,
  type DocumentId,
  envelopeHash,
  type Hash,
  nextLogHash,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tweetnaclSigning } from '../../src/platform'
import { emptyReplicaState, type HoldReason, LogReplica, type OpenedEntry } from '../../src/sync/log/log-replica'
import { nameableEnds } from '../../src/sync/log/nameable'

const { sha512 } = tweetnaclSigning
const account = new Uint8Array(32) as AccountId
const document = new Uint8Array(16) as DocumentId
const deviceOf = (name: string) => new Uint8Array(16).fill(name.charCodeAt(0)) as DeviceId

interface EntryOptions {
  /** `b2`: the second entry of device b. */
  readonly seen?: readonly string[]
  readonly incarnation?: number
  readonly continues?: { readonly incarnation: number; readonly sequence: number }
  readonly held?: HoldReason
  readonly repairs?: { readonly incarnation: number; readonly sequence: number }
  readonly writers?: readonly (readonly [writer: number, n: number])[]
}

/** @param place `a3` is the third entry of device a. */
function entry(number: number, place: string, options: EntryOptions = {}): OpenedEntry {
  const { seen = [], incarnation = 1, continues, held, repairs, writers = [] } = options
  const device = deviceOf(place)
  const bytes = new TextEncoder().encode(`${number} ${place} ${incarnation}`)
  const hash = envelopeHash(sha512, bytes)
  const body = {
    sealedAtMs: 0,
    ...(continues && { continues: { ...continues, hash: ZERO_HASH } }),
    ...(repairs && { repairs }),
    seen: seen.map((other) => ({ device: deviceOf(other), incarnation: 1, sequence: Number(other.slice(1)) })),
    writers: writers.map(([writer, n]) => ({ writer: new Uint8Array(6).fill(writer), n })),
    updates: [],
  }
  return {
    number,
    device,
    incarnation,
    sequence: Number(place.slice(1)),
    bytes,
    previous: ZERO_HASH,
    hash,
    envelopeHash: hash,
    outcome: held === undefined ? { body } : { held },
    own: false,
  }
}

type Cut = (device: DeviceId, incarnation: number, sequence: number) => boolean

function createReplica(isCutOff: Cut = () => false): LogReplica {
  const writerOf = (bytes: Uint8Array) => `w${bytes[0]}`
  return new LogReplica(sha512, emptyReplicaState(sha512, account, document), isCutOff, writerOf)
}

const nameOf = ({ device, sequence }: OpenedEntry) => `${String.fromCharCode(device[0]!)}${sequence}`
const heldOf = (replica: LogReplica) => replica.state.held.map(({ entry: each, reason }) => `${nameOf(each)} ${reason}`)
const receive = (replica: LogReplica, ...entries: OpenedEntry[]) => replica.receive(entries).applied.map(nameOf)

describe('a log', () => {
  it('is applied in order, and its hash covers the bytes as received', () => {
    const replica = createReplica()
    const entries = [entry(1, 'a1'), entry(2, 'b1', { seen: ['a1'] }), entry(3, 'a2', { seen: ['b1'] })]
    const expected = entries.reduce<Hash>(
      (hash, each) => nextLogHash(sha512, hash, each.envelopeHash),
      replica.state.hash,
    )
    expect(replica.hashAfter(entries)).toEqual(expected)
    expect(replica.state.number).toBe(0)
    expect(receive(replica, ...entries)).toEqual(['a1', 'b1', 'a2'])
    expect(replica.state.number).toBe(3)
    expect(replica.state.hash).toEqual(expected)
    expect(heldOf(replica)).toEqual([])
  })

  it('holds back an entry whose author had seen what is not here, and lets it go when that comes', () => {
    const replica = createReplica()
    expect(
      receive(replica, entry(1, 'b1', { seen: ['a1'] }), entry(2, 'c1'), entry(3, 'c2', { seen: ['b1'] })),
    ).toEqual(['c1'])
    expect(heldOf(replica)).toEqual(['b1 waits-for-seen', 'c2 waits-for-seen'])
    const received = replica.receive([entry(4, 'a1')])
    expect(received.applied.map(nameOf)).toEqual(['a1', 'b1', 'c2'])
    expect(received.released.map(nameOf)).toEqual(['b1', 'c2'])
    expect(heldOf(replica)).toEqual([])
  })

  it('what is held and let go within one page is released, not newly held', () => {
    const received = createReplica().receive([entry(1, 'b1', { seen: ['a1'] }), entry(2, 'a1')])
    expect(received.applied.map(nameOf)).toEqual(['a1', 'b1'])
    expect(received.released.map(nameOf)).toEqual(['b1'])
    expect(received.newlyHeld).toEqual([])
  })

  it('an entry that cannot be opened holds back its author’s later ones and who had seen it, and nobody else', () => {
    const replica = createReplica()
    const applied = receive(
      replica,
      entry(1, 'a1'),
      entry(2, 'a2', { held: 'damaged', writers: [[1, 2]] }),
      entry(3, 'a3'),
      entry(4, 'b1', { seen: ['a1'] }),
      entry(5, 'c1', { seen: ['a2'] }),
      entry(6, 'c2'),
    )
    expect(applied).toEqual(['a1', 'b1'])
    expect(heldOf(replica)).toEqual(['a2 damaged', 'a3 waits-for-author', 'c1 waits-for-seen', 'c2 waits-for-author'])
    expect(replica.state.number).toBe(6)
    expect([...replica.state.context]).toEqual([])
  })

  it.each([
    ['chain-gap', true],
    ['not-authentic', true],
    ['bad-signature', true],
    ['unsigned', true],
    ['unknown-device', true],
    ['damaged', false],
    ['unknown-format', false],
    ['unknown-key', false],
  ] as const)('after an entry held for %s the chain is broken: %s', (held, isBroken) => {
    const replica = createReplica()
    receive(replica, entry(1, 'a1', { held }))
    expect(replica.state.chains.get({ device: deviceOf('a'), incarnation: 1 })?.broken).toBe(isBroken)
    receive(replica, entry(2, 'a2'))
    expect(replica.state.chains.get({ device: deviceOf('a'), incarnation: 1 })?.sequence).toBe(isBroken ? 1 : 2)
  })

  it('a repeated number moves no chain back, and its content does not count', () => {
    const replica = createReplica()
    const a2 = entry(2, 'a2')
    receive(replica, entry(1, 'a1'), a2)
    expect(receive(replica, entry(3, 'a1', { held: 'chain-gap' }), entry(4, 'a3'))).toEqual(['a3'])
    expect(heldOf(replica)).toEqual(['a1 chain-gap'])
  })

  it('bytes that are no entry have no place in any chain', () => {
    const replica = createReplica()
    expect(receive(replica, entry(1, 'a0', { held: 'damaged' }), entry(2, 'a1'))).toEqual(['a1'])
  })
})

describe('incarnations', () => {
  it('the first entry of one that continues another waits for where that ended', () => {
    const replica = createReplica()
    const next = entry(1, 'a1', { incarnation: 2, continues: { incarnation: 1, sequence: 2 } })
    expect(receive(replica, next, entry(2, 'a1'))).toEqual(['a1'])
    expect(heldOf(replica)).toEqual(['a1 waits-for-author'])
    expect(replica.receive([entry(3, 'a2')]).applied.map(({ incarnation }) => incarnation)).toEqual([1, 2])
  })

  it('are chains of their own', () => {
    const replica = createReplica()
    expect(
      receive(replica, entry(1, 'a1'), entry(2, 'a2', { held: 'not-authentic' }), entry(3, 'a1', { incarnation: 2 })),
    ).toEqual(['a1', 'a1'])
    expect(replica.state.applied.get({ device: deviceOf('a'), incarnation: 2 })).toBe(1)
  })
})

describe('a removed device', () => {
  const cutAfter =
    (name: string, last: number): Cut =>
    (device, _, sequence) =>
      device[0] === name.charCodeAt(0) && sequence > last

  it('counts up to its cut', () => {
    const replica = createReplica(cutAfter('r', 2))
    expect(receive(replica, entry(1, 'r1'), entry(2, 'r2'), entry(3, 'r3'), entry(4, 'a1'))).toEqual(['r1', 'r2', 'a1'])
    expect(heldOf(replica)).toEqual(['r3 beyond-cut'])
  })

  it('is waited for up to its cut, and no further, by those who had seen more of it', () => {
    const replica = createReplica(cutAfter('r', 2))
    expect(receive(replica, entry(1, 'r1'), entry(2, 'a1', { seen: ['r4'] }))).toEqual(['r1'])
    expect(heldOf(replica)).toEqual(['a1 waits-for-seen'])
    expect(receive(replica, entry(3, 'r2'))).toEqual(['r2', 'a1'])
    expect(receive(createReplica(cutAfter('r', 0)), entry(1, 'a1', { seen: ['r9'] }))).toEqual(['a1'])
  })
})

describe('what its author wrote again', () => {
  const log = () => [
    entry(1, 'a1'),
    entry(2, 'a2', { held: 'lost-epoch' }),
    entry(3, 'a3', { held: 'lost-epoch' }),
    entry(4, 'a1', { incarnation: 2, repairs: { incarnation: 1, sequence: 2 } }),
    entry(5, 'a2', { incarnation: 2, repairs: { incarnation: 1, sequence: 3 } }),
  ]
  const namedBy = (replica: LogReplica, name: string) =>
    [...nameableEnds(replica.state, deviceOf(name))].map(
      ([{ device, incarnation }, end]) => `${String.fromCharCode(device[0]!)}${end} of ${incarnation}`,
    )

  it('is not waited for by who had seen it, and is not named to others, whose log may never have it', () => {
    const replica = createReplica()
    expect(receive(replica, ...log(), entry(6, 'c1', { seen: ['a3'] }))).toEqual(['a1', 'a1', 'a2', 'c1'])
    expect(namedBy(replica, 'b')).toEqual(['a1 of 1', 'a2 of 2', 'c1 of 1'])
    // A relay that lost everything takes nothing back that is sealed under a key of a branch that is gone.
    const healed = createReplica()
    receive(healed, entry(1, 'a1'), log()[3]!, log()[4]!)
    const seen = [...nameableEnds(replica.state, deviceOf('b'))]
    expect(
      seen.filter(([each, end]) => each.device[0] !== deviceOf('c')[0] && healed.state.applied.get(each) !== end),
    ).toEqual([])
  })

  it('is named with what its author wrote after it in the same chain', () => {
    const replica = createReplica()
    const repair = entry(3, 'a1', { incarnation: 2, repairs: { incarnation: 1, sequence: 2 } })
    receive(replica, entry(1, 'a1'), entry(2, 'a2', { held: 'damaged' }), repair, entry(4, 'a3'))
    expect(namedBy(replica, 'b')).toEqual(['a3 of 1', 'a1 of 2'])
  })

  it('is not told of by who had to write it again, nor what stood before it', () => {
    const replica = createReplica()
    receive(replica, ...log())
    expect(namedBy(replica, 'a')).toEqual(['a2 of 2'])
  })

  it('leaves every chain as it is where nothing was written again', () => {
    const replica = createReplica()
    receive(replica, entry(1, 'a1'), entry(2, 'a2', { held: 'lost-epoch' }))
    expect(nameableEnds(replica.state, deviceOf('b'))).toBe(replica.state.applied)
  })
})

describe('the context', () => {
  it('holds the greatest n of each writer that is applied without a gap', () => {
    const replica = createReplica()
    receive(
      replica,
      entry(1, 'a1', {
        writers: [
          [1, 3],
          [2, 7],
        ],
      }),
      entry(2, 'a2', { writers: [[1, 5]] }),
      entry(3, 'b1', { writers: [[3, 9]], seen: ['c1'] }),
    )
    expect(Object.fromEntries(replica.state.context)).toEqual({ w1: 5, w2: 7 })
    receive(replica, entry(4, 'c1'))
    expect(Object.fromEntries(replica.state.context)).toEqual({ w1: 5, w2: 7, w3: 9 })
  })
})

describe('what is kept aside', () => {
  it('is tried again with what is known now, in order', () => {
    const replica = createReplica()
    receive(
      replica,
      entry(1, 'a1', { held: 'unknown-key' }),
      entry(2, 'a2'),
      entry(3, 'b1', { seen: ['a2'] }),
      entry(4, 'c1', { held: 'damaged' }),
    )
    expect(replica.retryHeld((item) => item).applied).toEqual([])
    const received = replica.retryHeld((item) =>
      item.reason === 'unknown-key' ? { ...item, entry: entry(1, 'a1') } : item,
    )
    expect(received.applied.map(nameOf)).toEqual(['a1', 'a2', 'b1'])
    expect(received.released).toEqual(received.applied)
    expect(heldOf(replica)).toEqual(['c1 damaged'])
  })

  it('holds on to no page', () => {
    const replica = createReplica()
    const page = new Uint8Array(100_000)
    const held = { ...entry(1, 'a1', { seen: ['b1'] }), bytes: page.subarray(10, 20) }
    const { newlyHeld } = replica.receive([held])
    expect(newlyHeld[0]?.entry.bytes.buffer.byteLength).toBe(10)
    expect(replica.state.held[0]?.entry.bytes.buffer.byteLength).toBe(10)
  })

  it('a clone goes on by itself', () => {
    const replica = createReplica()
    receive(replica, entry(1, 'b1', { seen: ['a1'] }))
    const clone = replica.clone()
    receive(clone, entry(2, 'a1', { writers: [[1, 1]] }))
    expect(replica.state).toMatchObject({ number: 1, held: [{ reason: 'waits-for-seen' }] })
    expect(replica.state.applied.size + replica.state.chains.size + replica.state.context.size).toBe(1)
  })
})

describe('whatever order a log is healed in', () => {
  /** A history in which everybody writes after what they had seen, then the log in any order that keeps each chain. */
  const history = fc
    .array(
      fc.record({ author: fc.constantFrom('a', 'b', 'c', 'd'), sees: fc.array(fc.nat({ max: 30 }), { maxLength: 3 }) }),
      {
        maxLength: 30,
      },
    )
    .chain((steps) => {
      const counts = new Map<string, number>()
      const made: { place: string; seen: string[] }[] = []
      for (const { author, sees } of steps) {
        const sequence = (counts.get(author) ?? 0) + 1
        counts.set(author, sequence)
        const seen = sees.flatMap((at) => (at < made.length ? [made[at]!.place] : []))
        made.push({ place: `${author}${sequence}`, seen: seen.filter((place) => place[0] !== author) })
      }
      return fc.shuffledSubarray(made, { minLength: made.length }).map((shuffled) => {
        // Numbers of one author stay in order, as its chain demands.
        const queues = new Map<string, typeof made>()
        for (const each of made) queues.set(each.place[0]!, [...(queues.get(each.place[0]!) ?? []), each])
        return shuffled.map(({ place }) => queues.get(place[0]!)!.shift()!)
      })
    })

  it('everything is applied once, after all that it had seen, however it is cut into pages', () => {
    fc.assert(
      fc.property(history, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 30 }), (made, cuts) => {
        const log = made.map(({ place, seen }, i) => entry(i + 1, place, { seen }))
        const replica = createReplica()
        const order: string[] = []
        for (let at = 0, cut = 0; at < log.length; cut++) {
          const size = cuts[cut % cuts.length]!
          order.push(...receive(replica, ...log.slice(at, at + size)))
          at += size
        }
        expect([...order].sort()).toEqual(made.map(({ place }) => place).sort())
        for (const { place, seen } of made)
          for (const other of seen) expect(order.indexOf(other)).toBeLessThan(order.indexOf(place))
        const whole = createReplica()
        whole.receive(log)
        expect(whole.state.hash).toEqual(replica.state.hash)
        expect(whole.state.held).toEqual([])
      }),
      { numRuns: 150 },
    )
  })
})
