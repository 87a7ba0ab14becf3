// The audit log as a table for other programs. RFC 4180; and since a spreadsheet takes a cell that begins with = + - @ for a
// formula, and device names are anybody's text, no cell begins so, nor any part of one that a program might cut at another
// separator.
import type { AuditEntry } from './audit-log'

const columns: readonly (readonly [name: string, cell: (entry: AuditEntry) => string])[] = [
  ['number', ({ n }) => String(n)],
  ['time', ({ timeMs }) => timeOf(timeMs)],
  ['event', ({ kind }) => kind],
  ['device', ({ deviceName }) => deviceName ?? ''],
  ['device id', ({ device }) => device ?? ''],
  ['affected device', ({ targetName }) => targetName ?? ''],
  ['affected device id', ({ target }) => target ?? ''],
  ['address', ({ address }) => address],
  ['detail', ({ detail }) => detail],
  ['verified', ({ isVerified }) => (isVerified ? 'yes' : 'no')],
]

/** At the start or behind a separator, perhaps behind quotes and blanks that a program strips: what begins a formula, in narrow and wide letters. */
const FORMULA = /(^|[,;|\t\r\n])(["'\s]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/g
/** These too begin a cell that some programs read as a formula. */
const LEADING_CONTROL = /^["']*[\t\r\n]/

/**
 * The rows as CSV by RFC 4180, with a line of names first. Formulas are made text by an apostrophe before them.
 *
 * @example
 * auditCsv([]) // 'number,time,event,device,device id,affected device,affected device id,address,detail,verified\r\n'
 */
export function auditCsv(entries: readonly AuditEntry[]): string {
  const lines = [columns.map(([name]) => name), ...entries.map((entry) => columns.map(([, cell]) => cell(entry)))]
  return lines.map((cells) => `${cells.map(toCell).join(',')}\r\n`).join('')
}

function toCell(text: string): string {
  const harmless = text.replace(FORMULA, "$1$2'")
  const cell = LEADING_CONTROL.test(harmless) ? `'${harmless}` : harmless
  return /[",\r\n;\t|]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}

function timeOf(timeMs: number): string {
  const date = new Date(timeMs)
  return Number.isNaN(date.getTime()) ? String(timeMs) : date.toISOString()
}
