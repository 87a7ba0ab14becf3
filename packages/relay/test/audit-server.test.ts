// The audit log over a real socket, and what the relay's database makes of it: kept over a restart, addresses as the operator
// wants them, nothing left of a deleted account.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bytesToBase64url, bytesToHex, deletionSigningBytes } from '@owlivion/sync-protocol'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { remoteAddressOf } from '../src/remote-address'
import { type RelayServer, type RelayServerOptions, startRelayServer } from '../src/server'
import { documentNamed, TestAccount, TestDevice } from './help/account'
import { ask, auditRows } from './help/calls'
import { connectSocket } from './help/client'
import { killRelayProcesses, startRelayProcess } from './help/process'

let folder: string
let server: RelayServer | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'owlivion-relay-'))
})
afterEach(async () => {
  killRelayProcesses()
  await server?.stop()
  server = undefined
  rmSync(folder, { recursive: true, force: true })
})

async function start(options: Partial<RelayServerOptions> = {}): Promise<RelayServer> {
  server = await startRelayServer({ data: folder, port: 0, ...options })
  return server
}

/** Everything in the files of the database. */
function onDisk(): Buffer {
  const read = (name: string) => {
    try {
      return readFileSync(join(folder, name))
    } catch {
      // A write-ahead log that is not there holds nothing.
      return Buffer.alloc(0)
    }
  }
  return Buffer.concat(['relay.db', 'relay.db-wal'].map(read))
}

describe('over a real socket', () => {
  it('the log and the sightings outlive a restart', async () => {
    const account = new TestAccount()
    const { url } = await start()
    const client = await connectSocket(url)
    await client.open(account)
    await ask(client, 'audit.note', { kind: 'exported', detail: 'contacts' })
    const before = await auditRows(client)
    expect(before.map(({ kind, address }) => [kind, address])).toEqual([
      ['account-created', '127.0.0.1'],
      ['exported', '127.0.0.1'],
    ])
    await server?.stop()
    const again = await connectSocket((await start()).url)
    await again.logIn(account.first)
    expect((await auditRows(again)).slice(0, 2)).toEqual(before)
    const { devices } = await ask(again, 'devices.list', {})
    expect(devices).toMatchObject([{ device: bytesToHex(account.first.id), address: '127.0.0.1' }])
    expect(devices[0]?.firstSeenMs).toBeLessThan(devices[0]?.lastSeenMs as number)
  })

  it('a deleted account leaves its tombstone and not one byte else, also in the pages of the file', async () => {
    const account = new TestAccount()
    const { url } = await start()
    const [client, stranger] = [
      await connectSocket(url, { 'x-forwarded-for': '203.0.113.9' }),
      await connectSocket(url),
    ]
    await client.open(account)
    const push = account.first.push(documentNamed('contacts'), { count: 3 })
    client.send(push)
    await client.find('pushed')
    await ask(client, 'audit.note', { kind: 'exported', detail: 'a canary in the detail' })
    await stranger.logInAsStranger(new TestDevice(account), account)
    await ask(client, 'devices.list', {})
    const canaries = [
      Buffer.from('a canary in the detail'),
      Buffer.from(account.first.id),
      Buffer.from(push.entries[0] as Uint8Array).subarray(0, 100),
      Buffer.from(account.first.keys.publicKey),
    ]
    for (const canary of canaries) expect(onDisk().includes(canary)).toBe(true)
    const signature = account.recovery.sign(deletionSigningBytes(account.id, account.keyring.head))
    await ask(client, 'account.delete', { signature: bytesToBase64url(signature) })
    expect(await client.closed()).toBe(4410)
    await server?.stop()
    const files = onDisk()
    for (const canary of canaries) expect(files.includes(canary)).toBe(false)
    const db = new Database(join(folder, 'relay.db'), { readonly: true })
    const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as { name: string }[]
    const counts = tables.map(({ name }) => [name, db.prepare(`SELECT count(*) FROM ${name}`).pluck().get()])
    db.close()
    expect(Object.fromEntries(counts.filter(([, count]) => count !== 0))).toEqual({ relay: 1, deleted_accounts: 1 })
  })

  it.each([
    ['is not believed', [], '127.0.0.1'],
    ['is the address behind a proxy that is trusted', ['--trust-proxy'], '203.0.113.9'],
    ['is not kept where no address is', ['--trust-proxy', '--no-addresses'], ''],
  ])('an address that a header names %s', async (_what, args, expected) => {
    const { url } = await startRelayProcess(folder, args)
    const account = new TestAccount()
    const client = await connectSocket(url, { 'x-forwarded-for': '198.51.100.1, 203.0.113.9' })
    await client.open(account)
    const { devices } = await ask(client, 'devices.list', {})
    expect([...(await auditRows(client)), ...devices].map(({ address }) => address)).toEqual([expected, expected])
  })
})

describe('the address of a connection', () => {
  const addressOf = (header: string | string[] | undefined, trustsProxy: boolean, own = '::ffff:10.0.0.1') => {
    const headers = header === undefined ? {} : { 'x-forwarded-for': header as string }
    return remoteAddressOf({ headers, socket: { remoteAddress: own } }, trustsProxy)
  }

  it('is the last one that the proxy named, if it named one', () => {
    expect(addressOf('1.2.3.4, 5.6.7.8', true)).toBe('5.6.7.8')
    expect(addressOf(['1.2.3.4', '5.6.7.8, 2001:db8::1'], true)).toBe('2001:db8::1')
    expect(addressOf('::ffff:5.6.7.8', true)).toBe('5.6.7.8')
    for (const header of ['unknown', '5.6.7.8, <script>', '', undefined])
      expect(addressOf(header, true)).toBe('10.0.0.1')
    expect(addressOf('5.6.7.8', false)).toBe('10.0.0.1')
    expect(addressOf(undefined, false, '2001:db8::1')).toBe('2001:db8::1')
  })
})
