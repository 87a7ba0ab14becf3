// The part of the contract suite about time: when what a snapshot covers may go, and what stays of it.
import { type Hash, SNAPSHOT_KEEP_MS, UNJUDGED_SNAPSHOT_MS, ZERO_HASH } from '@owlivion/sync-protocol'
import {
  a,
  account,
  b,
  bytes,
  contacts,
  entryHash,
  PAGE,
  push,
  quota,
  START_MS,
  snapshot,
  verdict,
} from './contract-fixtures'
import type { ContractSuite } from './contract-suite'
import type { RelayStore } from './relay-store'

const WEEK_LATER_MS = START_MS + SNAPSHOT_KEEP_MS
const MONTH_LATER_MS = START_MS + UNJUDGED_SNAPSHOT_MS

export function describePruning(suite: ContractSuite): void {
  const { name, describe, checkWithAccount, append, expect } = suite

  const hashAt = async (store: RelayStore, number: number) =>
    (await store.snapshots.readHashes(account, contacts, [number])).hashes[0]?.hash as Hash
  const baseOf = async (store: RelayStore) => (await store.snapshots.readHashes(account, contacts, [])).base
  const pageOf = (store: RelayStore, after: number) =>
    store.readPage({ account, document: contacts, after, maxBytes: PAGE })
  const hashes = async (store: RelayStore) => (await store.snapshots.list(account, contacts)).map(({ hash }) => hash)

  /** Numbers 1 to 8: a a b a a b b a; a snapshot of the first six by device a, but for number 4 (a’s third). */
  async function withSnapshot(store: RelayStore) {
    await append(
      store,
      push({ count: 2 }),
      push({ device: b }),
      push({ from: 3, count: 2 }),
      push({ device: b, from: 2, count: 2 }),
      push({ from: 5 }),
    )
    const vector = [
      { device: a, incarnation: 7, sequence: 4, hash: entryHash(a, 4) },
      { device: b, incarnation: 7, sequence: 2, hash: entryHash(b, 2) },
    ]
    const first = snapshot({ covered: 6, coveredHash: await hashAt(store, 6), vector, exempt: [4] })
    await store.snapshots.put(first, quota)
    return first
  }

  describe(`${name}: pruning`, () => {
    checkWithAccount('what an accepted snapshot covers goes after a week, except what is exempt', async (store) => {
      const first = await withSnapshot(store)
      await store.snapshots.judge(verdict(first, b, 'accept'))
      const { totalBytes } = await store.inspect(0)
      expect(await store.snapshots.prune(WEEK_LATER_MS - 1)).toEqual({ entries: 0, snapshots: 0 })
      expect(await store.snapshots.prune(WEEK_LATER_MS)).toEqual({ entries: 5, snapshots: 0 })
      expect(await store.snapshots.prune(WEEK_LATER_MS)).toEqual({ entries: 0, snapshots: 0 })
      const { totalEntries, totalBytes: rest } = await store.inspect(0)
      expect([totalEntries, totalBytes - rest]).toEqual([3, 1_000])
      expect(await pageOf(store, 5)).toEqual({ newest: 8, prunedTo: 6, entries: [], heads: [] })
      const page = await pageOf(store, 6)
      expect([page.newest, page.entries.length, page.heads.length]).toEqual([8, 2, 2])
      expect(page.hashAtCursor).toEqual(first.header.coveredHash)
    })

    checkWithAccount('what nobody judged goes after a month', async (store) => {
      await withSnapshot(store)
      expect(await store.snapshots.prune(MONTH_LATER_MS - 1)).toEqual({ entries: 0, snapshots: 0 })
      expect(await store.snapshots.prune(MONTH_LATER_MS)).toEqual({ entries: 5, snapshots: 0 })
    })

    checkWithAccount('the word of its author is not that of another device', async (store) => {
      const first = await withSnapshot(store)
      await store.snapshots.judge(verdict(first, a, 'accept'))
      expect(await store.snapshots.prune(MONTH_LATER_MS - 1)).toEqual({ entries: 0, snapshots: 0 })
    })

    checkWithAccount('a rejected one stands for nothing, and goes after a week', async (store) => {
      const first = await withSnapshot(store)
      await store.snapshots.judge(verdict(first, b, 'reject', START_MS + 9))
      expect(await store.snapshots.prune(WEEK_LATER_MS + 8)).toEqual({ entries: 0, snapshots: 0 })
      expect(await store.snapshots.prune(WEEK_LATER_MS + 9)).toEqual({ entries: 0, snapshots: 1 })
      expect((await pageOf(store, 0)).entries.length).toEqual(8)
    })

    checkWithAccount('a rejection of an accepted one stops everything until a newer one is accepted', async (store) => {
      const first = await withSnapshot(store)
      await store.snapshots.judge(verdict(first, b, 'accept'))
      await store.snapshots.judge(verdict(first, bytes(16, 'device c'), 'reject'))
      expect(await store.snapshots.prune(MONTH_LATER_MS)).toEqual({ entries: 0, snapshots: 0 })
      const second = snapshot({ covered: 8, coveredHash: await hashAt(store, 8), parent: first.hash })
      await store.snapshots.put(second, quota)
      expect(await store.snapshots.prune(MONTH_LATER_MS)).toEqual({ entries: 0, snapshots: 0 })
      await store.snapshots.judge(verdict(second, b, 'accept'))
      expect(await store.snapshots.prune(MONTH_LATER_MS)).toEqual({ entries: 8, snapshots: 0 })
    })

    checkWithAccount('a rejection that comes after the entries went undoes nothing', async (store) => {
      const first = await withSnapshot(store)
      await store.snapshots.prune(MONTH_LATER_MS)
      await store.snapshots.judge(verdict(first, b, 'reject', MONTH_LATER_MS))
      expect(await store.snapshots.prune(2 * MONTH_LATER_MS)).toEqual({ entries: 0, snapshots: 0 })
      const [only] = await store.snapshots.list(account, contacts)
      expect([only?.hash, only?.rejectedAtMs]).toEqual([first.hash, undefined])
    })

    checkWithAccount('nor does one of the snapshot at which a log begins', async (store) => {
      const given = snapshot({ covered: 9, coveredHash: bytes<Hash>(32, 'a log elsewhere') })
      await store.snapshots.put(given, quota)
      await store.snapshots.judge(verdict(given, b, 'reject'))
      expect((await store.snapshots.list(account, contacts))[0]?.rejectedAtMs).toEqual(undefined)
    })

    checkWithAccount('older snapshots go a week after a newer one has stood for what it covers', async (store) => {
      const first = await withSnapshot(store)
      const storedAtMs = START_MS + 1_000
      const coveredHash = await hashAt(store, 8)
      const second = snapshot({ covered: 8, coveredHash, parent: first.hash, author: b, storedAtMs })
      await store.snapshots.put(second, quota)
      await store.snapshots.judge(verdict(second, a, 'accept'))
      expect(await store.snapshots.prune(WEEK_LATER_MS + 1_000)).toEqual({ entries: 8, snapshots: 0 })
      expect(await store.snapshots.prune(WEEK_LATER_MS + 999 + SNAPSHOT_KEEP_MS)).toEqual({ entries: 0, snapshots: 0 })
      expect(await hashes(store)).toEqual([first.hash, second.hash])
      expect(await store.snapshots.prune(WEEK_LATER_MS + 1_000 + SNAPSHOT_KEEP_MS)).toEqual({
        entries: 0,
        snapshots: 1,
      })
      expect(await hashes(store)).toEqual([second.hash])
    })

    checkWithAccount('an old good one does its work while newer ones wait', async (store) => {
      const first = await withSnapshot(store)
      await store.snapshots.judge(verdict(first, b, 'accept'))
      const coveredHash = await hashAt(store, 8)
      const storedAtMs = WEEK_LATER_MS - 1
      await store.snapshots.put(snapshot({ covered: 8, coveredHash, parent: first.hash, storedAtMs }), quota)
      expect(await store.snapshots.prune(WEEK_LATER_MS)).toEqual({ entries: 5, snapshots: 0 })
    })

    checkWithAccount('the end of a chain outlives its entries, and no number is given twice', async (store, opened) => {
      const first = await withSnapshot(store)
      const heads = await store.readHeads(account, [])
      const coveredHash = await hashAt(store, 8)
      const whole = snapshot({ covered: 8, coveredHash, parent: first.hash })
      await store.snapshots.put(whole, quota)
      await store.snapshots.judge(verdict(whole, b, 'accept'))
      expect(await store.snapshots.prune(WEEK_LATER_MS)).toEqual({ entries: 8, snapshots: 0 })
      const reopened = await opened.reopen()
      expect(await reopened.readHeads(account, [])).toEqual(heads)
      expect(await append(reopened, push({ from: 2, count: 3 }), push({ count: 5 }), push({ from: 5 }))).toEqual([
        { kind: 'already-covered', newest: 5 },
        { kind: 'already-covered', newest: 5 },
        { kind: 'already-covered', newest: 5 },
      ])
      expect(await append(reopened, push({ from: 7 }))).toEqual([{ kind: 'chain-gap', newest: 5 }])
      expect(await append(reopened, push({ from: 6 }))).toMatchObject([{ kind: 'stored', numbers: [9] }])
      expect(await baseOf(reopened)).toEqual(8)
      expect((await reopened.snapshots.readHashes(account, contacts, [0, 8, 9])).hashes.length).toEqual(2)
    })

    checkWithAccount(
      'a push that lies partly behind what was pruned is told so, and what follows it goes on',
      async (store) => {
        const first = await withSnapshot(store)
        await store.snapshots.judge(verdict(first, b, 'accept'))
        await store.snapshots.prune(WEEK_LATER_MS)
        // Number 7 is b's third entry, in one push with its second, which is gone.
        expect(await append(store, push({ device: b, from: 3 }))).toMatchObject([
          { kind: 'stored', numbers: [7], fresh: 0 },
        ])
        expect(await append(store, push({ device: b, from: 2, count: 2 }))).toEqual([
          { kind: 'already-covered', newest: 3 },
        ])
        expect(await append(store, push({ device: b, from: 3, content: 'other' }))).toEqual([
          { kind: 'fork', newest: 3 },
        ])
      },
    )

    checkWithAccount('what is exempt is sent along with what it followed, before and after', async (store) => {
      const first = await withSnapshot(store)
      await store.snapshots.judge(verdict(first, b, 'accept'))
      const place = { account, document: contacts, hash: first.hash }
      const exempt = {
        entries: [{ number: 4, envelope: push({ from: 3, count: 2 }).entries[0]?.envelope, previous: entryHash(a, 2) }],
        heads: [],
      }
      expect(await store.snapshots.readExempt(place, 0, PAGE)).toEqual(exempt)
      await store.snapshots.prune(WEEK_LATER_MS)
      expect(await store.snapshots.readExempt(place, 0, PAGE)).toEqual(exempt)
      expect(await store.snapshots.readExempt(place, 4, PAGE)).toEqual({ entries: [], heads: [] })
      const unknown = { ...place, hash: bytes<Hash>(32, 'never stored') }
      expect(await store.snapshots.readExempt(unknown, 0, PAGE)).toEqual({ entries: [], heads: [] })
    })

    checkWithAccount('exempt entries come in pages, with the last signed end of each run', async (store) => {
      await append(
        store,
        push({ count: 2 }),
        push({ device: b, count: 2 }),
        push({ from: 3 }),
        push({ from: 4, count: 2 }),
      )
      const exempt = [1, 2, 3, 5, 7]
      const first = snapshot({ covered: 7, coveredHash: await hashAt(store, 7), exempt })
      await store.snapshots.put(first, quota)
      const place = { account, document: contacts, hash: first.hash }
      const all = await store.snapshots.readExempt(place, 0, PAGE)
      expect(all.entries.map(({ number }) => number)).toEqual(exempt)
      // Runs: a 1 to 3, b 1 without an end, a 5.
      expect(all.heads.map(({ device, sequence }) => [device, sequence])).toEqual([
        [a, 3],
        [a, 5],
      ])
      expect(all.entries[0]?.previous).toEqual(ZERO_HASH)
      const page = await store.snapshots.readExempt(place, 0, 400)
      expect([page.entries.length, page.next]).toEqual([2, 2])
      const tiny = await store.snapshots.readExempt(place, 2, 1)
      expect([tiny.entries.map(({ number }) => number), tiny.next]).toEqual([[3], 3])
      expect((await store.snapshots.readExempt(place, 5, 400)).next).toEqual(undefined)
    })

    checkWithAccount('what was exempt goes when a later snapshot holds it', async (store) => {
      const first = await withSnapshot(store)
      await store.snapshots.judge(verdict(first, b, 'accept'))
      await store.snapshots.prune(WEEK_LATER_MS)
      const coveredHash = await hashAt(store, 8)
      const second = snapshot({ covered: 8, coveredHash, parent: first.hash, storedAtMs: WEEK_LATER_MS })
      await store.snapshots.put(second, quota)
      await store.snapshots.judge(verdict(second, b, 'accept'))
      expect(await store.snapshots.prune(WEEK_LATER_MS + SNAPSHOT_KEEP_MS)).toEqual({ entries: 3, snapshots: 0 })
      const { totalEntries } = await store.inspect(10)
      expect(totalEntries).toEqual(0)
    })

    checkWithAccount('bytes between two numbers are those of the entries there', async (store) => {
      await append(store, push({ count: 3, size: 250 }))
      expect(await store.snapshots.bytesBetween(account, contacts, 1, 3)).toEqual(500)
      expect(await store.snapshots.bytesBetween(account, contacts, 3, 9)).toEqual(0)
    })
  })
}
