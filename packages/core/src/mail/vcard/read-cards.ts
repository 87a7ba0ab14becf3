// A file of cards, one contact at a time, for those who read it in one go and for those who stop in between.
import type { ImportReport } from '../import-report'
import { MAX_FILE_BYTES } from '../limits'
import { findCards } from './card-lines'
import { isCompressed, readFileText } from './charset'
import { buildContact, type ReadCard } from './contact-builder'
import { readContentLines } from './content-lines'

/** The text of a file that may be read, or undefined with the reason in the report. */
export function openCards(
  input: Uint8Array | string,
  report: ImportReport,
): ReturnType<typeof readFileText> | undefined {
  if (input.length > MAX_FILE_BYTES) {
    report.refuse(1, 'file-too-large', `The file is larger than ${MAX_FILE_BYTES} bytes; import it in parts.`)
    return undefined
  }
  if (!isCompressed(input)) return readFileText(input)
  report.refuse(1, 'file-compressed', 'The file is compressed; unpack it first.')
  return undefined
}

/** Yields undefined for a card that was refused. */
export function* readCards(
  { binary, isUtf8 }: ReturnType<typeof readFileText>,
  report: ImportReport,
): Generator<ReadCard | undefined> {
  for (const card of findCards(binary, report)) {
    let read: ReadCard | undefined
    try {
      read = buildContact(readContentLines(card, isUtf8, report), report)
      if (read === undefined) report.refuse(card.line, 'card-empty', 'The card has no name, address, number or note.')
    } catch (cause) {
      // No known card gets here. If one does, it must not take the rest of the address book with it.
      const reason = cause instanceof Error ? cause.message : 'unknown'
      report.refuse(card.line, 'card-unreadable', `The card cannot be read: ${reason}`)
    }
    yield read
  }
}

/** How many cards the file begins, for a bar that shows how far reading is. */
export function countCards(binary: string): number {
  return binary.match(/^BEGIN[ \t]*:[ \t]*VCARD/gim)?.length ?? 0
}
