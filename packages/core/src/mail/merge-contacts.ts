// Two cards of one person made one record without losing what either says. Address books hold the same person many times;
// written over each other, the last card would erase the numbers of the first.
import { type Contact, contactKey, type ExtraProperty, type LabelledValue, type StructuredName } from './contact'
import { fitsField } from './field-size'
import { digestId } from './record-id'
import { canonicalText, normaliseText } from './text'

const byValue = ({ value }: LabelledValue) => normaliseText(value)

/**
 * What both contacts say, together. Lists are joined without repeats, notes are put one under the other, and where both
 * have a different single value (name, organisation, title, birthday) the first one's stays and the other is kept in `extra`
 * under its vCard name. Merging a contact with itself changes nothing.
 *
 * @example
 * mergeContacts({ name: 'Ann', phones: [{ value: '1' }] }, { name: 'Ann', phones: [{ value: '2' }] }).phones?.length // 2
 */
export function mergeContacts(first: Contact, second: Contact): Contact {
  const extra = [...(first.extra ?? []), ...displacedValues(first, second), ...(second.extra ?? [])]
  const lists = {
    nicknames: union(first.nicknames, second.nicknames, normaliseText),
    emails: union(first.emails, second.emails, byValue),
    phones: union(first.phones, second.phones, byValue),
    addresses: union(first.addresses, second.addresses, ({ preferred: _, ...address }) => canonicalText(address)),
    urls: union(first.urls, second.urls, ({ value }) => value.trim()),
    groups: union(first.groups, second.groups, normaliseText),
    extra: union(extra, [], canonicalText),
  }
  const present = Object.fromEntries(Object.entries(lists).filter(([, items]) => items.length > 0))
  const notes = joinNotes(first.notes, second.notes)
  return {
    ...(organisationText(first) === undefined ? second : withoutOrganisation(second)),
    ...first,
    ...present,
    name: first.name || second.name,
    ...(notes === undefined ? {} : { notes }),
    ...(first.favourite || second.favourite ? { favourite: true } : {}),
  }
}

/**
 * Contacts by record id, cards of the same id merged in their order. What to write when a whole file is imported. A card
 * that would make a field of the merged record larger than the engine takes stays a record of its own.
 *
 * @example
 * await contacts.addAll(contactsByKey(parseVCards(file).contacts))
 */
export function contactsByKey(contacts: Iterable<Contact>): Map<string, Contact> {
  const contactByKey = new Map<string, Contact>()
  for (const contact of contacts) {
    const key = contactKey(contact)
    const known = contactByKey.get(key)
    const merged = known ? mergeContacts(known, contact) : contact
    if (Object.values(merged).every(fitsField)) contactByKey.set(key, merged)
    else contactByKey.set(digestId('contact', canonicalText(contact)), contact)
  }
  return contactByKey
}

/** The single values of `second` that `first` has otherwise, as the properties they would be in a card. */
function displacedValues(first: Contact, second: Contact): ExtraProperty[] {
  const pairs = [
    ['FN', first.name, second.name],
    ['N', nameText(first.structuredName), nameText(second.structuredName)],
    ['ORG', organisationText(first), organisationText(second)],
    ['TITLE', first.title, second.title],
    ['BDAY', first.birthday, second.birthday],
  ] as const
  return pairs.flatMap(([name, ours, theirs]) => (ours && theirs && ours !== theirs ? [[name, theirs] as const] : []))
}

/** A unit belongs to its own organisation, not to the one that stays; `displacedValues` keeps both together. */
function withoutOrganisation({ organisation: _, department: __, ...rest }: Contact): Contact {
  return rest
}

function nameText(name: StructuredName | undefined): string | undefined {
  return (
    name && [name.family, name.given, name.additional, name.prefix, name.suffix].map((part) => part ?? '').join(';')
  )
}

function organisationText({ organisation, department }: Contact): string | undefined {
  return department === undefined ? organisation : `${organisation ?? ''};${department}`
}

function union<Item>(
  first: readonly Item[] = [],
  second: readonly Item[] = [],
  identity: (item: Item) => string,
): readonly Item[] {
  const itemByIdentity = new Map<string, Item>()
  for (const item of [...first, ...second]) {
    if (!itemByIdentity.has(identity(item))) itemByIdentity.set(identity(item), item)
  }
  return [...itemByIdentity.values()]
}

function joinNotes(first: string | undefined, second: string | undefined): string | undefined {
  if (first === undefined || second === undefined) return first ?? second
  if (first.includes(second)) return first
  return second.includes(first) ? second : `${first}\n\n${second}`
}
