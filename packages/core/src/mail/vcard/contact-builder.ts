// One card as a contact: each property goes to its field, or to `extra`, or is reported. There is no third way out.
import type { Contact, ContactPhoto, ExtraProperty, LabelledValue, PostalAddress } from '../contact'
import { fitList, fitsField, fitText } from '../field-size'
import type { ImportReport } from '../import-report'
import { MAX_EXTRA_BYTES, MAX_EXTRA_PROPERTIES, MAX_FIELD_BYTES } from '../limits'
import { spokenName } from '../names'
import { utf8Bytes } from '../text'
import type { ContentLine, ContentLines } from './content-lines'
import {
  dateText,
  FAVOURITE_PROPERTY,
  hasMoreParts,
  labelled,
  postalAddress,
  propertiesByField,
  structuredName,
  unwrapLabel,
  withoutScheme,
} from './fields'
import { type LargePhoto, readPhoto } from './photo'
import { type Property, readProperty } from './property'

type ListFields = Pick<Contact, 'nicknames' | 'emails' | 'phones' | 'addresses' | 'urls' | 'groups' | 'extra'>
type Draft = { -readonly [Key in keyof Contact]: Contact[Key] }

/** Says which program wrote the file and when, not who the person is. */
const aboutTheFile = new Set(['VERSION', 'PRODID', 'REV', 'BEGIN', 'END'])

export interface ReadCard {
  readonly contact: Contact
  /** A photo that the contact does not hold because it is too large. */
  readonly largePhoto: LargePhoto | undefined
}

/** The contact of a card, or undefined when it says nothing about anybody. */
export function buildContact({ version, lines }: ContentLines, report: ImportReport): ReadCard | undefined {
  const photo = new FirstPhoto(report)
  const properties = lines.flatMap((content) => {
    if (content.isBinary || content.value.trim() === '') return takeBinary(content, photo, report)
    try {
      return [readProperty(content, version)]
    } catch {
      report.leaveOut(content.line, content.name, 'line-unreadable', 'The parameters of the line cannot be read.')
      return []
    }
  })
  return new ContactBuilder(properties, photo, report).build()
}

/** The first picture of a card; others are left out. */
class FirstPhoto {
  small: ContactPhoto | undefined
  large: LargePhoto | undefined

  constructor(private readonly report: ImportReport) {}

  take(line: number, base64: string): void {
    if (this.small ?? this.large) {
      this.report.leaveOut(line, 'PHOTO', 'photo', 'The photo was left out: the card has another before it.')
      return
    }
    const photo = readPhoto(line, base64, this.report)
    if (photo !== undefined && 'line' in photo) this.large = photo
    else this.small = photo
  }
}

function takeBinary({ line, name, isBinary, base64 }: ContentLine, photo: FirstPhoto, report: ImportReport): [] {
  if (!isBinary) return [] // An empty property says nothing.
  if (name === 'PHOTO') photo.take(line, base64 ?? '')
  else report.leaveOut(line, name, 'binary', 'The value is not text and was left out.')
  return []
}

/** Where a card ranks its addresses, numbers or pages, only those of the best rank are preferred. */
function withOnePreferred(properties: readonly Property[]): Property[] {
  const best = new Map<string, number>()
  for (const { name, rank } of properties)
    if (rank !== undefined) best.set(name, Math.min(rank, best.get(name) ?? rank))
  return properties.map((each) =>
    each.rank === undefined || each.rank === best.get(each.name) ? each : { ...each, preferred: false },
  )
}

class ContactBuilder {
  readonly #draft: Draft = { name: '' }
  readonly #extra: ExtraProperty[] = []
  readonly #emails: LabelledValue[] = []
  readonly #phones: LabelledValue[] = []
  readonly #urls: LabelledValue[] = []
  readonly #addresses: PostalAddress[] = []
  /** The group of the property of each address. */
  readonly #addressGroups: string[] = []
  readonly #notes: string[] = []
  readonly #nicknames = new Set<string>()
  readonly #groups = new Set<string>()
  readonly #deliveryLabels: Property[] = []
  /** Apple keeps a property's label in a second property of the same group. */
  readonly #labelByGroup = new Map<string, string>()

  constructor(
    private readonly properties: readonly Property[],
    private readonly photo: FirstPhoto,
    private readonly report: ImportReport,
  ) {}

  build(): ReadCard | undefined {
    const labelledGroups = new Set(this.properties.filter(({ name }) => name !== 'X-ABLABEL').map(({ group }) => group))
    for (const { name, group, parts } of this.properties) {
      if (name !== 'X-ABLABEL' || group === '' || !labelledGroups.has(group)) continue
      this.#labelByGroup.set(group, unwrapLabel(parts.join(',')))
    }
    for (const property of withOnePreferred(this.properties)) this.#take(property)
    this.#attachDeliveryLabels()
    const contact = this.#finish()
    return contact && { contact, largePhoto: this.photo.large }
  }

  #take(property: Property): void {
    const text = property.parts.join(',').trim()
    const label = this.#labelByGroup.get(property.group)
    switch (property.name) {
      case 'X-ABLABEL':
        if (label === undefined) this.#keep(property)
        break
      case 'FN':
        this.#single('name', text, property)
        break
      case 'N':
        this.#name(property)
        break
      case 'NICKNAME':
        this.#list(this.#nicknames, property)
        break
      case 'CATEGORIES':
        this.#list(this.#groups, property)
        break
      case 'EMAIL':
        this.#labelled(this.#emails, property, withoutScheme(text, 'mailto:'), label)
        break
      case 'TEL':
        this.#labelled(this.#phones, property, withoutScheme(text, 'tel:'), label)
        break
      case 'URL':
        this.#labelled(this.#urls, property, text, label)
        break
      case 'ADR':
        this.#address(property, label)
        break
      case 'LABEL':
        this.#deliveryLabels.push(property)
        break
      case 'ORG':
        this.#organisation(property)
        break
      case 'TITLE':
        this.#single('title', text, property)
        break
      case 'BDAY':
        this.#single('birthday', dateText(text, property.omittedYear), property)
        break
      case 'NOTE':
        this.#notes.push(property.parts.join(','))
        break
      case FAVOURITE_PROPERTY:
        this.#draft.favourite = true
        break
      case 'PHOTO':
        if (/^data:/i.test(text)) this.photo.take(property.line, text.slice(text.indexOf(',') + 1))
        else this.#keep(property)
        break
      default:
        if (!aboutTheFile.has(property.name)) this.#keep(property)
    }
  }

  #labelled(list: LabelledValue[], property: Property, value: string, label: string | undefined): void {
    if (value !== '') list.push(labelled(property, value, label))
  }

  #name(property: Property): void {
    const name = structuredName(property)
    if (name === undefined) return
    if (this.#draft.structuredName || hasMoreParts(property)) this.#keep(property)
    this.#draft.structuredName ??= name
  }

  #address(property: Property, label: string | undefined): void {
    const address = postalAddress(property, label)
    if (address) {
      this.#addresses.push(address)
      this.#addressGroups.push(property.group)
    }
    if (hasMoreParts(property)) this.#keep(property)
  }

  /** The first value has the field; others that differ are kept beside it. */
  #single(field: 'name' | 'title' | 'birthday', value: string, property: Property): void {
    if (!this.#draft[field]) this.#draft[field] = value
    else if (this.#draft[field] !== value) this.#keep(property)
  }

  #list(items: Set<string>, { parts }: Property): void {
    for (const part of parts) if (part.trim() !== '') items.add(part.trim())
  }

  #organisation(property: Property): void {
    const [name = '', ...units] = property.parts.map((part) => part.trim())
    const department = units.filter((unit) => unit !== '').join(', ')
    if (this.#draft.organisation !== undefined || this.#draft.department !== undefined) {
      this.#keep(property)
    } else {
      if (name !== '') this.#draft.organisation = name
      if (department !== '') this.#draft.department = department
    }
  }

  /**
   * Before 4.0 the text for the envelope stands in a property of its own, with the group or the types of its address. Without one it is
   * all that is known of the address.
   */
  #attachDeliveryLabels(): void {
    const ownGroups = new Set(this.#addressGroups)
    // Addresses that wait for a label, by what it is found by: a card of noise has thousands of either, so nobody looks through all.
    const waiting = new Map<string, number[]>()
    const wait = (key: string, at: number): void => void (waiting.get(key)?.push(at) ?? waiting.set(key, [at]))
    for (const [at, { label, formatted }] of this.#addresses.entries()) {
      if (formatted !== undefined) continue
      wait(kindKey(label), at)
      wait(groupKey(this.#addressGroups[at] ?? ''), at)
    }
    for (const property of this.#deliveryLabels) {
      const formatted = property.parts.join(',').trim()
      if (formatted === '') continue
      const { value: _, ...kind } = labelled(property, '', this.#labelByGroup.get(property.group))
      const isOwn = property.group !== '' && ownGroups.has(property.group)
      const places = waiting.get(isOwn ? groupKey(property.group) : kindKey(kind.label)) ?? []
      while (places.length > 0 && this.#addresses[places[0]!]?.formatted !== undefined) places.shift()
      const at = places.shift()
      if (at !== undefined) this.#addresses[at] = { ...this.#addresses[at], formatted }
      else this.#addresses.push({ formatted, ...kind })
    }
  }

  #keep(property: Property): void {
    const value = property.parts.join(/^(N|ADR|ORG)$/.test(property.name) ? ';' : ',')
    const label = this.#labelByGroup.get(property.group)
    const name = label === undefined ? property.fullName : `${property.fullName};X-ABLABEL=${label}`
    if (this.#extra.length >= MAX_EXTRA_PROPERTIES || utf8Bytes(name + value) > MAX_EXTRA_BYTES) {
      const reason =
        'The contact has no field for this, and it is too large or one too many to be kept beside the fields.'
      this.report.leaveOut(property.line, property.name, 'extra-too-large', reason)
    } else this.#extra.push([name, value])
  }

  #finish(): Contact | undefined {
    const draft = this.#draft
    if (this.photo.small) draft.photo = this.photo.small
    if (this.#notes.length > 0) draft.notes = this.#notes.join('\n\n')
    draft.name ||=
      (draft.structuredName && spokenName(draft.structuredName)) ||
      draft.organisation ||
      [...this.#nicknames][0] ||
      this.#emails[0]?.value ||
      this.#phones[0]?.value ||
      ''
    this.#fitInto('nicknames', [...this.#nicknames])
    this.#fitInto('emails', this.#emails)
    this.#fitInto('phones', this.#phones)
    this.#fitInto('addresses', this.#addresses)
    this.#fitInto('urls', this.#urls)
    this.#fitInto('groups', [...this.#groups])
    this.#fitInto('extra', this.#extra)
    for (const field of ['name', 'organisation', 'department', 'title', 'birthday', 'notes'] as const) {
      const text = draft[field]
      if (text === undefined || fitsField(text)) continue
      draft[field] = fitText(text)
      this.#tooLarge(field)
    }
    if (!fitsField(draft.structuredName ?? '')) {
      delete draft.structuredName
      this.#tooLarge('structuredName')
    }
    return draft.name === '' && Object.keys(draft).length === 1 ? undefined : draft
  }

  #fitInto<Field extends keyof ListFields>(field: Field, items: NonNullable<ListFields[Field]>): void {
    if (items.length === 0) return
    const fitting = fitList<unknown>(items)
    if (fitting.length < items.length) this.#tooLarge(field)
    if (fitting.length > 0) this.#draft[field] = fitting as typeof items
  }

  #tooLarge(field: string): void {
    const reason = `The field “${field}” holds ${MAX_FIELD_BYTES} bytes; what did not fit was left out.`
    const from = this.properties.find(({ name }) => propertiesByField[field]?.includes(name))
    this.report.leaveOut((from ?? this.properties[0])?.line ?? 1, from?.name ?? '', 'field-too-large', reason)
  }
}

const kindKey = (label: string | undefined): string => (label === undefined ? 'any' : `kind ${label}`)
const groupKey = (group: string): string => `group ${group}`
