// A device's store in one SQLite file, boxed under a key that a vault keeps. For Node and Electron; the subpath `@owlivion/sync/sqlite`.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { nodeRandom } from '../platform/node-random'
import { openBoxedStore } from './boxed-store'
import type { KeyVault } from './key-vault'
import { keyFileVault } from './sqlite-key-file'
import { openSqliteRows } from './sqlite-store'
import type { Store } from './store'

export type { KeyVault } from './key-vault'
export { keyFileVault } from './sqlite-key-file'
export type { CommitOptions, Store, StoreBatch, StoreKey } from './store'

/** Where the profile key of a SQLite store is. */
export interface SqliteStoreOptions {
  /** Keeps the key that everything is boxed under. Default: a file beside the database, its path followed by `.key`. */
  readonly vault?: KeyVault
}

/**
 * Opens the store in the SQLite file at `path`, and makes it (readable by this user only) when there is none. Everything in it is boxed
 * under a key that is not in the file. By default the key lies beside it, which protects a copy of the database alone; pass a vault
 * on another disk, or on the system's keychain, for more.
 *
 * Rejects with SyncError `profile-in-use` while the file is open elsewhere, in this process or another; a process that dies lets go of
 * it. `profile-damaged`: the file is corrupt or another program's, and was left as it was. `profile-key-missing`, `profile-key-wrong`,
 * `profile-key-exposed`: the key is gone, is another store's, or others can read it. `storage-failed`: no access, no space.
 *
 * @example
 * const store = await openSqliteStore('address-book.db')
 * await store.commit({ put: [[['greeting'], new TextEncoder().encode('hello')]] }, { durability: 'strict' })
 */
export async function openSqliteStore(path: string, options: SqliteStoreOptions = {}): Promise<Store> {
  // Resolved before anything waits: the process may change its folder meanwhile.
  const file = resolve(path)
  const vault = options.vault ?? besideDatabase(file)
  const rows = openSqliteRows(file)
  const store = await openBoxedStore(rows, { vault, random: nodeRandom })
  try {
    rows.forgetClearRows()
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}

/**
 * Deletes the store at `path` with its key, also one that does not open because its key is lost. That there is none is no error.
 * @throws SyncError `profile-in-use` while it is open somewhere; `profile-damaged` for a file that is no store, which stays
 *
 * @example
 * await deleteSqliteStore('old-address-book.db')
 */
export async function deleteSqliteStore(path: string, options: SqliteStoreOptions = {}): Promise<void> {
  const file = resolve(path)
  // Opened, not only deleted: that takes the lock, and looks whose file it is.
  if (existsSync(file)) await openSqliteRows(file).destroy()
  await (options.vault ?? besideDatabase(file)).remove()
}

function besideDatabase(file: string): KeyVault {
  return keyFileVault(`${file}.key`)
}
