// Whether an audit log is what it was. The rows are the relay's own, and it may leave out what it does not write down; but each
// row is hashed together with everything before it, and a device remembers one such hash, so no row that it has seen the hash of
// can be changed, dropped or put in another order without being missed.
import {
  type AccountId,
  type AuditRow,
  bytesEqual,
  decodeAuditRow,
  emptyAuditHash,
  type Hash,
  MAX_AUDIT_ROWS,
  nextAuditHash,
  ProtocolFailure,
  type Sha512,
} from '@owlivion/sync-protocol'

/** What a device remembers of a log. */
export interface AuditMark {
  /** Number of the newest row that it has verified. */
  readonly n: number
  /** Chain hash after that row. */
  readonly hash: Hash
}

/** Rows as the relay gave them: one behind the other, and the hash that it claims for the place before the first. */
export interface AuditPart {
  readonly first: number
  readonly previous: Hash
  readonly rows: readonly Uint8Array[]
}

/** What the relay says of the log as a whole. */
export interface AuditClaim {
  readonly length: number
  readonly head: Hash
}

/** Something that is not as it was. `audit-altered`: a row has changed. `audit-gap`: rows are missing. */
export interface AuditProblem {
  readonly code: 'audit-altered' | 'audit-gap'
  /** Number of the first row that it is about. */
  readonly row: number
  /** A sentence for a person. */
  readonly message: string
}

export interface JudgedRow {
  readonly row: AuditRow
  /** It hangs together with what this device remembers. */
  readonly isVerified: boolean
}

export interface JudgedAudit {
  readonly rows: readonly JudgedRow[]
  readonly problems: readonly AuditProblem[]
  /** What to remember from now on; undefined while what is remembered does not fit, and for an empty log. */
  readonly mark: AuditMark | undefined
  /** Marks of rows that follow from each other to another hash than the one remembered: among them is a row that was changed. */
  readonly missed: readonly AuditMark[] | undefined
}

/** Rows whose hashes follow from each other. */
interface Segment {
  readonly rows: AuditRow[]
  /** Before the first row and after each one. */
  readonly marks: [AuditMark, ...AuditMark[]]
}

export interface AuditToJudge {
  readonly sha512: Sha512
  readonly account: AccountId
  readonly parts: readonly AuditPart[]
  readonly claim: AuditClaim
  /** The number that was asked from; the rows before it are not part of the question. */
  readonly from: number
  readonly mark: AuditMark | undefined
}

export function judgeAudit(question: AuditToJudge): JudgedAudit {
  const problems: AuditProblem[] = []
  const segments = readSegments(question, problems)
  checkStart(question, segments, problems)
  checkEnd(question, segments, problems)
  const { anchored, missed } = checkMark(question, segments, problems)
  const last = segments[segments.length - 1]
  return {
    rows: segments.flatMap((segment) => segment.rows.map((row) => ({ row, isVerified: segment === anchored }))),
    problems: problems.filter(
      ({ code, row }, i) => i === problems.findIndex((other) => other.code === code && other.row === row),
    ),
    mark: last !== undefined && last === anchored ? endOf(last) : undefined,
    missed,
  }
}

function endOf({ marks }: Segment): AuditMark {
  return marks[marks.length - 1] as AuditMark
}

function readSegments({ sha512, parts }: AuditToJudge, problems: AuditProblem[]): Segment[] {
  const segments: Segment[] = []
  for (const { first, previous, rows } of parts) {
    const before = segments[segments.length - 1]
    const end = before && endOf(before)
    if (end !== undefined && first > end.n + 1) problems.push(gap(end.n + 1, first - 1))
    else if (end !== undefined && !bytesEqual(end.hash, previous)) problems.push(altered(end.n))
    const follows = before !== undefined && end?.n === first - 1 && bytesEqual(end.hash, previous)
    const segment: Segment = follows ? before : { rows: [], marks: [{ n: first - 1, hash: previous }] }
    if (!follows) segments.push(segment)
    for (const bytes of rows) {
      const { n, hash } = endOf(segment)
      const row = readRow(bytes)
      if (row === 'unreadable' || (row !== 'newer' && row.n !== n + 1)) problems.push(altered(n + 1))
      else if (row !== 'newer') segment.rows.push(row)
      segment.marks.push({ n: n + 1, hash: nextAuditHash(sha512, hash, bytes) })
    }
  }
  return segments
}

/** The oldest rows go when there are too many, and only then. */
function checkStart(
  { sha512, account, claim, from }: AuditToJudge,
  [first]: Segment[],
  problems: AuditProblem[],
): void {
  if (first === undefined) return
  const [{ n, hash }] = first.marks
  if (n >= from && claim.length - n < MAX_AUDIT_ROWS) problems.push(gap(from, n))
  if (n === 0 && !bytesEqual(hash, emptyAuditHash(sha512, account))) problems.push(altered(1))
}

function checkEnd({ claim, from }: AuditToJudge, segments: readonly Segment[], problems: AuditProblem[]): void {
  const last = segments[segments.length - 1]
  const end = last && endOf(last)
  if ((end?.n ?? from - 1) < claim.length) problems.push(gap((end?.n ?? from - 1) + 1, claim.length))
  else if (end !== undefined && !bytesEqual(end.hash, claim.head)) problems.push(altered(end.n))
}

/** @returns the segment that hangs together with what is remembered */
function checkMark(
  { mark, claim, from }: AuditToJudge,
  segments: readonly Segment[],
  problems: AuditProblem[],
): { anchored?: Segment | undefined; missed?: readonly AuditMark[] | undefined } {
  const last = segments[segments.length - 1]
  // The first time there is nothing to compare with: what hangs together with the end of the log counts from then on.
  if (mark === undefined) return { anchored: last }
  if (claim.length < mark.n) {
    problems.push(gap(claim.length + 1, mark.n))
    return {}
  }
  // Nothing new since, and nothing older was asked for.
  if (last === undefined && from > mark.n) {
    if (!bytesEqual(claim.head, mark.hash)) problems.push(alteredUpTo(mark.n))
    return {}
  }
  const holders = segments.filter(({ marks }) => marks[0].n <= mark.n && mark.n < marks[0].n + marks.length)
  const markIn = ({ marks }: Segment) => marks[mark.n - marks[0].n] as AuditMark
  const anchored = holders.find((segment) => bytesEqual(markIn(segment).hash, mark.hash))
  if (anchored !== undefined) return { anchored }
  const [holder] = holders
  if (holder !== undefined) {
    problems.push(alteredUpTo(mark.n))
    return { missed: holder.marks.filter(({ n }) => n <= mark.n) }
  }
  // Rows up to what is remembered went for their age; whether they were the right ones cannot be told any more.
  if (segments[0] !== undefined && segments[0].marks[0].n > mark.n) return { anchored: last }
  return {}
}

/** `newer`: of a kind that a later version writes. It counts in the chain, and cannot be shown. */
function readRow(bytes: Uint8Array): AuditRow | 'newer' | 'unreadable' {
  try {
    return decodeAuditRow(bytes)
  } catch (error) {
    return error instanceof ProtocolFailure && error.code === 'unsupported-version' ? 'newer' : 'unreadable'
  }
}

function altered(row: number): AuditProblem {
  return { code: 'audit-altered', row, message: `Row ${row} of the audit log was changed at the relay.` }
}

function alteredUpTo(row: number): AuditProblem {
  const message = `The audit log was changed at the relay, in row ${row} or one before it.`
  return { code: 'audit-altered', row, message }
}

function gap(first: number, last: number): AuditProblem {
  const message =
    first === last
      ? `Row ${first} of the audit log is missing at the relay.`
      : `Rows ${first} to ${last} of the audit log are missing at the relay.`
  return { code: 'audit-gap', row: first, message }
}
