// The store on one SQLite database. Every call runs to its end at once: the disk is local, a commit costs one fsync, and a
// worker would add a copy and a thread change to each.
import {
  type AccountId,
  bytesToHex,
  type DeviceId,
  type DocumentId,
  emptyLogHash,
  type Generation,
  type Hash,
  MAX_CUT_ENTRIES,
  MAX_ENVELOPE_BYTES,
  MAX_PAGE_ENTRIES,
  type Sha512,
  type SignedDocumentHead,
  type SignedHead,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import type Database from 'better-sqlite3'
import { RelayError } from '../../errors'
import { plainBytes } from '../../node-platform'
import type { ChainPlace, PageRequest, RelayStore, StoredKeyringRecord, StoredPage } from '../relay-store'
import { compareHeads, INSPECTED_START_BYTES, pageLength } from '../rules'
import { createSqliteAccountRows } from './account-rows'
import { createAppendTransaction } from './append-transaction'
import { createSqliteAudit } from './audit-rows'
import { toStorageError } from './failure'
import { createKeyringTransaction, type HeadRow, toHead } from './keyring-transaction'
import { createPrune } from './prune-transaction'
import { createSignInTables } from './sign-in-tables'
import { createSnapshotTables } from './snapshot-tables'

/** Pages given back to the file system in one idle moment: 16 MB, a few milliseconds. */
const VACUUM_PAGES = 4_096

interface PageRow {
  readonly number: number
  readonly chain: number
  readonly device: Uint8Array
  readonly incarnation: number
  readonly sequence: number
  readonly log_hash: Uint8Array
  readonly signature: Uint8Array | null
  readonly envelope: Uint8Array
}

interface DocumentRow {
  readonly id: number
  readonly newest: number
  readonly base_number: number
  readonly base_hash: Uint8Array | null
}

interface ChainRow {
  readonly id: number
  readonly sequence: number
  readonly hash: Uint8Array
  readonly base_sequence: number
  readonly base_hash: Uint8Array | null
}

interface SignedHeadRow extends HeadRow {
  readonly signature: Uint8Array
}

export interface SqliteStoreParts {
  readonly db: Database.Database
  readonly sha512: Sha512
  /** Called once, after the database is closed. */
  released(): void
}

export function createSqliteStore({ db, sha512, released }: SqliteStoreParts): RelayStore {
  const turn = createAppendTransaction(db, sha512)
  const audit = createSqliteAudit(db, sha512)
  const snapshots = createSnapshotTables(db, sha512)
  const appendKeyring = createKeyringTransaction(db, audit, snapshots)
  const accountRows = createSqliteAccountRows(db, audit)
  const prune = createPrune(db, snapshots)
  const generation = db.prepare('SELECT generation FROM relay')
  const probe = db.prepare('UPDATE relay SET probe = zeroblob(?)')
  const clearProbe = db.prepare('UPDATE relay SET probe = NULL')
  const byRecovery = db.prepare(
    'SELECT account FROM accounts WHERE recovery = ? UNION SELECT account FROM deleted_accounts WHERE recovery = ?',
  )
  const findKeyring = db.prepare('SELECT id, keyring_length, keyring_head FROM accounts WHERE account = ?')
  const keyringRecords = db.prepare(
    'SELECT record, cut, stored_at FROM keyring WHERE account = ? AND position >= ? ORDER BY position LIMIT ?',
  )
  const findDocument = db.prepare(
    'SELECT d.id, d.newest, d.base_number, d.base_hash FROM accounts a JOIN documents d ON d.account = a.id WHERE a.account = ? AND d.document = ?',
  )
  const findChain = db.prepare(
    'SELECT id, sequence, hash, base_sequence, base_hash FROM chains WHERE document = ? AND device = ? AND incarnation = ?',
  )
  const entryHash = db.prepare('SELECT entry_hash FROM entries WHERE chain = ? AND sequence = ?')
  const logHash = db.prepare('SELECT log_hash FROM entries WHERE document = ? AND number = ?')
  const pageSizes = db.prepare(
    'SELECT chain, length(envelope) AS bytes, signature IS NOT NULL AS endsPush FROM entries WHERE document = ? AND number > ? ORDER BY number LIMIT ?',
  )
  const pageRows = db.prepare(
    'SELECT e.number, e.chain, c.device, c.incarnation, e.sequence, e.log_hash, e.signature, e.envelope FROM entries e JOIN chains c ON c.id = e.chain WHERE e.document = ? AND e.number > ? AND e.number <= ? ORDER BY e.number',
  )
  const signedHeads =
    'SELECT d.document, c.device, c.incarnation, c.sequence, c.hash, c.signature FROM accounts a JOIN documents d ON d.account = a.id JOIN chains c ON c.document = d.id WHERE a.account = ? AND c.signature IS NOT NULL'
  const writers = db.prepare(
    'SELECT DISTINCT c.device FROM accounts a JOIN documents d ON d.account = a.id JOIN chains c ON c.document = d.id WHERE a.account = ?',
  )
  const headsOfDevice = db.prepare(`${signedHeads} AND c.device = ? ORDER BY c.sequence DESC LIMIT ${MAX_CUT_ENTRIES}`)
  const seenRows = db.prepare('SELECT device, envelope, signature FROM seen WHERE document = ? ORDER BY device')
  const newestEntries = db.prepare(
    `SELECT d.document, e.number, c.device, length(e.envelope) AS bytes, substr(e.envelope, 1, ${INSPECTED_START_BYTES}) AS start FROM entries e JOIN documents d ON d.id = e.document JOIN chains c ON c.id = e.chain ORDER BY e.id DESC LIMIT ?`,
  )
  const totals = db.prepare(
    'SELECT (SELECT count(*) FROM entries) AS entries, (SELECT coalesce(sum(bytes), 0) FROM accounts) AS bytes, (SELECT count(*) FROM snapshots) AS snapshots, (SELECT coalesce(sum(length(file)), 0) FROM snapshots) AS snapshotBytes',
  )

  function run<T>(work: () => T): Promise<T> {
    try {
      if (!db.open) throw new RelayError('storage-unavailable', 'The store is closed.')
      return Promise.resolve(work())
    } catch (error) {
      return Promise.reject(toStorageError(error))
    }
  }

  function documentOf(account: AccountId, document: DocumentId): DocumentRow | undefined {
    return findDocument.get(account, document) as DocumentRow | undefined
  }

  function readChain({ account, document, device, incarnation, sequence }: ChainPlace) {
    const found = documentOf(account, document)
    const chain = found && (findChain.get(found.id, device, incarnation) as ChainRow | undefined)
    if (chain === undefined) return { newest: 0 }
    if (sequence === 0) return { newest: chain.sequence }
    const hash =
      sequence === chain.sequence
        ? chain.hash
        : ((entryHash.pluck().get(chain.id, sequence) as Uint8Array | undefined) ??
          (sequence === chain.base_sequence ? chain.base_hash : undefined))
    return { newest: chain.sequence, ...(hash && { hash: plainBytes<Hash>(hash) }) }
  }

  /** At the beginning of the log, or at an entry of it. */
  function hashAt(account: AccountId, id: DocumentId, document: DocumentRow | undefined, number: number): Hash {
    if (document?.base_hash && number === document.base_number) return plainBytes<Hash>(document.base_hash)
    if (number === 0) return emptyLogHash(sha512, account, id)
    return plainBytes<Hash>((logHash.get(document?.id, number) as { log_hash: Uint8Array }).log_hash)
  }

  function readPage({ account, document: id, after, maxBytes }: PageRequest): StoredPage {
    const document = documentOf(account, id)
    const newest = document?.newest ?? 0
    if (after > newest) return { newest, entries: [], heads: [] }
    const base = document?.base_number ?? 0
    if (after < base) return { newest, prunedTo: base, entries: [], heads: [] }
    const hashAtCursor = hashAt(account, id, document, after)
    const empty = { newest, hashAtCursor, entries: [], heads: [], logHash: hashAtCursor }
    if (document === undefined || after === newest) return empty
    const sizes = pageSizes.all(document.id, after, MAX_PAGE_ENTRIES) as {
      chain: number
      bytes: number
      endsPush: number
    }[]
    const length = pageLength(
      sizes.map(({ chain, bytes, endsPush }) => ({ chain, bytes, endsPush: endsPush === 1 })),
      maxBytes,
    )
    if (length === 0) return empty
    const rows = pageRows.all(document.id, after, after + length) as PageRow[]
    const headByChain = new Map<number, SignedHead>()
    for (const { chain, device, incarnation, sequence, signature } of rows) {
      if (signature === null) continue
      const head = { device: plainBytes<DeviceId>(device), incarnation, sequence, signature: plainBytes(signature) }
      headByChain.set(chain, head)
    }
    return {
      newest,
      hashAtCursor,
      entries: rows.map((row) => plainBytes(row.envelope)),
      heads: [...headByChain.values()],
      logHash: plainBytes<Hash>((rows[rows.length - 1] as PageRow).log_hash),
    }
  }

  function readHeads(account: AccountId, devices: readonly DeviceId[]): SignedDocumentHead[] {
    const wanted = devices.length === 0 ? (writers.pluck().all(account) as DeviceId[]) : devices
    const rows = [...new Map(wanted.map((id) => [bytesToHex(id), id])).values()].flatMap((id) =>
      headsOfDevice.all(account, id),
    )
    const signed = (rows as SignedHeadRow[]).map((row) => ({ ...toHead(row), signature: plainBytes(row.signature) }))
    return signed.sort(compareHeads)
  }

  function readKeyring(account: AccountId, from: number, maxRecords: number, maxBytes: number) {
    const row = findKeyring.get(account) as { id: number; keyring_length: number; keyring_head: Uint8Array } | undefined
    if (row === undefined) return { length: 0, head: ZERO_HASH, records: [] }
    const records: StoredKeyringRecord[] = []
    let bytes = 0
    for (const stored of keyringRecords.iterate(row.id, from, maxRecords)) {
      const { record, cut, stored_at } = stored as { record: Uint8Array; cut: Uint8Array | null; stored_at: number }
      bytes += record.length + (cut?.length ?? 0)
      if (records.length > 0 && bytes > maxBytes) break
      records.push({ record: plainBytes(record), ...(cut && { cut: plainBytes(cut) }), storedAtMs: stored_at })
    }
    return { length: row.keyring_length, head: plainBytes<Hash>(row.keyring_head), records }
  }

  function inspect(limit: number) {
    const total = totals.get() as { entries: number; bytes: number; snapshots: number; snapshotBytes: number }
    const rows = newestEntries.all(limit) as {
      document: DocumentId
      number: number
      device: DeviceId
      bytes: number
      start: Uint8Array
    }[]
    const entries = rows.map(({ document, number, device, bytes, start }) => ({
      document: plainBytes<DocumentId>(document),
      number,
      device: plainBytes<DeviceId>(device),
      bytes,
      start: plainBytes(start),
    }))
    const { entries: totalEntries, bytes: totalBytes, snapshots: totalSnapshots, snapshotBytes } = total
    return { entries, totalEntries, totalBytes, totalSnapshots, snapshotBytes }
  }

  return {
    signIns: createSignInTables(db, audit, run),
    snapshots: {
      put: (...request) => run(() => snapshots.put(...request)),
      list: (...request) => run(() => snapshots.list(...request)),
      readFile: (...request) => run(() => snapshots.readFile(...request)),
      readExempt: (...request) => run(() => snapshots.readExempt(...request)),
      judge: (verdict) => run(() => snapshots.judge(verdict)),
      readHashes: (...request) => run(() => snapshots.readHashes(...request)),
      bytesBetween: (...request) => run(() => snapshots.bytesBetween(...request)),
      prune: (nowMs) => run(() => prune(nowMs)),
    },
    accountRows: {
      putDevicesSeen: (...request) => run(() => accountRows.putDevicesSeen(...request)),
      readDevicesSeen: (...request) => run(() => accountRows.readDevicesSeen(...request)),
      appendAudit: (...request) => run(() => accountRows.appendAudit(...request)),
      readAudit: (...request) => run(() => accountRows.readAudit(...request)),
      deleteAccount: (...request) => run(() => accountRows.deleteAccount(...request)),
      isDeleted: (...request) => run(() => accountRows.isDeleted(...request)),
    },
    generation: () => run(() => plainBytes<Generation>((generation.get() as { generation: Uint8Array }).generation)),
    accountByRecovery: (recovery) =>
      run(() => {
        const row = byRecovery.get(recovery, recovery) as { account: Uint8Array } | undefined
        return row && plainBytes<AccountId>(row.account)
      }),
    readKeyring: (...request) => run(() => readKeyring(...request)),
    appendKeyring: (request) => run(() => appendKeyring.immediate(request)),
    readChains: (places) => run(() => places.map(readChain)),
    append: (requests, quota) => run(() => turn.append.immediate(requests, quota)),
    refill: (request, quota) => run(() => turn.refill.immediate(request, quota)),
    readPage: (request) => run(() => readPage(request)),
    readHeads: (...request) => run(() => readHeads(...request)),
    putSeen: (rows, quota) => run(() => turn.putSeen.immediate(rows, quota)),
    readSeen: (account, document) =>
      run(() => {
        const found = documentOf(account, document)
        const rows = found === undefined ? [] : (seenRows.all(found.id) as Record<string, Uint8Array>[])
        return rows.map(({ device, envelope, signature }) => ({
          device: plainBytes<DeviceId>(device as Uint8Array),
          envelope: plainBytes(envelope as Uint8Array),
          signature: plainBytes(signature as Uint8Array),
        }))
      }),
    inspect: (limit) => run(() => inspect(limit)),
    probe: () =>
      run(() => {
        // As much as an entry may take, since a disk can have room for a small write and none for the next push.
        probe.run(MAX_ENVELOPE_BYTES)
        clearProbe.run()
      }),
    tidy: () =>
      run(() => {
        db.pragma(`incremental_vacuum(${VACUUM_PAGES})`)
        db.pragma('wal_checkpoint(TRUNCATE)')
        return (db.pragma('freelist_count', { simple: true }) as number) > 0
      }),
    async close() {
      if (!db.open) return
      try {
        db.pragma(`incremental_vacuum(${VACUUM_PAGES})`)
        db.pragma('wal_checkpoint(TRUNCATE)')
      } catch {
        // On a full disk the log stays as it is: it is complete, and the next start reads it.
      }
      db.close()
      released()
    },
  }
}
