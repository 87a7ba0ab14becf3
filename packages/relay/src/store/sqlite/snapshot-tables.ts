// Snapshots in SQLite. The header stands beside the file that holds it, so that nobody reads megabytes to look at it.
import {
  type AccountId,
  type DeviceId,
  type DocumentId,
  decodeSnapshotFile,
  decodeSnapshotHeader,
  type ExemptEntry,
  emptyLogHash,
  type Hash,
  type Sha512,
  type SnapshotHeader,
  type SnapshotVerdict,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import type Database from 'better-sqlite3'
import { plainBytes } from '../../node-platform'
import type { AccountQuota } from '../account-quota'
import type {
  ExemptPage,
  LogHashes,
  SnapshotPlace,
  SnapshotPut,
  SnapshotPutResult,
  SnapshotSlice,
  StoredSnapshot,
  VerdictPut,
} from '../snapshot-rows'
import { endsOfRuns, fitsQuota, isUndoneBy, judgeSnapshot } from '../snapshot-rules'
import { type AccountRow, createLogTurns, type DocumentRow, type LogTurn } from './log-turn'

interface SnapshotRow {
  readonly id: number
  readonly hash: Uint8Array
  readonly parent: Uint8Array | null
  readonly covered_number: number
  readonly covered_hash: Uint8Array
  readonly epoch: number
  readonly is_rebase: number
  readonly author: Uint8Array
  readonly bytes: number
  readonly stored_at: number
  readonly rejected_at: number | null
  readonly good_since: number | null
}

interface VerdictRow {
  readonly device: Uint8Array
  readonly verdict: number
  readonly signature: Uint8Array
}

interface ExemptRow {
  readonly chain: number
  readonly device: Uint8Array
  readonly incarnation: number
  readonly sequence: number
  readonly number: number
  readonly envelope: Uint8Array
  readonly signature: Uint8Array | null
  readonly previous: Uint8Array | null
}

/** A snapshot with its row's number. */
export interface NumberedSnapshot extends StoredSnapshot {
  readonly id: number
}

export interface SqliteSnapshots {
  put(request: SnapshotPut, quota: AccountQuota): SnapshotPutResult
  judge(verdict: VerdictPut): boolean
  list(account: AccountId, document: DocumentId): StoredSnapshot[]
  readFile(place: SnapshotPlace, offset: number, length: number): SnapshotSlice | undefined
  readExempt(place: SnapshotPlace, after: number, maxBytes: number): ExemptPage
  readHashes(account: AccountId, document: DocumentId, numbers: readonly number[]): LogHashes
  bytesBetween(account: AccountId, document: DocumentId, after: number, through: number): number
  /** Of a document by its row's number. */
  listOf(document: number): NumberedSnapshot[]
  headerOf(snapshot: number): SnapshotHeader
}

const VERDICTS = ['accept', 'reject'] as const

export function createSnapshotTables(db: Database.Database, sha512: Sha512): SqliteSnapshots {
  const startTurn = createLogTurns(db, sha512)
  const findDocument = db.prepare(
    'SELECT d.id, d.newest, d.log_hash, d.epoch, d.base_number, d.base_hash FROM accounts a JOIN documents d ON d.account = a.id WHERE a.account = ? AND d.document = ?',
  )
  const snapshotsOf = db.prepare(
    'SELECT id, hash, parent, covered_number, covered_hash, epoch, is_rebase, author, length(file) AS bytes, stored_at, rejected_at, good_since FROM snapshots WHERE document = ? ORDER BY id',
  )
  const verdictsOf = db.prepare('SELECT device, verdict, signature FROM verdicts WHERE snapshot = ? ORDER BY device')
  const addSnapshot = db.prepare(
    'INSERT INTO snapshots (document, hash, parent, covered_number, covered_hash, epoch, is_rebase, author, stored_at, header, file) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const findSnapshot = db.prepare('SELECT id FROM snapshots WHERE document = ? AND hash = ?').pluck()
  const saveVerdict = db.prepare(
    'INSERT INTO verdicts (document, snapshot, device, verdict, signature) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET verdict = excluded.verdict, signature = excluded.signature',
  )
  const reject = db.prepare('UPDATE snapshots SET rejected_at = ? WHERE id = ?')
  const slice = db.prepare(
    'SELECT length(file) AS sizeBytes, substr(file, ? + 1, ?) AS bytes FROM snapshots WHERE document = ? AND hash = ?',
  )
  const header = db.prepare('SELECT header FROM snapshots WHERE id = ?').pluck()
  const logHash = db.prepare('SELECT log_hash FROM entries WHERE document = ? AND number = ?').pluck()
  const between = db
    .prepare('SELECT coalesce(sum(length(envelope)), 0) FROM entries WHERE document = ? AND number > ? AND number <= ?')
    .pluck()
  const exemptEntry = db.prepare(
    'SELECT e.chain, c.device, c.incarnation, e.sequence, e.number, e.envelope, e.signature, coalesce(e.previous, p.entry_hash, CASE WHEN c.base_sequence = e.sequence - 1 THEN c.base_hash END) AS previous FROM entries e JOIN chains c ON c.id = e.chain LEFT JOIN entries p ON p.chain = e.chain AND p.sequence = e.sequence - 1 WHERE e.document = ? AND e.number = ?',
  )

  function documentOf(account: AccountId, document: DocumentId): DocumentRow | undefined {
    return findDocument.get(account, document) as DocumentRow | undefined
  }

  function listOf(document: number): NumberedSnapshot[] {
    return (snapshotsOf.all(document) as SnapshotRow[]).map((row) => ({
      id: row.id,
      hash: plainBytes<Hash>(row.hash),
      ...(row.parent && { parent: plainBytes<Hash>(row.parent) }),
      coveredNumber: row.covered_number,
      coveredHash: plainBytes<Hash>(row.covered_hash),
      documentEpoch: row.epoch,
      isRebase: row.is_rebase === 1,
      author: plainBytes<DeviceId>(row.author),
      sizeBytes: row.bytes,
      storedAtMs: row.stored_at,
      ...(row.rejected_at !== null && { rejectedAtMs: row.rejected_at }),
      ...(row.good_since !== null && { goodSinceMs: row.good_since }),
      verdicts: (verdictsOf.all(row.id) as VerdictRow[]).map(toVerdict),
    }))
  }

  function logHashAt(place: Omit<SnapshotPlace, 'hash'>, document: DocumentRow | undefined, number: number) {
    const base = document?.base_number ?? 0
    if (number === 0 && base === 0) return emptyLogHash(sha512, place.account, place.document)
    if (document === undefined) return undefined
    const found = number === base ? document.base_hash : (logHash.get(document.id, number) as Uint8Array | undefined)
    return found ? plainBytes<Hash>(found) : undefined
  }

  function put(request: SnapshotPut, quota: AccountQuota): SnapshotPutResult {
    const turn = startTurn({ ...quota, maxBytes: undefined })
    const account = turn.account(request.account)
    if (account === undefined) return { kind: 'keyring-moved' }
    const known = turn.document(account, request.document)
    const judgement = judgeSnapshot(request, {
      keyringHead: account.keyring_head,
      newest: known?.newest ?? 0,
      epoch: known?.epoch ?? 0,
      snapshots: known === undefined ? [] : listOf(known.id),
      logHashAt: (number) => logHashAt(request, known, number),
      chainEnd: (head) => (known && turn.chain(known, head)?.sequence) ?? 0,
    })
    if (judgement.kind !== 'fits' && judgement.kind !== 'adopts') return judgement
    const size = request.file.length
    const covered = () => (known === undefined ? 0 : (between.get(known.id, 0, request.header.coveredNumber) as number))
    if (!fitsQuota(account.bytes, size, quota.maxBytes, covered)) return { kind: 'quota-exceeded' }
    const refusal = turn.takeRoom(account, known === undefined, size)
    if (refusal !== undefined) return { kind: refusal }
    store(turn, account, request, judgement.kind === 'adopts')
    turn.finish()
    return { kind: 'stored', isAdopted: judgement.kind === 'adopts' }
  }

  function store(turn: LogTurn, account: AccountRow, request: SnapshotPut, isAdopted: boolean): void {
    const document = turn.ensureDocument(account, request)
    const { parent, coveredNumber, coveredHash, documentEpoch, vector } = request.header
    addSnapshot.run(
      document.id,
      request.hash,
      parent ?? null,
      coveredNumber,
      coveredHash,
      documentEpoch,
      !isAdopted && documentEpoch > document.epoch ? 1 : 0,
      request.author,
      request.storedAtMs,
      decodeSnapshotFile(request.file).header,
      request.file,
    )
    document.epoch = documentEpoch
    if (isAdopted)
      Object.assign(document, {
        newest: coveredNumber,
        log_hash: coveredHash,
        base_number: coveredNumber,
        base_hash: coveredHash,
      })
    turn.changedDocument(document)
    for (const { sequence, hash, ...name } of vector) {
      const chain = turn.ensureChain(document, name)
      if (chain.sequence >= sequence) continue
      Object.assign(chain, { sequence, hash, number: 0, signature: null, base_sequence: sequence, base_hash: hash })
      turn.changedChain(chain)
    }
  }

  function judge({ account, document: id, hash, device, verdict, signature, atMs }: VerdictPut): boolean {
    const document = documentOf(account, id)
    const snapshot = document && (findSnapshot.get(document.id, hash) as number | undefined)
    if (document === undefined || snapshot === undefined) return false
    saveVerdict.run(document.id, snapshot, device, VERDICTS.indexOf(verdict), signature)
    const judged = listOf(document.id).find((each) => each.id === snapshot) as NumberedSnapshot
    if (judged.rejectedAtMs === undefined && isUndoneBy(judged, document.base_number)) reject.run(atMs, snapshot)
    return true
  }

  function headerOf(snapshot: number): SnapshotHeader {
    return decodeSnapshotHeader(plainBytes(header.get(snapshot) as Uint8Array))
  }

  function readExempt({ account, document: id, hash }: SnapshotPlace, after: number, maxBytes: number): ExemptPage {
    const document = documentOf(account, id)
    const snapshot = document && (findSnapshot.get(document.id, hash) as number | undefined)
    if (document === undefined || snapshot === undefined) return { entries: [], heads: [] }
    const rows: ExemptRow[] = []
    let bytes = 0
    let next: number | undefined
    for (const number of headerOf(snapshot).exempt) {
      if (number <= after) continue
      const row = exemptEntry.get(document.id, number) as ExemptRow | undefined
      if (row === undefined) continue
      bytes += row.envelope.length
      if (rows.length > 0 && bytes > maxBytes) {
        next = rows.at(-1)?.number
        break
      }
      rows.push(row)
    }
    const ends = endsOfRuns(rows.map((row) => ({ head: row, isSigned: row.signature !== null })))
    const heads = ends.map((index) => {
      const { device, incarnation, sequence, signature } = rows[index] as ExemptRow
      return {
        device: plainBytes<DeviceId>(device),
        incarnation,
        sequence,
        signature: plainBytes(signature as Uint8Array),
      }
    })
    return { entries: rows.map(toExempt), heads, ...(next !== undefined && { next }) }
  }

  const putInTransaction = db.transaction(put)
  const judgeInTransaction = db.transaction(judge)

  return {
    put: (request, quota) => putInTransaction.immediate(request, quota),
    judge: (verdict) => judgeInTransaction.immediate(verdict),
    list: (account, id) => {
      const document = documentOf(account, id)
      return document === undefined ? [] : listOf(document.id).map(({ id: _, ...stored }) => stored)
    },
    listOf,
    headerOf,
    readFile({ account, document: id, hash }, offset, length) {
      const row = slice.get(offset, length, documentOf(account, id)?.id, hash) as SnapshotSlice | undefined
      return row && { sizeBytes: row.sizeBytes, bytes: plainBytes(row.bytes) }
    },
    readExempt,
    readHashes(account, id, numbers) {
      const document = documentOf(account, id)
      const hashes = numbers.flatMap((number) => {
        const hash = logHashAt({ account, document: id }, document, number)
        return hash === undefined ? [] : [{ number, hash }]
      })
      return { base: document?.base_number ?? 0, newest: document?.newest ?? 0, hashes }
    },
    bytesBetween: (account, id, after, through) => between.get(documentOf(account, id)?.id, after, through) as number,
  }
}

function toVerdict({ device, verdict, signature }: VerdictRow): SnapshotVerdict {
  return {
    device: plainBytes<DeviceId>(device),
    verdict: VERDICTS[verdict] as SnapshotVerdict['verdict'],
    signature: plainBytes(signature),
  }
}

function toExempt(row: ExemptRow): ExemptEntry {
  const previous = row.sequence === 1 || row.previous === null ? ZERO_HASH : plainBytes<Hash>(row.previous)
  return { number: row.number, envelope: plainBytes(row.envelope), previous }
}
