// vCard files into the address book. Cards of people who are there already are joined with what the book says of them.
import type { Collection } from '@owlivion/sync'
import { type Contact, contactsByKey, mergeContacts } from '@owlivion/sync/mail'
import type { LeftOut, RefusedEntry } from '@owlivion/sync/vcard'

export interface CardImport {
  readonly file: string
  readonly added: number
  /** Were in the book, and the file knew something new about them. */
  readonly joined: number
  /** Were in the book, and the file knew nothing new. */
  readonly unchanged: number
  readonly refused: readonly RefusedEntry[]
  readonly leftOut: readonly LeftOut[]
}

export interface CardFile {
  readonly name: string
  readonly bytes: Uint8Array
}

/** @throws SyncError when the merged contact is larger than a record may be; nothing of the file is written then */
export async function importCards(collection: Collection<Contact>, file: CardFile): Promise<CardImport> {
  // Most people never import; the parser is loaded by those who do.
  const { parseVCards } = await import('@owlivion/sync/vcard')
  const { contacts, refused, leftOut } = parseVCards(file.bytes)
  const records: [id: string, contact: Contact][] = []
  let [added, unchanged] = [0, 0]
  for (const [id, contact] of contactsByKey(contacts)) {
    const known = collection.get(id)
    const merged = known === undefined ? contact : mergeContacts(known, contact)
    if (known === undefined) added++
    if (known !== undefined && isSame(known, merged)) unchanged++
    else records.push([id, merged])
  }
  await collection.addAll(records)
  return { file: file.name, added, joined: records.length - added, unchanged, refused, leftOut }
}

function isSame(a: Contact, b: Contact): boolean {
  const text = (contact: Contact) =>
    JSON.stringify(Object.entries(contact).sort(([first], [second]) => (first < second ? -1 : 1)))
  return text(a) === text(b)
}
