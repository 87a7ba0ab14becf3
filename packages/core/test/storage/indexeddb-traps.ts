// What browsers do to a database under the feet of an app, as tests that run on Chromium's IndexedDB and on the imitation in Node.
import { get, promisifyRequest, setMany, type UseStore, update } from 'idb-keyval'
import { describe, expect, it } from 'vitest'
import { IndexedDbConnection } from '../../src/storage/indexeddb-connection'
import { openIndexedDbRows } from '../../src/storage/indexeddb-store'

const one = Uint8Array.of(1)
const two = Uint8Array.of(2)

/** A factory that remembers the databases it opened, newest last. */
function watchedFactory() {
  const databases: IDBDatabase[] = []
  const factory = {
    open(name: string, version?: number) {
      const request = indexedDB.open(name, version)
      request.addEventListener('success', () => databases.push(request.result))
      return request
    },
  } as IDBFactory
  return { factory, databases }
}

async function openWatched(name: string) {
  const { factory, databases } = watchedFactory()
  const store = await openIndexedDbRows(factory, name)
  return { store, databases, current: () => databases.at(-1)! }
}

async function databaseExists(name: string): Promise<boolean> {
  return (await indexedDB.databases()).some((each) => each.name === name)
}

/** Deletes a database; false when an open connection was in the way. */
async function deleteUnblocked(name: string): Promise<boolean> {
  let isUnblocked = true
  const request = indexedDB.deleteDatabase(name)
  request.onblocked = () => {
    isUnblocked = false
  }
  await promisifyRequest(request)
  return isUnblocked
}

/** Replaces one method of an object until the returned function is called. */
function replace<T extends object, K extends keyof T>(target: T, name: K, method: T[K]): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name)
  Object.defineProperty(target, name, { configurable: true, writable: true, value: method })
  return () => {
    if (own) Object.defineProperty(target, name, own)
    else delete target[name]
  }
}

/** Aborts the next `count` transactions of a database as if the browser had done it. */
function abortTransactions(database: IDBDatabase, count: number): void {
  let left = count
  const restore = replace(database, 'transaction', ((...parameters: Parameters<IDBDatabase['transaction']>) => {
    if (--left === 0) restore()
    const transaction = IDBDatabase.prototype.transaction.apply(database, parameters)
    queueMicrotask(() => transaction.abort())
    return transaction
  }) as IDBDatabase['transaction'])
}

/** `dropConnection` does to a database what a browser does that gives it up: closes it and fires its close event. */
export function indexedDbTraps(runName: string, dropConnection: (database: IDBDatabase) => void): void {
  let places = 0
  const newName = () => `traps-${runName}-${++places}`

  describe('a connection that the browser dropped', () => {
    it('is made again by the next call, and nothing is missing', async () => {
      const { store, databases, current } = await openWatched(newName())
      await store.commit({ put: [[['a'], one]] })
      for (const call of [
        () => store.get(['a']),
        () => store.list([]),
        () => store.commit({ put: [[['b'], two]] }, { durability: 'strict' }),
      ]) {
        current().close()
        await call()
      }
      expect(await store.list([])).toEqual([
        [['a'], one],
        [['b'], two],
      ])
      expect(databases.length).toBe(4)
      await store.close()
    })

    it('is made again once for all calls that lost it, and their order stays', async () => {
      const { store, databases, current } = await openWatched(newName())
      const reads: Promise<Uint8Array | undefined>[] = []
      for (let n = 0; n < 30; n++) {
        void store.commit({ put: [[['n'], Uint8Array.of(n)]] })
        reads.push(store.get(['n']), store.get(['n']), store.get(['n']))
        if (n % 10 === 5) {
          await reads.at(-4)
          current().close()
        }
      }
      const seen = (await Promise.all(reads)).map((value) => value?.[0] ?? -1)
      expect(seen.every((value, index) => value >= Math.floor(index / 3))).toBe(true)
      expect(await store.get(['n'])).toEqual(Uint8Array.of(29))
      expect(databases.length).toBe(4)
      await store.close()
    })

    it('is not given up when a late call reports the loss of the one before', async () => {
      const name = newName()
      const { store, databases, current } = await openWatched(name)
      const lost = current()
      // The first call hears of the loss only when the second has made a new connection.
      const restore = replace(lost, 'transaction', ((...parameters: Parameters<IDBDatabase['transaction']>) => {
        restore()
        const transaction = IDBDatabase.prototype.transaction.apply(lost, parameters)
        const entries = transaction.objectStore(parameters[0] as string)
        const waitForTheNext = () => {
          if (databases.length > 1) transaction.abort()
          else entries.get('anything').onsuccess = waitForTheNext
        }
        waitForTheNext()
        return transaction
      }) as IDBDatabase['transaction'])
      const late = store.get(['a'])
      await undefined
      await undefined
      lost.close()
      await Promise.all([late, store.get(['a'])])
      expect(databases.length).toBe(2)
      await store.close()
      expect(await deleteUnblocked(name)).toBe(true)
    })

    it('is made again after the close event, before a transaction had to fail', async () => {
      const { store, databases, current } = await openWatched(newName())
      await store.commit({ put: [[['a'], one]] })
      const lost = current()
      dropConnection(lost)
      await new Promise((resolve) => setTimeout(resolve, 10))
      replace(lost, 'transaction', () => expect.unreachable('the lost connection was used again'))
      expect(await store.get(['a'])).toEqual(one)
      expect(databases.length).toBe(2)
      await store.close()
    })

    it('costs a commit one repetition: it is applied whole, before the commits behind it', async () => {
      const { store, current } = await openWatched(newName())
      await store.commit({ put: [[['a'], one]] })
      abortTransactions(current(), 1)
      const repeated = store.commit({
        put: [
          [['a'], two],
          [['b'], two],
        ],
      })
      const behind = store.commit({ put: [[['a'], Uint8Array.of(3)]] })
      await Promise.all([repeated, behind])
      expect(await store.list([])).toEqual([
        [['a'], Uint8Array.of(3)],
        [['b'], two],
      ])
      await store.close()
    })

    it('that is lost again at once is an error that can be tried again, with nothing applied', async () => {
      const { factory, databases } = watchedFactory()
      const abortsNext = { count: 0 }
      const aborting = {
        open(name: string, version?: number) {
          const request = factory.open(name, version)
          request.addEventListener('success', () => {
            if (abortsNext.count > 0) abortTransactions(request.result, abortsNext.count)
          })
          return request
        },
      } as IDBFactory
      const store = await openIndexedDbRows(aborting, newName())
      await store.commit({ put: [[['a'], one]] })
      abortsNext.count = 1
      abortTransactions(databases.at(-1)!, 1)
      await expect(
        store.commit({
          put: [
            [['a'], two],
            [['b'], two],
          ],
        }),
      ).rejects.toMatchObject({ code: 'storage-failed', retryable: true })
      abortsNext.count = 0
      expect(await store.list([])).toEqual([[['a'], one]])
      await store.commit({ put: [[['a'], two]] })
      expect(await store.get(['a'])).toEqual(two)
      await store.close()
    })
  })

  describe('a database that somebody else wants', () => {
    it('can be deleted at once, and every later call fails loudly instead of starting an empty one', async () => {
      const name = newName()
      const { store } = await openWatched(name)
      await store.commit({ put: [[['a'], one]] })
      expect(await deleteUnblocked(name)).toBe(true)
      for (const call of [() => store.get(['a']), () => store.list([]), () => store.commit({ put: [[['a'], one]] })]) {
        await expect(call()).rejects.toMatchObject({ code: 'storage-failed', retryable: false })
      }
      expect(await databaseExists(name)).toBe(false)
      await store.close()
      await expect(store.get(['a'])).rejects.toMatchObject({ code: 'closed' })
    })

    it('is not written to by the old store when it was deleted and made anew', async () => {
      const name = newName()
      const { store } = await openWatched(name)
      expect(await deleteUnblocked(name)).toBe(true)
      const next = await openIndexedDbRows(indexedDB, name)
      await expect(store.commit({ put: [[['a'], one]] })).rejects.toMatchObject({ code: 'storage-failed' })
      expect(await next.list([])).toEqual([])
      await store.close()
      await next.close()
    })

    it('can be deleted while a commit runs, which is then either whole or refused', async () => {
      const name = newName()
      const { store } = await openWatched(name)
      const running = store.commit({ put: [[['a'], one]] })
      const queued = Array.from({ length: 5 }, () => store.commit({ put: [[['a'], two]] }))
      const outcomes = Promise.allSettled([running, ...queued])
      await promisifyRequest(indexedDB.deleteDatabase(name))
      for (const outcome of await outcomes)
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'storage-failed' })
      await expect(store.get(['a'])).rejects.toMatchObject({ code: 'storage-failed', retryable: false })
      expect(await databaseExists(name)).toBe(false)
      await store.close()
    })

    it('is missed when it was deleted while the connection was lost, and no empty one is left in its place', async () => {
      const name = newName()
      const { store, current } = await openWatched(name)
      await store.commit({ put: [[['a'], one]] })
      current().close()
      await promisifyRequest(indexedDB.deleteDatabase(name))
      await expect(store.get(['a'])).rejects.toMatchObject({ code: 'storage-failed', retryable: false })
      await expect(store.commit({ put: [[['a'], one]] })).rejects.toMatchObject({ code: 'storage-failed' })
      expect(await databaseExists(name)).toBe(false)
      await store.close()
    })

    it('is handed over to a newer version of the app, which an old one then refuses to open', async () => {
      const name = newName()
      const { store } = await openWatched(name)
      await store.commit({ put: [[['a'], one]] })
      const newer = await promisifyRequest(indexedDB.open(name, 3))
      await expect(store.get(['a'])).rejects.toMatchObject({ code: 'storage-failed', retryable: false })
      await expect(openIndexedDbRows(indexedDB, name)).rejects.toMatchObject({
        code: 'storage-failed',
        retryable: false,
      })
      newer.close()
      await store.close()
    })

    it('is let go by close, also while the connection is being made again', async () => {
      const name = newName()
      const { store, current } = await openWatched(name)
      current().close()
      const read = store.get(['a'])
      await Promise.all([read, store.close()])
      expect(await deleteUnblocked(name)).toBe(true)
    })

    it('is refused as damaged when another program made it', async () => {
      const name = newName()
      const request = indexedDB.open(name)
      request.onupgradeneeded = () => request.result.createObjectStore('other')
      const other = await promisifyRequest<IDBDatabase>(request)
      other.close()
      await expect(openIndexedDbRows(indexedDB, name)).rejects.toMatchObject({ code: 'profile-damaged' })
    })
  })

  describe('a transaction', () => {
    it('keeps nothing of a batch whose second put throws', async () => {
      const { store } = await openWatched(newName())
      await store.commit({ put: [[['a'], one]] })
      let puts = 0
      const put = IDBObjectStore.prototype.put
      const restore = replace(IDBObjectStore.prototype, 'put', function (this: IDBObjectStore, value, key) {
        if (++puts === 2) throw new DOMException('No.', 'DataCloneError')
        return put.call(this, value, key)
      })
      const commit = store.commit({
        put: [
          [['a'], two],
          [['b'], two],
          [['c'], two],
        ],
        removePrefix: [['a']],
      })
      await expect(commit).rejects.toMatchObject({ code: 'storage-failed', cause: { name: 'DataCloneError' } })
      restore()
      expect(await store.list([])).toEqual([[['a'], one]])
      await store.close()
    })

    it('names a full quota, which can be tried again', async () => {
      const { store } = await openWatched(newName())
      const restore = replace(IDBObjectStore.prototype, 'put', () => {
        throw new DOMException('Full.', 'QuotaExceededError')
      })
      await expect(store.commit({ put: [[['a'], one]] })).rejects.toMatchObject({
        code: 'storage-failed',
        retryable: true,
        message: expect.stringContaining('no more storage'),
      })
      restore()
      await store.close()
    })

    it('is strict when asked and relaxed otherwise', async () => {
      const { store, current } = await openWatched(newName())
      const asked: unknown[] = []
      const database = current()
      replace(database, 'transaction', ((...parameters: Parameters<IDBDatabase['transaction']>) => {
        asked.push(parameters[2]?.durability)
        return IDBDatabase.prototype.transaction.apply(database, parameters)
      }) as IDBDatabase['transaction'])
      await store.commit({ put: [[['a'], one]] })
      await store.commit({ put: [[['a'], one]] }, { durability: 'strict' })
      await store.commit({ put: [[['a'], one]] }, { durability: 'relaxed' })
      expect(asked).toEqual(['relaxed', 'strict', 'relaxed'])
      await store.close()
    })
  })

  describe('the store function that idb-keyval is given', () => {
    async function withUse(run: (use: UseStore) => Promise<void>): Promise<void> {
      const connection = await IndexedDbConnection.open(indexedDB, newName())
      await run(connection.withDurability('relaxed'))
      await connection.close()
    }

    it('serves the functions of idb-keyval that set handlers of their own', () =>
      withUse(async (use) => {
        await setMany(
          [
            ['a', 1],
            ['b', 2],
          ],
          use,
        )
        await update<number>('a', (value) => (value ?? 0) + 10, use)
        expect([await get('a', use), await get('b', use)]).toEqual([11, 2])
      }))

    it('resolves with what the callback returned, after the transaction is complete', () =>
      withUse(async (use) => {
        const events: string[] = []
        const result = await use('readwrite', async (store) => {
          store.transaction.addEventListener('complete', () => events.push('complete'))
          const key = await promisifyRequest(store.put(1, 'a'))
          events.push('put')
          return key
        })
        expect([result, events]).toEqual(['a', ['put', 'complete']])
      }))

    it('undoes what was put when the callback fails later', () =>
      withUse(async (use) => {
        const failing = use('readwrite', async (store) => {
          await promisifyRequest(store.put(1, 'a'))
          await promisifyRequest(store.put(2, 'b'))
          throw new RangeError('changed my mind')
        })
        await expect(failing).rejects.toThrow(RangeError)
        expect(await get('a', use)).toBeUndefined()
      }))

    it('undoes everything when one request fails, and says which failure it was', () =>
      withUse(async (use) => {
        const failing = use('readwrite', (store) => {
          store.put(1, 'a')
          store.add(2, 'a')
          store.put(3, 'b')
        })
        await expect(failing).rejects.toMatchObject({ name: 'ConstraintError' })
        expect([await get('a', use), await get('b', use)]).toEqual([undefined, undefined])
      }))
  })
}
