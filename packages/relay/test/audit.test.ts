// What the relay writes down of an account, and what a device is told of it.
import { type AuditRow, base64urlToBytes, bytesToHex, emptyAuditHash, nextAuditHash } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { RelayError } from '../src/errors'
import { KeyPair, random, sha512, TestAccount, TestDevice } from './help/account'
import { ask, auditRows } from './help/calls'
import { startTestRelay } from './help/relay'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Rows as sentences: kind, who, to whom, from where, and the detail. */
function told(rows: readonly AuditRow[], names: Readonly<Record<string, TestDevice>>): string[] {
  const nameOf = (id: Uint8Array | undefined) =>
    id && (Object.entries(names).find(([, device]) => bytesToHex(device.id) === bytesToHex(id))?.[0] ?? 'somebody')
  return rows.map(({ kind, device, target, detail, address }) =>
    [kind, nameOf(device) ?? '-', nameOf(target) ?? '-', address, detail].join(' ').trimEnd(),
  )
}

describe('the audit log', () => {
  it('tells of every keyring record, with who signed it, whom it is about, and from where it came', async () => {
    const { connect } = startTestRelay()
    const account = new TestAccount()
    const [phone, tablet, key] = [new TestDevice(account), new TestDevice(account), new TestDevice(account)]
    const client = connect()
    await client.open(account)
    const next = new KeyPair()
    for (const frame of [
      account.add(phone),
      account.add(key, account.first, 'sign-in'),
      account.remove([phone, key], []),
      account.rekey(),
      account.request(next),
      account.veto(),
    ]) {
      client.send(frame)
      await client.find('keyring-changed')
    }
    const holder = connect('relay.example', '198.51.100.1')
    await holder.logInForRecovery(account.recovery)
    await holder.next('welcome')
    holder.send(account.recover(tablet, [account.first], []))
    await holder.find('keyring-changed')
    const after = connect()
    await after.logIn(tablet)
    const rows = told(await auditRows(after), { first: account.first, phone, tablet, key })
    const order = [phone, key].sort((a, b) => (bytesToHex(a.id) < bytesToHex(b.id) ? -1 : 1))
    const removed = order.map((device) => `devices-removed first ${device === phone ? 'phone' : 'key'} 192.0.2.7`)
    expect(rows).toEqual([
      'account-created first - 192.0.2.7',
      'device-added first phone 192.0.2.7',
      'device-added first key 192.0.2.7 sign-in-key',
      ...removed,
      'rekeyed first - 192.0.2.7',
      'reissue-requested first - 192.0.2.7',
      'reissue-vetoed first - 192.0.2.7',
      'sign-in - - 198.51.100.1 recovery-phrase',
      'recovered - tablet 198.51.100.1',
      'devices-removed - first 198.51.100.1',
      'sign-in tablet - 192.0.2.7',
    ])
  })

  it('says nothing of a record that was refused', async () => {
    const { connect } = startTestRelay()
    const account = new TestAccount()
    const client = connect()
    await client.open(account)
    const stale = account.rekey()
    client.send(stale, stale)
    await client.next('keyring-changed')
    await client.next('refused')
    expect((await auditRows(client)).map((row) => row.kind)).toEqual(['account-created', 'rekeyed'])
  })

  it('tells of a login once while a device keeps coming back from the same place', async () => {
    const { connect, pass } = startTestRelay()
    const account = new TestAccount()
    const opener = connect()
    await opener.open(account)
    opener.link.close()
    await pass(MINUTE)
    for (let i = 0; i < 3; i++) {
      const again = connect()
      await again.logIn(account.first)
      again.link.close()
      await pass(9 * MINUTE)
    }
    await connect('relay.example', '198.51.100.1').logIn(account.first)
    await pass(11 * MINUTE)
    const last = connect('relay.example', '198.51.100.1')
    await last.logIn(account.first)
    expect(told(await auditRows(last), { first: account.first })).toEqual([
      'account-created first - 192.0.2.7',
      'sign-in first - 198.51.100.1',
    ])
    last.link.close()
    await pass(11 * MINUTE)
    const late = connect('relay.example', '198.51.100.1')
    await late.logIn(account.first)
    expect((await auditRows(late)).map((row) => row.kind)).toEqual(['account-created', 'sign-in', 'sign-in'])
  })

  it('tells of failed logins, and a stranger cannot flood it', async () => {
    const { connect, pass } = startTestRelay({ limits: { idleTimeoutMs: 3 * HOUR } })
    const account = new TestAccount()
    const client = connect()
    await client.open(account)
    const fail = async (device: TestDevice) => {
      const stranger = connect('relay.example', '203.0.113.9')
      await stranger.logInAsStranger(device, account)
    }
    for (let i = 0; i < 50; i++) await fail(new TestDevice(account))
    const failures = (await auditRows(client)).filter((row) => row.kind === 'sign-in-failed')
    expect(failures).toHaveLength(20)
    expect(failures[0]).toMatchObject({ address: '203.0.113.9', detail: 'device-unknown' })
    await pass(HOUR)
    const rows = (await auditRows(client)).map(({ kind, detail }) => `${kind} ${detail}`.trimEnd())
    expect(rows.slice(-2)).toEqual(['sign-in-failed device-unknown', 'sign-in-failed more:30'])
    await fail(new TestDevice(account))
    expect((await auditRows(client)).at(-1)).toMatchObject({ kind: 'sign-in-failed', detail: 'device-unknown' })
  })

  it('tells of an answer to a challenge that does not verify, of a removed device, and of no account that does not exist', async () => {
    const { connect, data, settle } = startTestRelay()
    const account = new TestAccount()
    const phone = new TestDevice(account)
    const client = connect()
    await client.open(account)
    client.send(account.add(phone), account.remove(phone, []))
    await client.find('keyring-changed')
    await client.find('keyring-changed')
    await expect(
      connect()
        .logIn(phone)
        .then(() => 'in'),
    ).resolves.toBe('in')
    const liar = connect()
    liar.send({ type: 'hello', version: 1, account: account.id, device: account.first.id })
    await liar.next('challenge')
    liar.send({ type: 'auth', publicKey: account.first.keys.publicKey, signature: random(64) })
    await liar.next('refused')
    const nowhere = new TestAccount()
    const lost = connect()
    lost.send({ type: 'hello', version: 1, account: nowhere.id, device: nowhere.first.id })
    await lost.next('challenge')
    lost.send({ type: 'auth', publicKey: nowhere.first.keys.publicKey, signature: random(64) })
    await lost.next('refused')
    await settle()
    const rows = told(await auditRows(client), { first: account.first, phone })
    expect(rows.filter((row) => row.startsWith('sign-in-failed'))).toEqual([
      'sign-in-failed phone - 192.0.2.7 device-removed',
      'sign-in-failed first - 192.0.2.7 bad-challenge',
    ])
    expect(data.accounts.size).toBe(1)
  })

  it('is read in parts that chain, and every part says where the log ends', async () => {
    const { connect } = startTestRelay()
    const account = new TestAccount()
    const client = connect()
    await client.open(account)
    for (let i = 0; i < 4; i++) client.send(account.rekey())
    for (let i = 0; i < 4; i++) await client.find('keyring-changed')
    let hash = emptyAuditHash(sha512, account.id)
    for (const from of [1, 3, 5]) {
      const page = await ask(client, 'audit.read', { from, limit: 2 })
      expect([page.first, page.length, page.rows.length]).toEqual([from, 5, from === 5 ? 1 : 2])
      expect(base64urlToBytes(page.previous)).toEqual(hash)
      for (const row of page.rows) hash = nextAuditHash(sha512, hash, base64urlToBytes(row))
      if (from === 5) expect(base64urlToBytes(page.head)).toEqual(hash)
    }
    for (const body of [{ from: 0, limit: 1 }, { from: 1, limit: 501 }, { from: 1 }, { from: 1, limit: 1, more: 1 }])
      await expect(ask(client, 'audit.read', body as never)).rejects.toMatchObject({ code: 'call-refused' })
  })

  it('takes a note of an export, and of nothing else', async () => {
    const { connect } = startTestRelay()
    const account = new TestAccount()
    const client = connect()
    await client.open(account)
    await ask(client, 'audit.note', { kind: 'exported', detail: 'audit-csv 12' })
    await ask(client, 'audit.note', { kind: 'exported', detail: '€'.repeat(256) })
    const rows = await auditRows(client)
    expect(told(rows.slice(1, 2), { first: account.first })).toEqual(['exported first - 192.0.2.7 audit-csv 12'])
    expect(rows[2]?.detail).toBe('€'.repeat(85))
    for (const body of [
      { kind: 'rekeyed', detail: '' },
      { kind: 'exported', detail: 'x'.repeat(257) },
      { kind: 'exported', detail: '\ud800' },
    ])
      await expect(ask(client, 'audit.note', body as never)).rejects.toMatchObject({ code: 'call-refused' })
    for (let i = 0; i < 30; i++) await ask(client, 'audit.note', { kind: 'exported', detail: '' })
    expect(await auditRows(client)).toHaveLength(21)
  })

  it('does not keep a device out while the disk refuses to write it', async () => {
    let isFull = false
    const { connect } = startTestRelay({
      commit: async (apply) => {
        if (isFull) throw new RelayError('storage-unavailable')
        apply()
      },
    })
    const account = new TestAccount()
    const client = connect()
    await client.open(account)
    isFull = true
    const second = connect('relay.example', '198.51.100.1')
    await second.logIn(account.first)
    expect((await auditRows(second)).map((row) => row.kind)).toEqual(['account-created'])
    await expect(ask(second, 'audit.note', { kind: 'exported', detail: '' })).rejects.toMatchObject({
      code: 'storage-unavailable',
      retryable: true,
    })
  })
})

describe('the list of devices', () => {
  it('says when and from where each was seen first and last', async () => {
    const { connect, pass } = startTestRelay()
    const account = new TestAccount()
    const phone = new TestDevice(account)
    const start = 1_700_000_000_000
    const client = connect()
    await client.open(account)
    client.send(account.add(phone))
    await client.find('keyring-changed')
    await pass(1_000)
    const visitor = connect('relay.example', '198.51.100.1')
    await visitor.logIn(phone)
    client.send({ type: 'ping', id: 1 })
    await pass(2_000)
    visitor.link.close()
    await pass(7_000)
    const { devices } = await ask(client, 'devices.list', {})
    const byId = new Map(devices.map(({ device, ...seen }) => [device, seen]))
    expect(byId.get(bytesToHex(account.first.id))).toMatchObject({ lastSeenMs: start + 10_000, address: '192.0.2.7' })
    expect(byId.get(bytesToHex(phone.id))).toEqual({
      firstSeenMs: start + 1_000,
      lastSeenMs: start + 3_000,
      address: '198.51.100.1',
    })
  })

  it('moves while a device that says something stays connected, and not with every frame', async () => {
    let commits = 0
    const { connect, pass, data } = startTestRelay({
      commit: async (apply) => {
        commits++
        apply()
      },
      limits: { idleTimeoutMs: 120_000 },
    })
    const account = new TestAccount()
    const client = connect()
    await client.open(account)
    await pass(10_000)
    commits = 0
    for (let second = 0; second < 180; second++) {
      client.send({ type: 'ping', id: second })
      await pass(1_000)
    }
    expect(commits).toBeLessThanOrEqual(3)
    const [row] = [...(data.accounts.get(bytesToHex(account.id))?.devices.values() ?? [])]
    expect((row?.lastSeenMs ?? 0) - 1_700_000_000_000).toBeGreaterThan(100_000)
  })

  it('and the audit log have no address at a relay that keeps none', async () => {
    const { connect, pass } = startTestRelay({ keepsAddresses: false })
    const account = new TestAccount()
    const client = connect()
    await client.open(account)
    await connect().logInAsStranger(new TestDevice(account))
    await pass(6_000)
    const { devices } = await ask(client, 'devices.list', {})
    const rows = await auditRows(client)
    expect([...devices, ...rows].map(({ address }) => address)).toEqual(['', '', ''])
  })
})
