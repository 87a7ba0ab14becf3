// The data folder: private to its owner, and held by one relay at a time. The lock is a file lock that SQLite takes, so it
// ends with the process however that ends.
import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { RelayError } from '../../errors'

const DATABASE_FILE = 'relay.db'
const LOCK_FILE = 'relay.lock'
const SQLITE_MAGIC = 'SQLite format 3\0'

export interface DataFolder {
  readonly databasePath: string
  release(): void
}

/** @throws RelayError `data-folder-in-use` or `foreign-database`; a file system error when the folder cannot be written */
export function takeDataFolder(folder: string): DataFolder {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  tightenFolder(folder)
  const release = takeLock(join(folder, LOCK_FILE), folder)
  try {
    const databasePath = join(folder, DATABASE_FILE)
    if (!createPrivateFile(databasePath)) assertSqlite(databasePath)
    return { databasePath, release }
  } catch (error) {
    release()
    throw error
  }
}

/** Only a folder that is ours: closing /tmp to everybody else because somebody named it would be worse than an open folder. */
function tightenFolder(folder: string): void {
  const names = readdirSync(folder)
  const isOurs = names.length === 0 || names.includes(DATABASE_FILE)
  if (isOurs && (statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700)
}

function takeLock(path: string, folder: string): () => void {
  createPrivateFile(path)
  const lock = new Database(path, { timeout: 0 })
  try {
    // The lock alone is wanted: with its journal in memory it needs no room on a disk that may be full.
    lock.pragma('journal_mode = MEMORY')
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if ((error as { code?: string }).code === 'SQLITE_BUSY')
      throw new RelayError('data-folder-in-use', `Another relay is running on ${folder}.`)
    throw error
  }
  return () => lock.close()
}

/** True when the file is new. SQLite gives its write-ahead log and its index the mode of the database. */
function createPrivateFile(path: string): boolean {
  try {
    closeSync(openSync(path, 'wx', 0o600))
    return true
  } catch (error) {
    if ((error as { code?: string }).code === 'EEXIST') return false
    throw error
  }
}

function assertSqlite(path: string): void {
  const start = Buffer.alloc(SQLITE_MAGIC.length)
  const file = openSync(path, 'r')
  try {
    const length = readSync(file, start, 0, start.length, 0)
    // An empty file is a relay that died between making and filling it.
    if (length !== 0 && start.toString('latin1') !== SQLITE_MAGIC)
      throw new RelayError('foreign-database', `${path} is not a database; the relay leaves it alone.`)
  } finally {
    closeSync(file)
  }
}
