import { createHash } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RelayError } from '../../src/errors'
import { type RelayServer, startRelayServer } from '../../src/server'
import { TestAccount } from '../help/account'
import { connectSocket } from '../help/client'
import { setPassword, signIn } from '../help/sign-in'

const email = 'ann.secret@example.com'
const password = 'a long enough password'

describe('the key file of password sign-in', () => {
  let folder: string
  let data: string
  let keyFile: string
  const messages: string[] = []
  const log = { debug() {}, warn() {}, error() {}, info: (_: object, message?: string) => messages.push(`${message}`) }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'owlivion-sign-in-'))
    data = join(folder, 'data')
    keyFile = join(folder, 'keys', 'data.sign-in.json')
    messages.length = 0
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const start = (signIn = {}) => startRelayServer({ data, port: 0, log, signIn })
  const failure = async (start: Promise<RelayServer>) => {
    const error = (await start.then(
      (server) => server.stop().then(() => new Error('the relay started')),
      (refused) => refused,
    )) as RelayError
    if (error.code === undefined) throw error
    return error
  }

  /** A relay that has had a registration. */
  async function registerOnce(): Promise<void> {
    const server = await start()
    const client = await connectSocket(server.url)
    const account = new TestAccount()
    await client.open(account)
    await setPassword(client, account, password, { email })
    await server.stop()
  }

  it('is made at the first start beside the data, for its owner only, and the log says that it must be backed up', async () => {
    await (await start()).stop()
    expect(statSync(keyFile).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, 'keys')).mode & 0o777).toBe(0o700)
    expect(messages.filter((message) => message.includes('back it up')).length).toBe(1)
    const made = readFileSync(keyFile, 'utf8')
    await (await start()).stop()
    expect(readFileSync(keyFile, 'utf8')).toBe(made)
    expect(messages.filter((message) => message.includes('back it up')).length).toBe(1)
  })

  it('is made only where it is asked for', async () => {
    await (await startRelayServer({ data, port: 0 })).stop()
    expect(() => statSync(keyFile)).toThrow()
  })

  it('serves what was registered before a restart, over a real connection', async () => {
    await registerOnce()
    const server = await start()
    expect(await signIn(await connectSocket(server.url), email, password)).toMatchObject({ box: 'Ym94' })
    await server.stop()
  })

  it('that others can read stops the start', async () => {
    await (await start()).stop()
    chmodSync(keyFile, 0o640)
    expect((await failure(start())).code).toBe('sign-in-key-exposed')
  })

  it('that is missing while the database has registrations stops the start, and is not replaced', async () => {
    await registerOnce()
    renameSync(keyFile, `${keyFile}.away`)
    expect((await failure(start())).code).toBe('sign-in-key-missing')
    expect(() => statSync(keyFile)).toThrow()
    renameSync(`${keyFile}.away`, keyFile)
    await (await start()).stop()
  })

  it('of another database stops the start', async () => {
    await registerOnce()
    rmSync(keyFile)
    const other = join(folder, 'other')
    const options = { port: 0, signIn: { keyFile } }
    await (await startRelayServer({ data: other, ...options })).stop()
    expect((await failure(start())).code).toBe('sign-in-key-wrong')
  })

  it('that is damaged stops the start, with an error that quotes nothing of it', async () => {
    await (await start()).stop()
    const whole = readFileSync(keyFile, 'utf8')
    writeFileSync(keyFile, whole.slice(0, -20))
    const error = await failure(start())
    expect(error.code).toBe('sign-in-key-damaged')
    expect(`${error.message}${error.stack}${String(error.cause)}`).not.toContain(whole.slice(30, 60))
  })

  it('is what a copy of the database lacks: it holds neither addresses nor what they could be guessed by', async () => {
    await registerOnce()
    const files = ['relay.db', 'relay.db-wal'].map((name) => {
      try {
        return readFileSync(join(data, name))
      } catch {
        return Buffer.alloc(0)
      }
    })
    const bytes = Buffer.concat(files)
    const { opaqueSetup, secret } = JSON.parse(readFileSync(keyFile, 'utf8')) as Record<string, string>
    const canaries = [
      email,
      'ann.secret',
      'example.com',
      password,
      opaqueSetup as string,
      secret as string,
      'registration',
    ]
    for (const canary of canaries) {
      const spellings = [
        canary,
        Buffer.from(canary).toString('hex'),
        Buffer.from(canary).toString('base64').slice(0, -3),
      ]
      for (const spelling of spellings) expect(bytes.includes(spelling)).toBe(false)
    }
    // Unkeyed hashes of the address, by which a list of addresses could be tried.
    for (const algorithm of ['sha1', 'sha256', 'sha512', 'md5']) {
      const digest = createHash(algorithm).update(email).digest()
      expect(bytes.includes(digest.subarray(0, 16))).toBe(false)
    }
  })
})
