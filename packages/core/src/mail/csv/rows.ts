// Finds the rows of a CSV file. A quote that somebody lost must not swallow the rest of an address book, so a row whose quotes make no
// sense is given up at its first line and reading goes on at the next; a parser that follows the quotes alone cannot do that.
import { MAX_ROW_LENGTH } from '../limits'

export interface Row {
  readonly kind: 'row'
  /** The line of the file on which the row begins, counted from 1. */
  readonly line: number
  readonly cells: readonly string[]
}

export interface BrokenRow {
  readonly kind: 'broken'
  readonly line: number
  readonly flaw: 'quote-lost' | 'too-large' | 'misaligned'
}

interface Scan {
  readonly cells: string[]
  /** Where the next row begins; -1 when the quotes make no sense. */
  readonly end: number
  readonly lines: number
}

/**
 * The rows, without those that are empty. Reads every character at most a few times whatever the file is made of: from inside a quoted
 * cell, a quote that would open one on a later line is either its end or a flaw.
 * @param columns how many cells a row may have; the first row says when it is not given
 */
export function* findRows(text: string, delimiter: string, columns?: number): Generator<Row | BrokenRow> {
  let line = 1
  let known = columns
  for (let at = 0; at < text.length; ) {
    const scan = scanRow(text, at, delimiter)
    const surplus = known === undefined ? [] : scan.cells.slice(known)
    const isMisaligned = surplus.some((cell) => cell.trim() !== '')
    const isTooLarge = scan.end - at > MAX_ROW_LENGTH
    if (scan.end === -1 || isMisaligned || (isTooLarge && scan.lines > 1)) {
      yield { kind: 'broken', line, flaw: isMisaligned && scan.end !== -1 ? 'misaligned' : 'quote-lost' }
      at = nextLine(text, at)
      line++
      continue
    }
    if (isTooLarge) yield { kind: 'broken', line, flaw: 'too-large' }
    else if (scan.cells.some((cell) => cell.trim() !== '')) {
      known ??= scan.cells.length
      yield { kind: 'row', line, cells: scan.cells }
    }
    at = scan.end
    line += scan.lines
  }
}

function scanRow(text: string, start: number, delimiter: string): Scan {
  const cells: string[] = []
  let lines = 1
  let at = start
  for (;;) {
    if (text[at] === '"') {
      const close = closingQuote(text, at)
      if (close === -1 || close - start > MAX_ROW_LENGTH) return { cells, end: -1, lines }
      const cell = text
        .slice(at + 1, close)
        .replaceAll('""', '"')
        .replace(/\r\n?/g, '\n')
      at = close + 1
      while (text[at] === ' ') at++
      const next = text[at]
      if (next !== delimiter && next !== undefined && next !== '\n' && next !== '\r') return { cells, end: -1, lines }
      cells.push(cell)
      lines += lineEnds(cell)
    } else {
      const from = at
      while (at < text.length && text[at] !== delimiter && text[at] !== '\n' && text[at] !== '\r') at++
      cells.push(text.slice(from, at))
    }
    if (text[at] !== delimiter) return { cells, end: nextLine(text, at), lines }
    at++
  }
}

/** The quote that ends the cell which begins at `open`; two in a row are one in the cell. */
function closingQuote(text: string, open: number): number {
  for (let at = text.indexOf('"', open + 1); at !== -1; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at
  }
  return -1
}

function nextLine(text: string, from: number): number {
  let at = from
  while (at < text.length && text[at] !== '\n' && text[at] !== '\r') at++
  return text[at] === '\r' && text[at + 1] === '\n' ? at + 2 : at + 1
}

function lineEnds(cell: string): number {
  return cell.split('\n').length - 1
}

/** The separator by which the first line that is not empty falls into most columns; commas when none does. */
export function detectDelimiter(text: string): string {
  const start = text.search(/[^\r\n]/)
  const head = start === -1 ? '' : text.slice(start, nextLine(text, start)).replace(/"[^"]*"/g, '')
  const [best] = [',', ';', '\t', '|']
    .map((delimiter) => ({ delimiter, count: head.split(delimiter).length }))
    .sort((a, b) => b.count - a.count)
  return best?.delimiter ?? ','
}
