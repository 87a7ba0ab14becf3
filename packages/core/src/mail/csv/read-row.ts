// One row as a contact: each cell goes to the field that its column names, and a column that nobody knows is kept with its name.
import type { Contact, ExtraProperty, LabelledValue, PostalAddress, StructuredName } from '../contact'
import { fitList, fitsField, fitText } from '../field-size'
import type { ImportReport } from '../import-report'
import { MAX_EXTRA_BYTES, MAX_EXTRA_PROPERTIES, MAX_FIELD_BYTES } from '../limits'
import { spokenName } from '../names'
import { utf8Bytes, wellFormed } from '../text'
import { COLUMN_PROPERTY, SEVERAL, textOfCell } from './cells'
import type { Column, CsvProgram } from './columns'
import { readLabel } from './labels'
import type { Row } from './rows'

/** A column of the file: what it holds, or its name when nobody knows. */
export interface NamedColumn {
  readonly name: string
  readonly column: Column | undefined
}

interface Item {
  value: string
  label: string | undefined
  preferred: boolean
  readonly address: Record<string, string>
}

type ListName = 'emails' | 'phones' | 'urls' | 'addresses'
type Draft = { -readonly [Field in keyof Contact]: Contact[Field] }

/** The contact of a row, or undefined when it says nothing about anybody. */
export function readRow(
  { line, cells }: Row,
  columns: readonly NamedColumn[],
  program: CsvProgram | undefined,
  report: ImportReport,
): Contact | undefined {
  const reader = new RowReader(program)
  for (const [at, named] of columns.entries()) {
    const text = clean(textOfCell(cells[at] ?? ''))
    if (text.trim() !== '') reader.take(named, named.column?.field === 'notes' ? text : text.trim())
  }
  return fitted(reader.contact(), line, report)
}

class RowReader {
  readonly #draft: Draft = { name: '' }
  readonly #name: Partial<Record<keyof StructuredName, string>> = {}
  readonly #birth: Partial<Record<'year' | 'month' | 'day', string>> = {}
  readonly #extra: ExtraProperty[] = []
  readonly #items: Readonly<Record<ListName, Map<string, Item>>> = {
    emails: new Map(),
    phones: new Map(),
    urls: new Map(),
    addresses: new Map(),
  }

  constructor(private readonly program: CsvProgram | undefined) {}

  take({ name, column }: NamedColumn, text: string): void {
    if (column === undefined) {
      this.#keep(name, text)
      return
    }
    // A file that was edited by hand may have several columns of one thing: nothing takes the place of what another has said.
    switch (column.field) {
      case 'extra':
        this.#extra.push([column.name, text])
        break
      case 'structuredName':
        this.#name[column.part] = this.#first(this.#name[column.part], text, name)
        break
      case 'birthPart':
        this.#birth[column.part] = this.#first(this.#birth[column.part], text, name)
        break
      case 'nicknames':
        this.#draft.nicknames = joined(this.#draft.nicknames, split(text, SEVERAL))
        break
      case 'groups':
        this.#groups(text)
        break
      case 'favourite':
        if (/^(1|true|yes|x)$/i.test(text)) this.#draft.favourite = true
        break
      case 'birthday': {
        const birthday = birthdayOf(text)
        if (birthday !== undefined) this.#draft.birthday = this.#first(this.#draft.birthday, birthday, name)
        break
      }
      case 'emails':
      case 'phones':
      case 'urls':
      case 'addresses':
        this.#item(column, text, name)
        break
      default:
        this.#draft[column.field] = this.#first(this.#draft[column.field], text, name)
    }
  }

  /** What there is one of is what its first column says; another that says otherwise is kept beside it. */
  #first(known: string | undefined, text: string, name: string): string {
    if (known && text !== '' && known !== text) this.#keep(name, text)
    return known || text
  }

  #keep(name: string, text: string): void {
    this.#extra.push([`${COLUMN_PROPERTY};COLUMN=${name}`, text])
  }

  contact(): Contact {
    const draft = this.#draft
    this.#birthParts()
    const parts = Object.entries(this.#name)
    // What is written for programs that have no column for the whole name is no part of it.
    const isWholeName = parts.length === 1 && this.#name.given === draft.name && draft.name !== ''
    if (parts.length > 0 && !isWholeName) draft.structuredName = this.#name as StructuredName
    for (const field of ['emails', 'phones', 'urls'] as const) {
      const values = [...this.#items[field].values()].flatMap(labelledValues)
      if (values.length > 0) draft[field] = values
    }
    const addresses = [...this.#items.addresses.values()].flatMap(postalAddress)
    if (addresses.length > 0) draft.addresses = addresses
    if (this.#extra.length > 0) draft.extra = this.#extra
    draft.name ||=
      spokenName(this.#name as StructuredName) ||
      draft.organisation ||
      draft.nicknames?.[0] ||
      draft.emails?.[0]?.value ||
      draft.phones?.[0]?.value ||
      ''
    return draft
  }

  #item(column: Extract<Column, { field: ListName }>, text: string, name: string): void {
    const items = this.#items[column.field]
    const item = items.get(column.key) ?? newItem(column.label)
    items.set(column.key, item)
    if (column.part === 'label') {
      // Google marks the one to use first.
      const isPreferred = text === '*' || text.startsWith('* ')
      item.label =
        this.#first(item.label, readLabel(isPreferred ? text.slice(1).trim() : text) ?? '', name) || undefined
      item.preferred ||= isPreferred
    } else if (column.part !== 'value') item.address[column.part] = this.#first(item.address[column.part], text, name)
    else if (item.value === '') item.value = text
    else if (item.value !== text) items.set(`${column.key}: ${text}`, { ...newItem(column.label), value: text })
  }

  /** Google's own groups have a star; one of them is the list of favourites, another is everybody. */
  #groups(text: string): void {
    const groups = split(text, this.program === 'google' ? SEVERAL : /\s*(?:;| ::: )\s*/)
    if (groups.includes('* starred')) this.#draft.favourite = true
    const own = groups.filter((group) => group !== '* starred' && !/^\* my ?contacts$/i.test(group))
    const names = [...new Set(own.map((group) => group.replace(/^\* (?=(?:friends|family|coworkers)$)/i, '')))]
    if (names.length > 0) this.#draft.groups = joined(this.#draft.groups, names)
  }

  #birthParts(): void {
    const { year, month, day } = this.#birth
    const isDay = month !== undefined && day !== undefined
    const parts = [year, month, day].filter((part) => part !== undefined)
    if (parts.length === 0) return
    this.#draft.birthday = this.#first(
      this.#draft.birthday,
      isDay ? dateOf(year, month, day) : parts.join('-'),
      'Birth Date',
    )
  }
}

const newItem = (label: string | undefined): Item => ({ value: '', label, preferred: false, address: {} })

const joined = (known: readonly string[] = [], more: readonly string[]): readonly string[] => [
  ...new Set([...known, ...more]),
]

function birthdayOf(text: string): string | undefined {
  const [, month = '', day = '', year = ''] = /^(\d{1,2})\/(\d{1,2})\/(\d{2,4})$/.exec(text) ?? []
  const [, dayFirst = '', monthSecond = '', yearLast = ''] = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(text) ?? []
  if (/^0+\/0+\/0+$/.test(text)) return undefined // Outlook's way to say that it does not know.
  if (year.length === 4 && Number(month) <= 12) return dateOf(year, month, day)
  if (yearLast !== '') return dateOf(yearLast, monthSecond, dayFirst)
  return text.replace(/^(--)(\d\d)(\d\d)$/, '$1$2-$3')
}

function dateOf(year: string | undefined, month: string, day: string): string {
  return `${year ?? '-'}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
}

function split(text: string, by: string | RegExp): string[] {
  const parts = text.split(by).map((part) => part.trim())
  return [...new Set(parts.filter((part) => part !== ''))]
}

/** Google writes several numbers of one kind into one cell. */
function labelledValues({ value, label, preferred }: Item): LabelledValue[] {
  return split(value, SEVERAL).map((each) => ({
    value: each,
    ...(label === undefined ? {} : { label }),
    ...(preferred ? { preferred: true } : {}),
  }))
}

function postalAddress({ address, label, preferred }: Item): PostalAddress[] {
  if (Object.keys(address).length === 0) return []
  return [{ ...address, ...(label === undefined ? {} : { label }), ...(preferred ? { preferred: true } : {}) }]
}

/** As the reader of cards: no control characters but line breaks and tabs, no half characters. */
function clean(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is where they are taken out.
  return wellFormed(text).replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '')
}

/** The contact within the bounds of a record; what does not fit is reported. */
function fitted(contact: Draft, line: number, report: ImportReport): Contact | undefined {
  const tooLarge = (field: string) =>
    report.leaveOut(
      line,
      field,
      'field-too-large',
      `The field “${field}” holds ${MAX_FIELD_BYTES} bytes; what did not fit was left out.`,
    )
  const kept = contact.extra?.filter(([name, value], at) => {
    const fits = at < MAX_EXTRA_PROPERTIES && utf8Bytes(name + value) <= MAX_EXTRA_BYTES
    const reason =
      'The contact has no field for this column, and the cell is too large or one too many to be kept beside the fields.'
    if (!fits) report.leaveOut(line, name, 'extra-too-large', reason)
    return fits
  })
  if (kept !== undefined && kept.length > 0) contact.extra = kept
  else delete contact.extra
  const fields = Object.entries(contact).flatMap(([field, value]): (readonly [string, unknown])[] => {
    if (fitsField(value)) return [[field, value]]
    tooLarge(field)
    if (typeof value === 'string') return [[field, fitText(value)]]
    const list = Array.isArray(value) ? fitList<unknown>(value) : []
    return list.length === 0 ? [] : [[field, list]]
  })
  const isEmpty = contact.name === '' && fields.length === 1
  return isEmpty ? undefined : (Object.fromEntries(fields) as Contact)
}
