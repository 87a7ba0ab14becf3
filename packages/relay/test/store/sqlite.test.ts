import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createNodePlatform } from '../../src/node-platform'
import type { RelayStore } from '../../src/store/relay-store'
import { createReopeningStore } from '../../src/store/reopening-store'
import { toStorageError } from '../../src/store/sqlite/failure'
import { migrate } from '../../src/store/sqlite/migrate'
import { openSqliteStore } from '../../src/store/sqlite/open'
import { migrations } from '../../src/store/sqlite/schema'
import { TestAccount } from '../help/account'
import { fill, openAccount, PAGE } from '../help/store'

const { sha512, random } = createNodePlatform()
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'owlivion-relay-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const open = (more: { maxDatabaseBytes?: number } = {}): RelayStore =>
  openSqliteStore({ folder, sha512, random, ...more })
const database = () => join(folder, 'relay.db')

describe('the data folder', () => {
  it('is private to its owner, with everything in it', async () => {
    const inside = join(folder, 'made', 'by the relay')
    const store = openSqliteStore({ folder: inside, sha512, random })
    await fill(store, new TestAccount(), 3)
    expect(statSync(inside).mode & 0o777).toBe(0o700)
    const modes = readdirSync(inside).map((name) => [name, statSync(join(inside, name)).mode & 0o777])
    expect(modes.sort()).toEqual([
      ['relay.db', 0o600],
      ['relay.db-shm', 0o600],
      ['relay.db-wal', 0o600],
      ['relay.lock', 0o600],
    ])
    await store.close()
  })

  it('is closed to others when it was open, but only when it is ours', async () => {
    const [ours, shared] = [join(folder, 'ours'), join(folder, 'shared')]
    for (const each of [ours, shared]) {
      mkdirSync(each)
      chmodSync(each, 0o755)
    }
    writeFileSync(join(shared, 'somebody.txt'), 'else')
    await openSqliteStore({ folder: ours, sha512, random }).close()
    await openSqliteStore({ folder: shared, sha512, random }).close()
    expect([ours, shared].map((each) => statSync(each).mode & 0o777)).toEqual([0o700, 0o755])
  })

  it('is held by one relay at a time, and free when that one ends', async () => {
    const store = open()
    expect(() => open()).toThrow(expect.objectContaining({ code: 'data-folder-in-use' }))
    await store.close()
    await open().close()
  })

  it('with another file in the place of the database is left alone', () => {
    writeFileSync(database(), 'These are the notes of somebody else.')
    expect(() => open()).toThrow(expect.objectContaining({ code: 'foreign-database' }))
    expect(readFileSync(database(), 'utf8')).toBe('These are the notes of somebody else.')
  })

  it('with the database of another program is left alone', () => {
    const other = new Database(database())
    other.exec('CREATE TABLE notes (text)')
    other.close()
    const before = readFileSync(database())
    expect(() => open()).toThrow(expect.objectContaining({ code: 'foreign-database' }))
    expect(readFileSync(database())).toEqual(before)
  })

  it('with the schema of a newer relay is left alone', async () => {
    await open().close()
    const newer = new Database(database())
    newer.pragma('user_version = 99')
    newer.close()
    const before = readFileSync(database())
    expect(() => open()).toThrow(
      expect.objectContaining({ code: 'other-schema', message: expect.stringMatching(/99/) }),
    )
    expect(readFileSync(database())).toEqual(before)
  })

  it('of a relay that died before its tables were made is taken over', async () => {
    writeFileSync(database(), '')
    const store = open()
    expect(await store.generation()).toHaveLength(16)
    await store.close()
  })

  it('of an older relay is brought up to date, with everything in it', async () => {
    const account = new TestAccount()
    const { record } = account.genesis()
    const older = new Database(database())
    older.pragma('auto_vacuum = INCREMENTAL')
    migrate(older, 0, migrations.slice(0, 1), () =>
      older.prepare('INSERT INTO relay (id, generation) VALUES (1, ?)').run(random(16)),
    )
    older
      .prepare('INSERT INTO accounts (id, account, recovery, keyring_length, keyring_head) VALUES (1, ?, ?, 1, ?)')
      .run(account.id, account.id, account.keyring.head)
    older.prepare('INSERT INTO keyring (account, position, record) VALUES (1, 0, ?)').run(record)
    const [document, device, hash, signature] = [random(16), account.first.id, random(32), random(64)]
    older
      .prepare('INSERT INTO documents (id, account, document, newest, log_hash) VALUES (1, 1, ?, 1, ?)')
      .run(document, hash)
    older
      .prepare(
        'INSERT INTO chains (id, document, device, incarnation, sequence, hash, number) VALUES (1, 1, ?, 7, 1, ?, 1)',
      )
      .run(device, hash)
    older
      .prepare(
        'INSERT INTO entries (document, number, chain, sequence, entry_hash, log_hash, signature, envelope) VALUES (1, 1, 1, 1, ?, ?, ?, ?)',
      )
      .run(hash, hash, signature, random(200))
    older.close()
    const store = open()
    // The end of a chain has its own signature now, so that it outlives its entry.
    expect(await store.readHeads(account.id, [])).toEqual([
      { document, device, incarnation: 7, sequence: 1, hash, signature },
    ])
    expect((await store.readKeyring(account.id, 0, 10, PAGE)).records).toEqual([{ record, storedAtMs: 0 }])
    await fill(store, account, 2)
    expect((await store.inspect(0)).totalEntries).toBe(3)
    await store.close()
  })

  it('that cannot be written is reported as a disk that may come back', () => {
    writeFileSync(join(folder, 'file'), '')
    const inside = join(folder, 'missing')
    let isThere = false
    const store = createReopeningStore(() => {
      if (!isThere) throw toStorageError(Object.assign(new Error('read-only'), { code: 'EROFS' }))
      return openSqliteStore({ folder: inside, sha512, random })
    })
    return (async () => {
      await expect(store.probe()).rejects.toMatchObject({
        code: 'storage-unavailable',
        retryable: true,
        message: expect.stringContaining('read-only'),
      })
      isThere = true
      await store.probe()
      await store.close()
      await expect(store.probe()).rejects.toMatchObject({ code: 'storage-unavailable' })
    })()
  })
})

describe('durability', () => {
  const script = fileURLToPath(new URL('../help/append-one-by-one.ts', import.meta.url))
  const command = ['--conditions=@owlivion/source', '--import', 'tsx', script]

  it('an append is acknowledged after the write-ahead log was synced, once an append', () => {
    const appends = 40
    const run = (wrapper: readonly string[]) => {
      const all = [...wrapper, process.execPath, ...command, folder, String(appends)]
      return spawnSync(all[0] as string, all.slice(1), { encoding: 'utf8' })
    }
    const hasStrace = spawnSync('strace', ['-V']).status === 0
    const trace = join(folder, 'trace')
    const { status, stdout, stderr } = run(
      hasStrace ? ['strace', '-f', '-e', 'trace=fsync,fdatasync,write', '-o', trace] : [],
    )
    expect(status, stderr).toBe(0)
    if (hasStrace) {
      const syncs = syncsBetweenMarks(readFileSync(trace, 'utf8'), '"appended')
      expect(syncs).toHaveLength(appends - 1)
      expect(Math.min(...syncs)).toBeGreaterThanOrEqual(1)
    }
    // What the connection itself says after it has written; all there is where no system calls can be watched.
    expect(stdout).toContain('synchronous 2, journal_mode wal')
  })

  it('the log is emptied into the database when idle and when closing, and free pages are given back', async () => {
    const store = open()
    const account = new TestAccount()
    await fill(store, account, 200)
    expect(statSync(`${database()}-wal`).size).toBeGreaterThan(0)
    await store.tidy()
    expect(statSync(`${database()}-wal`).size).toBe(0)
    await fill(store, account, 1)
    await store.close()
    expect(existsSync(`${database()}-wal`)).toBe(false)
    const db = new Database(database(), { readonly: true })
    expect(db.pragma('auto_vacuum', { simple: true })).toBe(2)
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
    db.close()
  })
})

describe('a full disk', () => {
  it('refuses whole transactions, keeps what was stored, and reads on', async () => {
    const account = new TestAccount()
    const store = open({ maxDatabaseBytes: 400_000 })
    let stored = 0
    const failure = await (async () => {
      for (;;) {
        await fill(store, account, 2, 20_000)
        stored += 2
      }
    })().catch((error: unknown) => error)
    expect(failure).toMatchObject({
      code: 'storage-unavailable',
      retryable: true,
      message: expect.stringContaining('full'),
    })
    expect(stored).toBeGreaterThan(4)
    expect((await store.inspect(0)).totalEntries).toBe(stored)
    await store.close()

    const larger = open()
    const page = { account: account.id, document: openAccount.document, after: 0, maxBytes: PAGE }
    expect((await larger.readPage(page)).newest).toBe(stored)
    await larger.close()
  })

  it('and other failures of a disk are sentences that say what is wrong', () => {
    const sentence = (code: string) => (toStorageError(Object.assign(new Error(), { code })) as Error).message
    expect(sentence('SQLITE_FULL')).toMatch(/full/)
    expect(sentence('SQLITE_READONLY_DIRECTORY')).toMatch(/read-only/)
    expect(sentence('SQLITE_IOERR_WRITE')).toMatch(/error/)
    expect(sentence('SQLITE_CANTOPEN')).toMatch(/cannot be opened/)
    expect(sentence('SQLITE_CORRUPT')).toMatch(/damaged/)
    const defect = new TypeError('a defect')
    expect(toStorageError(defect)).toBe(defect)
  })
})

/** How often the process synced a file between two writes of the mark. */
function syncsBetweenMarks(trace: string, mark: string): number[] {
  const between: number[] = []
  let syncs = Number.NaN
  for (const line of trace.split('\n')) {
    if (/f(data)?sync\(/.test(line)) syncs++
    if (!line.includes(mark)) continue
    if (!Number.isNaN(syncs)) between.push(syncs)
    syncs = 0
  }
  return between
}
