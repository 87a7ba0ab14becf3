// A boxed store in IndexedDB, as tests that run on Chromium's and on the imitation in Node.
import { get, promisifyRequest, set, update } from 'idb-keyval'
import { describe, expect, it } from 'vitest'
import { deleteIndexedDbStore, indexedDbKeyVault, openIndexedDbStore } from '../../src/storage/indexeddb'
import { IndexedDbConnection } from '../../src/storage/indexeddb-connection'
import { openIndexedDbRows } from '../../src/storage/indexeddb-store'
import { memoryKeyVault } from '../../src/testing'
import { holds, secret } from './secret'

async function databaseNames(name: string): Promise<unknown[]> {
  return (await indexedDB.databases()).map((each) => each.name).filter((each) => each?.startsWith(name))
}

/** Everything the database keeps, as bytes. */
async function rawValues(name: string): Promise<Uint8Array[]> {
  const rows = await openIndexedDbRows(indexedDB, name)
  const values = (await rows.list([])).map(([, value]) => value)
  await rows.close()
  return values
}

/** What version 1 of the package left: the same rows in clear, under an older version of the database. */
async function writeAsVersion1(name: string): Promise<void> {
  const request = indexedDB.open(name, 1)
  request.onupgradeneeded = () => request.result.createObjectStore('entries')
  const database = await promisifyRequest(request)
  const transaction = database.transaction('entries', 'readwrite')
  transaction.objectStore('entries').put(secret, ['profile'])
  transaction.objectStore('entries').put(secret, ['log', 'doc', 1])
  await promisifyRequest(transaction as never)
  database.close()
}

export function atRestInIndexedDb(runName: string): void {
  let places = 0
  const newName = () => `at-rest-${runName}-${++places}`

  describe('an IndexedDB store at rest', () => {
    it('holds nothing of what was put, and its key is in a database of its own', async () => {
      const name = newName()
      const store = await openIndexedDbStore(name)
      await store.commit({ put: [[['profile'], secret]] })
      await store.close()
      expect((await rawValues(name)).some((value) => holds(value, secret))).toBe(false)
      expect((await rawValues(name)).length).toBe(2)
      expect((await databaseNames(name)).sort()).toEqual([name, `${name}:key`])
    })

    it('keeps its key wrapped under one that no script can read', async () => {
      const name = newName()
      const key = await indexedDbKeyVault(name).keep(secret.slice(0, 32))
      const connection = await IndexedDbConnection.open(indexedDB, name)
      const kept = await get<{ wrapping: CryptoKey; wrapped: Uint8Array }>(
        'profile-key',
        connection.withDurability('relaxed'),
      )
      expect(kept?.wrapping.extractable).toBe(false)
      await expect(crypto.subtle.exportKey('raw', kept!.wrapping)).rejects.toThrow()
      expect(holds(kept!.wrapped, key)).toBe(false)
      await connection.close()
    })

    it('is deleted with its key, both by itself and without being opened', async () => {
      const name = newName()
      const store = await openIndexedDbStore(name)
      await store.destroy()
      expect(await databaseNames(name)).toEqual([])
      await (await openIndexedDbStore(name)).close()
      await deleteIndexedDbStore(name)
      expect(await databaseNames(name)).toEqual([])
      await deleteIndexedDbStore(name)
    })

    it('whose rows somebody keeps open is not deleted, which is said instead of waited for', async () => {
      const name = newName()
      await (await openIndexedDbStore(name)).close()
      const foreign = await promisifyRequest(indexedDB.open(name))
      await expect(deleteIndexedDbStore(name)).rejects.toMatchObject({ code: 'profile-in-use', retryable: true })
      foreign.close()
      await deleteIndexedDbStore(name)
      expect(await databaseNames(name)).toEqual([])
    }, 30_000)

    it('that lost its key says so and stays as it is; it can be deleted then', async () => {
      const name = newName()
      const store = await openIndexedDbStore(name)
      await store.commit({ put: [[['profile'], secret]] })
      await store.close()
      const before = await rawValues(name)
      await indexedDbKeyVault(`${name}:key`).remove()
      await expect(openIndexedDbStore(name)).rejects.toMatchObject({ code: 'profile-key-missing', retryable: false })
      await expect(openIndexedDbStore(name, { vault: memoryKeyVault(secret.slice(0, 32)) })).rejects.toMatchObject({
        code: 'profile-key-wrong',
      })
      expect(await rawValues(name)).toEqual(before)
      await deleteIndexedDbStore(name)
      await (await openIndexedDbStore(name)).close()
    })

    it('whose wrapped key was altered says that it is no key', async () => {
      const name = newName()
      await indexedDbKeyVault(name).keep(secret.slice(0, 32))
      const connection = await IndexedDbConnection.open(indexedDB, name)
      const use = connection.withDurability('strict')
      await update<{ wrapped: Uint8Array }>(
        'profile-key',
        (kept) => ({ ...kept!, wrapped: kept!.wrapped.map((byte) => byte ^ 1) }),
        use,
      )
      await expect(indexedDbKeyVault(name).read()).rejects.toMatchObject({ code: 'profile-key-wrong' })
      await set('profile-key', undefined, use)
      await connection.close()
      expect(await indexedDbKeyVault(name).read()).toBeUndefined()
    })

    it('from before there were boxes is boxed when it is opened, in two tabs at once too', async () => {
      const name = newName()
      await writeAsVersion1(name)
      const opened = await Promise.allSettled([openIndexedDbStore(name), openIndexedDbStore(name)])
      const stores = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
      const refused = opened.flatMap((each) => (each.status === 'rejected' ? [each.reason.code] : []))
      expect(stores.length).toBeGreaterThan(0)
      expect(refused.every((code) => code === 'profile-in-use')).toBe(true)
      for (const store of stores) {
        expect(await store.list([])).toEqual([
          [['log', 'doc', 1], secret],
          [['profile'], secret],
        ])
        await store.close()
      }
      expect((await rawValues(name)).some((value) => holds(value, secret))).toBe(false)
    })

    it('leaves a foreign database as it was, also one of version 1', async () => {
      const name = newName()
      const request = indexedDB.open(name, 1)
      request.onupgradeneeded = () => request.result.createObjectStore('other')
      ;(await promisifyRequest(request)).close()
      await expect(openIndexedDbStore(name)).rejects.toMatchObject({ code: 'profile-damaged' })
      const again = await promisifyRequest(indexedDB.open(name))
      expect([again.version, ...again.objectStoreNames]).toEqual([1, 'other'])
      again.close()
    })
  })
}
