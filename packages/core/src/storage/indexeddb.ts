// A device's store in the browser's own database, boxed under a key that a vault keeps. The subpath `@owlivion/sync/indexeddb`.
import { SyncError } from '../errors'
import { browserRandom } from '../platform/browser-random'
import { takeWebLock } from '../platform/web-lock'
import { markerKey, openBoxedStore } from './boxed-store'
import { storageRefusal } from './failure'
import { deleteIndexedDb } from './indexeddb-connection'
import { indexedDbKeyVault } from './indexeddb-key-vault'
import { type IndexedDbRows, openIndexedDbRows } from './indexeddb-store'
import type { KeyVault } from './key-vault'
import type { Store } from './store'
import { localStorageMarker, MarkedStore, type StoreMarker } from './store-marker'

export { type IndexedDbVaultOptions, indexedDbKeyVault } from './indexeddb-key-vault'
export type { KeyVault } from './key-vault'
export type { CommitOptions, Store, StoreBatch, StoreKey } from './store'
export type { StoreMarker } from './store-marker'

/** Where the profile key is, and where the databases are opened. */
export interface IndexedDbStoreOptions {
  /** Keeps the key that everything is boxed under. Default: `indexedDbKeyVault` in a database of its own, the name followed by `:key`. */
  readonly vault?: KeyVault
  /**
   * Remembers that the store holds something, so that one which the browser threw away is not taken for a new one. Default: in local storage under
   * the store's name. Browsers that clear everything of a site at once clear that too; a place on your server is safe from it.
   */
  readonly marker?: StoreMarker
  /** Where databases are opened. Default: the browser's own. */
  readonly factory?: IDBFactory
}

/**
 * Opens the store in the IndexedDB database `name`, and makes it when there is none. Only one store may be open on a name at a time.
 * Everything in it is boxed under a key that is not in it.
 *
 * Calls reject with SyncError `storage-failed`. It is not retryable when the database was deleted or upgraded under the store: what
 * the account held in memory is then all there is, and an empty database is never used in its place. A database of another
 * program under this name is `profile-damaged`. `profile-lost`: the store held something, and the browser has thrown it away; it says so until
 * `deleteIndexedDbStore`, and after that the device joins its account anew.
 * `profile-key-missing`, `profile-key-wrong`: the key is gone, or is another store's.
 *
 * @example
 * const store = await openIndexedDbStore('address-book')
 * await store.commit({ put: [[['greeting'], new TextEncoder().encode('hello')]] }, { durability: 'strict' })
 */
export async function openIndexedDbStore(name: string, options: IndexedDbStoreOptions = {}): Promise<Store> {
  const rows = await openIndexedDbRows(factoryOf(options), name)
  const marker = markerOf(name, options)
  try {
    await refuseLost(rows, marker, name)
  } catch (error) {
    await rows.close()
    throw error
  }
  const boxed = await openBoxedStore(rows, {
    vault: options.vault ?? besideDatabase(name, options),
    random: browserRandom,
    lock: () => takeWebLock(`at rest ${name}`),
  })
  return new MarkedStore(boxed, marker)
}

/** @throws SyncError `profile-lost` */
async function refuseLost(rows: IndexedDbRows, marker: StoreMarker, name: string): Promise<void> {
  // Before the row: another tab that makes the store at this moment makes that row first, and the marker long after it.
  const isMarked = await marker.read()
  if ((await rows.get(markerKey)) !== undefined) return
  const reason = await rows.loss()
  if (reason === undefined && !isMarked) return
  const said = reason === undefined ? '' : ` (${reason})`
  throw new SyncError('profile-lost', `The browser has lost what the store ${name} held on this device${said}.`)
}

/**
 * Deletes the store `name` with its key, also one that does not open because its key is lost. That there is none is no error.
 * @throws SyncError `profile-in-use` when another tab does not let go of it
 *
 * @example
 * await deleteIndexedDbStore('address-book')
 */
export async function deleteIndexedDbStore(name: string, options: IndexedDbStoreOptions = {}): Promise<void> {
  await markerOf(name, options).remove()
  await deleteIndexedDb(factoryOf(options), name)
  await (options.vault ?? besideDatabase(name, options)).remove()
}

function besideDatabase(name: string, { factory }: IndexedDbStoreOptions): KeyVault {
  return indexedDbKeyVault(`${name}:key`, factory && { factory })
}

function markerOf(name: string, { marker }: IndexedDbStoreOptions): StoreMarker {
  return marker ?? localStorageMarker(name)
}

function factoryOf({ factory = globalThis.indexedDB }: IndexedDbStoreOptions): IDBFactory {
  if (!factory) throw storageRefusal('This environment has no IndexedDB.')
  return factory
}
