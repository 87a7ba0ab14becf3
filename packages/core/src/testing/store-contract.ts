// What every Store must do, as tests for whoever writes one: the promises of storage/store.ts, one by one. The test functions are
// passed in, so that it runs under any runner with describe, it and expect.
//
//   import { describe, expect, it } from 'vitest'
//   import { storeContract } from '@owlivion/sync/testing'
//   storeContract({ describe, it, expect }, 'my store', (name) => openMyStore(`${folder}/${name}`))
import { compareKeys, type Store, type StoreBatch, type StoreKey } from '../storage'
import { createModelStep, type ModelEntries } from './store-model'
import { bytes, keysInOrder, pattern } from './store-samples'
import { codeOf, type TestFunctions } from './test-functions'

const startsWith = (key: StoreKey, prefix: StoreKey): boolean => prefix.every((part, index) => key[index] === part)

/**
 * Declares the suite. `openStore(name)` opens the place `name`: empty the first time a name is used, and with everything that
 * was committed when the name is opened again after a close.
 */
export function storeContract(
  { describe, it, expect }: TestFunctions,
  storeName: string,
  openStore: (name: string) => Promise<Store>,
): void {
  let places = 0

  /** A test with a store of its own that is closed at the end, whatever happened. */
  const test = (behaviour: string, run: (store: Store, reopen: () => Promise<Store>) => Promise<void>): void =>
    it(behaviour, async () => {
      const place = `contract-${++places}`
      let store = await openStore(place)
      const reopen = async () => {
        await store.close()
        store = await openStore(place)
        return store
      }
      try {
        await run(store, reopen)
      } finally {
        await store.close()
      }
    })

  const keysOf = async (store: Store, prefix: StoreKey = []) => (await store.list(prefix)).map(([key]) => key)

  describe(`${storeName} keeps the promises of a store`, () => {
    test('a new store is empty', async (store) => {
      expect(await store.list([])).toEqual([])
      expect(await store.get(['anything'])).toEqual(undefined)
    })

    test('what was put is read back, until it is removed', async (store) => {
      await store.commit({ put: [[['a'], bytes(1, 2, 3)]] })
      expect(await store.get(['a'])).toEqual(bytes(1, 2, 3))
      await store.commit({ put: [[['a'], bytes(4)]] })
      expect(await store.get(['a'])).toEqual(bytes(4))
      await store.commit({ remove: [['a'], ['never there']] })
      expect(await store.get(['a'])).toEqual(undefined)
    })

    test('an empty value is a value', async (store) => {
      await store.commit({ put: [[['empty'], bytes()]] })
      expect(await store.get(['empty'])).toEqual(bytes())
      expect(await store.list([])).toEqual([[['empty'], bytes()]])
    })

    test('an empty batch is a batch, and a strict one too', async (store) => {
      await store.commit({})
      await store.commit({ put: [], remove: [], removePrefix: [] }, { durability: 'strict' })
      expect(await store.list([])).toEqual([])
    })

    test('entries are listed in the order of their keys, whatever the order of writing', async (store) => {
      const shuffled = keysInOrder.map((_, index) => keysInOrder[(index * 17) % keysInOrder.length]!)
      expect(new Set(shuffled).size).toEqual(keysInOrder.length)
      for (const key of shuffled.slice(0, 20)) await store.commit({ put: [[key, bytes(1)]] })
      await store.commit({ put: shuffled.slice(20).map((key) => [key, bytes(1)] as const) })
      expect(await keysOf(store)).toEqual(keysInOrder)
      expect([...keysInOrder].sort(compareKeys)).toEqual(keysInOrder)
    })

    test('a prefix lists itself and what it is a prefix of, part by part', async (store) => {
      await store.commit({ put: keysInOrder.map((key, index) => [key, bytes(index)] as const) })
      for (const prefix of keysInOrder) {
        const expected = keysInOrder.flatMap((key, index) => (startsWith(key, prefix) ? [[key, bytes(index)]] : []))
        expect(await store.list(prefix), `prefix ${JSON.stringify(prefix)}`).toEqual(expected)
      }
      expect(await store.list(['lo'])).toEqual([])
      expect(await store.list(['log', 'doc', 1, 'x', 'y'])).toEqual([])
    })

    test('removing a prefix removes exactly what it lists', async (store) => {
      for (const prefix of keysInOrder) {
        await store.commit({ removePrefix: [[]], put: keysInOrder.map((key) => [key, bytes(7)] as const) })
        await store.commit({ removePrefix: [prefix] })
        expect(await keysOf(store), `prefix ${JSON.stringify(prefix)}`).toEqual(
          keysInOrder.filter((key) => !startsWith(key, prefix)),
        )
      }
    })

    test('prefixes and keys are removed before values are put, and the later of two values stays', async (store) => {
      await store.commit({
        put: [
          [['log', 1], bytes(1)],
          [['log', 2], bytes(2)],
          [['head'], bytes(3)],
        ],
      })
      await store.commit({
        put: [
          [['log', 2], bytes(20)],
          [['head'], bytes(30)],
          [['log', 2], bytes(21)],
        ],
        remove: [['head']],
        removePrefix: [['log']],
      })
      expect(await store.list([])).toEqual([
        [['head'], bytes(30)],
        [['log', 2], bytes(21)],
      ])
    })

    test('a batch with something that cannot be stored leaves nothing of itself behind', async (store) => {
      const before: StoreBatch = {
        put: [
          [['kept'], bytes(1)],
          [['log', 1], bytes(2)],
        ],
      }
      await store.commit(before)
      const transferred = bytes(1, 2, 3)
      structuredClone(transferred.buffer, { transfer: [transferred.buffer as ArrayBuffer] })
      const unstorable: readonly (readonly [unknown, unknown])[] = [
        [['value'], 'text'],
        [['value'], undefined],
        [['value'], { length: 1 }],
        [['value'], [1, 2, 3]],
        [['value'], new ArrayBuffer(3)],
        [['value'], new Uint16Array(3)],
        [['value'], () => {}],
        [['value'], transferred],
        [[], bytes(1)],
        [['key', -1], bytes(1)],
        [['key', -0], bytes(1)],
        [['key', 1.5], bytes(1)],
        [['key', Number.NaN], bytes(1)],
        [['key', 2 ** 53], bytes(1)],
        [['key', null], bytes(1)],
        [['key', ['nested']], bytes(1)],
        [['key', 'x'.repeat(5_000)], bytes(1)],
      ]
      for (const [key, value] of unstorable) {
        const commit = store.commit({
          put: [
            [['kept'], bytes(9)],
            [['new', 1], bytes(9)],
            [key as StoreKey, value as Uint8Array],
            [['new', 2], bytes(9)],
          ],
          removePrefix: [['log']],
        })
        expect(await codeOf(commit), `key ${JSON.stringify(key)}`).toEqual('storage-failed')
        expect(await store.list([]), `key ${JSON.stringify(key)}`).toEqual(before.put)
      }
      await store.commit({ put: [[['new', 1], bytes(3)]] })
      expect(await store.get(['new', 1]), 'the store works on').toEqual(bytes(3))
    })

    test('a key that no store takes is refused on reading too', async (store) => {
      expect(await codeOf(store.get([]))).toEqual('storage-failed')
      expect(await codeOf(store.get(['a', -1]))).toEqual('storage-failed')
      expect(await codeOf(store.list(['a', 0.5]))).toEqual('storage-failed')
      expect(await codeOf(store.commit({ remove: [[]] }))).toEqual('storage-failed')
    })

    test('the store keeps a copy: the caller may go on using the buffer', async (store) => {
      const buffer = bytes(1, 2, 3, 4, 5)
      await store.commit({
        put: [
          [['whole'], buffer],
          [['view'], buffer.subarray(1, 3)],
        ],
      })
      buffer.fill(0)
      expect(await store.get(['whole'])).toEqual(bytes(1, 2, 3, 4, 5))
      expect(await store.get(['view'])).toEqual(bytes(2, 3))
    })

    test('values come back as fresh copies that own their whole buffer', async (store) => {
      const large = pattern(100_000, 1)
      await store.commit({ put: [[['view'], large.subarray(500, 510)]] })
      const [[, listed]] = (await store.list([])) as [readonly [StoreKey, Uint8Array]]
      const values = [await store.get(['view']), await store.get(['view']), listed] as Uint8Array[]
      for (const value of values) {
        expect(value).toEqual(large.slice(500, 510))
        expect(value.constructor).toEqual(Uint8Array)
        expect(value.buffer.byteLength).toEqual(10)
        value.fill(0)
      }
      expect(await store.get(['view'])).toEqual(large.slice(500, 510))
    })

    test('a value of 5 MB comes back byte for byte', async (store, reopen) => {
      const value = pattern(5 * 1024 * 1024, 3)
      await store.commit({ put: [[['snapshot'], value]] })
      const read = await (await reopen()).get(['snapshot'])
      expect(read?.length).toEqual(value.length)
      expect(value.every((byte, index) => byte === read?.[index])).toEqual(true)
    })

    test('5,000 keys are stored in one batch, listed and removed by prefix', async (store) => {
      const entries = Array.from({ length: 5_000 }, (_, n) => [['log', n % 5, n], pattern(40, n)] as const)
      await store.commit({ put: entries })
      const expected = [...entries].sort(([left], [right]) => compareKeys(left, right))
      expect(await store.list(['log'])).toEqual(expected)
      expect(await store.list(['log', 3])).toEqual(expected.slice(3_000, 4_000))
      await store.commit({
        removePrefix: [
          ['log', 3],
          ['log', 4],
        ],
      })
      expect((await store.list([])).length).toEqual(3_000)
    })

    test('batches are applied in the order of the calls, without waiting for one another', async (store) => {
      const commits: Promise<void>[] = []
      for (let n = 0; n < 100; n++) {
        const durability = n % 10 === 0 ? 'strict' : 'relaxed'
        const put = [
          [['last'], bytes(n)],
          [['log', n], bytes(n)],
        ] as const
        commits.push(
          store.commit({ put, remove: [['log', n - 2]].filter(([, each]) => (each as number) >= 0) }, { durability }),
        )
      }
      await Promise.all(commits)
      expect(await store.list([])).toEqual([
        [['last'], bytes(99)],
        [['log', 98], bytes(98)],
        [['log', 99], bytes(99)],
      ])
    })

    test('a commit that is refused does not disturb those around it', async (store) => {
      const first = store.commit({ put: [[['n'], bytes(1)]] })
      const refused = codeOf(store.commit({ put: [[['n'], 'text' as unknown as Uint8Array]] }))
      const last = store.commit({ put: [[['m'], bytes(2)]] })
      await Promise.all([first, last])
      expect(await refused).toEqual('storage-failed')
      expect(await store.list([])).toEqual([
        [['m'], bytes(2)],
        [['n'], bytes(1)],
      ])
    })

    test('a read sees every commit that was called before it, awaited or not', async (store) => {
      const reads: Promise<unknown>[] = []
      for (let n = 0; n < 50; n++) {
        void store.commit({ put: [[['n'], bytes(n)]] })
        reads.push(store.get(['n']), store.list([]))
        if (n % 7 === 0) await reads.at(-1)
      }
      const expected = Array.from({ length: 50 }, (_, n) => [bytes(n), [[['n'], bytes(n)]]]).flat()
      // A read may see more than was called before it, never less.
      const seen = (await Promise.all(reads)) as (Uint8Array | [StoreKey, Uint8Array][])[]
      const numberOf = (read: (typeof seen)[number]) => (read instanceof Uint8Array ? read[0]! : read[0]![1][0]!)
      expect(seen.map(numberOf).every((n, index) => n >= numberOf(expected[index] as (typeof seen)[number]))).toEqual(
        true,
      )
    })

    test('random batches leave what a sorted map would hold', async (store, reopen) => {
      let current = store
      let model: ModelEntries = []
      for (let n = 0; n < 150; n++) {
        const step = createModelStep(n, model)
        await current.commit(step.batch, { durability: n % 20 === 0 ? 'strict' : 'relaxed' })
        model = step.after
        if (n % 10 === 0) expect(await current.list([]), `after batch ${n}`).toEqual(model)
        if (n % 50 === 0) current = await reopen()
      }
      expect(await current.list([])).toEqual(model)
    })

    test('everything committed is there after the store was closed and opened again', async (store, reopen) => {
      await store.commit({ put: keysInOrder.map((key, index) => [key, pattern(index * 50, index)] as const) })
      await store.commit({ remove: [keysInOrder[3]!] }, { durability: 'strict' })
      const before = await store.list([])
      expect(await (await reopen()).list([])).toEqual(before)
      expect(before.length).toEqual(keysInOrder.length - 1)
    })

    test('close waits for the commits under way', async (store, reopen) => {
      let applied = 0
      for (const n of [1, 2, 3]) void store.commit({ put: [[['n', n], pattern(50_000, n)]] }).then(() => applied++)
      await store.close()
      // What is settled may need a few turns of the promise queue to be heard of; a disk needs more than that.
      for (let turn = 0; turn < 20; turn++) await undefined
      expect(applied).toEqual(3)
      expect(await keysOf(await reopen())).toEqual([1, 2, 3].map((n) => ['n', n]))
    })

    test('after close every call is refused, and close may be called again', async (store) => {
      await store.commit({ put: [[['a'], bytes(1)]] })
      await Promise.all([store.close(), store.close()])
      expect(await codeOf(store.commit({ put: [[['a'], bytes(2)]] }))).toEqual('closed')
      expect(await codeOf(store.get(['a']))).toEqual('closed')
      expect(await codeOf(store.list([]))).toEqual('closed')
      await store.close()
    })

    test('calls made after close, while it still waits, are refused', async (store, reopen) => {
      const commit = store.commit({ put: [[['a'], bytes(1)]] })
      const closing = store.close()
      expect(await codeOf(store.commit({ put: [[['a'], bytes(2)]] }))).toEqual('closed')
      await Promise.all([commit, closing])
      expect(await (await reopen()).get(['a'])).toEqual(bytes(1))
    })

    test('a store that was destroyed is gone: its place is as new', async (store, reopen) => {
      await store.commit({ put: keysInOrder.map((key, index) => [key, pattern(index * 50, index)] as const) })
      await store.destroy()
      const next = await reopen()
      expect(await next.list([])).toEqual([])
      await next.commit({ put: [[['a'], bytes(1)]] })
      expect(await (await reopen()).list([])).toEqual([[['a'], bytes(1)]])
    })

    test('destroy takes what was being committed along, and may be called again', async (store, reopen) => {
      const commit = store.commit({ put: [[['a'], pattern(50_000, 1)]] })
      await Promise.all([commit, store.destroy()])
      await store.destroy()
      expect(await (await reopen()).list([])).toEqual([])
    })

    test('after destroy every call is refused, and close does no harm', async (store) => {
      await store.destroy()
      expect(await codeOf(store.commit({ put: [[['a'], bytes(2)]] }))).toEqual('closed')
      expect(await codeOf(store.get(['a']))).toEqual('closed')
      expect(await codeOf(store.list([]))).toEqual('closed')
      await store.close()
    })

    test('a store that tabs share refuses what was written under an older fence, and nothing else', async (store, reopen) => {
      if (store.fence === undefined) return
      const first = await store.fence()
      await store.commit({ put: [[['a'], bytes(1)]] }, { fence: first })
      const late = store.commit({ put: [[['b'], bytes(1)]] }, { fence: first })
      const second = await store.fence()
      await late
      expect(second > first).toEqual(true)
      const refused = { put: [[['a'], bytes(2)]], remove: [['b']], removePrefix: [[]] } as const
      for (const durability of ['strict', 'relaxed'] as const)
        expect(await codeOf(store.commit(refused, { fence: first, durability }))).toEqual('lead-lost')
      expect(await store.list([])).toEqual([
        [['a'], bytes(1)],
        [['b'], bytes(1)],
      ])
      await store.commit({ put: [[['a'], bytes(3)]] })
      await store.commit({ put: [[['b'], bytes(3)]], removePrefix: [['a']] }, { fence: second })
      const again = await reopen()
      expect(await codeOf(again.commit({ remove: [['b']] }, { fence: first }))).toEqual('lead-lost')
      await again.commit({ put: [[['c'], bytes(4)]] }, { fence: second })
      expect(await keysOf(again)).toEqual([['b'], ['c']])
    })

    test('a store that was closed is not destroyed: somebody else may have it open', async (store, reopen) => {
      await store.commit({ put: [[['a'], bytes(1)]] })
      await store.close()
      expect(await codeOf(store.destroy())).toEqual('closed')
      expect(await (await reopen()).list([])).toEqual([[['a'], bytes(1)]])
    })
  })
}
