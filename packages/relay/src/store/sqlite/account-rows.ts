// Sightings, audit rows and deletion in SQLite.
import { type AccountId, bytesEqual, type DeviceId, type Hash } from '@owlivion/sync-protocol'
import type Database from 'better-sqlite3'
import { plainBytes } from '../../node-platform'
import type { AuditEvent, AuditSlice, DeviceSeen, SeenDevice } from '../account-rows'
import type { SqliteAudit } from './audit-rows'

export interface SqliteAccountRows {
  putDevicesSeen(sightings: readonly DeviceSeen[]): void
  readDevicesSeen(account: AccountId): SeenDevice[]
  appendAudit(account: AccountId, events: readonly AuditEvent[]): boolean
  readAudit(account: AccountId, from: number, maxRows: number, maxBytes: number): AuditSlice
  deleteAccount(account: AccountId, expectedHead: Hash, atMs: number): boolean
  isDeleted(account: AccountId): boolean
}

export function createSqliteAccountRows(db: Database.Database, audit: SqliteAudit): SqliteAccountRows {
  const findAccount = db.prepare('SELECT id, recovery, keyring_head FROM accounts WHERE account = ?')
  const putDevice = db.prepare(
    'INSERT INTO devices (account, device, first_seen, last_seen, address) VALUES (?, ?, ?, ?, ?) ON CONFLICT (account, device) DO UPDATE SET last_seen = max(last_seen, excluded.last_seen), address = excluded.address',
  )
  const devices = db.prepare(
    'SELECT device, first_seen, last_seen, address FROM devices WHERE account = ? ORDER BY device',
  )
  const findDeleted = db.prepare('SELECT 1 FROM deleted_accounts WHERE account = ?')
  const remember = db.prepare('INSERT INTO deleted_accounts (account, recovery, deleted_at) VALUES (?, ?, ?)')
  // Found by their columns, so that a table that is added is not forgotten here. Those of documents before the documents.
  const removals = [
    ...tablesWith(db, 'document')
      .filter((table) => table !== 'documents')
      .map((table) => `DELETE FROM ${table} WHERE document IN (SELECT id FROM documents WHERE account = ?)`),
    ...tablesWith(db, 'account')
      .filter((table) => table !== 'accounts' && table !== 'deleted_accounts')
      .map((table) => `DELETE FROM ${table} WHERE account = ?`),
    'DELETE FROM accounts WHERE id = ?',
  ].map((sql) => db.prepare(sql))

  interface AccountRow {
    readonly id: number
    readonly recovery: Uint8Array
    readonly keyring_head: Uint8Array
  }
  const accountOf = (account: AccountId) => findAccount.get(account) as AccountRow | undefined

  const putDevicesSeen = db.transaction((sightings: readonly DeviceSeen[]): void => {
    for (const { account, device, firstMs, lastMs, address } of sightings) {
      const found = accountOf(account)
      if (found !== undefined) putDevice.run(found.id, device, firstMs, lastMs, address)
    }
  })

  const appendAudit = db.transaction((account: AccountId, events: readonly AuditEvent[]): boolean => {
    const found = accountOf(account)
    if (found !== undefined) audit.append(found.id, account, events)
    return found !== undefined
  })

  const deleteAccount = db.transaction((account: AccountId, expectedHead: Hash, atMs: number): boolean => {
    const found = accountOf(account)
    if (found === undefined || !bytesEqual(found.keyring_head, expectedHead)) return false
    for (const removal of removals) removal.run(found.id)
    remember.run(account, found.recovery, atMs)
    return true
  })

  return {
    putDevicesSeen: (sightings) => putDevicesSeen.immediate(sightings),
    readDevicesSeen(account) {
      const rows = devices.all(accountOf(account)?.id ?? null) as {
        device: Uint8Array
        first_seen: number
        last_seen: number
        address: string
      }[]
      return rows.map(({ device, first_seen, last_seen, address }) => ({
        device: plainBytes<DeviceId>(device),
        firstSeenMs: first_seen,
        lastSeenMs: last_seen,
        address,
      }))
    },
    appendAudit: (account, events) => appendAudit.immediate(account, events),
    readAudit: (account, ...range) => audit.read(accountOf(account)?.id, account, ...range),
    deleteAccount(account, expectedHead, atMs) {
      // What was deleted is overwritten, and not left in free pages: addresses lie there in the clear.
      db.pragma('secure_delete = ON')
      try {
        return deleteAccount.immediate(account, expectedHead, atMs)
      } finally {
        db.pragma('secure_delete = OFF')
      }
    },
    isDeleted: (account) => findDeleted.get(account) !== undefined,
  }
}

function tablesWith(db: Database.Database, column: string): string[] {
  const sql =
    "SELECT t.name FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND c.name = ? ORDER BY t.name"
  return (db.prepare(sql).all(column) as { name: string }[]).map(({ name }) => name)
}
