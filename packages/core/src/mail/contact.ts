// A person or company in the address book, as the plain JSON fields of one record. Each top-level field merges by itself, so
// what people change apart is a field apart; a list is one field and changes as a whole.
import { MAX_PHOTO_BYTES } from './limits'
import type { MailType } from './mail-type'
import { digestId, emailId } from './record-id'
import { flag, integer, list, object, oneOf, optional, pair, schemaOf, text, textLike, yes } from './schema'
import { canonicalText, normaliseText } from './text'

// Type aliases, not interfaces: only an alias is accepted where a record of JSON values is asked for.

/** The parts of a name; a part that is empty is absent. */
export type StructuredName = {
  readonly prefix?: string
  readonly given?: string
  readonly additional?: string
  readonly family?: string
  readonly suffix?: string
}

/** An e-mail address, phone number or web address with what it is for (`home`, `work fax`, or the person's own words). */
export type LabelledValue = {
  readonly value: string
  readonly label?: string
  readonly preferred?: true
}

/** A postal address; `formatted` is the address as its owner wants it on an envelope, when that was given too. */
export type PostalAddress = {
  readonly label?: string
  readonly preferred?: true
  readonly poBox?: string
  readonly extended?: string
  readonly street?: string
  readonly city?: string
  readonly region?: string
  readonly postalCode?: string
  readonly country?: string
  readonly formatted?: string
}

/** A small picture of a person, ready to show; at most 48,000 bytes before base64. */
export type ContactPhoto = {
  readonly type: 'image/jpeg' | 'image/png' | 'image/webp' | 'image/gif'
  /** Base64, standard alphabet, with padding. */
  readonly data: string
}

/** A vCard property that has no field of its own: its name in capitals, with group and parameters, and its text. */
export type ExtraProperty = readonly [name: string, value: string]

/**
 * One entry of the address book. Every field but `name` is absent when there is nothing to say; no list is empty.
 * Its record id is `contactKey(contact)`.
 *
 * @example
 * const ann: Contact = { name: 'Ann Lee', emails: [{ value: 'ann@example.com', label: 'work' }] }
 */
export type Contact = {
  /** The name to show. May be a company's; without any name the e-mail address or number; empty only when nothing fits. */
  readonly name: string
  readonly structuredName?: StructuredName
  readonly nicknames?: readonly string[]
  readonly emails?: readonly LabelledValue[]
  readonly phones?: readonly LabelledValue[]
  readonly addresses?: readonly PostalAddress[]
  readonly organisation?: string
  /** Units inside the organisation, from the largest to the smallest, separated by comma and space. */
  readonly department?: string
  readonly title?: string
  readonly notes?: string
  /** `2001-12-31`, `--12-31` when the year is not known, else the text as it was given. */
  readonly birthday?: string
  readonly urls?: readonly LabelledValue[]
  readonly groups?: readonly string[]
  readonly favourite?: boolean
  readonly photo?: ContactPhoto
  /** When mail was last written to this person, in milliseconds since 1970. How often is the record's counter `uses`. */
  readonly lastUsedAt?: number
  readonly extra?: readonly ExtraProperty[]
}

/**
 * The record id of a contact: its first usable e-mail address, normalised (NFC, lower case, trimmed). Without one, an id
 * made from name and first phone number, so that importing the same card on two devices still gives one record.
 * Always 1 to 256 bytes without control characters.
 *
 * @example
 * contactKey({ name: 'Ann Lee', emails: [{ value: ' Ann@Example.com ' }] }) // 'ann@example.com'
 */
export function contactKey(contact: Contact): string {
  for (const { value } of contact.emails ?? []) {
    const id = emailId(value)
    if (id !== undefined) return id
  }
  const name = normaliseText(contact.name).replace(/\s+/g, ' ')
  const phone = normaliseText(contact.phones?.[0]?.value ?? '').replace(/[^\p{L}\p{N}+*#]/gu, '')
  // Nameless and numberless cards exist (a shop's address, a note); then the whole content tells them apart.
  return digestId('contact', name || phone ? canonicalText([name, phone]) : canonicalText(contact))
}

const name = object<StructuredName>({
  prefix: optional(text()),
  given: optional(text()),
  additional: optional(text()),
  family: optional(text()),
  suffix: optional(text()),
})
const labelled = object<LabelledValue>({ value: text(), label: optional(text()), preferred: optional(yes) })
const address = object<PostalAddress>({
  label: optional(text()),
  preferred: optional(yes),
  poBox: optional(text()),
  extended: optional(text()),
  street: optional(text()),
  city: optional(text()),
  region: optional(text()),
  postalCode: optional(text()),
  country: optional(text()),
  formatted: optional(text()),
})
const photo = object<ContactPhoto>({
  type: oneOf(['image/jpeg', 'image/png', 'image/webp', 'image/gif']),
  data: textLike(
    (data) => data.length % 4 === 0 && data.length <= (MAX_PHOTO_BYTES / 3) * 4 && /^[A-Za-z0-9+/]+={0,2}$/.test(data),
    `base64 of at most ${MAX_PHOTO_BYTES} bytes`,
  ),
})
const labelledList = optional(list(labelled, { filled: true }))
const words = optional(list(text(), { filled: true }))

/** The address book. */
export const contacts: MailType<Contact> = {
  name: 'contacts',
  schema: schemaOf(
    object<Contact>({
      name: text(),
      structuredName: optional(name),
      nicknames: words,
      emails: labelledList,
      phones: labelledList,
      addresses: optional(list(address, { filled: true })),
      organisation: optional(text()),
      department: optional(text()),
      title: optional(text()),
      notes: optional(text()),
      birthday: optional(text()),
      urls: labelledList,
      groups: words,
      favourite: optional(flag),
      photo: optional(photo),
      lastUsedAt: optional(integer(0, Number.MAX_SAFE_INTEGER)),
      extra: optional(list(pair, { filled: true })),
    }),
  ),
  /** `uses`: mails that were written to this person. */
  counters: ['uses'],
  sets: [],
  latestWins: ['lastUsedAt'],
  key: contactKey,
}
