// The part of the contract suite about entries that are given back, of any authors, all or nothing.
import { emptyLogHash, type Hash, nextLogHash } from '@owlivion/sync-protocol'
import { account, b, bytes, contacts, headAt, PAGE, push, quota } from './contract-fixtures'
import type { ContractSuite } from './contract-suite'
import type { AppendRequest, RefillRequest, RelayStore } from './relay-store'

/** The entries of these pushes, in the order that `order` gives by index of the push. */
function refill(pushes: readonly AppendRequest[], order: readonly number[], first = 1): RefillRequest {
  const taken = pushes.map(() => 0)
  const entries = order.map((which) => {
    const { device, incarnation, documentEpoch, previous, entries, signature } = pushes[which] as AppendRequest
    const index = taken[which] as number
    taken[which] = index + 1
    const entry = entries[index] as AppendRequest['entries'][number]
    const before = entries[index - 1]?.entryHash ?? previous
    const isLast = index === entries.length - 1
    return { ...entry, device, incarnation, documentEpoch, previous: before, ...(isLast && { signature }) }
  })
  return { account, document: contacts, first, entries, keyringHead: headAt(1), isHeldUp: false }
}

export function describeRefills(suite: ContractSuite): void {
  const { name, describe, checkWithAccount, append, expect, sha512 } = suite
  const kindOf = async (store: RelayStore, request: RefillRequest) => (await store.refill(request, quota)).kind
  const pageOf = (store: RelayStore, after: number, maxBytes = PAGE) =>
    store.readPage({ account, document: contacts, after, maxBytes })

  describe(`${name}: refills`, () => {
    const pushes = [push({ count: 2 }), push({ device: b, count: 2 }), push({ from: 3 })]
    const order = [0, 1, 0, 1, 2]

    checkWithAccount('entries of several authors get the numbers they had, and their chains go on', async (store) => {
      const request = refill(pushes, order)
      const result = await store.refill(request, quota)
      let logHash = emptyLogHash(sha512, account, contacts)
      for (const { envelopeHash } of request.entries) logHash = nextLogHash(sha512, logHash, envelopeHash)
      expect(result).toEqual({ kind: 'stored', logHash })
      const page = await pageOf(store, 0)
      expect(page.entries).toEqual(request.entries.map(({ envelope }) => envelope))
      expect(page.heads.map(({ sequence }) => sequence)).toEqual([3, 2])
      expect(await append(store, push({ from: 4 }), push({ device: b, from: 3 }))).toMatchObject([
        { kind: 'stored', numbers: [6] },
        { kind: 'stored', numbers: [7] },
      ])
      expect(await append(store, push({ count: 2 }))).toMatchObject([{ kind: 'stored', numbers: [1, 3], fresh: 0 }])
    })

    checkWithAccount('a page ends where no chain in it lacks its signed end', async (store) => {
      await store.refill(refill(pushes, order), quota)
      expect((await pageOf(store, 0, 1)).entries.length).toEqual(4)
      expect((await pageOf(store, 4, 1)).entries.length).toEqual(1)
    })

    checkWithAccount(
      'one that does not begin behind the log, or gives what is there, is refused whole',
      async (store) => {
        await append(store, push({ count: 2 }))
        const [ofA, ofB] = [push({ from: 3 }), push({ device: b })]
        for (const first of [1, 2, 4])
          expect(await store.refill(refill([ofA], [0], first), quota)).toEqual({
            kind: 'conflict',
            newest: 2,
          })
        const withKnown = refill([ofB, push({ from: 2, count: 2 })], [0, 1, 1], 3)
        expect(await store.refill(withKnown, quota)).toEqual({ kind: 'conflict', newest: 2 })
        expect((await pageOf(store, 0)).newest).toEqual(2)
        expect(await kindOf(store, refill([ofB, ofA], [0, 1], 3))).toEqual('stored')
      },
    )

    checkWithAccount('a chain that does not go on where it ended is refused', async (store) => {
      await append(store, push({ count: 2 }))
      expect(await store.refill(refill([push({ from: 4 })], [0], 3), quota)).toEqual({ kind: 'chain-gap', newest: 2 })
      const onOther = { ...push({ from: 3 }), previous: bytes<Hash>(32, 'another entry') }
      expect(await store.refill(refill([push({ device: b }), onOther], [0, 1], 3), quota)).toEqual({
        kind: 'fork',
        index: 1,
      })
      expect((await pageOf(store, 0)).newest).toEqual(2)
    })

    checkWithAccount('it is held to the keyring, the quota, the epoch and a rebase under way', async (store) => {
      const request = refill(pushes, order)
      expect(await kindOf(store, { ...request, keyringHead: headAt(2) })).toEqual('keyring-moved')
      expect(await kindOf(store, { ...request, isHeldUp: true })).toEqual('rebasing')
      expect(await kindOf(store, refill([push({ documentEpoch: 1 })], [0]))).toEqual('unknown-document-epoch')
      expect((await store.refill(request, { ...quota, maxDocuments: 0 })).kind).toEqual('too-many-documents')
      const { totalBytes } = await store.inspect(0)
      expect((await store.refill(request, { ...quota, maxBytes: totalBytes + 999 })).kind).toEqual('quota-exceeded')
      expect((await store.refill(request, { ...quota, maxBytes: totalBytes + 1_000 })).kind).toEqual('stored')
    })
  })
}
