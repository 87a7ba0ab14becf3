// The part of the contract suite that reads back: pages, seen rows, and all of it after a restart.
import { bytesEqual, type DeviceId, emptyLogHash, hashParts } from '@owlivion/sync-protocol'
import { a, account, b, bytes, contacts, drafts, PAGE, push, quota, record } from './contract-fixtures'
import type { ContractSuite } from './contract-suite'
import type { AppendRequest, AppendResult, RelayStore } from './relay-store'

export function describeReading(suite: ContractSuite): void {
  const { name, describe, check, checkWithAccount, append, expect, sha512 } = suite

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
      expect(inspection.entries[0]?.start).toEqual(bytes<Uint8Array>(120, `envelope ${b.join()} 1 `))
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
