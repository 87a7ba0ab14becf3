// What a device can tell of an audit log by the one hash that it remembers.
import {
  type AccountId,
  type AuditRow,
  emptyAuditHash,
  encodeAuditRow,
  type Hash,
  MAX_AUDIT_ROWS,
  nextAuditHash,
} from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { nodeSigning } from '../../src/platform/node-signing'
import { type AuditMark, type AuditPart, judgeAudit } from '../../src/sync/account/audit-chain'

const { sha512 } = nodeSigning()
const account = new Uint8Array(32).fill(9) as AccountId

const rowAt = (n: number, change: Partial<AuditRow> = {}): Uint8Array =>
  encodeAuditRow({ n, timeMs: 1_700_000_000_000 + n, kind: 'sign-in', address: '192.0.2.7', detail: '', ...change })

/** A log of rows 1 to `length`, with the hash before and after each. */
function logOf(length: number, change: (n: number) => Partial<AuditRow> = () => ({})) {
  const rows = Array.from({ length }, (_, index) => rowAt(index + 1, change(index + 1)))
  const hashes: Hash[] = [emptyAuditHash(sha512, account)]
  for (const row of rows) hashes.push(nextAuditHash(sha512, hashes[hashes.length - 1] as Hash, row))
  const part = (first: number, last = length): AuditPart => ({
    first,
    previous: hashes[first - 1] as Hash,
    rows: rows.slice(first - 1, last),
  })
  const mark = (n: number): AuditMark => ({ n, hash: hashes[n] as Hash })
  return { rows, hashes, part, mark, claim: { length, head: hashes[length] as Hash } }
}

type Question = Parameters<typeof judgeAudit>[0]
const judge = (question: Pick<Question, 'parts' | 'claim' | 'mark'> & { from?: number }) => {
  const { rows, ...rest } = judgeAudit({ sha512, account, from: 1, ...question })
  const numbers = (isVerified: boolean) => rows.filter((each) => each.isVerified === isVerified).map(({ row }) => row.n)
  return { verified: numbers(true), others: numbers(false), ...rest }
}
const named = ({ problems }: ReturnType<typeof judge>) => problems.map(({ code, row }) => `${code} ${row}`)

describe('an audit log', () => {
  const log = logOf(6)

  it('that is seen for the first time is remembered by its end', () => {
    const judged = judge({ parts: [log.part(1, 4), log.part(5)], claim: log.claim, mark: undefined })
    expect(judged).toEqual({
      verified: [1, 2, 3, 4, 5, 6],
      others: [],
      problems: [],
      mark: log.mark(6),
      missed: undefined,
    })
  })

  it('that is empty is no problem, before and after', () => {
    const empty = logOf(0)
    expect(judge({ parts: [], claim: empty.claim, mark: undefined })).toMatchObject({ problems: [], mark: undefined })
  })

  it('that has grown hangs together with what was remembered, from wherever it is read', () => {
    for (const from of [1, 3, 4, 5]) {
      const judged = judge({ parts: [log.part(from)], claim: log.claim, mark: log.mark(4), from })
      expect([judged.problems, judged.mark, judged.verified[0]]).toEqual([[], log.mark(6), from])
    }
    const nothingNew = judge({ parts: [], claim: log.claim, mark: log.mark(6), from: 7 })
    expect(nothingNew).toMatchObject({ problems: [], mark: undefined })
  })

  it('with a changed row is noticed, and the row is named where the relay’s own hashes name it', () => {
    const rows = log.rows.map((row, index) => (index === 2 ? rowAt(3, { address: '203.0.113.9' }) : row))
    const whole = { ...log.part(1), rows }
    const judged = judge({ parts: [whole], claim: log.claim, mark: log.mark(6) })
    expect(named(judged)).toEqual(['audit-altered 6'])
    expect([judged.verified, judged.mark, judged.missed?.length]).toEqual([[], undefined, 7])
    const parts = [{ ...whole, rows: rows.slice(0, 3) }, log.part(4)]
    const split = judge({ parts, claim: log.claim, mark: log.mark(6) })
    expect(named(split)).toEqual(['audit-altered 3'])
    expect([split.verified, split.others, split.mark]).toEqual([[4, 5, 6], [1, 2, 3], log.mark(6)])
  })

  it('with a row that cannot be read, or stands in another’s place, is noticed', () => {
    for (const [bad, isShown] of [
      [new Uint8Array([1, 2]), false],
      [rowAt(9), false],
      [rowAt(2), false],
    ] as const) {
      const rows = log.rows.map((row, index) => (index === 2 ? bad : row))
      const judged = judge({ parts: [{ ...log.part(1), rows }], claim: log.claim, mark: log.mark(2) })
      expect(named(judged)).toContain('audit-altered 3')
      expect([...judged.verified, ...judged.others].includes(3)).toBe(isShown)
    }
  })

  it('with rows of a kind that a later version writes still hangs together', () => {
    const newer = rowAt(3)
    newer[0] = 2
    const rows = log.rows.map((row, index) => (index === 2 ? newer : row))
    let head = emptyAuditHash(sha512, account)
    for (const row of rows) head = nextAuditHash(sha512, head, row)
    const judged = judge({ parts: [{ ...log.part(1), rows }], claim: { length: 6, head }, mark: log.mark(2) })
    expect([judged.problems, judged.verified]).toEqual([[], [1, 2, 4, 5, 6]])
  })

  it('with a row left out in the middle names it, and what lies behind it still verifies', () => {
    const judged = judge({ parts: [log.part(1, 2), log.part(4)], claim: log.claim, mark: log.mark(5) })
    expect(named(judged)).toEqual(['audit-gap 3'])
    expect([judged.verified, judged.others, judged.mark]).toEqual([[4, 5, 6], [1, 2], log.mark(6)])
  })

  it('whose newest rows are gone names them', () => {
    const shorter = logOf(4)
    const judged = judge({ parts: [shorter.part(1)], claim: shorter.claim, mark: log.mark(6) })
    expect(judged.problems).toEqual([
      { code: 'audit-gap', row: 5, message: 'Rows 5 to 6 of the audit log are missing at the relay.' },
    ])
    expect(judged.mark).toBe(undefined)
    const gone = judge({ parts: [], claim: logOf(0).claim, mark: log.mark(2) })
    expect(named(gone)).toEqual(['audit-gap 1'])
  })

  it('that was written anew from a row on is noticed, also when it is longer', () => {
    const other = logOf(9, (n) => (n >= 4 ? { detail: 'anew' } : {}))
    const judged = judge({ parts: [other.part(1)], claim: other.claim, mark: log.mark(6) })
    expect(named(judged)).toEqual(['audit-altered 6'])
    expect([judged.verified, judged.mark]).toEqual([[], undefined])
    const unread = judge({ parts: [other.part(7)], claim: other.claim, mark: log.mark(6), from: 7 })
    expect(named(unread)).toEqual(['audit-altered 6'])
  })

  it('that was rewritten while nothing new was read is noticed by its end', () => {
    const other = logOf(6, (n) => (n === 2 ? { detail: 'anew' } : {}))
    const judged = judge({ parts: [], claim: other.claim, mark: log.mark(6), from: 7 })
    expect(named(judged)).toEqual(['audit-altered 6'])
  })

  it('that does not end as the relay says, or holds less than it says, is noticed', () => {
    const lying = judge({
      parts: [log.part(1)],
      claim: { ...log.claim, head: log.hashes[1] as Hash },
      mark: log.mark(3),
    })
    expect(named(lying)).toEqual(['audit-altered 6'])
    const short = judge({ parts: [log.part(1, 4)], claim: log.claim, mark: log.mark(3) })
    expect(named(short)).toEqual(['audit-gap 5'])
  })

  it('of another account is noticed at its first row', () => {
    const parts = [{ ...log.part(1), previous: log.hashes[2] as Hash }]
    expect(named(judge({ parts, claim: log.claim, mark: undefined }))).toContain('audit-altered 1')
  })

  it('loses its oldest rows only when it is full', () => {
    const early = judge({ parts: [log.part(3)], claim: log.claim, mark: log.mark(5) })
    expect(named(early)).toEqual(['audit-gap 1'])
    const long = logOf(MAX_AUDIT_ROWS + 10)
    const full = judge({ parts: [long.part(11)], claim: long.claim, mark: long.mark(2_000) })
    expect([full.problems, full.verified.length]).toEqual([[], MAX_AUDIT_ROWS])
    // All that was remembered is gone for its age: what is there now counts from now on.
    const later = judge({ parts: [long.part(11)], claim: long.claim, mark: long.mark(5) })
    expect([later.problems, later.mark]).toEqual([[], long.mark(MAX_AUDIT_ROWS + 10)])
  })

  it('is remembered as before while anything is wrong with what is remembered', () => {
    const other = logOf(8, () => ({ detail: 'other' }))
    expect(judge({ parts: [other.part(1)], claim: other.claim, mark: log.mark(6) }).mark).toBe(undefined)
  })
})
