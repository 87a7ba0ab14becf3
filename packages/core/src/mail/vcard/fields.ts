// The parts of a contact that one property holds: a labelled value, a postal address, a structured name, a date.
import type { LabelledValue, PostalAddress, StructuredName } from '../contact'
import type { Property } from './property'

/** No version of vCard has a word for it; a name of our own keeps the heart on its way through a file. */
export const FAVOURITE_PROPERTY = 'X-OWLIVION-FAVOURITE'

/** Types that say nothing to a person: every e-mail address is an Internet one, and every number without another type is for voice. */
const impliedTypes = new Set(['internet', 'voice', 'parcel', 'postal', 'dom', 'intl'])

/** `label` is the one that Apple's programs keep beside the property; it is what the person sees there, so it wins. */
export function labelled(property: Property, value: string, label: string | undefined): LabelledValue {
  return { value, ...labelOf(property, label) }
}

function labelOf({ types, preferred }: Property, label: string | undefined): { label?: string; preferred?: true } {
  const meaningful = types.filter((type) => !impliedTypes.has(type))
  const text = label ?? (meaningful.length > 0 ? meaningful : types.filter((type) => type === 'voice')).join(' ')
  return { ...(text === '' ? {} : { label: text }), ...(preferred ? { preferred: true } : {}) }
}

/** Apple wraps the labels that it translates: `_$!<HomePage>!$_`. */
export function unwrapLabel(label: string): string {
  return (/^_\$!<(.*)>!\$_$/s.exec(label)?.[1] ?? label).trim()
}

/** The number without the `tel:` of vCard 4.0, the address without `mailto:`. */
export function withoutScheme(value: string, scheme: string): string {
  const text = value.trim()
  return text.slice(0, scheme.length).toLowerCase() === scheme ? text.slice(scheme.length).trim() : text
}

const nameParts = ['family', 'given', 'additional', 'prefix', 'suffix'] as const
const addressParts = ['poBox', 'extended', 'street', 'city', 'region', 'postalCode', 'country'] as const

/** True when the property has more parts than its fields; then it has to be kept as it stands, too. */
export function hasMoreParts({ name, parts }: Property): boolean {
  const known = name === 'N' ? nameParts.length : addressParts.length
  return parts.slice(known).some((part) => part.trim() !== '')
}

export function structuredName({ parts }: Property): StructuredName | undefined {
  return named(nameParts, parts)
}

export function postalAddress(property: Property, label: string | undefined): PostalAddress | undefined {
  const formatted = property.label?.trim()
  const address = { ...named(addressParts, property.parts), ...(formatted ? { formatted } : {}) }
  return Object.keys(address).length === 0 ? undefined : { ...address, ...labelOf(property, label) }
}

function named<Name extends string>(
  names: readonly Name[],
  parts: readonly string[],
): { [N in Name]?: string } | undefined {
  const entries = names.flatMap((name, index) => {
    const part = parts[index]?.trim()
    return part ? [[name, part] as const] : []
  })
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as { [N in Name]?: string })
}

/** `2001-12-31` or `--12-31` from any of the ways a date is written; other text as it stands. */
export function dateText(value: string, omittedYear: string | undefined): string {
  const text = value.trim()
  const full = /^(\d{4})-?(\d\d)-?(\d\d)(?:T.*)?$/.exec(text)
  if (full) return full[1] === omittedYear ? `--${full[2]}-${full[3]}` : `${full[1]}-${full[2]}-${full[3]}`
  const yearless = /^--(\d\d)-?(\d\d)$/.exec(text)
  return yearless ? `--${yearless[1]}-${yearless[2]}` : text
}

/** Where a field comes from, so that a notice names the line that a person finds it in. A name may come from any of several. */
export const propertiesByField: Readonly<Record<string, readonly string[]>> = {
  name: ['FN', 'N', 'ORG'],
  structuredName: ['N'],
  nicknames: ['NICKNAME'],
  emails: ['EMAIL'],
  phones: ['TEL'],
  addresses: ['ADR', 'LABEL'],
  organisation: ['ORG'],
  department: ['ORG'],
  title: ['TITLE'],
  notes: ['NOTE'],
  birthday: ['BDAY'],
  urls: ['URL'],
  groups: ['CATEGORIES'],
}
