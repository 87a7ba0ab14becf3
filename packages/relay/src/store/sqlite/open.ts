// Opens the database so that "acknowledged" means "on disk": write-ahead log, and synchronous=FULL set after it, because
// switching the log on makes this SQLite build fall back to NORMAL, which would lose acknowledged entries at a power cut.
import type { Generation, Sha512 } from '@owlivion/sync-protocol'
import Database from 'better-sqlite3'
import { RelayError } from '../../errors'
import { plainBytes } from '../../node-platform'
import type { RelayStore } from '../relay-store'
import { toStorageError } from './failure'
import { takeDataFolder } from './folder'
import { migrate, schemaVersion } from './migrate'
import { migrations } from './schema'
import { createSqliteStore } from './sqlite-store'

/** Where the database is, and what the store may not draw by itself. */
export interface SqliteStoreOptions {
  /** Folder for the database; created when missing, with access for its owner only. */
  readonly folder: string
  readonly sha512: Sha512
  readonly random: (length: number) => Uint8Array
  /** The database grows no further than this; appends beyond it are refused as on a full disk. */
  readonly maxDatabaseBytes?: number
}

/** Pages of the write-ahead log before a commit empties it into the database; SQLite's own 1,000 cost a sixth of the throughput. */
const WAL_PAGES = 8_000

/**
 * Opens the data folder, creating what is missing. One relay at a time may have it open.
 * @throws RelayError `data-folder-in-use`, `foreign-database`, `other-schema`; `storage-unavailable` when the disk may come back
 */
export function openSqliteStore(options: SqliteStoreOptions): RelayStore {
  try {
    const folder = takeDataFolder(options.folder)
    let db: Database.Database | undefined
    try {
      db = new Database(folder.databasePath)
      prepare(db, options)
      return createSqliteStore({ db, sha512: options.sha512, released: folder.release })
    } catch (error) {
      db?.close()
      folder.release()
      throw error
    }
  } catch (error) {
    throw toStorageError(error)
  }
}

function prepare(db: Database.Database, { random, maxDatabaseBytes }: SqliteStoreOptions): void {
  const version = schemaVersion(db, migrations)
  // Takes effect only before the first table and before the log is switched on.
  db.pragma('auto_vacuum = INCREMENTAL')
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.pragma(`wal_autocheckpoint = ${WAL_PAGES}`)
  if (maxDatabaseBytes !== undefined) {
    const pageBytes = db.pragma('page_size', { simple: true }) as number
    db.pragma(`max_page_count = ${Math.max(1, Math.floor(maxDatabaseBytes / pageBytes))}`)
  }
  migrate(db, version, migrations, () => {
    db.prepare('INSERT INTO relay (id, generation) VALUES (1, ?)').run(plainBytes<Generation>(random(16)))
  })
  // What a prune keeps, while it runs: written nowhere.
  db.pragma('temp_store = MEMORY')
  db.exec('CREATE TEMP TABLE exempt (number INTEGER PRIMARY KEY)')
  const expected = { auto_vacuum: 2, journal_mode: 'wal', synchronous: 2 }
  for (const [name, value] of Object.entries(expected)) {
    const actual = db.pragma(name, { simple: true })
    if (actual !== value)
      throw new RelayError('storage-unavailable', `The database runs with ${name} = ${actual} and not ${value}.`)
  }
}
