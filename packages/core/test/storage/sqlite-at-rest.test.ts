import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { deleteSqliteStore, keyFileVault, openSqliteStore } from '../../src/storage/sqlite'
import { openSqliteRows } from '../../src/storage/sqlite-store'
import { keyVaultContract, memoryKeyVault } from '../../src/testing'
import { holds, secret } from './secret'

const folder = mkdtempSync(join(tmpdir(), 'owlivion-at-rest-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(() => {
  vi.restoreAllMocks()
})

let files = 0
const newPath = () => join(folder, `store-${++files}.db`)
const filesOf = (path: string) =>
  readdirSync(folder)
    .filter((name) => join(folder, name).startsWith(path))
    .map((name) => join(folder, name))
const anyHoldsSecret = (path: string) => filesOf(path).some((file) => holds(readFileSync(file), secret.slice(0, 20)))

keyVaultContract({ describe, it, expect }, 'the vault in a file', async (name) => keyFileVault(join(folder, name)))

/** A file beside this one, as a process of its own. */
function start(file: string, parameters: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const node = ['--conditions=@owlivion/source', '--import', 'tsx', path, ...parameters]
  return spawn(process.execPath, node, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] })
}

/** What version 1 of the package left: rows in clear, in a file of its version. */
async function writeAsVersion1(path: string, count = 300, sizeBytes = 0): Promise<void> {
  const rows = openSqliteRows(path)
  await rows.commit({
    put: Array.from({ length: count }, (_, n) => {
      const value = new Uint8Array(Math.max(sizeBytes, secret.length + 1))
      value.set([...secret, n & 0xff])
      return [['log', n], value] as const
    }),
  })
  await rows.close()
  const database = new Database(path)
  database.pragma('user_version = 1')
  database.close()
}

function versionOf(path: string): unknown {
  const database = new Database(path)
  const version = database.pragma('user_version', { simple: true })
  database.close()
  return version
}

describe('a SQLite store at rest', () => {
  it('holds nothing of what was put, neither in the file nor in its log', async () => {
    const path = newPath()
    const store = await openSqliteStore(path)
    await store.commit({ put: Array.from({ length: 100 }, (_, n) => [['log', n], secret] as const) })
    expect(filesOf(path).sort()).toEqual([path, `${path}-wal`, `${path}.key`])
    expect(anyHoldsSecret(path)).toBe(false)
    await store.close()
    expect(anyHoldsSecret(path)).toBe(false)
  })

  it('writes nothing into the folder for temporary files, not even while it writes its file anew', async () => {
    const path = newPath()
    await writeAsVersion1(path, 80, 500_000)
    const temporary = mkdtempSync(join(folder, 'temporary-'))
    const seen = new Set<string | null>()
    const watcher = watch(temporary, (_, name) => seen.add(name))
    const child = start('sqlite-opener.ts', [path], {
      SQLITE_TMPDIR: temporary,
      TMPDIR: temporary,
      TSX_DISABLE_CACHE: '1',
    })
    expect(await once(child, 'exit')).toEqual([0, null])
    // Changes are told in order, so whatever came before this file has been told too.
    writeFileSync(join(temporary, 'last'), '')
    while (!seen.has('last')) await once(watcher, 'change')
    watcher.close()
    expect([...seen].filter((name) => name !== 'last' && !name?.startsWith('tsx-'))).toEqual([])
    expect(anyHoldsSecret(path)).toBe(false)
  })

  it('from before there were boxes is boxed when it is opened, and no page remembers it in clear', async () => {
    const path = newPath()
    await writeAsVersion1(path)
    expect(anyHoldsSecret(path)).toBe(true)
    const store = await openSqliteStore(path)
    expect(anyHoldsSecret(path)).toBe(false)
    expect((await store.list(['log'])).length).toBe(300)
    expect(await store.get(['log', 7])).toEqual(Uint8Array.of(...secret, 7))
    await store.close()
    expect(anyHoldsSecret(path)).toBe(false)
  })

  it('that was boxed and not yet written anew is written anew at the next opening', async () => {
    const path = newPath()
    await writeAsVersion1(path)
    const exec = vi.spyOn(Database.prototype, 'exec').mockImplementation(function (this: Database.Database, source) {
      if (source === 'VACUUM') throw new RangeError('killed')
      return this
    })
    await expect(openSqliteStore(path)).rejects.toMatchObject({ code: 'storage-failed' })
    exec.mockRestore()
    expect(versionOf(path)).toBe(1)
    const written = vi.spyOn(Database.prototype, 'exec')
    await (await openSqliteStore(path)).close()
    expect(written.mock.calls.flat()).toContain('VACUUM')
    written.mockRestore()
    expect(versionOf(path)).toBe(2)
    expect(anyHoldsSecret(path)).toBe(false)
  })

  it('does not keep the box of a row that was removed or replaced, once it is closed', async () => {
    const path = newPath()
    const vault = memoryKeyVault()
    const rows = openSqliteRows(path)
    await rows.commit({ put: Array.from({ length: 50 }, (_, n) => [['log', n], Uint8Array.of(n)] as const) })
    await rows.commit({
      put: [
        [['joining'], secret],
        [['profile'], secret],
      ],
    })
    await rows.commit({ put: [[['profile'], new Uint8Array(secret.length)]], remove: [['joining']] })
    await rows.close()
    expect(anyHoldsSecret(path)).toBe(false)
    await deleteSqliteStore(path, { vault })
  })

  it('without its key file, or with another one, is not opened; put back, it is', async () => {
    const path = newPath()
    const store = await openSqliteStore(path)
    await store.commit({ put: [[['a'], secret]] })
    await store.close()
    const content = readFileSync(path)
    renameSync(`${path}.key`, `${path}.away`)
    await expect(openSqliteStore(path)).rejects.toMatchObject({ code: 'profile-key-missing' })
    expect(existsSync(`${path}.key`)).toBe(false)
    const other = memoryKeyVault(new Uint8Array(32).fill(1))
    await expect(openSqliteStore(path, { vault: other })).rejects.toMatchObject({ code: 'profile-key-wrong' })
    expect(readFileSync(path).equals(content)).toBe(true)
    renameSync(`${path}.away`, `${path}.key`)
    const again = await openSqliteStore(path)
    expect(await again.get(['a'])).toEqual(secret)
    await again.close()
  })

  it('is deleted with its key, by itself and without its key too, but never under another one or another program', async () => {
    const path = newPath()
    const store = await openSqliteStore(path)
    await store.commit({ put: [[['a'], secret]] })
    await expect(deleteSqliteStore(path)).rejects.toMatchObject({ code: 'profile-in-use' })
    await store.destroy()
    expect(filesOf(path)).toEqual([])
    await (await openSqliteStore(path)).close()
    rmSync(`${path}.key`)
    await deleteSqliteStore(path)
    await deleteSqliteStore(path)
    expect(filesOf(path)).toEqual([])
    writeFileSync(path, 'Dear diary, '.repeat(1_000))
    await expect(deleteSqliteStore(path)).rejects.toMatchObject({ code: 'profile-damaged' })
    expect(existsSync(path)).toBe(true)
  })
})

describe('a key file', () => {
  it('is readable by its user only, and refused when others can read or write it', async () => {
    const path = newPath()
    const vault = keyFileVault(path)
    await vault.keep(new Uint8Array(32).fill(1))
    expect(statSync(path).mode & 0o777).toBe(0o600)
    for (const mode of [0o640, 0o604, 0o620, 0o602]) {
      chmodSync(path, mode)
      await expect(vault.read()).rejects.toMatchObject({ code: 'profile-key-exposed', retryable: false })
      await expect(vault.keep(new Uint8Array(32).fill(2))).rejects.toMatchObject({ code: 'profile-key-exposed' })
    }
    chmodSync(path, 0o400)
    expect(await vault.read()).toEqual(new Uint8Array(32).fill(1))
  })

  it('that two processes make at once holds one key, and both are told which', async () => {
    const raced = mkdtempSync(join(folder, 'raced-'))
    const children = ['1', '2'].map((own) => start('sqlite-key-keeper.ts', [raced, own, '200']))
    await Promise.all(children.map((child) => once(child.stdout, 'data')))
    const answers = children.map(async ({ stdout }) => (await stdout.setEncoding('utf8').toArray()).join(''))
    for (const child of children) child.stdin.write('go\n')
    const [first, second] = await Promise.all(answers)
    expect(first?.split(' ').length).toBe(200)
    expect(first).toBe(second)
    expect(readdirSync(raced).filter((name) => name.endsWith('.new'))).toEqual([])
  })

  it('with something else in it is refused and not replaced', async () => {
    const path = newPath()
    for (const content of ['', 'secret', `${'ab'.repeat(32)}\n`]) {
      writeFileSync(path, content, { mode: 0o600 })
      await expect(keyFileVault(path).read()).rejects.toMatchObject({ code: 'profile-key-wrong' })
      await expect(keyFileVault(path).keep(new Uint8Array(32))).rejects.toMatchObject({ code: 'profile-key-wrong' })
      expect(readFileSync(path, 'utf8')).toBe(content)
    }
  })

  it('leaves nothing unfinished behind, and takes what a dead process left along when it is removed', async () => {
    const path = newPath()
    const vault = keyFileVault(path)
    await vault.keep(new Uint8Array(32).fill(1))
    expect(filesOf(path)).toEqual([path])
    linkSync(path, `${path}.0123456789abcdef.new`)
    await vault.remove()
    expect(filesOf(path)).toEqual([])
  })

  it('in a folder that is not there is an error, and not a key that is lost later', async () => {
    const vault = keyFileVault(join(folder, 'missing', 'key'))
    await expect(vault.keep(new Uint8Array(32))).rejects.toMatchObject({ code: 'storage-failed' })
    await vault.remove()
  })
})
