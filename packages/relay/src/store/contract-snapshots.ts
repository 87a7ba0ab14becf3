// The part of the contract suite about snapshots: which is stored, which is current, and what of it can be read.
import { type Hash, SNAPSHOT_KEEP_MS, ZERO_HASH } from '@owlivion/sync-protocol'
import {
  a,
  account,
  b,
  bytes,
  contacts,
  drafts,
  entryHash,
  headAt,
  PAGE,
  push,
  quota,
  record,
  START_MS,
  snapshot,
  verdict,
} from './contract-fixtures'
import type { ContractSuite } from './contract-suite'
import type { RelayStore } from './relay-store'
import type { SnapshotPut } from './snapshot-rows'

export function describeSnapshots(suite: ContractSuite): void {
  const { name, describe, checkWithAccount, append, expect } = suite

  const hashAt = async (store: RelayStore, number: number) =>
    (await store.snapshots.readHashes(account, contacts, [number])).hashes[0]?.hash as Hash
  const put = async (store: RelayStore, request: SnapshotPut) => (await store.snapshots.put(request, quota)).kind
  const list = async (store: RelayStore) =>
    (await store.snapshots.list(account, contacts)).map(({ hash, rejectedAtMs }) => [hash, rejectedAtMs])
  /** Six entries of two devices, and a snapshot of the first three. */
  async function withLog(store: RelayStore) {
    await append(store, push({ count: 2 }), push({ device: b }), push({ from: 3, count: 3 }))
    const first = snapshot({ covered: 3, coveredHash: await hashAt(store, 3) })
    return { first, at: (covered: number) => hashAt(store, covered) }
  }

  describe(`${name}: snapshots`, () => {
    checkWithAccount('one that fits the log is stored, and known when it comes again', async (store) => {
      const { first } = await withLog(store)
      const before = (await store.inspect(0)).totalBytes
      expect(await store.snapshots.put(first, quota)).toEqual({ kind: 'stored', isAdopted: false })
      expect(await put(store, first)).toEqual('known')
      const { totalBytes, totalSnapshots, snapshotBytes } = await store.inspect(0)
      expect([totalBytes - before, totalSnapshots, snapshotBytes]).toEqual([first.file.length, 1, first.file.length])
      expect(await store.snapshots.list(account, contacts)).toEqual([
        {
          hash: first.hash,
          coveredNumber: 3,
          coveredHash: first.header.coveredHash,
          documentEpoch: 0,
          isRebase: false,
          author: a,
          sizeBytes: first.file.length,
          storedAtMs: START_MS,
          verdicts: [],
        },
      ])
      expect(await store.snapshots.list(account, drafts)).toEqual([])
    })

    checkWithAccount('its bytes come back from any position', async (store) => {
      const { first } = await withLog(store)
      await put(store, first)
      const place = { account, document: contacts, hash: first.hash }
      const sizeBytes = first.file.length
      expect(await store.snapshots.readFile(place, 0, 10)).toEqual({ sizeBytes, bytes: first.file.slice(0, 10) })
      expect(await store.snapshots.readFile(place, 100, PAGE)).toEqual({ sizeBytes, bytes: first.file.slice(100) })
      const other = { ...place, hash: bytes<Hash>(32, 'other') }
      expect(await store.snapshots.readFile(other, 0, 10)).toEqual(undefined)
      expect(await store.snapshots.readFile({ ...place, document: drafts }, 0, 10)).toEqual(undefined)
    })

    checkWithAccount('of two built on the same one the first wins', async (store) => {
      const { first, at } = await withLog(store)
      await put(store, first)
      const [one, other] = [a, b].map((author) => ({ author, covered: 5, parent: first.hash }))
      const coveredHash = await at(5)
      expect(await put(store, snapshot({ covered: 5, coveredHash, author: b }))).toEqual('conflict')
      expect(await put(store, snapshot({ ...one, covered: 5, coveredHash }))).toEqual('stored')
      expect(await put(store, snapshot({ ...other, covered: 6, coveredHash: await at(6) }))).toEqual('conflict')
      const none = snapshot({ covered: 6, coveredHash: await at(6), parent: bytes<Hash>(32, 'never stored') })
      expect(await put(store, none)).toEqual('conflict')
    })

    checkWithAccount('it covers more than its parent, no more than the log, and no other log', async (store) => {
      const { first, at } = await withLog(store)
      expect(await put(store, snapshot({ covered: 7, coveredHash: await at(6) }))).toEqual('misfit')
      expect(await put(store, snapshot({ covered: 5, coveredHash: await at(6) }))).toEqual('misfit')
      expect(await put(store, snapshot({ covered: 0, coveredHash: await at(0) }))).toEqual('misfit')
      await put(store, first)
      for (const covered of [2, 3]) {
        const older = snapshot({ covered, coveredHash: await at(covered), parent: first.hash, author: b })
        expect(await put(store, older)).toEqual('conflict')
      }
      expect((await list(store)).length).toEqual(1)
    })

    checkWithAccount('it claims no entry that the log does not have, except to heal it', async (store) => {
      const { at } = await withLog(store)
      const head = { device: a, incarnation: 7, sequence: 6, hash: entryHash(a, 6) }
      const shape = { covered: 6, coveredHash: await at(6) }
      expect(await put(store, snapshot({ ...shape, vector: [head] }))).toEqual('misfit')
      const other = { ...head, incarnation: 8, sequence: 1 }
      expect(await put(store, snapshot({ ...shape, vector: [other] }))).toEqual('misfit')
      expect(await put(store, snapshot({ ...shape, vector: [{ ...head, sequence: 5 }] }))).toEqual('stored')
      const parent = snapshot(shape).hash
      const heals = snapshot({ ...shape, author: b, parent, vector: [head, other], change: { mayHeal: true } })
      expect(await put(store, heals)).toEqual('stored')
      const place = { account, document: contacts, device: a, incarnation: 7 }
      expect(await store.readChains([{ ...place, sequence: 6 }])).toEqual([{ newest: 6, hash: entryHash(a, 6) }])
      expect(await append(store, push({ from: 6 }))).toEqual([{ kind: 'already-covered', newest: 6 }])
      expect(await append(store, push({ from: 7 }))).toMatchObject([{ kind: 'stored', numbers: [7] }])
    })

    checkWithAccount('one that was judged by another keyring, or is not fresh, is refused', async (store) => {
      const { first } = await withLog(store)
      expect(await put(store, { ...first, keyringHead: headAt(2) })).toEqual('keyring-moved')
      expect(await put(store, { ...first, isFresh: false })).toEqual('stale-epoch')
      const elsewhere = bytes<typeof account>(32, 'nobody')
      expect(await put(store, { ...first, account: elsewhere })).toEqual('keyring-moved')
      expect(await list(store)).toEqual([])
    })

    checkWithAccount('it counts towards the quota, unless what it stands for is larger', async (store) => {
      await append(store, push({ count: 4, size: 1_000 }))
      const { totalBytes } = await store.inspect(0)
      const request = snapshot({ covered: 4, coveredHash: await hashAt(store, 4), size: 500 })
      const bounded = async (each: SnapshotPut, maxBytes: number) =>
        (await store.snapshots.put(each, { ...quota, maxBytes })).kind
      const large = snapshot({ covered: 4, coveredHash: await hashAt(store, 4), size: 5_000, author: b })
      expect(await bounded(large, totalBytes)).toEqual('quota-exceeded')
      expect(await bounded(large, totalBytes + large.file.length)).toEqual('stored')
      expect(await bounded({ ...request, header: { ...request.header, parent: large.hash } }, 100)).toEqual('conflict')
    })

    checkWithAccount(
      'a full account takes one that is smaller than what it covers, up to twice its room',
      async (store) => {
        await append(store, push({ count: 4, size: 1_000 }))
        const { totalBytes } = await store.inspect(0)
        const request = snapshot({ covered: 4, coveredHash: await hashAt(store, 4), size: 500 })
        const bounded = async (maxBytes: number) => (await store.snapshots.put(request, { ...quota, maxBytes })).kind
        expect(await bounded(totalBytes / 2)).toEqual('quota-exceeded')
        expect(await bounded(totalBytes)).toEqual('stored')
      },
    )

    checkWithAccount('a document without a log begins at the snapshot that it is given', async (store) => {
      const coveredHash = bytes<Hash>(32, 'a log elsewhere')
      const vector = [
        { device: a, incarnation: 7, sequence: 4, hash: entryHash(a, 4) },
        { device: b, incarnation: 7, sequence: 2, hash: ZERO_HASH },
      ]
      const given = snapshot({ covered: 9, coveredHash, documentEpoch: 3, vector, change: { isFresh: false } })
      expect(await store.snapshots.put(given, quota)).toEqual({ kind: 'stored', isAdopted: true })
      expect(await store.snapshots.readHashes(account, contacts, [0, 8, 9, 10])).toEqual({
        base: 9,
        newest: 9,
        hashes: [{ number: 9, hash: coveredHash }],
      })
      const page = (after: number) => store.readPage({ account, document: contacts, after, maxBytes: PAGE })
      expect(await page(8)).toEqual({ newest: 9, prunedTo: 9, entries: [], heads: [] })
      const empty = { newest: 9, hashAtCursor: coveredHash, entries: [], heads: [], logHash: coveredHash }
      expect(await page(9)).toEqual(empty)
      expect(await append(store, push({ from: 5, documentEpoch: 3 }))).toMatchObject([
        { kind: 'stored', numbers: [10] },
      ])
      expect(await append(store, push({ device: b, from: 3, documentEpoch: 3 }))).toEqual([{ kind: 'fork', newest: 2 }])
      expect(await append(store, push({ from: 4, documentEpoch: 3 }))).toEqual([{ kind: 'already-covered', newest: 5 }])
      // Nobody signed where these chains end, so they are no heads to make a cut of.
      expect((await store.readHeads(account, [])).map(({ sequence }) => sequence)).toEqual([5])
      const more = snapshot({ covered: 10, coveredHash: await hashAt(store, 10), documentEpoch: 3, parent: given.hash })
      expect(await put(store, more)).toEqual('stored')
    })

    checkWithAccount('a rebase moves the document’s epoch, with the lease and at the end of the log', async (store) => {
      const { first, at } = await withLog(store)
      await put(store, first)
      const parent = first.hash
      const rebase = async (covered: number, mayRebase: boolean, documentEpoch = 1) =>
        snapshot({ covered, coveredHash: await at(covered), parent, documentEpoch, change: { mayRebase } })
      expect(await put(store, await rebase(6, false))).toEqual('lease-needed')
      expect(await put(store, await rebase(5, true))).toEqual('conflict')
      expect(await put(store, await rebase(6, true, 2 * 2 ** 32))).toEqual('misfit')
      expect(await put(store, await rebase(6, true))).toEqual('stored')
      const [, second] = await store.snapshots.list(account, contacts)
      expect([second?.isRebase, second?.documentEpoch]).toEqual([true, 1])
      expect(await put(store, snapshot({ covered: 6, coveredHash: await at(6), author: b }))).toEqual(
        'stale-document-epoch',
      )
      const ends = { device: b, from: 2 }
      expect(await append(store, push(ends))).toEqual([{ kind: 'stale-document-epoch' }])
      expect(await append(store, push({ ...ends, documentEpoch: 2 }))).toEqual([{ kind: 'unknown-document-epoch' }])
      expect(await append(store, push({ device: b }))).toMatchObject([{ kind: 'stored', fresh: 0 }])
      expect(await append(store, push({ ...ends, documentEpoch: 1 }))).toMatchObject([{ kind: 'stored', numbers: [7] }])
    })

    checkWithAccount('a log that stood still is rebased all the same', async (store) => {
      const { at } = await withLog(store)
      const whole = snapshot({ covered: 6, coveredHash: await at(6) })
      await put(store, whole)
      const change = { mayRebase: true }
      const shape = { covered: 6, coveredHash: await at(6), parent: whole.hash, documentEpoch: 1, author: b, change }
      expect(await put(store, snapshot(shape))).toEqual('stored')
    })

    checkWithAccount('a healer brings a rebase that was lost, several epochs at once', async (store) => {
      const { at } = await withLog(store)
      const shape = { covered: 6, coveredHash: await at(6), documentEpoch: 4, change: { mayHeal: true } }
      expect(await put(store, snapshot({ ...shape, covered: 5, coveredHash: await at(5) }))).toEqual('conflict')
      expect(await put(store, snapshot(shape))).toEqual('stored')
    })

    checkWithAccount('while a document is held up only what is there already is recognised', async (store) => {
      await append(store, push({ count: 2 }))
      expect(await append(store, push({ count: 2, isHeldUp: true }))).toMatchObject([{ kind: 'stored', fresh: 0 }])
      expect(await append(store, push({ from: 3, isHeldUp: true }))).toEqual([{ kind: 'rebasing' }])
      expect(await append(store, push({ device: b, isHeldUp: true }))).toEqual([{ kind: 'rebasing' }])
    })
  })

  describe(`${name}: verdicts`, () => {
    checkWithAccount('a device has one word about a snapshot, the last', async (store) => {
      const { first } = await withLog(store)
      await put(store, first)
      expect(await store.snapshots.judge(verdict(first, b, 'accept'))).toEqual(true)
      expect(await store.snapshots.judge(verdict(first, b, 'accept'))).toEqual(true)
      const [stored] = await store.snapshots.list(account, contacts)
      const { device, signature } = verdict(first, b, 'accept')
      expect(stored?.verdicts).toEqual([{ device, verdict: 'accept', signature }])
      const never = { ...verdict(first, b, 'accept'), hash: bytes<Hash>(32, 'never stored') }
      expect(await store.snapshots.judge(never)).toEqual(false)
    })

    checkWithAccount('a rejection puts the parent back, and the next is built on that', async (store) => {
      const { first, at } = await withLog(store)
      await put(store, first)
      const second = snapshot({ covered: 5, coveredHash: await at(5), parent: first.hash, author: b })
      await put(store, second)
      await store.snapshots.judge(verdict(second, a, 'reject', START_MS + 5))
      expect(await list(store)).toEqual([
        [first.hash, undefined],
        [second.hash, START_MS + 5],
      ])
      expect(await put(store, second)).toEqual('misfit')
      const third = snapshot({ covered: 6, coveredHash: await at(6), parent: first.hash })
      expect(await put(store, third)).toEqual('stored')
    })

    checkWithAccount('one that somebody accepted, or that is a rebase, stays current', async (store) => {
      const { first, at } = await withLog(store)
      await put(store, first)
      await store.snapshots.judge(verdict(first, b, 'accept'))
      await store.snapshots.judge(verdict(first, bytes(16, 'device c'), 'reject'))
      const change = { mayRebase: true }
      const shape = { covered: 6, coveredHash: await at(6), parent: first.hash, documentEpoch: 1, change }
      expect(await put(store, snapshot(shape))).toEqual('stored')
      await store.snapshots.judge(verdict(snapshot(shape), b, 'reject'))
      expect((await list(store)).map(([, rejectedAtMs]) => rejectedAtMs)).toEqual([undefined, undefined])
    })

    checkWithAccount('a removed device’s word does not count any more', async (store) => {
      const { first } = await withLog(store)
      await put(store, first)
      await store.snapshots.judge(verdict(first, b, 'accept'))
      const cut = [{ document: contacts, device: b, incarnation: 7, sequence: 1, hash: entryHash(b, 1) }]
      await store.appendKeyring(record(1, { cut: bytes(1, 'cut'), removal: { devices: [b], cut } }))
      const [stored] = await store.snapshots.list(account, contacts)
      expect(stored?.verdicts).toEqual([])
    })

    checkWithAccount('what holds more of a removed device than its cut gives way to what does not', async (store) => {
      await append(store, push({ count: 2 }), push({ device: b }), push({ device: b, from: 2 }))
      const head = (sequence: number) => ({ device: b, incarnation: 7, sequence, hash: entryHash(b, sequence) })
      const covering = async (covered: number, sequence: number, parent?: Hash, documentEpoch = 0) =>
        snapshot({
          covered,
          coveredHash: await hashAt(store, covered),
          vector: [head(sequence)],
          documentEpoch,
          change: { mayRebase: true },
          ...(parent && { parent }),
        })
      const first = await covering(3, 1)
      const second = await covering(4, 2, first.hash)
      for (const each of [first, second]) await put(store, each)
      const cut = [{ document: contacts, ...head(1) }]
      const remove = (position: number, restoredCut: typeof cut) =>
        store.appendKeyring(record(position, { cut: bytes(1, 'cut'), removal: { devices: [b], restoredCut } }))
      const { storedAtMs } = record(1)
      expect(await remove(1, cut)).toEqual({ kind: 'stored' })
      expect(await list(store)).toEqual([
        [first.hash, undefined],
        [second.hash, storedAtMs],
      ])
      // A rebase is never undone.
      const third = { ...(await covering(4, 2, first.hash, 1)), keyringHead: headAt(2) }
      expect(await put(store, third)).toEqual('stored')
      expect(await remove(2, [])).toEqual({ kind: 'stored' })
      expect((await list(store)).map(([, rejectedAtMs]) => rejectedAtMs)).toEqual([undefined, storedAtMs, undefined])
    })

    checkWithAccount('without entries behind the older one the newer one stays', async (store) => {
      await append(store, push({ device: b }), push())
      const head = { device: b, incarnation: 7, sequence: 1, hash: entryHash(b, 1) }
      const only = snapshot({ covered: 2, coveredHash: await hashAt(store, 2), vector: [head] })
      await put(store, only)
      await store.snapshots.judge(verdict(only, b, 'accept'))
      await store.snapshots.prune(START_MS + SNAPSHOT_KEEP_MS)
      await store.appendKeyring(record(1, { cut: bytes(1, 'cut'), removal: { devices: [b], restoredCut: [] } }))
      expect((await list(store)).map(([, rejectedAtMs]) => rejectedAtMs)).toEqual([undefined])
    })

    checkWithAccount('all of it is there when the store is opened again', async (store, opened) => {
      const { first, at } = await withLog(store)
      await put(store, first)
      await store.snapshots.judge(verdict(first, b, 'accept'))
      const before = await store.snapshots.list(account, contacts)
      const coveredHash = await at(6)
      const reopened = await opened.reopen()
      expect(await reopened.snapshots.list(account, contacts)).toEqual(before)
      const next = snapshot({ covered: 6, coveredHash, parent: first.hash })
      expect(await put(reopened, next)).toEqual('stored')
    })

    checkWithAccount('an account that is deleted leaves none', async (store) => {
      const { first } = await withLog(store)
      await put(store, first)
      await store.snapshots.judge(verdict(first, b, 'accept'))
      expect(await store.accountRows.deleteAccount(account, headAt(1), START_MS)).toEqual(true)
      expect(await store.snapshots.list(account, contacts)).toEqual([])
      expect((await store.inspect(0)).totalBytes).toEqual(0)
    })
  })
}
