// Two cards of one person made one record without losing what either says. Address books hold the same person many times;
// written over each other, the last card would erase the numbers of the first.
import {
  type Contact,
  contactKey,
  type ExtraProperty,
  type LabelledValue,
  type PostalAddress,
  type StructuredName,
} from './contact'
import { fitsField } from './field-size'
import { digestId } from './record-id'
import { canonicalText, normaliseText } from './text'

const byValue = ({ value }: LabelledValue) => normaliseText(value)

/**
 * What both contacts say, together. Lists are joined without repeats: of what is in both, the first one's label stays, and where it has none
 * it takes the other's. Notes are put one under the other, and where both have a different single value (name, organisation, title, birthday,
 * photo) the first one's stays and the other is kept in `extra` under its vCard name; a second photo only where there is room for it. Merging a
 * contact with itself changes nothing.
 *
 * @example
 * mergeContacts({ name: 'Ann', phones: [{ value: '1' }] }, { name: 'Ann', phones: [{ value: '2' }] }).phones?.length // 2
 */
export function mergeContacts(first: Contact, second: Contact): Contact {
  const extra = [...(first.extra ?? []), ...displacedValues(first, second), ...(second.extra ?? [])]
  const extraWithPhoto = [...extra, ...displacedPhoto(first, second)]
  const lists = {
    nicknames: union(first.nicknames, second.nicknames, normaliseText),
    emails: unionLabelled(first.emails, second.emails, byValue),
    phones: unionLabelled(first.phones, second.phones, byValue),
    addresses: unionAddresses(first.addresses, second.addresses),
    urls: unionLabelled(first.urls, second.urls, ({ value }) => value.trim()),
    groups: union(first.groups, second.groups, normaliseText),
    extra: union(fitsField(extraWithPhoto) ? extraWithPhoto : extra, [], canonicalText),
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

function displacedPhoto({ photo: ours }: Contact, { photo: theirs }: Contact): ExtraProperty[] {
  if (!ours || !theirs || ours.data === theirs.data) return []
  return [['PHOTO', `data:${theirs.type};base64,${theirs.data}`]]
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

/** What is in both has one label, and is preferred where the second says so and the first prefers nothing. */
function unionLabelled(
  first: readonly LabelledValue[] = [],
  second: readonly LabelledValue[] = [],
  identity: (item: LabelledValue) => string,
): readonly LabelledValue[] {
  const [ours, theirs] = [byIdentity(first, identity), byIdentity(second, identity)]
  const isDecided = first.some(({ preferred }) => preferred)
  const completed = [...ours].map(([id, item]): LabelledValue => {
    const same = theirs.get(id)
    const label = item.label ?? same?.label
    const isPreferred = item.preferred || (!isDecided && same?.preferred)
    return { ...item, ...(label !== undefined && { label }), ...(isPreferred && { preferred: true }) }
  })
  return [...completed, ...[...theirs].flatMap(([id, item]) => (ours.has(id) ? [] : [item]))]
}

/** An address that is written out in one of two places, as tables leave that away, is one address. */
function unionAddresses(
  first: readonly PostalAddress[] = [],
  second: readonly PostalAddress[] = [],
): readonly PostalAddress[] {
  const addresses: PostalAddress[] = []
  const placesByParts = new Map<string, number[]>()
  for (const item of [...first, ...second]) {
    const { preferred: _, formatted, ...parts } = item
    const text = canonicalText(parts)
    const places = placesByParts.get(text) ?? []
    const same = places.find((at) => isSameOrNone(addresses[at]?.formatted, formatted))
    if (same !== undefined) addresses[same] = { ...(formatted !== undefined && { formatted }), ...addresses[same] }
    else placesByParts.set(text, [...places, addresses.push(item) - 1])
  }
  return addresses
}

function isSameOrNone(one: string | undefined, other: string | undefined): boolean {
  return one === undefined || other === undefined || one === other
}

/** Of what is said twice, all that is said of it: the first word counts. */
function byIdentity(
  items: readonly LabelledValue[],
  identity: (item: LabelledValue) => string,
): Map<string, LabelledValue> {
  const known = new Map<string, LabelledValue>()
  for (const item of items) known.set(identity(item), { ...item, ...known.get(identity(item)) })
  return known
}

function joinNotes(first: string | undefined, second: string | undefined): string | undefined {
  if (first === undefined || second === undefined) return first ?? second
  // Files have other line ends than what was typed.
  const [one, other] = [withPlainEnds(first), withPlainEnds(second)]
  if (one.includes(other)) return first
  return other.includes(one) ? second : `${first}\n\n${second}`
}

function withPlainEnds(text: string): string {
  return text.replace(/\r\n?/g, '\n')
}
