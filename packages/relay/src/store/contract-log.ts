// The part of the contract suite that writes: the keyring, and the log of a document.
import {
  type AccountId,
  type DeviceId,
  emptyLogHash,
  type Hash,
  MAX_CUT_ENTRIES,
  nextLogHash,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import type { AccountQuota } from './account-quota'
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
} from './contract-fixtures'
import type { ContractSuite } from './contract-suite'
import type { AppendRequest } from './relay-store'

export function describeWriting(suite: ContractSuite): void {
  const { name, describe, check, checkWithAccount, append, expect, sha512 } = suite

  describe(`${name}: keyring`, () => {
    check('an account that nobody opened has an empty keyring', async (store) => {
      expect(await store.readKeyring(account, 0, 10, PAGE)).toEqual({ length: 0, head: ZERO_HASH, records: [] })
      expect(await store.accountByRecovery(record(0).recovery)).toEqual(undefined)
      expect(await store.readHeads(account, [])).toEqual([])
    })

    checkWithAccount('a record goes in only behind the head it was judged by', async (store) => {
      expect(await store.appendKeyring(record(0))).toEqual({ kind: 'conflict' })
      expect(await store.appendKeyring(record(2))).toEqual({ kind: 'conflict' })
      const other = record(1, { expectedHead: bytes<Hash>(32, 'another head') })
      expect(await store.appendKeyring(other)).toEqual({ kind: 'conflict' })
      expect(await store.appendKeyring(record(1))).toEqual({ kind: 'stored' })
      const { length, head, records } = await store.readKeyring(account, 0, 10, PAGE)
      expect([length, head]).toEqual([2, record(1).head])
      const stored = [record(0), record(1)].map((each) => ({ record: each.record, storedAtMs: each.storedAtMs }))
      expect(records).toEqual(stored)
    })

    checkWithAccount('records come back from any position, bounded in number and bytes', async (store) => {
      for (const position of [1, 2, 3]) await store.appendKeyring(record(position))
      const read = async (from: number, maxRecords: number, maxBytes: number) =>
        (await store.readKeyring(account, from, maxRecords, maxBytes)).records.map((each) => each.record)
      expect(await read(2, 10, PAGE)).toEqual([record(2).record, record(3).record])
      expect(await read(1, 2, PAGE)).toEqual([record(1).record, record(2).record])
      expect(await read(0, 10, 650)).toEqual([record(0).record, record(1).record])
      expect(await read(0, 10, 1)).toEqual([record(0).record])
      expect(await read(4, 10, PAGE)).toEqual([])
    })

    checkWithAccount('an account is found by its current recovery key only, and no two share one', async (store) => {
      const [first, second] = [record(0).recovery, bytes<AccountId>(32, 'second recovery')]
      expect(await store.accountByRecovery(first)).toEqual(account)
      await store.appendKeyring(record(1, { recovery: second }))
      expect(await store.accountByRecovery(first)).toEqual(undefined)
      expect(await store.accountByRecovery(second)).toEqual(account)
      const other = record(0, { account: bytes<AccountId>(32, 'other'), recovery: second })
      expect(await store.appendKeyring(other)).toEqual({ kind: 'recovery-taken' })
      expect((await store.readKeyring(other.account, 0, 1, PAGE)).length).toEqual(0)
    })

    checkWithAccount('a removal is refused while the cut misses an entry, and keeps its cut', async (store) => {
      await append(store, push({ count: 3 }), push({ device: b }), push({ document: drafts }))
      const cut = bytes(80, 'cut')
      const end = { document: contacts, device: a, incarnation: 7, sequence: 3, hash: entryHash(a, 3) }
      const inDrafts = { ...end, document: drafts, sequence: 1, hash: entryHash(a, 1) }
      const remove = (...entries: (typeof end)[]) =>
        store.appendKeyring(record(1, { cut, removal: { devices: [a], cut: entries } }))
      expect(await remove({ ...end, sequence: 2 }, inDrafts)).toEqual({ kind: 'cut-behind' })
      expect(await remove(end)).toEqual({ kind: 'cut-behind' })
      expect(await remove({ ...end, incarnation: 8 }, inDrafts)).toEqual({ kind: 'cut-behind' })
      expect(await remove(end, inDrafts)).toEqual({ kind: 'stored' })
      const { records } = await store.readKeyring(account, 1, 1, PAGE)
      expect(records).toEqual([{ record: record(1).record, cut, storedAtMs: record(1).storedAtMs }])
    })

    checkWithAccount('a removal without an end takes what the store holds as it is', async (store) => {
      await append(store, push({ count: 3 }))
      const remove = record(1, { cut: bytes(80, 'cut'), removal: { devices: [a] } })
      expect(await store.appendKeyring(remove)).toEqual({ kind: 'stored' })
      expect(await store.readHeads(account, [a])).toMatchObject([{ sequence: 3 }])
    })

    checkWithAccount('a branch takes the place of another, whole, with its recovery key', async (store) => {
      const { totalBytes } = await store.inspect(0)
      const [lost, kept] = [bytes<AccountId>(32, 'lost recovery'), record(0).recovery]
      await store.appendKeyring(record(1, { recovery: lost }))
      await store.appendKeyring(record(2, { recovery: lost, cut: bytes(80, 'cut') }))
      const branch = record(3, { replaceFrom: 1, record: bytes(100, 'branch'), head: bytes<Hash>(32, 'branch head') })
      const outdated = { ...branch, expectedLength: 2, expectedHead: headAt(2) }
      expect(await store.appendKeyring(outdated)).toEqual({ kind: 'conflict' })
      expect((await store.readKeyring(account, 0, 10, PAGE)).length).toEqual(3)
      expect(await store.appendKeyring(branch)).toEqual({ kind: 'stored' })
      const { length, head, records } = await store.readKeyring(account, 1, 10, PAGE)
      expect([length, head]).toEqual([2, branch.head])
      expect(records).toEqual([{ record: branch.record, storedAtMs: branch.storedAtMs }])
      expect([await store.accountByRecovery(lost), await store.accountByRecovery(kept)]).toEqual([undefined, account])
      expect((await store.inspect(0)).totalBytes).toEqual(totalBytes + 100)
      // A push that was judged by a branch of this length which is gone: nothing of it may be stored.
      expect(await append(store, push({ keyringHead: headAt(2) }))).toEqual([{ kind: 'keyring-moved' }])
      expect(await append(store, push({ keyringHead: branch.head }))).toMatchObject([{ kind: 'stored' }])
    })

    checkWithAccount('a branch does not take the recovery key of another account', async (store) => {
      const other = record(0, { account: bytes<AccountId>(32, 'other'), recovery: bytes<AccountId>(32, 'theirs') })
      await store.appendKeyring(other)
      await store.appendKeyring(record(1))
      const branch = record(2, { replaceFrom: 1, recovery: other.recovery })
      expect(await store.appendKeyring(branch)).toEqual({ kind: 'recovery-taken' })
      expect((await store.readKeyring(account, 0, 10, PAGE)).length).toEqual(2)
    })
  })

  describe(`${name}: log`, () => {
    checkWithAccount('entries are numbered from 1 without a gap and extend the log hash', async (store) => {
      const requests = [push({ count: 2 }), push({ device: b }), push({ from: 3 })]
      const results = await append(store, ...requests)
      let logHash = emptyLogHash(sha512, account, contacts)
      const hashes = requests
        .flatMap((request) => request.entries)
        .map((entry) => (logHash = nextLogHash(sha512, logHash, entry.envelopeHash)))
      expect(results).toEqual([
        { kind: 'stored', numbers: [1, 2], logHash: hashes[1], fresh: 2 },
        { kind: 'stored', numbers: [3], logHash: hashes[2], fresh: 1 },
        { kind: 'stored', numbers: [4], logHash: hashes[3], fresh: 1 },
      ])
      for (const after of [1, 2, 3, 4]) {
        const page = await store.readPage({ account, document: contacts, after, maxBytes: 0 })
        expect(page.hashAtCursor).toEqual(hashes[after - 1])
      }
    })

    checkWithAccount('documents are numbered apart', async (store) => {
      const results = await append(store, push(), push({ document: drafts }))
      expect(results.map((result) => result.kind === 'stored' && result.numbers)).toEqual([[1], [1]])
    })

    checkWithAccount('what is sent again gets its old numbers, alone or before new entries', async (store) => {
      const [stored] = await append(store, push({ count: 2 }), push({ device: b }))
      expect(await append(store, push({ count: 2 }))).toEqual([{ ...stored, fresh: 0 }])
      const [mixed] = await append(store, push({ from: 2, count: 2 }))
      expect(mixed).toMatchObject({ kind: 'stored', numbers: [2, 4], fresh: 1 })
      const all = await store.readPage({ account, document: contacts, after: 0, maxBytes: PAGE })
      expect(all.entries.length).toEqual(4)
    })

    checkWithAccount('a sequence never gets a second content', async (store) => {
      await append(store, push({ count: 3 }))
      expect(await append(store, push({ from: 2, content: 'other' }))).toEqual([{ kind: 'fork', newest: 3 }])
      const onOther = { ...push({ from: 4 }), previous: entryHash(a, 3, 'other') }
      expect(await append(store, onOther)).toEqual([{ kind: 'fork', newest: 3 }])
      expect(await append(store, push({ content: 'other', incarnation: 8 }))).toMatchObject([{ kind: 'stored' }])
    })

    checkWithAccount('a gap in a chain is refused with what the store has', async (store) => {
      expect(await append(store, push({ from: 2 }))).toEqual([{ kind: 'chain-gap', newest: 0 }])
      await append(store, push({ count: 2 }))
      expect(await append(store, push({ from: 4 }))).toEqual([{ kind: 'chain-gap', newest: 2 }])
    })

    checkWithAccount('an old key refuses what is new and recognises what is not', async (store) => {
      await append(store, push({ count: 2 }))
      expect(await append(store, push({ count: 2, freshFrom: 99 }))).toMatchObject([{ kind: 'stored', fresh: 0 }])
      expect(await append(store, push({ count: 3, freshFrom: 4 }))).toEqual([{ kind: 'stale-epoch' }])
      expect(await append(store, push({ count: 3, freshFrom: 3 }))).toMatchObject([{ kind: 'stored', fresh: 1 }])
    })

    checkWithAccount('a push judged by another keyring is handed back', async (store) => {
      expect(await append(store, push({ keyringHead: headAt(2) }))).toEqual([{ kind: 'keyring-moved' }])
      await store.appendKeyring(record(1))
      expect(await append(store, push({ keyringHead: headAt(2) }))).toMatchObject([{ kind: 'stored' }])
      expect(await append(store, push({ account: bytes<AccountId>(32, 'nobody') }))).toEqual([
        { kind: 'keyring-moved' },
      ])
    })

    checkWithAccount('a refused request leaves nothing and does not stop those around it', async (store) => {
      const results = await append(
        store,
        push(),
        push({ from: 2, count: 2, freshFrom: 3 }),
        push({ document: drafts, from: 5 }),
        push({ device: b }),
      )
      expect(results.map((result) => result.kind)).toEqual(['stored', 'stale-epoch', 'chain-gap', 'stored'])
      const page = await store.readPage({ account, document: contacts, after: 0, maxBytes: PAGE })
      expect(page.entries.length).toEqual(2)
      expect((await store.readPage({ account, document: drafts, after: 0, maxBytes: PAGE })).newest).toEqual(0)
      expect((await store.readHeads(account, [])).map((head) => head.sequence)).toEqual([1, 1])
    })

    checkWithAccount('an account stays within its documents and bytes', async (store) => {
      const bounded = (request: AppendRequest, bound: Partial<AccountQuota>) =>
        store.append([request], { ...quota, ...bound })
      await append(store, push({ size: 1_000 }))
      const { totalBytes } = await store.inspect(0)
      expect(await bounded(push({ document: drafts }), { maxDocuments: 1 })).toEqual([{ kind: 'too-many-documents' }])
      const next = push({ from: 2, size: 1_000 })
      expect(await bounded(next, { maxBytes: totalBytes + 999 })).toEqual([{ kind: 'quota-exceeded' }])
      expect(await bounded(next, { maxBytes: totalBytes + 1_000 })).toMatchObject([{ kind: 'stored' }])
      const again = push({ size: 1_000 })
      expect(await bounded(again, { maxBytes: 1, maxDocuments: 1 })).toMatchObject([{ kind: 'stored', fresh: 0 }])
    })

    checkWithAccount('a chain is known by its end and by each of its entries', async (store) => {
      await append(store, push({ count: 3 }))
      const place = { account, document: contacts, device: a, incarnation: 7 }
      const links = await store.readChains([
        { ...place, sequence: 3 },
        { ...place, sequence: 1 },
        { ...place, sequence: 0 },
        { ...place, sequence: 4 },
        { ...place, incarnation: 8, sequence: 1 },
        { ...place, document: drafts, sequence: 1 },
      ])
      expect(links).toEqual([
        { newest: 3, hash: entryHash(a, 3) },
        { newest: 3, hash: entryHash(a, 1) },
        { newest: 3 },
        { newest: 3 },
        { newest: 0 },
        { newest: 0 },
      ])
    })

    checkWithAccount('heads are those of every chain, in order', async (store) => {
      await append(store, push({ device: b }), push({ count: 2 }), push({ incarnation: 3, content: 'other' }))
      const signature = push({ count: 2 }).signature
      const head = { document: contacts, device: a, incarnation: 7, sequence: 2, hash: entryHash(a, 2), signature }
      const signedAtOne = { ...head, sequence: 1, signature: push().signature }
      const other = { ...signedAtOne, incarnation: 3, hash: entryHash(a, 1, 'other') }
      const ofB = { ...signedAtOne, device: b, hash: entryHash(b, 1), signature: push({ device: b }).signature }
      expect(await store.readHeads(account, [])).toEqual([other, head, ofB])
      expect(await store.readHeads(account, [a, a])).toEqual([other, head])
      expect(await store.readHeads(account, [b, bytes<DeviceId>(16, 'device c')])).toEqual([ofB])
      await append(store, push({ from: 2, count: 2 }), push({ count: 2 }))
      expect(await store.readHeads(account, [a])).toMatchObject([
        {},
        { sequence: 3, signature: push({ from: 3 }).signature },
      ])
    })

    checkWithAccount(
      'of a device with more chains than a cut can name the heads of the longest are told',
      async (store) => {
        await append(store, push({ device: b }), push({ count: 2 }))
        for (let from = 0; from < MAX_CUT_ENTRIES; from += 500)
          await append(store, ...Array.from({ length: 500 }, (_, i) => push({ incarnation: 100 + from + i })))
        const told = async (devices: readonly DeviceId[]) => {
          const heads = await store.readHeads(account, devices)
          return [heads.length, heads.some(({ incarnation, sequence }) => incarnation === 7 && sequence === 2)]
        }
        expect(await told([])).toEqual([MAX_CUT_ENTRIES + 1, true])
        expect(await told([a, b])).toEqual([MAX_CUT_ENTRIES + 1, true])
        expect(await told([a])).toEqual([MAX_CUT_ENTRIES, true])
        expect(await told([b])).toEqual([1, false])
      },
    )
  })
}
