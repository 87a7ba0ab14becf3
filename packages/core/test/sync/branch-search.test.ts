// Looking for the place where two keyrings part, against keyrings of every length and relays that answer in pages.
import { type Hash, recordHash } from '@owlivion/sync-protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BranchSearch } from '../../src/sync/keyring/branch-search'
import { FakePlatform } from './support/fake-platform'

const { sha512 } = new FakePlatform().signing
const record = (name: string): { readonly record: Uint8Array } => ({ record: new TextEncoder().encode(name) })

const keyring = (names: readonly string[]) => ({
  length: names.length,
  hashAt: (position: number): Hash => recordHash(sha512, record(names[position] as string).record),
})

/** Runs the search against a relay that hands out `page` records at a time. */
function find(ours: readonly string[], theirs: readonly string[], page: number) {
  const search = new BranchSearch(sha512, keyring(ours), theirs.length)
  for (let asked = 1; ; asked++) {
    const { next } = search
    const result = search.take(theirs.slice(next, next + page).map(record), theirs.length)
    if (result.kind !== 'more') return { ...result, asked }
    if (asked > 2_000) throw new TypeError('it asks for ever')
  }
}

const names = (prefix: string, length: number): string[] => Array.from({ length }, (_, i) => `${prefix}${i}`)

describe('the place where two keyrings part', () => {
  it('is found, with the branch of the relay from there, however long either is', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 120 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 50 }),
        (common, own, other, page) => {
          const ours = [...names('common', common), ...names('ours', own)]
          const theirs = [...names('common', common), ...names('theirs', other)]
          const found = find(ours, theirs, page)
          expect(found).toMatchObject({ kind: 'branch', position: common })
          if (found.kind !== 'branch') return
          expect(found.records).toEqual(names('theirs', other).map(record))
        },
      ),
    )
  })

  it('is asked for in few questions, though the keyring is long', () => {
    const common = names('common', 10_000)
    const found = find([...common, ...names('ours', 3)], [...common, ...names('theirs', 3)], 256)
    expect(found).toMatchObject({ kind: 'branch', position: 10_000, asked: 1 })
    const deep = find([...common, ...names('ours', 500)], [...common, ...names('theirs', 500)], 256)
    expect(deep).toMatchObject({ kind: 'branch', position: 10_000 })
    expect(deep.asked).toBeLessThan(20)
  })

  it('is not there when nothing differs, or not even the first record is the same', () => {
    const ours = names('common', 20)
    expect(find(ours, ours, 7).kind).toBe('same')
    expect(find(ours, ours.slice(0, 12), 7).kind).toBe('same')
    expect(find(ours, [...ours, ...names('more', 3)], 7).kind).toBe('same')
    expect(find(ours, names('strange', 20), 7).kind).toBe('stranger')
  })

  it('is given up when the relay promises what it does not send, or sends without end', () => {
    const ours = names('common', 20)
    const silent = new BranchSearch(sha512, keyring(ours), 30)
    expect(silent.take([], 30).kind).toBe('same')
    const endless = new BranchSearch(sha512, keyring([...ours, 'own']), 1_000_000)
    let asked = 0
    let result = endless.take([...ours.slice(endless.next), ...names('x', 10)].map(record), 1_000_000)
    while (result.kind === 'more') {
      expect(++asked).toBeLessThan(2_000)
      result = endless.take([record(`y${asked}`)], 1_000_000)
    }
    expect(result).toMatchObject({ kind: 'branch', position: 20 })
  })
})
