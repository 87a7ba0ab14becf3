// A contact as the properties of one card. Each version has its own way to say a label, a delivery label, a photo, a day without a year;
// for each of them the way is chosen that the programs of that version read, and from which the reader gives the same contact back.
import type { Contact, LabelledValue, PostalAddress } from '../contact'
import type { VCardVersion } from './content-lines'
import { FAVOURITE_PROPERTY } from './fields'
import { readExtra } from './write-extra'
import { type WrittenProperty, type WrittenValue, writeLine } from './write-line'

/** One card, from BEGIN to END with all line ends. */
export function writeCard(contact: Contact, version: VCardVersion): string {
  const properties = new CardWriter(contact, version).properties()
  return [
    'BEGIN:VCARD\r\n',
    `VERSION:${version}\r\n`,
    ...properties.map((property) => writeLine(property, version)),
    'END:VCARD\r\n',
  ].join('')
}

/** A delivery label in a parameter must fit the reader's bound for what stands before a value; a longer one is a property of its own. */
const MAX_LABEL_PARAMETER = 1_000

/** The labels that Apple's programs translate; they write them in this wrapping. */
const appleLabels = new Set(['HomePage', 'AssistantPhone', 'Anniversary', 'Mother', 'Father', 'Spouse', 'Child'])

class CardWriter {
  readonly #written: WrittenProperty[] = []
  readonly #extra: readonly WrittenProperty[]
  readonly #groups: ReadonlySet<string | undefined>
  #lastGroup = 0

  constructor(
    private readonly contact: Contact,
    private readonly version: VCardVersion,
  ) {
    this.#extra = (contact.extra ?? []).flatMap((each) => readExtra(each))
    this.#groups = new Set(this.#extra.map(({ group }) => group))
  }

  properties(): readonly WrittenProperty[] {
    const { contact } = this
    this.#name()
    this.#items('NICKNAME', contact.nicknames)
    for (const email of contact.emails ?? []) this.#labelled('EMAIL', email, 'mailto:')
    for (const phone of contact.phones ?? []) this.#labelled('TEL', phone, 'tel:')
    for (const address of contact.addresses ?? []) this.#address(address)
    if (contact.organisation !== undefined || contact.department !== undefined) {
      const { organisation = '', department } = contact
      const parts = department === undefined ? [organisation] : [organisation, department]
      this.#written.push({ name: 'ORG', value: { kind: 'parts', parts } })
    }
    this.#text('TITLE', contact.title)
    this.#birthday()
    for (const url of contact.urls ?? []) this.#labelled('URL', url)
    this.#items('CATEGORIES', contact.groups)
    if (contact.favourite) this.#text(FAVOURITE_PROPERTY, '1')
    this.#text('NOTE', contact.notes)
    this.#photo()
    return [...this.#written, ...this.#extra]
  }

  #name(): void {
    const { name, structuredName } = this.contact
    this.#written.push({ name: 'FN', value: { kind: 'text', text: name } })
    // Mandatory before 4.0, even where nobody knows the parts.
    if (structuredName === undefined && this.version === '4.0') return
    const { family = '', given = '', additional = '', prefix = '', suffix = '' } = structuredName ?? {}
    this.#written.push({ name: 'N', value: { kind: 'parts', parts: [family, given, additional, prefix, suffix] } })
  }

  #text(name: string, text: string | undefined): void {
    if (text !== undefined && text !== '') this.#written.push({ name, value: { kind: 'text', text } })
  }

  #items(name: string, items: readonly string[] | undefined): void {
    if (items !== undefined && items.length > 0) this.#written.push({ name, value: { kind: 'items', items } })
  }

  /** @param scheme what the reader takes off; a value that begins with it gets it once more */
  #labelled(name: string, { value, label, preferred }: LabelledValue, scheme?: string): void {
    if (value === '') return
    const hasScheme = scheme !== undefined && value.slice(0, scheme.length).toLowerCase() === scheme
    const text = hasScheme ? scheme + value : value
    this.#withLabel(name, { kind: name === 'URL' ? 'verbatim' : 'text', text }, label, preferred)
  }

  #address(address: PostalAddress): void {
    const { label, preferred, formatted } = address
    const { poBox = '', extended = '', street = '', city = '', region = '', postalCode = '', country = '' } = address
    const parts = [poBox, extended, street, city, region, postalCode, country]
    if (
      this.#extra.some(({ name, value }) => name === 'ADR' && value.kind === 'parts' && startsWith(value.parts, parts))
    ) {
      return // It has more parts than fields, and comes with them.
    }
    if (parts.every((part) => part === '') && formatted !== undefined && this.version !== '4.0') {
      this.#withLabel('LABEL', { kind: 'text', text: formatted }, label, preferred)
      return
    }
    const asParameter = this.version === '4.0' && formatted !== undefined && formatted.length <= MAX_LABEL_PARAMETER
    const group = formatted !== undefined && !asParameter ? this.#newGroup() : undefined
    const parameters = asParameter ? [['LABEL', encodeParameter(formatted)] as const] : []
    this.#withLabel('ADR', { kind: 'parts', parts }, label, preferred, group, parameters)
    if (group === undefined || formatted === undefined) return
    const types = typesOf(label)
    this.#written.push({
      group,
      name: 'LABEL',
      parameters: types?.map((type) => this.#type(type)) ?? [],
      value: { kind: 'text', text: formatted },
    })
  }

  #withLabel(
    name: string,
    value: WrittenValue,
    label: string | undefined,
    preferred: true | undefined,
    group?: string,
    parameters: readonly (readonly [string, string])[] = [],
  ): void {
    const types = typesOf(label)
    // What every program writes in front of an e-mail address; without it some take the address for one of another network.
    const network = name === 'EMAIL' && this.version !== '4.0' ? ['INTERNET'] : []
    const preference = this.version === '4.0' ? (['PREF', '1'] as const) : (['TYPE', 'PREF'] as const)
    const ownGroup = types === undefined ? (group ?? this.#newGroup()) : group
    this.#written.push({
      group: ownGroup,
      name,
      parameters: [
        ...[...network, ...(types ?? [])].map((type) => this.#type(type)),
        ...(preferred ? [preference] : []),
        ...parameters,
      ],
      value,
    })
    if (types === undefined) this.#written.push(appleLabel(ownGroup, label ?? ''))
  }

  /** Small letters since 3.0; in 2.1 some readers know only the capitals of its list. */
  #type(type: string): readonly [string, string] {
    return ['TYPE', this.version === '2.1' ? type.toUpperCase() : type]
  }

  #birthday(): void {
    const { birthday } = this.contact
    if (birthday === undefined || birthday === '') return
    const [, year, month, day] = /^(\d{4}|-)-(\d\d)-(\d\d)$/.exec(birthday) ?? []
    if (year === undefined) {
      const parameters = this.version === '4.0' ? [['VALUE', 'text'] as const] : []
      this.#written.push({ name: 'BDAY', parameters, value: { kind: 'text', text: birthday } })
    } else if (this.version === '4.0') {
      this.#text('BDAY', `${year === '-' ? '--' : year}${month}${day}`)
    } else if (year === '-') {
      // No day without a year before 4.0. Apple's way is the one that is read elsewhere; 1604 has a 29 February.
      const parameters = [['X-APPLE-OMIT-YEAR', '1604'] as const]
      this.#written.push({ name: 'BDAY', parameters, value: { kind: 'text', text: `1604-${month}-${day}` } })
    } else this.#text('BDAY', birthday)
  }

  #photo(): void {
    const { photo } = this.contact
    if (photo === undefined) return
    if (this.version === '4.0') {
      this.#written.push({
        name: 'PHOTO',
        value: { kind: 'verbatim', text: `data:${photo.type};base64,${photo.data}` },
      })
      return
    }
    const type = photo.type.replace(/^image\//, '').toUpperCase()
    this.#written.push({
      name: 'PHOTO',
      parameters: [
        ['ENCODING', this.version === '2.1' ? 'BASE64' : 'b'],
        ['TYPE', type],
      ],
      value: { kind: 'base64', digits: photo.data.replace(/[^A-Za-z0-9+/=]/g, '') },
    })
  }

  #newGroup(): string {
    let group: string
    do group = `item${++this.#lastGroup}`
    while (this.#groups.has(group))
    return group
  }
}

/** The types that are read as this label; undefined when none are, and it needs a property of its own. */
function typesOf(label: string | undefined): readonly string[] | undefined {
  if (label === undefined || label === '') return []
  const types = label.split(' ')
  const isRead = types.every((type) => /^[a-z0-9-]+$/.test(type) && !unreadTypes.has(type)) || label === 'voice'
  return isRead && new Set(types).size === types.length ? types : undefined
}

/** The reader takes these for implied or for something else than a type. */
const unreadTypes = new Set(
  'internet voice parcel postal dom intl pref base64 quoted-printable 7bit 8bit inline url content-id cid'.split(' '),
)

function appleLabel(group: string | undefined, label: string): WrittenProperty {
  const isWrapped = /^_\$!<.*>!\$_$/s.test(label)
  const text = isWrapped || appleLabels.has(label) ? `_$!<${label}>!$_` : label
  return { group, name: 'X-ABLabel', value: { kind: 'text', text } }
}

/** RFC 6868, and a backslash doubled, which the reader otherwise takes for the beginning of `\n`. */
function encodeParameter(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('^', '^^').replaceAll('"', "^'").replaceAll('\n', '^n')
}

function startsWith(parts: readonly string[], beginning: readonly string[]): boolean {
  return parts.length > beginning.length && beginning.every((part, index) => parts[index]?.trim() === part)
}
