// Subpath '@owlivion/sync/vcard': address books as other programs export and import them, from and to contacts. The only part of the package
// that carries ical.js, so that an app loads it when somebody imports a file.
import type { Contact } from '../contact'
import { ImportReport, type LeftOut, type RefusedEntry } from '../import-report'
import { MAX_FILE_BYTES } from '../limits'
import { findCards } from './card-lines'
import { readFileText } from './charset'
import { buildContact } from './contact-builder'
import { readContentLines, type VCardVersion } from './content-lines'
import { writeCard } from './write-card'

export type { Contact } from '../contact'
export type { LeftOut, LeftOutCode, RefusalCode, RefusedEntry } from '../import-report'
export type { VCardVersion } from './content-lines'

/** What a file of cards came to. */
export interface VCardImport {
  /** One contact a card, in the order of the file. Several may be of one person; `contactsByKey` joins them. */
  readonly contacts: readonly Contact[]
  /** Cards that were not imported. */
  readonly refused: readonly RefusedEntry[]
  /** Parts of imported cards that are missing or were changed: photos, lines that make no sense, values beyond a bound. */
  readonly leftOut: readonly LeftOut[]
}

/**
 * Reads vCard 2.1, 3.0 and 4.0, also mixed in one file and with the habits of the programs that write them. Give the bytes
 * of the file when there is a choice: a card may name its character set, which is lost once the file was read as text.
 * Never throws: what cannot be read is in `refused` and `leftOut`, with line and reason, and does not stop the rest.
 *
 * @example
 * const { contacts, refused } = parseVCards('BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann Lee\r\nEMAIL:ann@example.com\r\nEND:VCARD')
 * contacts[0]?.name // 'Ann Lee'
 */
export function parseVCards(input: Uint8Array | string): VCardImport {
  const report = new ImportReport()
  const contacts: Contact[] = []
  const result: VCardImport = { contacts, refused: report.refused, leftOut: report.leftOut }
  if (input.length > MAX_FILE_BYTES) {
    report.refuse(1, 'file-too-large', `The file is larger than ${MAX_FILE_BYTES} bytes; import it in parts.`)
    return result
  }
  const { binary, isUtf8 } = readFileText(input)
  for (const card of findCards(binary, report)) {
    try {
      const contact = buildContact(readContentLines(card, isUtf8, report), report)
      if (contact) contacts.push(contact)
      else report.refuse(card.line, 'card-empty', 'The card has no name, address, number or note.')
    } catch (cause) {
      // No known card gets here. If one does, it must not take the rest of the address book with it.
      report.refuse(
        card.line,
        'card-unreadable',
        `The card cannot be read: ${cause instanceof Error ? cause.message : 'unknown'}`,
      )
    }
  }
  report.close()
  return result
}

export interface VCardExportOptions {
  /** Default `3.0`, which every address book reads. `4.0` is the newest, `2.1` is for old phones. */
  readonly version?: VCardVersion
}

/**
 * Contacts as one vCard file, a card each, in UTF-8 (ASCII in 2.1). `parseVCards` gives the same contacts back from any version, but for
 * `lastUsedAt`, which is no other program's business.
 *
 * @example
 * formatVCards([{ name: 'Ann Lee' }], { version: '4.0' }) // 'BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ann Lee\r\nEND:VCARD\r\n'
 */
export function formatVCards(contacts: Iterable<Contact>, { version = '3.0' }: VCardExportOptions = {}): string {
  return Array.from(contacts, (contact) => writeCard(contact, version)).join('')
}
