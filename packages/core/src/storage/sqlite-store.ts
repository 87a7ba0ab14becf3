// Rows in one SQLite file, kept as they are handed in; `openSqliteStore` boxes them first. better-sqlite3 works within the call, so batches are in order by
// themselves; what is left to see to is that no second process shares the file, and what has reached the disk when.
import { chmodSync, closeSync, openSync, rmSync, statSync } from 'node:fs'
import Database from 'better-sqlite3'
import { isSyncError, SyncError } from '../errors'
import { storageFailure, storageRefusal, storeClosed } from './failure'
import { decodeKey, encodeKey, encodeKeyRange } from './key'
import type { CommitOptions, Store, StoreBatch, StoreKey } from './store'
import { copyValue } from './value'

/** Marks the file as ours in its header: "Owlv". */
const APPLICATION_ID = 0x4f776c76
/** 1: rows may be in clear. 2: they are boxed, and no page of the file remembers them otherwise. */
const CLEAR_VERSION = 1
const SCHEMA_VERSION = 2
/** `PRAGMA synchronous` as SQLite reports it. */
const SYNCHRONOUS_NORMAL = 1
/** A large batch leaves a log of its size behind; this is what may stay of it. */
const MAX_IDLE_LOG_BYTES = 8 * 1024 * 1024

/** @param file absolute: SQLite takes some relative names (':memory:', '') for stores that are gone on close */
export function openSqliteRows(file: string): SqliteStore {
  let database: Database.Database | undefined
  try {
    makePrivate(file)
    // No waiting for a lock: whoever has the file keeps it until it closes.
    database = new Database(file, { timeout: 0 })
    prepare(database, file)
    return new SqliteStore(database, file)
  } catch (error) {
    database?.close()
    throw sqliteFailure(`The store ${file} does not open`, error)
  }
}

class SqliteStore implements Store {
  readonly #database: Database.Database
  readonly #file: string
  #isDestroyed = false
  readonly #apply: (batch: StoreBatch) => void
  readonly #get: Database.Statement<[Uint8Array], Uint8Array>
  readonly #list: Database.Statement<[Uint8Array, Uint8Array], { readonly key: Uint8Array; readonly value: Uint8Array }>

  constructor(database: Database.Database, file: string) {
    this.#database = database
    this.#file = file
    this.#get = database.prepare<[Uint8Array], Uint8Array>('SELECT value FROM entries WHERE key = ?').pluck()
    this.#list = database.prepare('SELECT key, value FROM entries WHERE key >= ? AND key < ? ORDER BY key')
    const put = database.prepare(
      'INSERT INTO entries (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    )
    const remove = database.prepare('DELETE FROM entries WHERE key = ?')
    const removeRange = database.prepare('DELETE FROM entries WHERE key >= ? AND key < ?')
    this.#apply = database.transaction((batch: StoreBatch) => {
      for (const prefix of batch.removePrefix ?? []) removeRange.run(...encodeKeyRange(prefix))
      for (const key of batch.remove ?? []) remove.run(encodeKey(key))
      for (const [key, value] of batch.put ?? []) put.run(encodeKey(key), copyValue(value))
    }).immediate
  }

  async commit(batch: StoreBatch, { durability = 'relaxed' }: CommitOptions = {}): Promise<void> {
    this.#run(() => {
      if (durability === 'relaxed') return this.#apply(batch)
      // FULL syncs the log at this commit, and with it every commit before.
      this.#database.pragma('synchronous = FULL')
      try {
        this.#apply(batch)
      } finally {
        this.#database.pragma('synchronous = NORMAL')
      }
    })
  }

  async get(key: StoreKey): Promise<Uint8Array | undefined> {
    return this.#run(() => {
      const value = this.#get.get(encodeKey(key))
      return value && copyValue(value)
    })
  }

  async list(prefix: StoreKey): Promise<(readonly [StoreKey, Uint8Array])[]> {
    return this.#run(() =>
      this.#list.all(...encodeKeyRange(prefix)).map(({ key, value }) => [decodeKey(key), copyValue(value)] as const),
    )
  }

  async close(): Promise<void> {
    this.#database.close()
  }

  async destroy(): Promise<void> {
    if (!this.#isDestroyed && !this.#database.open) throw storeClosed()
    this.#isDestroyed = true
    this.#database.close()
    deleteSqliteFiles(this.#file)
  }

  /**
   * Writes the file anew when rows may have been in clear: a row that was replaced stays readable in the pages it left and in the log. Cut
   * short, it is done at the next opening.
   */
  forgetClearRows(): void {
    this.#run(() => {
      if (this.#database.pragma('user_version', { simple: true }) !== CLEAR_VERSION) return
      this.#database.exec('VACUUM')
      this.#database.pragma('wal_checkpoint(TRUNCATE)')
      this.#database.pragma(`user_version = ${SCHEMA_VERSION}`)
    })
  }

  #run<T>(call: () => T): T {
    if (!this.#database.open) throw storeClosed()
    try {
      return call()
    } catch (error) {
      throw sqliteFailure('SQLite failed', error)
    }
  }
}

/** Of a database that no process has open. The log goes first: alone, it could be taken for that of the next database of this name. */
function deleteSqliteFiles(file: string): void {
  try {
    for (const suffix of ['-wal', '-shm', '-journal', '']) rmSync(`${file}${suffix}`, { force: true })
  } catch (error) {
    throw storageFailure(`The store ${file} cannot be deleted`, error)
  }
}

/**
 * Nobody but this user reads the account's keys. SQLite gives the log the mode of the database file. An existing file is never
 * opened here: closing it again would drop the locks that this whole process holds on it (POSIX).
 */
function makePrivate(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const stats = statSync(file)
    if (stats.isFile() && (stats.mode & 0o077) !== 0) chmodSync(file, stats.mode & 0o700)
  }
}

function prepare(database: Database.Database, file: string): void {
  // Held until close or until the process is gone, whichever way. Set first: it also keeps the log's index in memory.
  database.pragma('locking_mode = EXCLUSIVE')
  database.exec('BEGIN EXCLUSIVE')
  // Asked before anything is written: a foreign file is handed back as it was.
  const isNew = isEmptyDatabase(database, file)
  database.exec('COMMIT')

  const journalMode = database.pragma('journal_mode = WAL', { simple: true })
  if (journalMode !== 'wal') throw storageRefusal(`The file system of ${file} does not carry a write-ahead log.`)
  // After the journal mode, because entering WAL picks a default of its own; read back, because a pragma that is not
  // understood is silent. NORMAL: a killed process loses nothing, a power cut at worst the last commits that were not strict.
  database.pragma('synchronous = NORMAL')
  if (database.pragma('synchronous', { simple: true }) !== SYNCHRONOUS_NORMAL)
    throw storageRefusal('SQLite does not take synchronous = NORMAL.')
  // On macOS a plain sync stops at the drive's cache, and `strict` promises more than that.
  database.pragma('fullfsync = ON')
  // Sorting and undoing a statement may need a file elsewhere, in a folder that nobody cleans up after a crash.
  database.pragma('temp_store = MEMORY')
  // What was removed (the keys of a device that was locked out) is overwritten where its page is written anyway.
  database.pragma('secure_delete = FAST')
  database.pragma(`journal_size_limit = ${MAX_IDLE_LOG_BYTES}`)

  if (!isNew) return
  database.exec(`
    BEGIN;
    CREATE TABLE entries (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL);
    PRAGMA application_id = ${APPLICATION_ID};
    PRAGMA user_version = ${SCHEMA_VERSION};
    COMMIT;
  `)
}

/** False for a store of ours. Throws for a file that is neither new nor ours, and for one of a newer version. */
function isEmptyDatabase(database: Database.Database, file: string): boolean {
  const applicationId = database.pragma('application_id', { simple: true })
  const tables = database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get()
  if (applicationId === 0 && tables === 0) return true
  if (applicationId !== APPLICATION_ID)
    throw new SyncError('profile-damaged', `${file} is a database of another program.`)
  const version = database.pragma('user_version', { simple: true })
  if (version !== SCHEMA_VERSION && version !== CLEAR_VERSION)
    throw storageRefusal(`${file} was written by a newer version of the app.`)
  return false
}

function sqliteFailure(message: string, error: unknown): SyncError {
  if (isSyncError(error)) return error
  const code = error instanceof Database.SqliteError ? error.code : ''
  if (/^SQLITE_(BUSY|LOCKED)/.test(code))
    return new SyncError('profile-in-use', `${message}: another window or process has it open.`, { cause: error })
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code))
    return new SyncError('profile-damaged', `${message}: ${(error as Error).message}`, { cause: error })
  return storageFailure(message, error)
}
