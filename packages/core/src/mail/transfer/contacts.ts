// Cards and rows against an address book. A person is recognised by any e-mail address that both have, for programs put another one first.
import { type Contact, contactKey } from '../contact'
import { fitsField } from '../field-size'
import type { LeftOut, RefusedEntry } from '../import-report'
import { mergeContacts } from '../merge-contacts'
import { digestId, emailId } from '../record-id'
import { IMPORT_LABEL, type ImportOptions, nextTask, type SliceOptions } from '../slices'
import { canonicalText } from '../text'
import { type ChangedRecord, fieldChanges, type ImportPreview, type NewRecord } from './preview'
import { type ImportResult, type ImportTarget, pointBefore, writeImport } from './write'

/** What `parseVCards` and `parseContactsCsv` answer. */
export interface ReadContacts {
  readonly contacts: readonly Contact[]
  readonly refused?: readonly RefusedEntry[]
  readonly leftOut?: readonly LeftOut[]
}

/** Contacts between two breaks. */
const CONTACTS_PER_SLICE = 200

/**
 * Compares what a file says with an address book; writes nothing. People are recognised by any e-mail address that both have, otherwise by
 * name and first number. Cards of one person are joined, and what the book knows stays: see `mergeContacts`.
 * @throws the reason of `signal` when it is aborted
 *
 * @example
 * const preview = await previewImport(contacts, { contacts: [{ name: 'Ann Lee', emails: [{ value: 'ann@example.com' }] }] })
 * console.log(preview.added.length, preview.changed.length, preview.same.length)
 */
export async function previewImport(
  collection: ImportTarget<Contact>,
  { contacts, refused = [], leftOut = [] }: ReadContacts,
  { onProgress, signal }: SliceOptions = {},
): Promise<ImportPreview<Contact>> {
  const people = new People(collection)
  for (const [at, contact] of contacts.entries()) {
    people.take(contact)
    if ((at + 1) % CONTACTS_PER_SLICE > 0) continue
    onProgress?.({ done: at + 1, total: contacts.length })
    await nextTask()
    signal?.throwIfAborted()
  }
  signal?.throwIfAborted()
  onProgress?.({ done: contacts.length, total: contacts.length })
  return { ...people.differences(), refused, leftOut }
}

/**
 * Writes what a preview shows, in slices. A record that was changed in the meantime is joined with what it says now; one that was deleted
 * stays deleted. When `signal` is aborted what was written stays, and the result says so; the same import can be applied again and goes on
 * where it stopped. All of it is one step to undo, and what was there before has a name among the account's points.
 * @throws SyncError as `collection.addAll`, but not for a single record: what the data type refuses is in `refused`
 *
 * @example
 * const preview = await previewImport(contacts, { contacts: [{ name: 'Ann Lee' }] })
 * const { added, changed } = await applyImport(contacts, preview, { onProgress: ({ done, total }) => console.log(done, total) })
 */
export async function applyImport(
  collection: ImportTarget<Contact>,
  preview: ImportPreview<Contact>,
  { label = IMPORT_LABEL, ...options }: ImportOptions = {},
): Promise<ImportResult> {
  const isEmpty = preview.added.length + preview.changed.length === 0
  const before = isEmpty ? undefined : await pointBefore(collection, label)
  const result = await writeImport(collection.within?.({ label }) ?? collection, preview, mergeContacts, options)
  return { ...result, before }
}

interface Person {
  /** What the file says, of all its cards. */
  said: Contact
  /** The book's record with that, as far as it fits. */
  joined: Contact
}

class People {
  readonly #idByEmail = new Map<string, string>()
  readonly #personById = new Map<string, Person>()

  constructor(private readonly book: ImportTarget<Contact>) {
    // Of several records with one address the lowest id counts: on every device the same.
    for (const [id, contact] of [...book.list()].sort(([a], [b]) => (a < b ? -1 : 1))) this.#learn(id, contact)
  }

  take(card: Contact): void {
    // Without what the card itself says twice, or importing it again would look like a change.
    const contact = mergeContacts(card, card)
    const known = addresses(contact).find((address) => this.#idByEmail.has(address))
    const id = (known && this.#idByEmail.get(known)) ?? contactKey(contact)
    const person = this.#personById.get(id)
    const before = person?.joined ?? this.book.get(id)
    const joined = before === undefined ? contact : mergeContacts(before, contact)
    const said = person === undefined ? contact : mergeContacts(person.said, contact)
    // What would not fit into one record stays one of its own.
    const fits = Object.values(joined).every(fitsField) && Object.values(said).every(fitsField)
    if (!fits) this.#personById.set(digestId('contact', canonicalText(contact)), { said: contact, joined: contact })
    else {
      this.#personById.set(id, { said, joined })
      this.#learn(id, contact)
    }
  }

  differences(): Pick<ImportPreview<Contact>, 'added' | 'changed' | 'same'> {
    const added: NewRecord<Contact>[] = []
    const changed: ChangedRecord<Contact>[] = []
    const same: string[] = []
    for (const [id, { said, joined }] of this.#personById) {
      const before = this.book.get(id)
      const changes = before === undefined ? [] : fieldChanges(before, joined)
      if (before === undefined) added.push({ id, record: said })
      else if (changes.length > 0) changed.push({ id, record: said, changes })
      else same.push(id)
    }
    return { added, changed, same }
  }

  #learn(id: string, contact: Contact): void {
    for (const address of addresses(contact)) if (!this.#idByEmail.has(address)) this.#idByEmail.set(address, id)
  }
}

function addresses({ emails = [] }: Contact): string[] {
  return emails.flatMap(({ value }) => emailId(value) ?? [])
}
