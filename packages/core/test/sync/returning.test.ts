import {
  type DeviceId,
  decodeEnvelope,
  encodeEnvelope,
  envelopeHash,
  type Hash,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tweetnaclSigning } from '../../src/platform'
import { type Lineage, LineageMap } from '../../src/sync/device-map'
import type { LogRow } from '../../src/sync/document/rows'
import { ReturningEntries } from '../../src/sync/healing/returning'
import type { Chain } from '../../src/sync/log/log-replica'

const { sha512 } = tweetnaclSigning
const lineageOf = (name: number): Lineage => ({ device: new Uint8Array(16).fill(name) as DeviceId, incarnation: 7 })

function entryOf(name: number, sequence: number, content = 0) {
  const header = { version: 1, suite: 1, kind: 1, documentEpoch: 0, epoch: 0, ...lineageOf(name), sequence } as const
  const bytes = encodeEnvelope({
    ...header,
    nonce: new Uint8Array(24).fill(content) as never,
    box: new Uint8Array(112),
  })
  return { previous: ZERO_HASH, bytes }
}

/** Runs of a log by several authors; each run ends every one of its chains with a head. */
function rowsOf(runs: readonly (readonly number[])[]): { readonly rows: LogRow[]; readonly ends: Map<number, number> } {
  const ends = new Map<number, number>()
  const rows = runs.map((names) => {
    const entries = names.map((name) => {
      ends.set(name, (ends.get(name) ?? 0) + 1)
      return entryOf(name, ends.get(name) as number)
    })
    const heads = [...new Set(names)].map((name) => ({
      ...lineageOf(name),
      sequence: ends.get(name) as number,
      signature: new Uint8Array(64),
    }))
    return { entries, heads }
  })
  return { rows, ends }
}

const before = {
  ...{ common: 0, had: new LineageMap<Chain>(), context: new Map<string, number>() },
  ...{ isAnew: false, isReread: false },
}
const chainsOf = (ends: Iterable<readonly [number, number]>) =>
  new LineageMap<Chain>(
    [...ends].map(
      ([name, sequence]) => [lineageOf(name), { sequence, hash: ZERO_HASH as Hash, broken: false }] as const,
    ),
  )

const logs = fc.array(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 30 }), { maxLength: 12 })

describe('entries that return to a relay', () => {
  it('go back in order, each chain without a gap from where the relay has it, and every chain of a batch ends with a head', () => {
    fc.assert(
      fc.property(logs, fc.array(fc.nat({ max: 12 }), { minLength: 4, maxLength: 4 }), (runs, kept) => {
        const { rows, ends } = rowsOf(runs)
        const returning = new ReturningEntries(sha512, rows, before)
        // The relay has the ends of some pushes.
        const has = new Map<number, number>()
        rows.forEach(({ heads }, i) => {
          for (const head of heads)
            if (i < (kept[(head.device[0] as number) - 1] ?? 0)) has.set(head.device[0] as number, head.sequence)
        })
        for (;;) {
          const batch = returning.next(chainsOf(has))
          if (batch === undefined) break
          for (const bytes of batch.entries) {
            const { device, sequence } = decodeEnvelope(bytes)
            expect(sequence).toBe((has.get(device[0] as number) ?? 0) + 1)
            has.set(device[0] as number, sequence)
          }
          const last = new Map(
            batch.entries.map((bytes) => [decodeEnvelope(bytes).device[0], decodeEnvelope(bytes).sequence]),
          )
          for (const [name, sequence] of last)
            expect(batch.heads.some((head) => head.device[0] === name && head.sequence === sequence)).toBe(true)
        }
        expect(has).toEqual(ends)
        expect(returning.missing(chainsOf(has))).toEqual([])
      }),
    )
  })

  it('stay behind from where the relay has something else in their place', () => {
    const { rows } = rowsOf([
      [1, 2, 1],
      [1, 2],
    ])
    const returning = new ReturningEntries(sha512, rows, before)
    const other = entryOf(1, 2, 9)
    returning.found({ ...lineageOf(1), sequence: 2, envelopeHash: envelopeHash(sha512, other.bytes) })
    const batch = returning.next(chainsOf([[1, 2]]))
    expect(batch?.entries.map((bytes) => decodeEnvelope(bytes).device[0])).toEqual([2, 2])
    const missing = returning.missing(
      chainsOf([
        [1, 2],
        [2, 2],
      ]),
    )
    expect(missing.map(({ bytes }) => decodeEnvelope(bytes).sequence)).toEqual([2, 3])
  })

  it('stay behind with what follows in the chain when the relay refuses one, and for good when they count nowhere', () => {
    const { rows } = rowsOf([
      [1, 1, 2],
      [1, 2],
    ])
    const returning = new ReturningEntries(sha512, rows, before)
    const batch = returning.next(new LineageMap())
    returning.refused(batch as NonNullable<typeof batch>, 1)
    const again = returning.next(new LineageMap())
    expect(again?.entries.map((bytes) => decodeEnvelope(bytes).device[0])).toEqual([2, 2])
    expect(returning.missing(chainsOf([[2, 2]])).length).toBe(3)
    expect(returning.leaveOut((_, { device }) => device[0] === 1)).toBe(3)
    expect(returning.missing(chainsOf([[2, 2]]))).toEqual([])
  })
})
