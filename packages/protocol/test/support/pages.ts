// Reads the tables of a page of the documentation, by the heading above them.
import { readFileSync } from 'node:fs'

export interface Section {
  readonly heading: string
  readonly text: string
  /** Rows below the head of each table, as cells; all tables of the section together. */
  readonly rows: readonly (readonly string[])[]
}

const folder = new URL('../../../../docs/protocol/', import.meta.url)

export function sectionsOf(page: string): Section[] {
  const parts = readFileSync(new URL(page, folder), 'utf8').split(/^#{1,6} /m)
  return parts.slice(1).map((part) => {
    const [heading = '', ...lines] = part.split('\n')
    const table = lines.filter((line) => line.startsWith('|'))
    const rows = table
      .filter((_, index) => !isRule(table[index]) && !isRule(table[index + 1]))
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      )
    return { heading: plain(heading.trim()), text: lines.join('\n'), rows }
  })
}

const isRule = (line: string | undefined) => line !== undefined && /^\|[\s|:-]+$/.test(line)

/** Without the marks of code. */
export const plain = (cell: string): string => cell.replaceAll('`', '')

export function sectionOf(page: string, heading: string): Section {
  const found = sectionsOf(page).find((section) => section.heading === heading)
  if (found === undefined) throw new TypeError(`docs/protocol/${page} has no heading "${heading}"`)
  return found
}
