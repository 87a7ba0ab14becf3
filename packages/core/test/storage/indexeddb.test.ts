import 'fake-indexeddb/auto'
import { forceCloseDatabase } from 'fake-indexeddb'
import { describe, expect, it } from 'vitest'
import { indexedDbKeyVault, openIndexedDbStore } from '../../src/storage/indexeddb'
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
