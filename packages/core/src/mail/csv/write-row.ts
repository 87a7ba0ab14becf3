// A contact as cells under the column names of one program. What the program has no column for gets a column of Google's kind or one of
// our own: the program leaves it alone, and this package reads it back.
import type { Contact, LabelledValue, PostalAddress, StructuredName } from '../contact'
import { COLUMN_PROPERTY, SEVERAL } from './cells'
import { type AddressPart, addressColumns, type CsvProgram, googleAddressParts, KEPT, phoneColumns } from './columns'
import { writeLabel } from './labels'

/** What joining contacts keeps of the photo that is not shown; photos are in no table. */
const secondPhoto = /^(?:[^.;]*\.)?PHOTO(?:;|$)/i

/** Cells by column name. */
export type NamedCells = ReadonlyMap<string, string>

/** The columns that a program writes also where they are empty, in its order. */
export const standardColumns: Readonly<Record<CsvProgram, readonly string[]>> = {
  google: columns(
    'Name,First Name,Middle Name,Last Name,Name Prefix,Name Suffix,Nickname,Organization Name,Organization Title,Organization Department',
    'Birthday,Notes,Labels,E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value',
  ),
  outlook: columns(
    'Title,First Name,Middle Name,Last Name,Suffix,Company,Department,Job Title,Business Street,Business Street 2,Business City',
    'Business State,Business Postal Code,Business Country/Region,Home Street,Home Street 2,Home City,Home State,Home Postal Code',
    'Home Country/Region,Business Fax,Business Phone,Home Phone,Mobile Phone,Other Phone,Birthday,Categories,E-mail Address',
    'E-mail 2 Address,E-mail 3 Address,Notes,Web Page',
  ),
  thunderbird: columns(
    'First Name,Last Name,Display Name,Nickname,Primary Email,Secondary Email,Screen Name,Work Phone,Home Phone,Fax Number,Pager Number',
    'Mobile Number,Home Address,Home Address 2,Home City,Home State,Home ZipCode,Home Country,Work Address,Work Address 2,Work City',
    'Work State,Work ZipCode,Work Country,Job Title,Department,Organization,Web Page 1,Web Page 2,Birth Year,Birth Month,Birth Day',
    'Custom 1,Custom 2,Custom 3,Custom 4,Notes',
  ),
}

function columns(...lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => line.split(','))
}

const namePartColumns: Readonly<Record<CsvProgram, Readonly<Record<keyof StructuredName, string>>>> = {
  google: {
    prefix: 'Name Prefix',
    given: 'First Name',
    additional: 'Middle Name',
    family: 'Last Name',
    suffix: 'Name Suffix',
  },
  outlook: { prefix: 'Title', given: 'First Name', additional: 'Middle Name', family: 'Last Name', suffix: 'Suffix' },
  thunderbird: {
    prefix: 'Name Prefix',
    given: 'First Name',
    additional: 'Middle Name',
    family: 'Last Name',
    suffix: 'Name Suffix',
  },
}

const emailColumns: Readonly<Record<CsvProgram, readonly string[]>> = {
  google: [],
  outlook: ['E-mail Address', 'E-mail 2 Address', 'E-mail 3 Address'],
  thunderbird: ['Primary Email', 'Secondary Email'],
}

const urlColumns: Readonly<Record<CsvProgram, readonly string[]>> = {
  google: [],
  outlook: ['Web Page'],
  thunderbird: ['Web Page 1', 'Web Page 2'],
}

/** The cells of one contact. Columns may come that no other contact has. */
export function writeRow(contact: Contact, program: CsvProgram): NamedCells {
  return new RowWriter(contact, program).cells()
}

class RowWriter {
  readonly #cells = new Map<string, string>()

  constructor(
    private readonly contact: Contact,
    private readonly program: CsvProgram,
  ) {}

  cells(): NamedCells {
    const { contact, program } = this
    this.#names()
    this.#put('Nickname', contact.nicknames?.join(SEVERAL))
    this.#put(
      { google: 'Organization Name', outlook: 'Company', thunderbird: 'Organization' }[program],
      contact.organisation,
    )
    this.#put(program === 'google' ? 'Organization Department' : 'Department', contact.department)
    this.#put(program === 'google' ? 'Organization Title' : 'Job Title', contact.title)
    this.#put('Notes', contact.notes)
    this.#birthday()
    this.#groups()
    this.#list('E-mail', contact.emails, emailColumns[program])
    this.#phones()
    this.#list('Website', contact.urls, urlColumns[program])
    this.#addresses()
    for (const [name, value] of contact.extra ?? []) if (!secondPhoto.test(name)) this.#extra(name, value)
    return this.#cells
  }

  #put(column: string, text: string | undefined): void {
    if (text !== undefined && text !== '') this.#cells.set(column, text)
  }

  #names(): void {
    const { name, structuredName, organisation } = this.contact
    this.#put(this.program === 'google' ? 'Name' : 'Display Name', name)
    // Outlook and Google show nobody's name unless it is in one of these; a company they show by itself.
    if (structuredName === undefined && name !== organisation) this.#put('First Name', name)
    for (const [part, text] of Object.entries(structuredName ?? {})) {
      this.#put(namePartColumns[this.program][part as keyof StructuredName], text)
    }
  }

  #birthday(): void {
    const { birthday } = this.contact
    const [, year, month, day] = /^(\d{4}|-)-(\d\d)-(\d\d)$/.exec(birthday ?? '') ?? []
    if (this.program !== 'thunderbird' || year === undefined) {
      this.#put('Birthday', birthday)
      return
    }
    this.#put('Birth Year', year === '-' ? '' : year)
    this.#put('Birth Month', month)
    this.#put('Birth Day', day)
  }

  #groups(): void {
    const { groups = [], favourite } = this.contact
    if (this.program === 'google') {
      this.#put('Labels', ['* myContacts', ...(favourite ? ['* starred'] : []), ...groups].join(SEVERAL))
      return
    }
    this.#put('Categories', groups.join(';'))
    this.#put('Favourite', favourite ? '1' : '')
  }

  /** @param named columns of the program, which say nothing about what a value is for */
  #list(list: 'E-mail' | 'Website', values: readonly LabelledValue[] = [], named: readonly string[]): void {
    for (const [at, value] of values.entries()) {
      const column = named[at]
      if (column === undefined) this.#numbered(list, at + 1, value)
      else this.#put(column, value.value)
    }
  }

  #numbered(list: 'E-mail' | 'Phone' | 'Website', number: number, { value, label, preferred }: LabelledValue): void {
    this.#put(`${list} ${number} - Label`, labelText(label, preferred))
    this.#put(`${list} ${number} - Value`, value)
  }

  #phones(): void {
    const { program } = this
    for (const [at, phone] of (this.contact.phones ?? []).entries()) {
      const free = program === 'google' ? [] : phoneColumns[program].filter(([name]) => !this.#cells.has(name))
      const fitting = free.find(([, label]) => label === (phone.label ?? '')) ?? free.find(([, label]) => label === '')
      if (fitting === undefined) this.#numbered('Phone', at + 1, phone)
      else this.#put(fitting[0], phone.value)
    }
  }

  #addresses(): void {
    const taken = new Set<string>()
    for (const [at, address] of (this.contact.addresses ?? []).entries()) {
      const kind = this.program === 'google' ? undefined : addressKind(this.program, address)
      if (kind === undefined || taken.has(kind)) this.#googleAddress(at + 1, address)
      else {
        taken.add(kind)
        this.#kindOfAddress(kind, address)
      }
    }
  }

  #kindOfAddress(kind: string, address: PostalAddress): void {
    const names = { ...addressColumns.outlook, ...(this.program === 'thunderbird' ? addressColumns.thunderbird : {}) }
    const columnByPart = new Map(Object.entries(names).map(([column, part]) => [part, `${kind} ${column}`]))
    // The text for the envelope says the same as the parts; alone it is all there is.
    const { label: _, preferred: __, formatted, ...parts } = address
    const cells = Object.keys(parts).length === 0 && formatted !== undefined ? { street: formatted } : parts
    for (const [part, text] of Object.entries(cells)) this.#put(columnByPart.get(part as AddressPart) ?? '', text)
  }

  #googleAddress(number: number, address: PostalAddress): void {
    this.#put(`Address ${number} - Label`, labelText(address.label, address.preferred))
    for (const [word, part] of Object.entries(googleAddressParts))
      this.#put(`Address ${number} - ${word}`, address[part])
  }

  #extra(name: string, value: string): void {
    const [, column] = new RegExp(`^${COLUMN_PROPERTY};COLUMN=(.+)$`, 's').exec(name) ?? []
    const wanted = column ?? KEPT + name
    let free = wanted
    for (let number = 2; this.#cells.has(free); number++) free = `${wanted} #${number}`
    this.#put(free, value)
  }
}

function addressKind(program: 'outlook' | 'thunderbird', { label }: PostalAddress): string | undefined {
  if (label === 'home') return 'Home'
  if (label === 'work') return program === 'outlook' ? 'Business' : 'Work'
  return program === 'outlook' ? 'Other' : undefined
}

/** Google's mark of the one to use first, and the label. */
function labelText(label: string | undefined, preferred: true | undefined): string {
  return `${preferred ? '* ' : ''}${label === undefined ? '' : writeLabel(label)}`
}
