// The part of the contract suite about sightings of devices, the audit log, and deletion.
import {
  type AccountId,
  type AuditKind,
  decodeAuditRow,
  emptyAuditHash,
  type Hash,
  MAX_AUDIT_ROWS,
  nextAuditHash,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import type { AuditEvent, AuditSlice } from './account-rows'
import { a, account, b, bytes, contacts, headAt, PAGE, push, record } from './contract-fixtures'
import type { ContractSuite } from './contract-suite'

const event = (timeMs: number, kind: AuditKind = 'rekeyed'): AuditEvent => ({
  timeMs,
  kind,
  device: a,
  address: '192.0.2.7',
  detail: '',
})
const events = (count: number, firstMs = 1): AuditEvent[] =>
  Array.from({ length: count }, (_, index) => event(firstMs + index))
const timesOf = ({ rows }: AuditSlice) => rows.map((row) => decodeAuditRow(row).timeMs)

export function describeAccountRows(suite: ContractSuite): void {
  const { name, describe, check, checkWithAccount, append, expect, sha512 } = suite

  /** The hash that the rows of a slice lead to from the one before them. */
  const endOf = ({ previous, rows }: AuditSlice): Hash =>
    rows.reduce((hash: Hash, row) => nextAuditHash(sha512, hash, row), previous)

  describe(`${name}: sightings`, () => {
    checkWithAccount('the first one stays, the last one moves, with its address', async ({ accountRows }, opened) => {
      const seen = (device: typeof a, atMs: number, address: string) => ({
        account,
        device,
        firstMs: atMs - 1,
        lastMs: atMs,
        address,
      })
      await accountRows.putDevicesSeen([seen(b, 5, 'x'), seen(a, 10, 'y'), seen(a, 30, 'z')])
      await accountRows.putDevicesSeen([seen(a, 20, 'w')])
      const rows = [
        { device: a, firstSeenMs: 9, lastSeenMs: 30, address: 'w' },
        { device: b, firstSeenMs: 4, lastSeenMs: 5, address: 'x' },
      ]
      expect(await accountRows.readDevicesSeen(account)).toEqual(rows)
      expect(await (await opened.reopen()).accountRows.readDevicesSeen(account)).toEqual(rows)
    })

    check('of an account that nobody opened are not kept', async ({ accountRows }) => {
      await accountRows.putDevicesSeen([{ account, device: a, firstMs: 1, lastMs: 1, address: '' }])
      expect(await accountRows.readDevicesSeen(account)).toEqual([])
    })
  })

  describe(`${name}: audit log`, () => {
    check('of an account that nobody opened is empty and stays so', async ({ accountRows }) => {
      const head = emptyAuditHash(sha512, account)
      const empty = { length: 0, head, first: 1, previous: head, rows: [] }
      expect(await accountRows.readAudit(account, 1, 10, PAGE)).toEqual(empty)
      expect(await accountRows.appendAudit(account, [event(1)])).toEqual(false)
      expect(await accountRows.readAudit(account, 1, 10, PAGE)).toEqual(empty)
    })

    checkWithAccount('numbers its rows from 1 and chains them from the empty hash', async ({ accountRows }, opened) => {
      expect(await accountRows.appendAudit(account, events(2))).toEqual(true)
      await accountRows.appendAudit(account, events(1, 3))
      const slice = await accountRows.readAudit(account, 1, 10, PAGE)
      expect([slice.first, slice.length, slice.previous]).toEqual([1, 3, emptyAuditHash(sha512, account)])
      expect(slice.rows.map((row) => decodeAuditRow(row))).toEqual(
        events(3).map((each, index) => ({ n: index + 1, ...each })),
      )
      expect(slice.head).toEqual(endOf(slice))
      expect(await (await opened.reopen()).accountRows.readAudit(account, 1, 10, PAGE)).toEqual(slice)
    })

    checkWithAccount('is read from any row, bounded in number and bytes, each part with its hash', async (store) => {
      const { accountRows } = store
      await accountRows.appendAudit(account, events(5))
      const all = await accountRows.readAudit(account, 0, 10, PAGE)
      const part = await accountRows.readAudit(account, 3, 2, PAGE)
      expect([part.first, timesOf(part)]).toEqual([3, [3, 4]])
      expect(part.previous).toEqual(endOf({ ...all, rows: all.rows.slice(0, 2) }))
      const rowBytes = all.rows[0]?.length as number
      expect(timesOf(await accountRows.readAudit(account, 2, 10, 2 * rowBytes))).toEqual([2, 3])
      expect(timesOf(await accountRows.readAudit(account, 2, 10, 1))).toEqual([2])
      const behind = await accountRows.readAudit(account, 9, 10, PAGE)
      expect(behind).toEqual({ length: 5, head: all.head, first: 6, previous: all.head, rows: [] })
    })

    checkWithAccount('drops its oldest rows, and can still be verified from the first it keeps', async (store) => {
      const { accountRows } = store
      await accountRows.appendAudit(account, events(MAX_AUDIT_ROWS))
      const before = await accountRows.readAudit(account, 1, 3, PAGE)
      await accountRows.appendAudit(account, events(2, MAX_AUDIT_ROWS + 1))
      const slice = await accountRows.readAudit(account, 1, MAX_AUDIT_ROWS, 100 * PAGE)
      expect([slice.first, slice.rows.length, slice.length]).toEqual([3, MAX_AUDIT_ROWS, MAX_AUDIT_ROWS + 2])
      expect(slice.previous).toEqual(endOf({ ...before, rows: before.rows.slice(0, 2) }))
      expect(endOf(slice)).toEqual(slice.head)
    })

    check('has the rows that came with a keyring record, if the record was stored', async (store) => {
      await store.appendKeyring(record(0, { audit: [event(1, 'account-created')] }))
      await store.appendKeyring(record(1, { audit: events(2, 2) }))
      const stale = record(1, { expectedHead: bytes<Hash>(32, 'another head'), audit: [event(9)] })
      expect(await store.appendKeyring(stale)).toEqual({ kind: 'conflict' })
      expect(timesOf(await store.accountRows.readAudit(account, 1, 10, PAGE))).toEqual([1, 2, 3])
    })
  })

  describe(`${name}: a deleted account`, () => {
    checkWithAccount('is gone, with its log, its sightings and its audit log', async (store, opened) => {
      await append(store, push({ count: 3 }))
      await store.accountRows.putDevicesSeen([{ account, device: a, firstMs: 1, lastMs: 1, address: 'x' }])
      await store.accountRows.appendAudit(account, events(2))
      const other = record(0, { account: bytes<AccountId>(32, 'other'), recovery: bytes<AccountId>(32, 'theirs') })
      await store.appendKeyring(other)
      await append(store, push({ account: other.account }))
      expect(await store.accountRows.isDeleted(account)).toEqual(false)
      expect(await store.accountRows.deleteAccount(account, headAt(1), 99)).toEqual(true)
      for (const open of [async () => store, () => opened.reopen()]) {
        const each = await open()
        expect(await each.accountRows.isDeleted(account)).toEqual(true)
        expect(await each.readKeyring(account, 0, 10, PAGE)).toEqual({ length: 0, head: ZERO_HASH, records: [] })
        expect(await each.readHeads(account, [])).toEqual([])
        expect(await each.accountRows.readDevicesSeen(account)).toEqual([])
        expect((await each.accountRows.readAudit(account, 1, 10, PAGE)).length).toEqual(0)
        expect((await each.readPage({ account, document: contacts, after: 0, maxBytes: PAGE })).newest).toEqual(0)
        expect((await each.inspect(10)).entries.length).toEqual(1)
        expect((await each.readHeads(other.account, [])).length).toEqual(1)
      }
    })

    checkWithAccount('is never opened again, nor is its recovery key used for another', async (store) => {
      await store.accountRows.deleteAccount(account, headAt(1), 99)
      expect(await store.appendKeyring(record(0))).toEqual({ kind: 'deleted' })
      const other = bytes<AccountId>(32, 'other')
      expect(await store.appendKeyring(record(0, { account: other }))).toEqual({ kind: 'recovery-taken' })
      expect(await store.accountByRecovery(record(0).recovery)).toEqual(account)
      expect(await append(store, push())).toEqual([{ kind: 'keyring-moved' }])
    })

    checkWithAccount('is there still when its keyring was another than expected', async (store) => {
      expect(await store.accountRows.deleteAccount(account, bytes<Hash>(32, 'another head'), 99)).toEqual(false)
      expect(await store.accountRows.deleteAccount(bytes<AccountId>(32, 'other'), ZERO_HASH, 99)).toEqual(false)
      expect((await store.readKeyring(account, 0, 10, PAGE)).length).toEqual(1)
      expect(await store.accountRows.isDeleted(account)).toEqual(false)
    })
  })
}
