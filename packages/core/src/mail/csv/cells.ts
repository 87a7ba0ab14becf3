// The text of a cell and what stands for it in the file.

/** Between several values in one cell, as Google writes them. */
export const SEVERAL = ' ::: '

/** The property under which a contact keeps a column that nobody knows; the column's name is its parameter. */
export const COLUMN_PROPERTY = 'X-CSV'

/** What a spreadsheet takes for a formula, which may fetch and send what the sheet holds. */
const formula = /^'*[=+\-@\t\r]/
/** A number or a telephone number looks like one, and does nothing. */
const harmless = /^[+-][\d\s()./-]*$/
const escapedFormula = /^'+[=+\-@\t\r]/

/**
 * The cell as it stands in the file. A text that a spreadsheet would run gets an apostrophe in front, which `textOfCell` takes off; one
 * that has it already gets another, so that every text comes back as it was.
 */
export function cellOfText(text: string, safeForSpreadsheets: boolean): string {
  const isGuarded = safeForSpreadsheets ? formula.test(text) && !harmless.test(text) : escapedFormula.test(text)
  const guarded = isGuarded ? `'${text}` : text
  return /[",;\t|\r\n]|^\s|\s$/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded
}

export function textOfCell(cell: string): string {
  return escapedFormula.test(cell) ? cell.slice(1) : cell
}
