// Subpath '@owlivion/sync/vcard': address books as other programs export and import them, from and to contacts. The only part of the package
// that carries ical.js, so that an app loads it when somebody imports a file.
import type { Contact } from '../contact'
import { ImportReport, type LeftOut, type RefusedEntry } from '../import-report'
import { nextTask, type SliceOptions } from '../slices'
import type { VCardVersion } from './content-lines'
import { leaveOutLarge, type ScalePhoto, scaledPhoto } from './photo'
import { countCards, openCards, readCards } from './read-cards'
import { writeCard } from './write-card'

export type { Contact } from '../contact'
export type { LeftOut, LeftOutCode, RefusalCode, RefusedEntry } from '../import-report'
export type { SliceOptions } from '../slices'
export type { VCardVersion } from './content-lines'
export type { ScalePhoto } from './photo'

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
  const file = openCards(input, report)
  for (const card of file ? readCards(file, report) : []) {
    if (card === undefined) continue
    contacts.push(card.contact)
    if (card.largePhoto) leaveOutLarge(card.largePhoto, report)
  }
  report.close()
  return { contacts, refused: report.refused, leftOut: report.leftOut }
}

/** How to read cards in slices. */
export interface ReadOptions extends SliceOptions {
  /** Makes photos smaller that are too large to be kept. Without it they are left out, and said so. */
  readonly scalePhoto?: ScalePhoto
}

/** Cards between two breaks: a few milliseconds of work. */
const CARDS_PER_SLICE = 50

/**
 * As `parseVCards`, in slices that let a window go on drawing.
 * @throws the reason of `signal` when it is aborted; nothing was written
 *
 * @example
 * const { contacts } = await readVCards(file, { onProgress: ({ done, total }) => console.log(`${done} of ${total}`) })
 */
export async function readVCards(
  input: Uint8Array | string,
  { scalePhoto, onProgress, signal }: ReadOptions = {},
): Promise<VCardImport> {
  const report = new ImportReport()
  const contacts: Contact[] = []
  const file = openCards(input, report)
  const total = file === undefined ? 0 : countCards(file.binary)
  let done = 0
  for (const card of file ? readCards(file, report) : []) {
    if (card?.largePhoto && scalePhoto) {
      const photo = await scaledPhoto(card.largePhoto, scalePhoto, report)
      contacts.push(photo ? { ...card.contact, photo } : card.contact)
    } else if (card) {
      contacts.push(card.contact)
      if (card.largePhoto) leaveOutLarge(card.largePhoto, report)
    }
    if (++done % CARDS_PER_SLICE > 0) continue
    onProgress?.({ done: Math.min(done, total), total })
    await nextTask()
    signal?.throwIfAborted()
  }
  signal?.throwIfAborted()
  onProgress?.({ done: total, total })
  report.close()
  return { contacts, refused: report.refused, leftOut: report.leftOut }
}

/** How to write cards. */
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
