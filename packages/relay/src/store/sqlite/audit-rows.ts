// The audit chain in SQLite. Its parts run inside the transaction of whoever calls them, so that an event and the row that tells
// of it are stored together or not at all.
import {
  type AccountId,
  emptyAuditHash,
  type Hash,
  MAX_AUDIT_ROWS,
  nextAuditHash,
  type Sha512,
} from '@owlivion/sync-protocol'
import type Database from 'better-sqlite3'
import { plainBytes } from '../../node-platform'
import { type AuditEnd, type AuditEvent, type AuditSlice, chainAudit } from '../account-rows'

interface StoredRow {
  readonly n: number
  readonly bytes: Uint8Array
  readonly previous: Uint8Array
}

export interface SqliteAudit {
  /** Within a transaction of the caller's. @param id number of the account in its table */
  append(id: number | bigint, account: AccountId, events: readonly AuditEvent[]): void
  read(id: number | undefined, account: AccountId, from: number, maxRows: number, maxBytes: number): AuditSlice
}

export function createSqliteAudit(db: Database.Database, sha512: Sha512): SqliteAudit {
  const newest = db.prepare('SELECT n, bytes, previous FROM audit WHERE account = ? ORDER BY n DESC LIMIT 1')
  const add = db.prepare('INSERT INTO audit (account, n, bytes, previous) VALUES (?, ?, ?, ?)')
  const prune = db.prepare('DELETE FROM audit WHERE account = ? AND n <= ?')
  const rowsFrom = db.prepare('SELECT n, bytes, previous FROM audit WHERE account = ? AND n >= ? ORDER BY n LIMIT ?')

  function endOf(id: number | bigint | undefined, account: AccountId): AuditEnd {
    const row = id === undefined ? undefined : (newest.get(id) as StoredRow | undefined)
    if (row === undefined) return { length: 0, head: emptyAuditHash(sha512, account) }
    return { length: row.n, head: nextAuditHash(sha512, plainBytes<Hash>(row.previous), plainBytes(row.bytes)) }
  }

  return {
    append(id, account, events) {
      let length = 0
      for (const row of chainAudit(sha512, endOf(id, account), events)) {
        add.run(id, row.n, row.bytes, row.previous)
        length = row.n
      }
      prune.run(id, length - MAX_AUDIT_ROWS)
    },
    read(id, account, from, maxRows, maxBytes) {
      const { length, head } = endOf(id, account)
      const rows: Uint8Array[] = []
      let slice: { first: number; previous: Hash } | undefined
      let size = 0
      for (const row of id === undefined ? [] : (rowsFrom.iterate(id, from, maxRows) as Iterable<StoredRow>)) {
        size += row.bytes.length
        if (rows.length > 0 && size > maxBytes) break
        slice ??= { first: row.n, previous: plainBytes<Hash>(row.previous) }
        rows.push(plainBytes(row.bytes))
      }
      return { length, head, ...(slice ?? { first: length + 1, previous: head }), rows }
    },
  }
}
