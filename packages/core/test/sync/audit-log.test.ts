// Reading the audit log from a relay that answers whatever it likes.
import {
  type AccountId,
  bytesToBase64url,
  emptyAuditHash,
  encodeAuditRow,
  type Hash,
  nextAuditHash,
} from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import type { SyncError } from '../../src/errors'
import { nodeSigning } from '../../src/platform/node-signing'
import { openMemoryStore } from '../../src/storage'
import type { AccountCalls } from '../../src/sync/account/account-calls'
import { AccountService, type ServiceContext } from '../../src/sync/account/account-service'
import { FakePlatform } from './support/fake-platform'

const signing = nodeSigning()
const account = new Uint8Array(32).fill(9) as AccountId

/** A service whose relay is the given function. */
function serviceOf(relay: (method: string, request: never) => object, store = openMemoryStore()) {
  const reports: string[] = []
  const context = {
    platform: new FakePlatform(),
    account,
    store,
    calls: {
      ask: async (method: string, request: object) => relay(method, request as never),
    } as unknown as AccountCalls,
    write: (batch) => store.commit(batch),
    deviceName: () => undefined,
    keyring: () => {
      throw new TypeError('not asked for here')
    },
    report: ({ code }: SyncError) => reports.push(code),
  } satisfies ServiceContext
  return { service: new AccountService(context), reports, store }
}

function logOf(length: number) {
  const rows: Uint8Array[] = []
  const hashes: Hash[] = [emptyAuditHash(signing.sha512, account)]
  for (let n = 1; n <= length; n++) {
    rows.push(encodeAuditRow({ n, timeMs: n, kind: 'rekeyed', address: '', detail: '' }))
    hashes.push(nextAuditHash(signing.sha512, hashes[n - 1] as Hash, rows[n - 1] as Uint8Array))
  }
  return (_method: string, { from, limit }: { from: number; limit: number }) => {
    const first = Math.min(from, length + 1)
    return {
      first,
      length,
      head: bytesToBase64url(hashes[length] as Hash),
      previous: bytesToBase64url(hashes[first - 1] as Hash),
      rows: rows.slice(first - 1, first - 1 + limit).map((row) => bytesToBase64url(row)),
    }
  }
}

describe('reading the audit log', () => {
  it('goes page by page, and remembers its end over a restart', async () => {
    let asked = 0
    const relay = logOf(1_203)
    const first = serviceOf((method, request) => {
      asked++
      return relay(method, request)
    })
    expect((await first.service.audit({})).entries).toHaveLength(1_203)
    expect(asked).toBe(3)
    const again = serviceOf(logOf(1_200), first.store)
    expect((await again.service.audit({ from: 1_100 })).problems).toEqual([
      { code: 'audit-gap', row: 1_201, message: 'Rows 1201 to 1203 of the audit log are missing at the relay.' },
    ])
    expect(again.reports).toEqual(['audit-gap'])
  })

  it('takes no answer that is not one, and does not follow a log that never ends', async () => {
    const hash = bytesToBase64url(new Uint8Array(32))
    const page = { first: 1, length: 1, head: hash, previous: hash, rows: [] as unknown[] }
    const row = bytesToBase64url(encodeAuditRow({ n: 1, timeMs: 1, kind: 'rekeyed', address: '', detail: '' }))
    const bad = [
      {},
      { ...page, first: -1 },
      { ...page, first: 1.5 },
      { ...page, length: '1' },
      { ...page, head: 'AAAA' },
      { ...page, head: 7 },
      { ...page, previous: undefined },
      { ...page, rows: 'AAAA' },
      { ...page, rows: [7] },
      { ...page, rows: ['!'] },
      { ...page, rows: Array(501).fill(row) },
      { ...page, rows: [row, row] },
      { ...page, first: 0, rows: [row] },
    ]
    for (const answer of bad) {
      const { service } = serviceOf(() => answer)
      await expect(service.audit({}), JSON.stringify(answer)).rejects.toMatchObject({ code: 'relay-misbehaved' })
    }
    const endless = serviceOf((_method, { from }: { from: number }) => ({
      ...page,
      first: from,
      length: from + 500,
      rows: Array(500).fill(row),
    }))
    await expect(endless.service.audit({})).rejects.toMatchObject({ code: 'relay-misbehaved' })
  })

  it('says what is wrong with what it remembers when that cannot be read', async () => {
    const store = openMemoryStore()
    await store.commit({ put: [[['audit-mark'], new Uint8Array([1, 2, 3])]] })
    await expect(serviceOf(logOf(3), store).service.audit({})).rejects.toMatchObject({ code: 'profile-damaged' })
  })

  it('tells of rows whose time is no date', async () => {
    const bytes = encodeAuditRow({ n: 1, timeMs: 2 ** 53 - 1, kind: 'rekeyed', address: '', detail: '' })
    const start = emptyAuditHash(signing.sha512, account)
    const { service } = serviceOf(() => ({
      first: 1,
      length: 1,
      head: bytesToBase64url(nextAuditHash(signing.sha512, start, bytes)),
      previous: bytesToBase64url(start),
      rows: [bytesToBase64url(bytes)],
    }))
    const { statistics, problems } = await service.audit({})
    expect([statistics.byDay, problems]).toEqual([{ '': 1 }, []])
  })
})

describe('the list of devices', () => {
  it('is taken only when all of it is as it must be', async () => {
    const device = { device: 'ab'.repeat(16), firstSeenMs: 1, lastSeenMs: 2, address: '192.0.2.7' }
    const good = serviceOf(() => ({ devices: [device] }))
    await good.service.refreshSightings()
    expect(good.service.sightingOf(new Uint8Array(16).fill(0xab) as never)).toEqual({
      firstSeenMs: 1,
      lastSeenMs: 2,
      address: '192.0.2.7',
    })
    const bad = [
      { ...device, device: 'AB'.repeat(16) },
      { ...device, firstSeenMs: '1' },
      { ...device, lastSeenMs: Number.NaN },
      { ...device, address: 'a\nb' },
      { ...device, address: 'x'.repeat(65) },
      null,
    ]
    for (const each of bad)
      await expect(serviceOf(() => ({ devices: [each] })).service.refreshSightings()).rejects.toMatchObject({
        code: 'relay-misbehaved',
      })
  })
})
