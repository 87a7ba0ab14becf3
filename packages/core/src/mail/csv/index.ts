// Subpath '@owlivion/sync/csv': address books as tables, from and for Google, Outlook and Thunderbird. A subpath of its own, so that an
// app loads it when somebody imports or exports.
import type { Contact } from '../contact'
import { ImportReport, type LeftOut, type RefusedEntry } from '../import-report'
import { MAX_CARDS, MAX_FILE_BYTES, MAX_ROW_LENGTH } from '../limits'
import { decodeFile, isCompressed } from '../vcard/charset'
import { cellOfText, textOfCell } from './cells'
import { type CsvProgram, columnOf, detectProgram } from './columns'
import { readRow } from './read-row'
import { type BrokenRow, detectDelimiter, findRows } from './rows'
import { standardColumns, writeRow } from './write-row'

export type { LeftOut, LeftOutCode, RefusalCode, RefusedEntry } from '../import-report'
export type { CsvProgram } from './columns'

/** What a table of contacts came to. */
export interface CsvImport {
  /** One contact a row, in the order of the file. Several may be of one person; `contactsByKey` joins them. */
  readonly contacts: readonly Contact[]
  /** Rows that were not imported. */
  readonly refused: readonly RefusedEntry[]
  /** Parts of imported rows that are missing or were shortened. */
  readonly leftOut: readonly LeftOut[]
  /** Whose column names these are; undefined when they are nobody's, which does not hinder. */
  readonly program: CsvProgram | undefined
}

/**
 * Reads a table of contacts: the columns of Google, Outlook and Thunderbird in English, separated by comma, semicolon, tab or bar, in UTF-8,
 * UTF-16 or windows-1252; all of it is detected. The first row names the columns. What a column holds that nobody knows is kept in `extra`.
 * Never throws: what cannot be read is in `refused` and `leftOut`, with line and reason, and does not stop the rest.
 *
 * @example
 * const { contacts, program } = parseContactsCsv('First Name,Last Name,Primary Email\nAnn,Lee,ann@example.com')
 * contacts[0]?.name // 'Ann Lee'
 * program // 'thunderbird'
 */
export function parseContactsCsv(input: Uint8Array | string): CsvImport {
  const report = new ImportReport()
  const contacts: Contact[] = []
  const result = (program?: CsvProgram): CsvImport => {
    report.close()
    return { contacts, refused: report.refused, leftOut: report.leftOut, program }
  }
  if (input.length > MAX_FILE_BYTES) {
    report.refuse(1, 'file-too-large', `The file is larger than ${MAX_FILE_BYTES} bytes; import it in parts.`)
    return result()
  }
  if (isCompressed(input)) {
    report.refuse(1, 'file-compressed', 'The file is compressed; unpack it first.')
    return result()
  }
  const text = withoutSeparatorLine(decodeFile(input))
  const rows = findRows(text, detectDelimiter(text))
  const first = rows.next()
  const head = first.done ? undefined : first.value
  const names = head?.kind === 'row' ? head.cells.map((name) => textOfCell(name).trim()) : []
  const program = detectProgram(names)
  const columns = names.map((name) => ({ name, column: columnOf(name, program) }))
  if (!columns.some(({ column }) => column !== undefined)) {
    const reason = 'The first row names no column of an address book, such as “First Name” or “E-mail Address”.'
    report.refuse(head?.line ?? 1, 'no-known-column', reason)
    return result()
  }
  for (const row of rows) {
    if (row.kind === 'broken') {
      refuseRow(row, report)
      continue
    }
    if (contacts.length >= MAX_CARDS) {
      report.refuse(
        row.line,
        'too-many-rows',
        `The file has more than ${MAX_CARDS} rows; import the rest from a second file.`,
      )
      break
    }
    const contact = readRow(row, columns, program, report)
    if (contact) contacts.push(contact)
    else report.refuse(row.line, 'row-empty', 'The row has no name, address, number or note.')
  }
  return result(program)
}

/** Excel's first line `sep=;` is no row. It stays as an empty one, so that lines count as in the file. */
function withoutSeparatorLine(text: string): string {
  return text.replace(/^"?sep=[^\r\n]"?(?=\r|\n)/i, '')
}

function refuseRow({ line, flaw }: BrokenRow, report: ImportReport): void {
  switch (flaw) {
    case 'quote-lost':
      report.refuse(
        line,
        'row-quote-lost',
        'A quotation mark of the row is missing or one too many. Reading went on in the next line.',
      )
      break
    case 'misaligned':
      report.refuse(
        line,
        'row-misaligned',
        'The row has more cells than the first row has columns, so it is not known which is which.',
      )
      break
    case 'too-large':
      report.refuse(line, 'row-too-large', `The row is longer than ${MAX_ROW_LENGTH} characters.`)
  }
}

/** How to write a table. */
export interface CsvExportOptions {
  /** Whose columns to write. */
  readonly program: CsvProgram
  /**
   * Puts an apostrophe before a text that a spreadsheet would run as a formula; numbers and telephone numbers stay. `parseContactsCsv` takes
   * it off. Default true: somebody else chose the names in an address book, and one of them may be `=HYPERLINK(…)`.
   */
  readonly safeForSpreadsheets?: boolean
}

/**
 * Contacts as a table with the columns of one program, separated by commas. What the program has no column for stands in further columns,
 * which `parseContactsCsv` reads; photos are not in it, and labels only where the program has a place for them.
 *
 * @example
 * formatContactsCsv([{ name: 'Ann Lee' }], { program: 'google' }).split(',')[0] // 'Name'
 */
export function formatContactsCsv(
  contacts: Iterable<Contact>,
  { program, safeForSpreadsheets = true }: CsvExportOptions,
): string {
  const rows = Array.from(contacts, (contact) => writeRow(contact, program))
  const columns = new Set([...standardColumns[program], ...rows.flatMap((row) => [...row.keys()])])
  const line = (cells: readonly string[]) =>
    `${cells.map((cell) => cellOfText(cell, safeForSpreadsheets)).join(',')}\r\n`
  return [line([...columns]), ...rows.map((row) => line([...columns].map((name) => row.get(name) ?? '')))].join('')
}
