// The suite that every RelayStore passes. It takes the test runner's functions, so that an adapter elsewhere can run it too.
import {
  type AccountId,
  bytesEqual,
  type DeviceId,
  type DocumentId,
  emptyLogHash,
  type Hash,
  hashParts,
  nextLogHash,
  type Sha512,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import type { AccountQuota, AppendRequest, AppendResult, KeyringAppend, RelayStore } from './relay-store'

/** A store under test. */
export interface ContractStore {
  readonly store: RelayStore
  /** Closes the store and opens another on what it left. */
  reopen(): Promise<RelayStore>
  cleanup(): Promise<void>
}

/** The part of a test runner that the suite uses, and SHA-512. */
export interface ContractTools {
  readonly describe: (name: string, body: () => void) => void
  readonly it: (name: string, body: () => Promise<void>) => void
  readonly expect: (value: unknown) => {
    toEqual(expected: unknown): void
    toMatchObject(expected: object): void
  }
  readonly sha512: Sha512
}

const quota: AccountQuota = { maxDocuments: 100, maxBytes: undefined }
const PAGE = 500_000

/** Made-up bytes with a name: the store compares hashes and never checks them. */
function bytes<T extends Uint8Array>(length: number, name: string): T {
  let state = 2166136261
  for (let i = 0; i < name.length; i++) state = Math.imul(state ^ name.charCodeAt(i), 16777619)
  return Uint8Array.from({ length }, () => {
    state = Math.imul(state ^ (state >>> 15), 2246822519) + 0x9e3779b9
    return state >>> 24
  }) as Uint8Array as T
}

const account = bytes<AccountId>(32, 'account')
const [a, b] = [bytes<DeviceId>(16, 'device a'), bytes<DeviceId>(16, 'device b')].sort((x, y) =>
  (x[0] as number) < (y[0] as number) ? -1 : 1,
) as [DeviceId, DeviceId]
const contacts = bytes<DocumentId>(16, 'contacts')
const drafts = bytes<DocumentId>(16, 'drafts')

const entryHash = (device: DeviceId, sequence: number, content = ''): Hash =>
  sequence === 0 ? ZERO_HASH : bytes<Hash>(32, `entry ${device.join()} ${sequence} ${content}`)

interface PushShape {
  readonly account?: AccountId
  readonly document?: DocumentId
  readonly device?: DeviceId
  readonly incarnation?: number
  readonly from?: number
  readonly count?: number
  readonly size?: number
  /** Says what the entries hold, so that two contents of one sequence can be made. */
  readonly content?: string
  readonly freshFrom?: number
  readonly keyringLength?: number
}

function push(shape: PushShape = {}): AppendRequest {
  const { device = a, from = 1, count = 1, size = 200, content = '' } = shape
  const entries = Array.from({ length: count }, (_, index) => ({
    sequence: from + index,
    envelope: bytes(size, `envelope ${device.join()} ${from + index} ${content}`),
    envelopeHash: bytes<Hash>(32, `envelope hash ${device.join()} ${from + index} ${content}`),
    entryHash: entryHash(device, from + index, content),
  }))
  return {
    account: shape.account ?? account,
    document: shape.document ?? contacts,
    device,
    incarnation: shape.incarnation ?? 7,
    previous: entryHash(device, from - 1),
    entries,
    signature: bytes(64, `signature ${device.join()} ${from + count - 1}`),
    freshFrom: shape.freshFrom ?? 0,
    keyringLength: shape.keyringLength ?? 1,
  }
}

function record(position: number, change: Partial<KeyringAppend> = {}): KeyringAppend {
  return {
    account,
    expectedLength: position,
    expectedHead: position === 0 ? ZERO_HASH : bytes<Hash>(32, `head ${position}`),
    record: bytes(300, `record ${position}`),
    head: bytes<Hash>(32, `head ${position + 1}`),
    recovery: bytes<AccountId>(32, 'recovery'),
    ...change,
  }
}

/** @param open a new, empty store for each test */
export function describeRelayStore(name: string, open: () => Promise<ContractStore>, tools: ContractTools): void {
  const { describe, it, expect, sha512 } = tools

  function check(sentence: string, body: (store: RelayStore, opened: ContractStore) => Promise<void>): void {
    it(sentence, async () => {
      const opened = await open()
      try {
        await body(opened.store, opened)
      } finally {
        await opened.cleanup()
      }
    })
  }

  /** The same, in a store where the account exists. */
  function checkWithAccount(sentence: string, body: (store: RelayStore, opened: ContractStore) => Promise<void>): void {
    check(sentence, async (store, opened) => {
      expect(await store.appendKeyring(record(0))).toEqual({ kind: 'stored' })
      await body(store, opened)
    })
  }

  async function append(store: RelayStore, ...requests: AppendRequest[]): Promise<readonly AppendResult[]> {
    return store.append(requests, quota)
  }

  describe(`${name}: keyring`, () => {
    check('an account that nobody opened has an empty keyring', async (store) => {
      expect(await store.readKeyring(account, 0, 10, PAGE)).toEqual({ length: 0, head: ZERO_HASH, records: [] })
      expect(await store.accountByRecovery(record(0).recovery)).toEqual(undefined)
      expect(await store.readHeads(account)).toEqual([])
    })

    checkWithAccount('a record goes in only behind the head it was judged by', async (store) => {
      expect(await store.appendKeyring(record(0))).toEqual({ kind: 'conflict' })
      expect(await store.appendKeyring(record(2))).toEqual({ kind: 'conflict' })
      const other = record(1, { expectedHead: bytes<Hash>(32, 'another head') })
      expect(await store.appendKeyring(other)).toEqual({ kind: 'conflict' })
      expect(await store.appendKeyring(record(1))).toEqual({ kind: 'stored' })
      const { length, head, records } = await store.readKeyring(account, 0, 10, PAGE)
      expect([length, head]).toEqual([2, record(1).head])
      expect(records).toEqual([{ record: record(0).record }, { record: record(1).record }])
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
      expect(records).toEqual([{ record: record(1).record, cut }])
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
      expect(await append(store, push({ keyringLength: 2 }))).toEqual([{ kind: 'keyring-moved' }])
      await store.appendKeyring(record(1))
      expect(await append(store, push({ keyringLength: 2 }))).toMatchObject([{ kind: 'stored' }])
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
      expect((await store.readHeads(account)).map((head) => head.sequence)).toEqual([1, 1])
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
      const head = { document: contacts, device: a, incarnation: 7, sequence: 2, hash: entryHash(a, 2) }
      expect(await store.readHeads(account)).toEqual([
        { ...head, incarnation: 3, sequence: 1, hash: entryHash(a, 1, 'other') },
        head,
        { ...head, device: b, sequence: 1, hash: entryHash(b, 1) },
      ])
    })
  })

  describe(`${name}: pages`, () => {
    const read = (store: RelayStore, after: number, maxBytes: number) =>
      store.readPage({ account, document: contacts, after, maxBytes })

    check('a document that nobody wrote has an empty page and the hash of an empty log', async (store) => {
      const logHash = emptyLogHash(sha512, account, contacts)
      expect(await read(store, 0, PAGE)).toEqual({ newest: 0, hashAtCursor: logHash, entries: [], heads: [], logHash })
      expect(await read(store, 1, PAGE)).toEqual({ newest: 0, entries: [], heads: [] })
    })

    checkWithAccount('a page holds whole pushes, at least one, and the signed end of each chain', async (store) => {
      const pushes = [push({ count: 3 }), push({ device: b, count: 2 }), push({ from: 4 })]
      const results = await append(store, ...pushes)
      const head = (index: number) => {
        const { device, incarnation, entries, signature } = pushes[index] as AppendRequest
        return {
          device,
          incarnation,
          sequence: (entries[entries.length - 1] as { sequence: number }).sequence,
          signature,
        }
      }
      const envelopes = pushes.map((each) => each.entries.map((entry) => entry.envelope))
      const hashes = results.map((result) => (result.kind === 'stored' ? result.logHash : undefined))

      const whole = await read(store, 0, PAGE)
      expect(whole.entries).toEqual(envelopes.flat())
      expect(whole.heads).toEqual([head(2), head(1)])
      expect([whole.newest, whole.logHash]).toEqual([6, hashes[2]])

      const one = await read(store, 0, 1)
      expect([one.entries, one.heads, one.logHash]).toEqual([envelopes[0], [head(0)], hashes[0]])
      const two = await read(store, 0, 5 * 204 + 2 * 92)
      expect([two.entries, two.newest]).toEqual([[...(envelopes[0] ?? []), ...(envelopes[1] ?? [])], 6])
      const rest = await read(store, 3, PAGE)
      expect([rest.entries, rest.hashAtCursor]).toEqual([[...(envelopes[1] ?? []), ...(envelopes[2] ?? [])], hashes[0]])
    })

    checkWithAccount('a page without room is empty and says how much there is', async (store) => {
      await append(store, push({ count: 2 }))
      const page = await read(store, 1, 0)
      expect([page.newest, page.entries, page.heads]).toEqual([2, [], []])
      expect(page.logHash).toEqual(page.hashAtCursor)
    })

    checkWithAccount('a cursor beyond the log gets no hash', async (store) => {
      await append(store, push())
      expect(await read(store, 2, PAGE)).toEqual({ newest: 1, entries: [], heads: [] })
    })
  })

  describe(`${name}: seen rows, and the whole`, () => {
    const row = (device: DeviceId, text: string) => ({
      account,
      document: contacts,
      device,
      envelope: bytes(150, text),
      signature: bytes(64, `signature ${text}`),
    })

    checkWithAccount('a device has one seen row a document, the last one', async (store) => {
      await store.putSeen([row(b, 'b'), row(a, 'a 1')], quota)
      expect(await store.putSeen([row(a, 'a 2')], quota)).toEqual(['stored'])
      const rows = await store.readSeen(account, contacts)
      expect(rows).toEqual([row(a, 'a 2'), row(b, 'b')].map(({ account: _, document: __, ...rest }) => rest))
      expect(await store.readSeen(account, drafts)).toEqual([])
      expect((await store.readPage({ account, document: contacts, after: 0, maxBytes: PAGE })).newest).toEqual(0)
    })

    checkWithAccount('seen rows count towards the bounds, and a row that shrinks always fits', async (store) => {
      expect(await store.putSeen([row(a, 'a')], { ...quota, maxDocuments: 0 })).toEqual(['too-many-documents'])
      const { totalBytes } = await store.inspect(0)
      expect(await store.putSeen([row(a, 'a')], { ...quota, maxBytes: totalBytes + 149 })).toEqual(['quota-exceeded'])
      expect(await store.putSeen([row(a, 'a')], { ...quota, maxBytes: totalBytes + 150 })).toEqual(['stored'])
      const smaller = { ...row(a, 'a'), envelope: bytes(100, 'smaller') }
      expect(await store.putSeen([smaller], { ...quota, maxBytes: 1 })).toEqual(['stored'])
    })

    checkWithAccount('a removed device leaves no seen row', async (store) => {
      await store.putSeen([row(a, 'a'), row(b, 'b')], quota)
      await store.appendKeyring(record(1, { cut: bytes(1, 'cut'), removal: { devices: [a], cut: [] } }))
      expect((await store.readSeen(account, contacts)).map((each) => each.device)).toEqual([b])
    })

    checkWithAccount('inspecting shows the newest entries, sealed, and sums', async (store) => {
      const { totalBytes } = await store.inspect(0)
      await append(store, push({ count: 2, size: 300 }), push({ document: drafts, device: b, size: 120 }))
      const inspection = await store.inspect(2)
      expect(inspection.entries.map((entry) => [entry.number, entry.bytes])).toEqual([
        [1, 120],
        [2, 300],
      ])
      expect(inspection.entries[0]).toMatchObject({ document: drafts, device: b })
      expect(inspection.entries[0]?.start).toEqual(bytes<Uint8Array>(120, `envelope ${b.join()} 1 `).slice(0, 48))
      expect([inspection.totalEntries, inspection.totalBytes - totalBytes]).toEqual([3, 720])
    })

    checkWithAccount(
      'everything is there when the store is opened again, and goes on where it was',
      async (store, opened) => {
        await append(store, push({ count: 2 }))
        await store.putSeen([row(b, 'b')], quota)
        await store.probe()
        await store.tidy()
        const generation = await store.generation()
        const before = await store.readPage({ account, document: contacts, after: 0, maxBytes: PAGE })
        const reopened = await opened.reopen()
        expect([generation.length, bytesEqual(await reopened.generation(), generation)]).toEqual([16, true])
        expect(await reopened.readPage({ account, document: contacts, after: 0, maxBytes: PAGE })).toEqual(before)
        expect((await reopened.readSeen(account, contacts)).length).toEqual(1)
        expect((await reopened.readKeyring(account, 0, 10, PAGE)).length).toEqual(1)
        expect(await append(reopened, push({ from: 3 }))).toMatchObject([{ numbers: [3], fresh: 1 }])
      },
    )

    check('a closed store refuses, and closes twice', async (store) => {
      await store.close()
      await store.close()
      const outcome = await store.append([push()], quota).catch((error: { code: string }) => error.code)
      expect(outcome).toEqual('storage-unavailable')
    })

    checkWithAccount('any sequence of appends leaves the log that its results say', async (store) => {
      const choose = bytes<Uint8Array>(4_000, hashParts(sha512, 'choices').join())
      let position = 0
      const draw = (bound: number) => (choose[position++ % choose.length] as number) % bound
      const newest = new Map<DeviceId, number>([
        [a, 0],
        [b, 0],
      ])
      const log: Uint8Array[] = []
      for (let round = 0; round < 150; round++) {
        const requests = Array.from({ length: 1 + draw(4) }, () => {
          const device = draw(2) === 0 ? a : b
          const from = Math.max(1, (newest.get(device) as number) + 2 - draw(4))
          return push({ device, from, count: 1 + draw(3), content: draw(9) === 0 ? 'other' : '' })
        })
        const results = await append(store, ...requests)
        requests.forEach((request, index) => {
          const result = results[index] as AppendResult
          if (result.kind !== 'stored') return
          const fresh = result.fresh === 0 ? [] : request.entries.slice(-result.fresh)
          log.push(...fresh.map((entry) => entry.envelope))
          expect(result.numbers.length).toEqual(request.entries.length)
          expect(
            result.numbers.every((n, at) =>
              bytesEqual(log[n - 1] as Uint8Array, request.entries[at]?.envelope as Uint8Array),
            ),
          ).toEqual(true)
          const last = request.entries[request.entries.length - 1] as { sequence: number }
          newest.set(request.device, Math.max(newest.get(request.device) as number, last.sequence))
        })
      }
      const stored: Uint8Array[] = []
      for (;;) {
        const page = await store.readPage({ account, document: contacts, after: stored.length, maxBytes: 2_000 })
        if (page.entries.length === 0) break
        stored.push(...page.entries)
      }
      expect(stored).toEqual(log)
    })
  })
}
