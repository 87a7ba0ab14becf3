// A device's store in the browser's own database, boxed under a key that a vault keeps. The subpath `@owlivion/sync/indexeddb`.
import { browserRandom } from '../platform/browser-random'
import { takeWebLock } from '../platform/web-lock'
import { openBoxedStore } from './boxed-store'
import { storageRefusal } from './failure'
import { deleteIndexedDb } from './indexeddb-connection'
import { indexedDbKeyVault } from './indexeddb-key-vault'
import { openIndexedDbRows } from './indexeddb-store'
import type { KeyVault } from './key-vault'
import type { Store } from './store'

export { type IndexedDbVaultOptions, indexedDbKeyVault } from './indexeddb-key-vault'
export type { KeyVault } from './key-vault'
export type { CommitOptions, Store, StoreBatch, StoreKey } from './store'

/** Where the profile key is, and where the databases are opened. */
export interface IndexedDbStoreOptions {
  /** Keeps the key that everything is boxed under. Default: `indexedDbKeyVault` in a database of its own, the name followed by `:key`. */
  readonly vault?: KeyVault
  /** Where databases are opened. Default: the browser's own. */
  readonly factory?: IDBFactory
}

/**
 * Opens the store in the IndexedDB database `name`, and makes it when there is none. Only one store may be open on a name at a time.
 * Everything in it is boxed under a key that is not in it.
 *
 * Calls reject with SyncError `storage-failed`. It is not retryable when the database was deleted or upgraded under the store: what
 * the account held in memory is then all there is, and an empty database is never used in its place. A database of another
 * program under this name is `profile-damaged`. `profile-key-missing`, `profile-key-wrong`: the key is gone, or is another store's.
 *
 * @example
 * const store = await openIndexedDbStore('address-book')
 * await store.commit({ put: [[['greeting'], new TextEncoder().encode('hello')]] }, { durability: 'strict' })
 */
export async function openIndexedDbStore(name: string, options: IndexedDbStoreOptions = {}): Promise<Store> {
  const rows = await openIndexedDbRows(factoryOf(options), name)
  return openBoxedStore(rows, {
    vault: options.vault ?? besideDatabase(name, options),
    random: browserRandom,
    lock: () => takeWebLock(`at rest ${name}`),
  })
}

/**
 * Deletes the store `name` with its key, also one that does not open because its key is lost. That there is none is no error.
 * @throws SyncError `profile-in-use` when another tab does not let go of it
 *
 * @example
 * await deleteIndexedDbStore('address-book')
 */
export async function deleteIndexedDbStore(name: string, options: IndexedDbStoreOptions = {}): Promise<void> {
  await deleteIndexedDb(factoryOf(options), name)
  await (options.vault ?? besideDatabase(name, options)).remove()
}

function besideDatabase(name: string, { factory }: IndexedDbStoreOptions): KeyVault {
  return indexedDbKeyVault(`${name}:key`, factory && { factory })
}

function factoryOf({ factory = globalThis.indexedDB }: IndexedDbStoreOptions): IDBFactory {
  if (!factory) throw storageRefusal('This environment has no IndexedDB.')
  return factory
}
