// How contacts are put into words: what is shown, what is searched, in which order.
import type { JsonValue } from '@owlivion/sync'
import type { Contact, LabelledValue, PostalAddress } from '@owlivion/sync/mail'
import type { RecordEntry } from '@owlivion/sync-react'

export type ContactEntry = RecordEntry<Contact>

const byName = new Intl.Collator(undefined, { sensitivity: 'base', numeric: true })

export function sortByName(entries: readonly ContactEntry[]): readonly ContactEntry[] {
  return [...entries].sort(([aId, a], [bId, b]) => byName.compare(a.name, b.name) || (aId < bId ? -1 : 1))
}

/** Names without accents and case, so that "nunez" finds "Núñez". */
function searchable(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase()
}

/** The entries in which every word of the query occurs. */
export function findContacts(entries: readonly ContactEntry[], query: string): readonly ContactEntry[] {
  const words = searchable(query).split(/\s+/).filter(Boolean)
  if (words.length === 0) return entries
  return entries.filter(([, contact]) => {
    const { name, organisation, emails, phones, notes, nicknames } = contact
    const values = [...(emails ?? []), ...(phones ?? [])].map(({ value }) => value)
    const text = searchable([name, organisation, ...(nicknames ?? []), ...values, notes].join(' '))
    return words.every((word) => text.includes(word))
  })
}

/** The line below a name in the list. */
export function secondLine({ organisation, emails, phones }: Contact): string {
  return organisation ?? emails?.[0]?.value ?? phones?.[0]?.value ?? ''
}

export function initials(name: string): string {
  const words = name.split(/[\s-]+/).filter((word) => /^\p{L}/u.test(word) && !word.endsWith('.'))
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => [...(word ?? '')][0] ?? '')
  return letters.join('').toLocaleUpperCase() || '?'
}

/** One of `count` colours, the same for one record on every device. */
export function colourOf(id: string, count: number): number {
  let sum = 0
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9973
  return sum % count
}

const fieldNames: Readonly<Record<string, string>> = {
  name: 'Name',
  structuredName: 'Parts of the name',
  nicknames: 'Nicknames',
  emails: 'E-mail',
  phones: 'Phone',
  addresses: 'Address',
  organisation: 'Organisation',
  department: 'Department',
  title: 'Title',
  notes: 'Notes',
  birthday: 'Birthday',
  urls: 'Web',
  groups: 'Groups',
  favourite: 'Favourite',
  extra: 'Other',
}

export function fieldName(field: string): string {
  return fieldNames[field] ?? field
}

export function addressText({ formatted, street, extended, poBox, postalCode, city, region, country }: PostalAddress) {
  return (
    formatted ??
    [street, extended, poBox, [postalCode, city].filter(Boolean).join(' '), region, country].filter(Boolean).join(', ')
  )
}

/** Any field's value as a line of text, for a choice between two of them. */
export function valueText(field: string, value: JsonValue | undefined): string {
  if (value === undefined || value === null || value === '') return '(empty)'
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return value ? 'Yes' : 'No'
  if (field === 'emails' || field === 'phones' || field === 'urls') {
    return (value as readonly LabelledValue[]).map((each) => each.value).join(', ')
  }
  if (field === 'addresses') return (value as readonly PostalAddress[]).map(addressText).join('; ')
  if (Array.isArray(value)) return value.flat().join(', ')
  return typeof value === 'object' ? Object.values(value).join(' ') : String(value)
}
