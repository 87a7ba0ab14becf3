// The audit log from the device to the relay's database and back: what is written is read, and whatever somebody with the
// database does to it, the device misses it.
import { join } from 'node:path'
import { type RelayServer, startRelayServer } from '@owlivion/relay'
import {
  type AuditOptions,
  type AuditReport,
  createAccount,
  isSyncError,
  joinAccount,
  openMemoryStore,
  recoverAccount,
  type Store,
  type Sync,
  type SyncEvent,
} from '@owlivion/sync'
import { nodePlatform } from '@owlivion/sync/node'
import { decodeAuditRow, encodeAuditRow, type Hash, nextAuditHash } from '@owlivion/sync-protocol'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../support/temporary-folder'

const platform = nodePlatform()
let folder: string
let server: RelayServer
let port = 0
const open: Sync[] = []

async function startRelay(): Promise<void> {
  server = await startRelayServer({ data: folder, port })
  port = Number(new URL(server.url).port)
}

beforeEach(async () => {
  folder = temporaryFolder()
  port = 0
  await startRelay()
})
afterEach(async () => {
  for (const sync of open.splice(0)) await sync.close()
  await server.stop()
})

const options = (deviceName: string, store: Store = openMemoryStore()) => ({
  platform,
  store,
  relay: server.url.replace('http', 'ws'),
  deviceName,
})

const kept = (sync: Sync): Sync => {
  open.push(sync)
  return sync
}

async function online(sync: Sync): Promise<void> {
  while (sync.status.connection !== 'online') await new Promise((resolve) => setTimeout(resolve, 5))
}

async function startAccount(): Promise<{ sync: Sync; recoveryPhrase: string; events: SyncEvent[] }> {
  const { sync, recoveryPhrase } = await createAccount(options('laptop'))
  const events: SyncEvent[] = []
  sync.on((event) => events.push(event))
  await kept(sync).flush()
  return { sync, recoveryPhrase, events }
}

/** Something happens to the account, so that the log is `count` rows longer. */
async function happen(sync: Sync, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await sync.rotateKeys()
}

/** Does something to the relay's database while the relay is away. */
async function tamper(sync: Sync, work: (db: Database.Database) => void): Promise<void> {
  await server.stop()
  const db = new Database(join(folder, 'relay.db'))
  work(db)
  db.close()
  await startRelay()
  sync.goOffline()
  sync.goOnline()
  await online(sync)
}

interface StoredRow {
  readonly n: number
  readonly bytes: Uint8Array
  readonly previous: Uint8Array
}

const rowsOf = (db: Database.Database) =>
  db.prepare('SELECT n, bytes, previous FROM audit ORDER BY n').all() as StoredRow[]

const changeAddress = (row: StoredRow): Uint8Array =>
  encodeAuditRow({ ...decodeAuditRow(new Uint8Array(row.bytes)), address: '203.0.113.66' })

const told = ({ problems }: AuditReport) => problems.map(({ code, row }) => `${code} ${row}`)
const numbers = ({ entries }: AuditReport, isVerified: boolean) =>
  entries.filter((entry) => entry.isVerified === isVerified).map(({ n }) => n)

describe('the audit log', () => {
  it('tells a device what happened to its account, by whom, to whom and from where', async () => {
    const { sync, recoveryPhrase } = await startAccount()
    const phone = kept(await joinAccount({ ...options('phone'), recoveryPhrase }))
    await online(phone)
    await sync.rotateKeys()
    await phone.refreshDevices()
    await sync.removeDevices([phone.deviceId])
    const { entries, problems, statistics } = await sync.audit()
    expect(problems).toEqual([])
    expect(entries.map(({ kind, deviceName, targetName, detail }) => [kind, deviceName, targetName, detail])).toEqual([
      ['account-created', 'laptop', undefined, ''],
      ['sign-in', undefined, undefined, 'recovery-phrase'],
      ['device-added', undefined, 'phone', ''],
      ['sign-in', 'phone', undefined, ''],
      ['rekeyed', 'laptop', undefined, ''],
      ['device-suspended', 'laptop', 'phone', ''],
      ['devices-removed', 'laptop', 'phone', ''],
    ])
    expect(new Set(entries.map(({ address }) => address))).toEqual(new Set(['127.0.0.1']))
    expect(statistics.byKind).toMatchObject({ 'sign-in': 2, rekeyed: 1 })
    expect(statistics.byDevice).toEqual({ [sync.deviceId]: 4, [phone.deviceId]: 1, '': 2 })
    expect(Object.values(statistics.byDay).reduce((sum, count) => sum + count, 0)).toBe(7)
  })

  it('is filtered by number, kind, device and time, and verified all the same', async () => {
    const { sync, recoveryPhrase } = await startAccount()
    const phone = kept(await joinAccount({ ...options('phone'), recoveryPhrase }))
    await online(phone)
    await happen(sync, 2)
    const all = await sync.audit()
    const read = async (filter: AuditOptions) => (await sync.audit(filter)).entries.map(({ n }) => n)
    expect(await read({ from: 4 })).toEqual(all.entries.slice(3).map(({ n }) => n))
    expect(await read({ kinds: ['rekeyed'] })).toEqual([5, 6])
    expect(await read({ device: phone.deviceId })).toEqual([3, 4])
    expect(await read({ sinceMs: all.entries[4]?.timeMs ?? 0, kinds: ['rekeyed', 'sign-in'] })).toEqual([5, 6])
    expect(await read({ from: 100 })).toEqual([])
  })

  it('leaves as CSV, and says so itself', async () => {
    const { sync } = await startAccount()
    const csv = await sync.exportAudit()
    const lines = csv.split('\r\n')
    expect(lines).toHaveLength(4)
    expect(lines[1]).toMatch(/^1,.*,account-created,laptop,/)
    expect(lines[2]).toMatch(/^2,.*,exported,laptop,.*,audit-log,yes$/)
  })

  it('needs a connection, and says so', async () => {
    const { sync } = await startAccount()
    sync.goOffline()
    for (const attempt of [sync.audit(), sync.exportAudit(), sync.refreshDevices()])
      expect(isSyncError(await attempt.catch((error: unknown) => error), 'connection-lost')).toBe(true)
  })
})

describe('a database that somebody changed', () => {
  it('in one row is missed, and the row is named', async () => {
    const { sync, events } = await startAccount()
    await happen(sync, 6)
    expect((await sync.audit()).problems).toEqual([])
    await tamper(sync, (db) => {
      const row = rowsOf(db)[2] as StoredRow
      db.prepare('UPDATE audit SET bytes = ? WHERE n = ?').run(changeAddress(row), row.n)
    })
    const report = await sync.audit()
    expect(told(report)).toEqual(['audit-altered 3'])
    expect(numbers(report, false)).toEqual([1, 2, 3])
    expect(numbers(report, true)).toEqual([4, 5, 6, 7])
    const errors = events.flatMap((event) => (event.type === 'error' ? [event.error.code] : []))
    expect(errors).toContain('audit-altered')
    // It does not grow into the truth by being looked at.
    expect(told(await sync.audit())).toEqual(['audit-altered 3'])
  })

  it('in several rows has each of them named', async () => {
    const { sync } = await startAccount()
    await happen(sync, 8)
    await sync.audit()
    await tamper(sync, (db) => {
      for (const n of [2, 5])
        db.prepare('UPDATE audit SET bytes = ? WHERE n = ?').run(changeAddress(rowsOf(db)[n - 1] as StoredRow), n)
    })
    const report = await sync.audit()
    expect(told(report)).toEqual(['audit-altered 2', 'audit-altered 5'])
    expect(numbers(report, true)).toEqual([6, 7, 8, 9])
  })

  it('by dropping a row in the middle is missed', async () => {
    const { sync } = await startAccount()
    await happen(sync, 5)
    await sync.audit()
    await tamper(sync, (db) => db.prepare('DELETE FROM audit WHERE n = 3').run())
    const report = await sync.audit()
    expect(told(report)).toEqual(['audit-gap 3'])
    expect([numbers(report, false), numbers(report, true)]).toEqual([
      [1, 2],
      [4, 5, 6],
    ])
  })

  it('by dropping its oldest rows is missed', async () => {
    const { sync } = await startAccount()
    await happen(sync, 4)
    await sync.audit()
    await tamper(sync, (db) => db.prepare('DELETE FROM audit WHERE n < 3').run())
    const report = await sync.audit()
    expect(told(report)).toEqual(['audit-gap 1'])
    expect(numbers(report, true)).toEqual([3, 4, 5])
  })

  it('by dropping its newest rows is missed, also when others have come in their place', async () => {
    const { sync } = await startAccount()
    await happen(sync, 4)
    await sync.audit()
    await tamper(sync, (db) => db.prepare('DELETE FROM audit WHERE n > 3').run())
    expect(told(await sync.audit())).toEqual(['audit-gap 4'])
    await happen(sync, 4)
    const report = await sync.audit()
    expect(told(report)).toEqual(['audit-altered 5'])
    expect(numbers(report, true)).toEqual([])
  })

  it('by writing the chain anew from a row on is missed', async () => {
    const { sync } = await startAccount()
    await happen(sync, 5)
    await sync.audit()
    await tamper(sync, (db) => {
      const rows = rowsOf(db)
      let previous = new Uint8Array((rows[2] as StoredRow).previous) as Hash
      for (const row of rows.slice(2)) {
        const bytes = row.n === 3 ? changeAddress(row) : new Uint8Array(row.bytes)
        db.prepare('UPDATE audit SET bytes = ?, previous = ? WHERE n = ?').run(bytes, previous, row.n)
        previous = nextAuditHash(platform.signing.sha512, previous, bytes)
      }
    })
    const report = await sync.audit()
    expect(told(report)).toEqual(['audit-altered 6'])
    expect(report.problems[0]?.message).toContain('or one before it')
    expect(numbers(report, true)).toEqual([])
  })

  it('behind what this device had read is not missed by it, and a restored backup can be accepted', async () => {
    const { sync } = await startAccount()
    await happen(sync, 3)
    await sync.audit()
    await happen(sync, 2)
    await tamper(sync, (db) => {
      const row = rowsOf(db)[5] as StoredRow
      db.prepare('UPDATE audit SET bytes = ? WHERE n = ?').run(changeAddress(row), row.n)
    })
    expect(told(await sync.audit())).toEqual([])
    await tamper(sync, (db) => db.prepare('DELETE FROM audit WHERE n > 2').run())
    expect(told(await sync.audit())).toEqual(['audit-gap 3'])
    expect(told(await sync.audit({ acceptAsIs: true }))).toEqual([])
    expect(told(await sync.audit())).toEqual([])
  })
})

describe('the list of devices', () => {
  it('says when and from where the relay saw them', async () => {
    const { sync, recoveryPhrase } = await startAccount()
    const phone = kept(await joinAccount({ ...options('phone'), recoveryPhrase }))
    await online(phone)
    expect(sync.devices().map(({ lastSeenMs }) => lastSeenMs)).toEqual([undefined, undefined])
    const before = Date.now()
    await sync.refreshDevices()
    const devices = sync.devices()
    expect(devices.map(({ name, role, address, isThisDevice }) => [name, role, address, isThisDevice])).toEqual([
      ['laptop', 'device', '127.0.0.1', true],
      ['phone', 'device', '127.0.0.1', false],
    ])
    expect(devices[0]?.lastSeenMs).toBeGreaterThanOrEqual(before)
    expect(devices[1]?.firstSeenMs).toBeLessThanOrEqual(devices[1]?.lastSeenMs as number)
  })
})

describe('an account that is deleted', () => {
  it('is gone at the relay and told to every device, which keep what they have', async () => {
    const { sync, recoveryPhrase } = await startAccount()
    const notes = await sync.open<{ text: string }>('notes')
    await notes.add('1', { text: 'kept here' })
    await sync.flush()
    const phone = kept(await joinAccount({ ...options('phone'), recoveryPhrase }))
    await online(phone)
    const other = (await createAccount({ ...options('other'), online: false })).recoveryPhrase
    const wrong = await sync.deleteAccount({ recoveryPhrase: other }).catch((error: unknown) => error)
    expect(isSyncError(wrong, 'wrong-account')).toBe(true)
    expect((await sync.audit()).problems).toEqual([])

    await sync.deleteAccount({ recoveryPhrase })
    for (const each of [sync, phone]) {
      while (each.status.connection !== 'refused') await new Promise((resolve) => setTimeout(resolve, 5))
      expect(each.status.refusal?.code).toBe('account-deleted')
    }
    expect(notes.get('1')).toMatchObject({ text: 'kept here' })
    sync.goOnline()
    while (sync.status.connection !== 'refused') await new Promise((resolve) => setTimeout(resolve, 5))
    expect(sync.status.refusal?.code).toBe('account-deleted')
    for (const attempt of [joinAccount, recoverAccount]) {
      const error = await attempt({ ...options('late'), recoveryPhrase }).catch((reason: unknown) => reason)
      expect(isSyncError(error, 'account-deleted')).toBe(true)
    }
    await sync.wipe()
  })
})
