// An account on an SQLite file that may not grow any more, as on a disk that is full.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createAccount, openAccount } from '../../src'
import { openSqliteStore } from '../../src/storage/sqlite'
import { FakePlatform, settle } from '../sync/support/fake-platform'

type Note = { text: string }

const folder = mkdtempSync(join(tmpdir(), 'owlivion-full-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The connection of the store under test: how many pages a file may have is said on the connection that writes it. */
let connection: Database.Database
beforeEach(() => {
  const { pragma } = Database.prototype
  vi.spyOn(Database.prototype, 'pragma').mockImplementation(function (this: Database.Database, ...input) {
    connection = this
    return pragma.apply(this, input)
  })
})
afterEach(() => {
  vi.restoreAllMocks()
})

const pages = (name: 'page_count' | 'max_page_count') => connection.pragma(name, { simple: true }) as number
const allow = (more: number) => connection.pragma(`max_page_count = ${pages('page_count') + more}`)

it('a full disk keeps edits in memory, says so, and takes all of them once there is room; nothing it took is lost', async () => {
  const platform = new FakePlatform(3)
  const file = join(folder, 'account.db')
  const options = { platform, relay: 'wss://relay.example', deviceName: 'laptop', online: false }
  const { sync } = await createAccount({ ...options, store: await openSqliteStore(file) })
  const notes = await sync.open<Note>('notes')
  await notes.add('first', { text: 'first' })
  allow(8)
  const taken = new Set<string>()
  const ids: string[] = []
  const adds: Promise<void>[] = []
  while (sync.status.storage === undefined) {
    const id = `note ${ids.length}`
    ids.push(id)
    // Not compressible: a page is full when it says so.
    const text = Buffer.from(platform.random(3_000)).toString('base64')
    adds.push(notes.add(id, { text }).then(() => void taken.add(id)))
    await settle()
  }
  expect(sync.status.storage).toMatchObject({ code: 'storage-failed', retryable: true })
  expect(taken.size).toBeGreaterThan(0)
  expect(taken.size).toBeLessThan(ids.length)
  expect(ids.every((id) => notes.get(id) !== undefined)).toBe(true)
  await expect(sync.close()).rejects.toMatchObject({
    code: 'unsaved-edits',
    message: expect.stringContaining('an edit'),
  })

  // What a process that ends now leaves behind.
  const copy = join(folder, 'copy.db')
  await connection.backup(copy)
  copyFileSync(`${file}.key`, `${copy}.key`)
  const full = connection
  const store = await openSqliteStore(copy)
  const other = await openAccount({ ...options, platform: new FakePlatform(4), store })
  const left = await other.open<Note>('notes')
  for (const id of ['first', ...taken]) expect(left.get(id)).toEqual(notes.get(id))
  await other.close()

  full.pragma('max_page_count = 1000000')
  await platform.advance(60_000)
  await Promise.all(adds)
  expect(sync.status.storage).toBeUndefined()
  await sync.close()
  const again = await openAccount({ ...options, store: await openSqliteStore(file) })
  const all = await again.open<Note>('notes')
  expect(all.ids().length).toBe(ids.length + 1)
  await again.close()
})
