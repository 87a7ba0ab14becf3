// A keyring record goes in by compare-and-set, together with what follows from it: the recovery key that logins are looked up
// by, and the end of what removed devices may have written.
import {
  bytesEqual,
  type DeviceId,
  type DocumentHead,
  type DocumentId,
  type Hash,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import type Database from 'better-sqlite3'
import { plainBytes } from '../../node-platform'
import type { KeyringAppend, KeyringAppendResult } from '../relay-store'
import { isBeyondCut } from '../rules'
import { snapshotsCutOff } from '../snapshot-rules'
import type { SqliteAudit } from './audit-rows'
import type { SqliteSnapshots } from './snapshot-tables'

interface AccountRow {
  readonly id: number
  readonly keyring_length: number
  readonly keyring_head: Uint8Array
}

export interface HeadRow {
  readonly document: Uint8Array
  readonly device: Uint8Array
  readonly incarnation: number
  readonly sequence: number
  readonly hash: Uint8Array
}

export function toHead(row: HeadRow): DocumentHead {
  return {
    document: plainBytes<DocumentId>(row.document),
    device: plainBytes<DeviceId>(row.device),
    incarnation: row.incarnation,
    sequence: row.sequence,
    hash: plainBytes<Hash>(row.hash),
  }
}

export function createKeyringTransaction(
  db: Database.Database,
  audit: SqliteAudit,
  snapshots: Pick<SqliteSnapshots, 'listOf' | 'headerOf'>,
): Database.Transaction<(request: KeyringAppend) => KeyringAppendResult> {
  const findAccount = db.prepare('SELECT id, keyring_length, keyring_head FROM accounts WHERE account = ?')
  const findRecovery = db.prepare('SELECT id FROM accounts WHERE recovery = ?')
  const findDeleted = db.prepare('SELECT account, recovery FROM deleted_accounts WHERE account = ? OR recovery = ?')
  const addAccount = db.prepare(
    'INSERT INTO accounts (account, recovery, keyring_length, keyring_head) VALUES (?, ?, 0, ?)',
  )
  const saveAccount = db.prepare(
    'UPDATE accounts SET recovery = ?, keyring_length = ?, keyring_head = ?, bytes = bytes + ? WHERE id = ?',
  )
  const addRecord = db.prepare('INSERT INTO keyring (account, position, record, cut, stored_at) VALUES (?, ?, ?, ?, ?)')
  const bytesFrom = db.prepare(
    'SELECT coalesce(sum(length(record) + coalesce(length(cut), 0)), 0) AS bytes FROM keyring WHERE account = ? AND position >= ?',
  )
  const removeFrom = db.prepare('DELETE FROM keyring WHERE account = ? AND position >= ?')
  const headsOfDevice = db.prepare(
    // What only a snapshot's vector says of a chain is one device's word, and must not keep another from being removed.
    'SELECT d.document, c.device, c.incarnation, c.sequence, c.hash FROM documents d JOIN chains c ON c.document = d.id WHERE d.account = ? AND c.device = ? AND c.signature IS NOT NULL',
  )
  const removeSeen = db.prepare(
    'DELETE FROM seen WHERE device = ? AND document IN (SELECT id FROM documents WHERE account = ?)',
  )

  const removeVerdicts = db.prepare(
    'DELETE FROM verdicts WHERE device = ? AND document IN (SELECT id FROM documents WHERE account = ?)',
  )
  const withSnapshots = db.prepare(
    'SELECT id, document, base_number FROM documents d WHERE account = ? AND EXISTS (SELECT 1 FROM snapshots s WHERE s.document = d.id)',
  )
  const undo = db.prepare('UPDATE snapshots SET rejected_at = ? WHERE id = ?')

  function undoSnapshots(account: number, removal: NonNullable<KeyringAppend['removal']>, atMs: number): void {
    const { devices, cut = removal.restoredCut } = removal
    if (cut === undefined) return
    const rows = withSnapshots.all(account) as { id: number; document: DocumentId; base_number: number }[]
    for (const { id, document, base_number: base } of rows) {
      const view = { document, devices, cut, base }
      const undone = snapshotsCutOff(snapshots.listOf(id), (each) => snapshots.headerOf(each.id), view)
      for (const each of undone) undo.run(atMs, each.id)
    }
  }

  /** One by one: a device may have chains without number. */
  function* headsOf(account: number, devices: readonly DeviceId[]): Iterable<DocumentHead> {
    for (const device of devices) for (const row of headsOfDevice.iterate(account, device)) yield toHead(row as HeadRow)
  }

  return db.transaction((request: KeyringAppend): KeyringAppendResult => {
    const deleted = findDeleted.get(request.account, request.recovery) as { account: Uint8Array } | undefined
    if (deleted !== undefined)
      return { kind: bytesEqual(deleted.account, request.account) ? 'deleted' : 'recovery-taken' }
    const account = findAccount.get(request.account) as AccountRow | undefined
    if ((account?.keyring_length ?? 0) !== request.expectedLength) return { kind: 'conflict' }
    if (!bytesEqual(account?.keyring_head ?? ZERO_HASH, request.expectedHead)) return { kind: 'conflict' }
    const holder = findRecovery.get(request.recovery) as { id: number } | undefined
    if (holder !== undefined && holder.id !== account?.id) return { kind: 'recovery-taken' }
    const { record, cut, storedAtMs, head, recovery, removal, replaceFrom: position = request.expectedLength } = request
    if (account !== undefined && removal !== undefined) {
      if (removal.cut !== undefined && isBeyondCut(removal.cut, headsOf(account.id, removal.devices)))
        return { kind: 'cut-behind' }
      for (const device of removal.devices) {
        removeSeen.run(device, account.id)
        removeVerdicts.run(device, account.id)
      }
      undoSnapshots(account.id, removal, storedAtMs)
    }
    const id = account?.id ?? addAccount.run(request.account, recovery, ZERO_HASH).lastInsertRowid
    const { bytes: replacedBytes } = bytesFrom.get(id, position) as { bytes: number }
    removeFrom.run(id, position)
    addRecord.run(id, position, record, cut ?? null, storedAtMs)
    saveAccount.run(recovery, position + 1, head, record.length + (cut?.length ?? 0) - replacedBytes, id)
    audit.append(id, request.account, request.audit ?? [])
    return { kind: 'stored' }
  })
}
