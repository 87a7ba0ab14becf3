import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { openSqliteStore } from '../../src/storage/sqlite'
import { openSqliteRows } from '../../src/storage/sqlite-store'
import { storeContract } from '../../src/testing'

const folder = mkdtempSync(join(tmpdir(), 'owlivion-sqlite-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(() => {
  vi.restoreAllMocks()
})

let files = 0
const newPath = () => join(folder, `store-${++files}.db`)
const one = Uint8Array.of(1)

/** Opens a store and hands out the connection inside it, to take away its space or its rights. */
async function openWithConnection(path: string) {
  const pragma = vi.spyOn(Database.prototype, 'pragma')
  const store = await openSqliteStore(path)
  const connection = pragma.mock.contexts[0] as Database.Database
  pragma.mockRestore()
  return { store, connection }
}

storeContract({ describe, it, expect }, 'the SQLite store', (name) => openSqliteStore(join(folder, `${name}.db`)))
storeContract({ describe, it, expect }, 'SQLite without boxes', async (name) =>
  openSqliteRows(join(folder, `rows-${name}.db`)),
)

describe('a SQLite file in use', () => {
  it('is refused to a second store of the same process', async () => {
    const path = newPath()
    const store = await openSqliteStore(path)
    await expect(openSqliteStore(path)).rejects.toMatchObject({ code: 'profile-in-use', retryable: true })
    await store.commit({ put: [[['a'], one]] })
    await store.close()
    const again = await openSqliteStore(path)
    expect(await again.get(['a'])).toEqual(one)
    await again.close()
  })

  it('stays refused to other processes after a second store of this one asked for it', async () => {
    const path = newPath()
    const store = await openSqliteStore(path)
    await openSqliteStore(path).catch(() => {})
    const script = `
      const database = new (require(process.argv[1]))(process.argv[2], { timeout: 0 })
      try { database.prepare('SELECT * FROM entries').all(); console.log('open') } catch (error) { console.log(error.code) }`
    const library = createRequire(import.meta.url).resolve('better-sqlite3')
    const other = spawnSync(process.execPath, ['-e', script, library, path], { encoding: 'utf8' })
    expect(other.stdout.trim()).toBe('SQLITE_BUSY')
    await store.close()
  })
})

describe('a SQLite file on the disk', () => {
  it('is readable by its user only, log included', async () => {
    const path = newPath()
    const store = await openSqliteStore(path)
    await store.commit({ put: [[['a'], one]] })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600)
    await store.close()
    chmodSync(path, 0o644)
    await (await openSqliteStore(path)).close()
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('is a plain file also under a name that SQLite takes for memory', async () => {
    const path = join(folder, ':memory:')
    const before = process.cwd()
    process.chdir(folder)
    try {
      const store = await openSqliteStore(':memory:')
      await store.commit({ put: [[['a'], one]] })
      await store.close()
    } finally {
      process.chdir(before)
    }
    const store = await openSqliteStore(path)
    expect(await store.get(['a'])).toEqual(one)
    await store.close()
  })

  it('leaves no large log behind after a large batch', async () => {
    const path = newPath()
    const store = await openSqliteStore(path)
    await store.commit({ put: [[['large'], new Uint8Array(24 * 1024 * 1024)]] })
    await store.commit({ put: [[['small'], one]] })
    await store.commit({ put: [[['small'], one]] })
    expect(statSync(`${path}-wal`).size).toBeLessThanOrEqual(8 * 1024 * 1024)
    await store.close()
    expect(existsSync(`${path}-wal`)).toBe(false)
  })
})

describe('the durability of a SQLite store', () => {
  /** Every change of `synchronous` and every transaction, in order, with what SQLite says it runs under. */
  function watch(): string[] {
    const seen: string[] = []
    const names = ['OFF', 'NORMAL', 'FULL', 'EXTRA']
    const pragma = Database.prototype.pragma
    vi.spyOn(Database.prototype, 'pragma').mockImplementation(function (this: Database.Database, source, options) {
      const result: unknown = pragma.call(this, source, options)
      if (/^(journal_mode|synchronous) =/.test(source)) seen.push(source)
      return result
    })
    const transaction = Database.prototype.transaction
    vi.spyOn(Database.prototype, 'transaction').mockImplementation(function (this: Database.Database, run) {
      return transaction.call(this, (...parameters: unknown[]) => {
        seen.push(`commit under ${names[pragma.call(this, 'synchronous', { simple: true }) as number]}`)
        return run(...parameters)
      }) as never
    })
    return seen
  }

  it('is NORMAL, set after the write-ahead log, and FULL for a strict commit alone, also when that fails', async () => {
    const seen = watch()
    const store = openSqliteRows(newPath())
    await store.commit({ put: [[['a'], one]] })
    await store.commit({ put: [[['a'], one]] }, { durability: 'strict' })
    await store.commit({ put: [[[], one]] }, { durability: 'strict' }).catch(() => {})
    await store.commit({ put: [[['a'], one]] })
    await store.close()
    expect(seen).toEqual([
      'journal_mode = WAL',
      'synchronous = NORMAL',
      'commit under NORMAL',
      'synchronous = FULL',
      'commit under FULL',
      'synchronous = NORMAL',
      'synchronous = FULL',
      'commit under FULL',
      'synchronous = NORMAL',
      'commit under NORMAL',
    ])
  })

  it('is not left to chance: a SQLite that does not take the setting is refused', async () => {
    const pragma = Database.prototype.pragma
    vi.spyOn(Database.prototype, 'pragma').mockImplementation(function (this: Database.Database, source, options) {
      return source === 'synchronous = NORMAL' ? undefined : pragma.call(this, source.replace('WAL', 'DELETE'), options)
    })
    await expect(openSqliteStore(newPath())).rejects.toMatchObject({ code: 'storage-failed', retryable: false })
  })
})

describe('a SQLite file that is not a store', () => {
  it.each([
    ['text', Buffer.from('Dear diary, '.repeat(1_000))],
    [
      'a database header and rubbish behind it',
      Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(9_000, 7)]),
    ],
  ])('is refused and left as it was: %s', async (_, content) => {
    const path = newPath()
    writeFileSync(path, content)
    await expect(openSqliteStore(path)).rejects.toMatchObject({ code: 'profile-damaged', retryable: false })
    expect(readFileSync(path).equals(content)).toBe(true)
  })

  it('is refused and left as it was: a database of another program', async () => {
    const path = newPath()
    const other = new Database(path)
    other.exec("CREATE TABLE entries (key BLOB, value BLOB); INSERT INTO entries VALUES ('a', 'b')")
    other.close()
    const content = readFileSync(path)
    await expect(openSqliteStore(path)).rejects.toMatchObject({ code: 'profile-damaged' })
    expect(readFileSync(path).equals(content)).toBe(true)
  })

  it('is refused with another reason when a newer version of the app wrote it', async () => {
    const path = newPath()
    await (await openSqliteStore(path)).close()
    const other = new Database(path)
    other.pragma('user_version = 3')
    other.close()
    await expect(openSqliteStore(path)).rejects.toMatchObject({ code: 'storage-failed', retryable: false })
  })

  it('is reported as damaged when the damage is met later, and nothing made up is read', async () => {
    const path = newPath()
    const store = openSqliteRows(path)
    await store.commit({
      put: Array.from({ length: 500 }, (_, n) => [['log', n], new Uint8Array(300).fill(n)] as const),
    })
    await store.close()
    const content = readFileSync(path)
    content.fill(0xee, 4_096)
    writeFileSync(path, content)
    const damaged = openSqliteRows(path)
    await expect(damaged.list([])).rejects.toMatchObject({ code: 'profile-damaged' })
    await damaged.close()
    await expect(openSqliteStore(path)).rejects.toMatchObject({ code: 'profile-damaged' })
  })

  it('takes an empty file for a new store', async () => {
    const path = newPath()
    writeFileSync(path, '')
    const store = await openSqliteStore(path)
    expect(await store.list([])).toEqual([])
    await store.close()
  })
})

describe('a SQLite store that cannot write', () => {
  it('says so when the folder is missing or the path is a folder', async () => {
    await expect(openSqliteStore(join(folder, 'missing', 'store.db'))).rejects.toMatchObject({ code: 'storage-failed' })
    const path = newPath()
    mkdirSync(path)
    await expect(openSqliteStore(path)).rejects.toMatchObject({ code: 'storage-failed' })
  })

  it('applies nothing of a batch that fills the disk, and works on when there is space again', async () => {
    const { store, connection } = await openWithConnection(newPath())
    await store.commit({ put: [[['kept'], one]] })
    const pages = connection.pragma('page_count', { simple: true }) as number
    connection.pragma(`max_page_count = ${pages + 10}`)
    const batch = {
      put: [
        [['kept'], Uint8Array.of(2)],
        [['small'], one],
        [['large'], new Uint8Array(1_000_000)],
      ],
      removePrefix: [['kept']],
    } as const
    await expect(store.commit(batch)).rejects.toMatchObject({
      code: 'storage-failed',
      retryable: true,
      cause: { code: 'SQLITE_FULL' },
    })
    expect(await store.list([])).toEqual([[['kept'], one]])
    connection.pragma('max_page_count = 1000000')
    await store.commit(batch)
    expect((await store.list([])).map(([key]) => key)).toEqual([['kept'], ['large'], ['small']])
    await store.close()
  })

  it('reports a disk that turned read-only as retryable, and goes on reading', async () => {
    const { store, connection } = await openWithConnection(newPath())
    await store.commit({ put: [[['a'], one]] })
    connection.pragma('query_only = ON')
    await expect(store.commit({ remove: [['a']] })).rejects.toMatchObject({ code: 'storage-failed', retryable: true })
    expect(await store.get(['a'])).toEqual(one)
    await store.close()
  })
})
