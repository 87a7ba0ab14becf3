import 'fake-indexeddb/auto'
import { forceCloseDatabase } from 'fake-indexeddb'
import { promisifyRequest } from 'idb-keyval'
import { describe, expect, it } from 'vitest'
import {
  deleteIndexedDbStore,
  indexedDbKeyVault,
  openIndexedDbStore,
  type StoreMarker,
} from '../../src/storage/indexeddb'
import { openIndexedDbRows } from '../../src/storage/indexeddb-store'
import { keyVaultContract, storeContract } from '../../src/testing'
import { atRestInIndexedDb } from './indexeddb-at-rest'
import { indexedDbTraps } from './indexeddb-traps'

storeContract({ describe, it, expect }, 'the IndexedDB store (imitation)', openIndexedDbStore)
storeContract({ describe, it, expect }, 'IndexedDB without boxes (imitation)', (name) =>
  openIndexedDbRows(indexedDB, `rows ${name}`),
)
keyVaultContract({ describe, it, expect }, 'the vault in IndexedDB (imitation)', async (name) =>
  indexedDbKeyVault(name),
)
atRestInIndexedDb('node')
indexedDbTraps('node', (database) => forceCloseDatabase(database as never))

describe('the IndexedDB store', () => {
  it('repeats what a forced close took along', async () => {
    const databases: IDBDatabase[] = []
    const open = (name: string, version?: number) => {
      const request = indexedDB.open(name, version)
      request.addEventListener('success', () => databases.push(request.result))
      return request
    }
    const store = await openIndexedDbRows({ open } as IDBFactory, 'forced')
    const commits = [1, 2, 3].map((n) =>
      store.commit({
        put: [
          [['n'], Uint8Array.of(n)],
          [['log', n], Uint8Array.of(n)],
        ],
      }),
    )
    await commits[0]
    forceCloseDatabase(databases[0] as never)
    await Promise.all(commits)
    expect((await store.list([])).map(([key]) => key)).toEqual([['log', 1], ['log', 2], ['log', 3], ['n']])
    expect(await store.get(['n'])).toEqual(Uint8Array.of(3))
    expect(databases.length).toBe(2)
    await store.close()
  })

  describe('that the browser has thrown away', () => {
    const marker = (): StoreMarker => {
      let isKept = false
      return {
        read: async () => isKept,
        async keep() {
          isKept = true
        },
        async remove() {
          isKept = false
        },
      }
    }
    const row = { put: [[['profile'], Uint8Array.of(1)]] } as const
    const lost = { code: 'profile-lost', retryable: false }

    it('is never a new one: opening says that it is lost until it is deleted', async () => {
      const options = { marker: marker() }
      const store = await openIndexedDbStore('evicted', options)
      await store.commit(row)
      await store.close()
      for (const name of ['evicted', 'evicted:key']) await promisifyRequest(indexedDB.deleteDatabase(name))
      for (let times = 0; times < 2; times++)
        await expect(openIndexedDbStore('evicted', options)).rejects.toMatchObject(lost)
      await deleteIndexedDbStore('evicted', options)
      const next = await openIndexedDbStore('evicted', options)
      expect(await next.list([])).toEqual([])
      await next.close()
    })

    it('is no loss when nothing was in it, or when the app itself had destroyed it', async () => {
      const options = { marker: marker() }
      await (await openIndexedDbStore('empty', options)).close()
      for (const name of ['empty', 'empty:key']) await promisifyRequest(indexedDB.deleteDatabase(name))
      const store = await openIndexedDbStore('empty', options)
      await store.commit(row)
      await store.destroy()
      await (await openIndexedDbStore('empty', options)).close()
    })

    it('is known by the browser’s own word, too, where nothing else remembers it', async () => {
      const open = (name: string, version?: number) => {
        const request = indexedDB.open(name, version)
        request.addEventListener('upgradeneeded', (event) =>
          Object.assign(event, { dataLoss: 'total', dataLossMessage: 'checksum mismatch' }),
        )
        return request
      }
      const factory = { open, deleteDatabase: (name: string) => indexedDB.deleteDatabase(name) } as IDBFactory
      await expect(openIndexedDbStore('torn', { factory })).rejects.toMatchObject({
        ...lost,
        message: expect.stringContaining('checksum mismatch'),
      })
      await expect(openIndexedDbStore('torn')).rejects.toMatchObject(lost)
      await deleteIndexedDbStore('torn')
      await (await openIndexedDbStore('torn')).close()
    })
  })

  it('says so where there is no IndexedDB', async () => {
    const real = globalThis.indexedDB
    Reflect.deleteProperty(globalThis, 'indexedDB')
    try {
      await expect(openIndexedDbStore('none')).rejects.toMatchObject({ code: 'storage-failed', retryable: false })
    } finally {
      Object.defineProperty(globalThis, 'indexedDB', { configurable: true, writable: true, value: real })
    }
  })
})
