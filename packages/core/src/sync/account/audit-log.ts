// Reading the account's audit log: page by page from the relay, judged against what this device remembers of it, and told in the
// names of the account's devices.
import {
  type AccountId,
  type AuditKind,
  bytesEqual,
  bytesToHex,
  decodeAuditRow,
  decodeWhole,
  HASH_BYTES,
  type Hash,
  MAX_AUDIT_ROWS,
  Writer,
} from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import type { Platform } from '../../platform'
import type { Store, StoreBatch, StoreKey } from '../../storage'
import type { AccountCalls } from './account-calls'
import { bytesOf, countIn, fieldsOf, hashIn, listIn, misbehaved } from './answer-fields'
import { type AuditClaim, type AuditMark, type AuditPart, type AuditProblem, judgeAudit } from './audit-chain'

/** Which rows of the audit log are wanted. */
export interface AuditOptions {
  /** Only rows from this number on. Default 1. */
  readonly from?: number
  readonly kinds?: readonly AuditKind[]
  /** Hex id of a device: only rows of what it did or of what was done to it. */
  readonly device?: string
  /** Only rows from this time on, in ms since 1970 by the relay's clock. */
  readonly sinceMs?: number
  /**
   * Takes the log as it is now for true, whatever this device remembers of it: for when the relay's operator has restored an old
   * backup, and said so. Default false.
   */
  readonly acceptAsIs?: boolean
}

/** A row of the audit log. */
export interface AuditEntry {
  /** From 1, without a gap. */
  readonly n: number
  /** The relay's clock, in ms since 1970. */
  readonly timeMs: number
  readonly kind: AuditKind
  /** Hex id of the device that did it; undefined for the recovery phrase, and for somebody who never got in. */
  readonly device: string | undefined
  readonly deviceName: string | undefined
  /** Hex id of the device to which it was done. */
  readonly target: string | undefined
  readonly targetName: string | undefined
  /** From where; empty when the relay does not know or keeps no addresses. */
  readonly address: string
  /** More of it in codes and counts. */
  readonly detail: string
  /** False for a row that does not hang together with what this device remembers of the log. */
  readonly isVerified: boolean
}

/** How often what happened. */
export interface AuditStatistics {
  readonly byKind: Readonly<Partial<Record<AuditKind, number>>>
  /** By hex id of the device that did it; what no device did is under the empty text. */
  readonly byDevice: Readonly<Record<string, number>>
  /** By day in UTC, as `2026-01-31`. */
  readonly byDay: Readonly<Record<string, number>>
}

/** What `sync.audit` answers with. */
export interface AuditReport {
  /** Oldest first. */
  readonly entries: readonly AuditEntry[]
  /** Of `entries`. */
  readonly statistics: AuditStatistics
  /** What is not as it was when this device last looked. Empty when all is well. */
  readonly problems: readonly AuditProblem[]
}

export interface AuditContext {
  readonly platform: Platform
  readonly account: AccountId
  readonly store: Store
  readonly calls: AccountCalls
  write(batch: StoreBatch): Promise<void>
  /** Name of a device by the hex of its id. */
  deviceName(id: string): string | undefined
  report(error: SyncError): void
}

/** The newest row that this device has verified. */
const markKey: StoreKey = ['audit-mark']
const ROW_VERSION = 1
const PAGE_ROWS = 500
/** A log of a relay that drops nothing would never end. */
const MAX_READ_ROWS = MAX_AUDIT_ROWS + 1_000
/** Changed rows that are found by number; beyond it the log as a whole is not worth more questions. */
const MAX_SEARCHES = 8

/** @throws SyncError what `AccountCalls.ask` throws, `relay-misbehaved` for an answer that is none, `profile-damaged` */
export async function readAuditLog(context: AuditContext, options: AuditOptions): Promise<AuditReport> {
  const { platform, account, store } = context
  const kept = options.acceptAsIs ? undefined : await store.get(markKey)
  const mark = kept && decodeMark(kept)
  // What is remembered is the anchor of everything: without the rows behind it, nothing later can be tied to it.
  const from = Math.max(1, Math.min(options.from ?? 1, (mark?.n ?? Number.POSITIVE_INFINITY) + 1))
  const read = await readParts(context.calls, from)
  const { sha512 } = platform.signing
  const judge = (parts: readonly AuditPart[]) => judgeAudit({ sha512, account, parts, claim: read.claim, from, mark })
  let { parts } = read
  let judged = judge(parts)
  for (let i = 0; i < MAX_SEARCHES && judged.missed !== undefined; i++) {
    const split = await splitAtChange(context.calls, parts, judged.missed)
    if (split === undefined) break
    parts = split
    judged = judge(parts)
  }
  if (judged.mark !== undefined && (mark === undefined || judged.mark.n > mark.n))
    await context.write({ put: [[markKey, encodeMark(judged.mark)]] })
  for (const { code, message } of judged.problems) context.report(new SyncError(code, message))
  const entries = judged.rows
    .map(({ row: { device, target, ...row }, isVerified }) => ({
      ...row,
      ...whoIn(context, device, target),
      isVerified,
    }))
    .filter((entry) => isWanted(entry, options))
  return { entries, statistics: statisticsOf(entries), problems: judged.problems }
}

function whoIn({ deviceName }: AuditContext, device: Uint8Array | undefined, target: Uint8Array | undefined) {
  const [id, targetId] = [device && bytesToHex(device), target && bytesToHex(target)]
  return {
    device: id,
    deviceName: id && deviceName(id),
    target: targetId,
    targetName: targetId && deviceName(targetId),
  }
}

function isWanted(entry: AuditEntry, { from, kinds, device, sinceMs }: AuditOptions): boolean {
  return (
    entry.n >= (from ?? 1) &&
    (kinds === undefined || kinds.includes(entry.kind)) &&
    (device === undefined || entry.device === device || entry.target === device) &&
    (sinceMs === undefined || entry.timeMs >= sinceMs)
  )
}

function statisticsOf(entries: readonly AuditEntry[]): AuditStatistics {
  const count = (keyOf: (entry: AuditEntry) => string): Record<string, number> => {
    const counts = new Map<string, number>()
    for (const entry of entries) counts.set(keyOf(entry), (counts.get(keyOf(entry)) ?? 0) + 1)
    return Object.fromEntries(counts)
  }
  return {
    byKind: count(({ kind }) => kind),
    byDevice: count(({ device }) => device ?? ''),
    byDay: count(({ timeMs }) => dayOf(timeMs)),
  }
}

function dayOf(timeMs: number): string {
  const date = new Date(timeMs)
  // A relay may say any number; only some are days.
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().slice(0, 10)
}

// -- pages

interface AuditPage extends AuditPart, AuditClaim {}

async function readParts(
  calls: AccountCalls,
  from: number,
): Promise<{ parts: readonly AuditPart[]; claim: AuditClaim }> {
  const parts: AuditPart[] = []
  let next = from
  for (let count = 0; ; ) {
    const page = await readPage(calls, next, PAGE_ROWS)
    const part = contiguous(page)
    if (part.rows.length > 0) parts.push(part)
    count += part.rows.length
    if (count > MAX_READ_ROWS) throw misbehaved('the audit log does not end')
    const end = part.first + part.rows.length
    if (part.rows.length === 0 || end > page.length) return { parts, claim: page }
    // Behind a gap the relay is asked anew: for the hash that it holds before the next row.
    next = part.rows.length < page.rows.length ? Math.max(end, numberOf(page.rows[part.rows.length]) ?? end) : end
  }
}

/** The rows of a page up to where a number is left out. */
function contiguous({ first, previous, rows }: AuditPage): AuditPart {
  const length = rows.findIndex((row, index) => (numberOf(row) ?? 0) > first + index)
  // A page whose first row already stands elsewhere is taken whole: its rows are told apart one by one.
  return { first, previous, rows: length <= 0 ? rows : rows.slice(0, length) }
}

function numberOf(row: Uint8Array | undefined): number | undefined {
  try {
    return row && decodeAuditRow(row).n
  } catch {
    // Whoever judges the rows says what is wrong with it.
    return undefined
  }
}

/** Asks where the relay's own hashes leave the rows: behind the first row that was changed and whose hash was not. */
async function splitAtChange(
  calls: AccountCalls,
  parts: readonly AuditPart[],
  missed: readonly AuditMark[],
): Promise<readonly AuditPart[] | undefined> {
  const claimedAt = async (index: number) => readPage(calls, (missed[index] as AuditMark).n + 1, 1)
  const isAsClaimed = async (index: number) => {
    const { n, hash } = missed[index] as AuditMark
    const claimed = await claimedAt(index)
    return claimed.first === n + 1 && bytesEqual(claimed.previous, hash)
  }
  let [asClaimed, other] = [0, missed.length - 1]
  if (other === 0 || (await isAsClaimed(other))) return undefined
  while (other - asClaimed > 1) {
    const middle = Math.floor((asClaimed + other) / 2)
    if (await isAsClaimed(middle)) asClaimed = middle
    else other = middle
  }
  const { n } = missed[other] as AuditMark
  const { first, previous } = await claimedAt(other)
  if (first !== n + 1) return undefined
  const split = parts.flatMap((part) => {
    const length = n + 1 - part.first
    if (length <= 0 || length >= part.rows.length) return [part]
    const head = { ...part, rows: part.rows.slice(0, length) }
    return [head, { first: n + 1, previous, rows: part.rows.slice(length) }]
  })
  return split.length > parts.length ? split : undefined
}

async function readPage(calls: AccountCalls, from: number, limit: number): Promise<AuditPage> {
  const fields = fieldsOf(await calls.ask('audit.read', { from, limit }))
  const rows = listIn(fields, 'rows', limit).map((row) => bytesOf(row, 'a row'))
  const [first, length] = [countIn(fields, 'first'), countIn(fields, 'length')]
  if (first + rows.length - 1 > length || (rows.length > 0 && first < from)) throw misbehaved('rows beyond the log')
  return { first, length, head: hashIn(fields, 'head'), previous: hashIn(fields, 'previous'), rows }
}

// -- what this device remembers

function encodeMark({ n, hash }: AuditMark): Uint8Array {
  return new Writer().byte(ROW_VERSION).varUint(n).fixed(hash, HASH_BYTES).finish()
}

function decodeMark(bytes: Uint8Array): AuditMark {
  try {
    return decodeWhole(bytes, (reader) => {
      if (reader.byte() !== ROW_VERSION) throw new SyncError('profile-damaged', 'The mark is of another version.')
      return { n: reader.varUint(), hash: reader.fixed<Hash>(HASH_BYTES).slice() as Hash }
    })
  } catch (cause) {
    throw new SyncError('profile-damaged', 'What this device remembers of the audit log cannot be read.', { cause })
  }
}
