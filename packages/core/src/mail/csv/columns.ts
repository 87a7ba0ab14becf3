// What a column of an address book holds, by its name. The names of Google, Outlook and Thunderbird hardly collide, so that one table
// reads all three, files that somebody edited by hand, and what one of them cannot hold written under another's names.
import type { PostalAddress, StructuredName } from '../contact'

/** Whose column names a file has. */
export type CsvProgram = 'google' | 'outlook' | 'thunderbird'

export type AddressPart = Exclude<keyof PostalAddress, 'label' | 'preferred'>

/** What the cells of a column are. Cells of one `key` belong to one item of a list. */
export type Column =
  | { readonly field: 'name' | 'organisation' | 'department' | 'title' | 'notes' | 'birthday' | 'favourite' }
  | { readonly field: 'nicknames' | 'groups' }
  | { readonly field: 'structuredName'; readonly part: keyof StructuredName }
  | { readonly field: 'birthPart'; readonly part: 'year' | 'month' | 'day' }
  | { readonly field: ListField; readonly key: string; readonly part: 'value' | 'label'; readonly label?: string }
  | { readonly field: 'addresses'; readonly key: string; readonly part: AddressPart | 'label'; readonly label?: string }
  | { readonly field: 'extra'; readonly name: string }

export type ListField = 'emails' | 'phones' | 'urls'

/** Phones of Outlook and Thunderbird: each has a column, and the column says what it is for. In the order in which they are filled. */
export const phoneColumns: Readonly<
  Record<'outlook' | 'thunderbird', readonly (readonly [name: string, label: string])[]>
> = {
  outlook: [
    ['Business Phone', 'work'],
    ['Business Phone 2', 'work'],
    ['Home Phone', 'home'],
    ['Home Phone 2', 'home'],
    ['Mobile Phone', 'cell'],
    ['Business Fax', 'work fax'],
    ['Home Fax', 'home fax'],
    ['Other Fax', 'fax'],
    ['Pager', 'pager'],
    ['Car Phone', 'car'],
    ['ISDN', 'isdn'],
    ['Company Main Phone', 'main'],
    ["Assistant's Phone", 'AssistantPhone'],
    ['Callback', 'callback'],
    ['Radio Phone', 'radio'],
    ['TTY/TDD Phone', 'textphone'],
    ['Telex', 'telex'],
    ['Primary Phone', ''],
    ['Other Phone', ''],
  ],
  thunderbird: [
    ['Work Phone', 'work'],
    ['Home Phone', 'home'],
    ['Fax Number', 'fax'],
    ['Pager Number', 'pager'],
    ['Mobile Number', 'cell'],
  ],
}

/** Where the parts of an address stand, `Home` in front of each. */
export const addressColumns: Readonly<Record<'outlook' | 'thunderbird', Readonly<Record<string, AddressPart>>>> = {
  outlook: {
    Street: 'street',
    'Street 2': 'extended',
    City: 'city',
    State: 'region',
    'Postal Code': 'postalCode',
    'Country/Region': 'country',
    'Address PO Box': 'poBox',
  },
  thunderbird: {
    Address: 'street',
    'Address 2': 'extended',
    City: 'city',
    State: 'region',
    ZipCode: 'postalCode',
    Country: 'country',
  },
}

const addressKinds = [
  ['Business', 'work'],
  ['Work', 'work'],
  ['Home', 'home'],
  ['Other', ''],
] as const

/** Google's words for the parts of `Address 1 - …`. */
export const googleAddressParts: Readonly<Record<string, AddressPart>> = {
  Formatted: 'formatted',
  Street: 'street',
  City: 'city',
  'PO Box': 'poBox',
  Region: 'region',
  'Postal Code': 'postalCode',
  Country: 'country',
  'Extended Address': 'extended',
}

const single: Readonly<Record<string, Column>> = {
  ...named({ field: 'name' }, ['Name', 'Display Name', 'Full Name']),
  ...named({ field: 'structuredName', part: 'given' }, ['First Name', 'Given Name']),
  ...named({ field: 'structuredName', part: 'additional' }, ['Middle Name', 'Additional Name']),
  ...named({ field: 'structuredName', part: 'family' }, ['Last Name', 'Family Name', 'Surname']),
  ...named({ field: 'structuredName', part: 'prefix' }, ['Name Prefix']),
  ...named({ field: 'structuredName', part: 'suffix' }, ['Name Suffix', 'Suffix']),
  ...named({ field: 'nicknames' }, ['Nickname']),
  ...named({ field: 'organisation' }, [
    'Company',
    'Organization',
    'Organisation',
    'Organization Name',
    'Organization 1 - Name',
  ]),
  ...named({ field: 'department' }, ['Department', 'Organization Department', 'Organization 1 - Department']),
  ...named({ field: 'title' }, ['Job Title', 'Organization Title', 'Organization 1 - Title']),
  ...named({ field: 'notes' }, ['Notes', 'Note']),
  ...named({ field: 'birthday' }, ['Birthday']),
  ...named({ field: 'birthPart', part: 'year' }, ['Birth Year']),
  ...named({ field: 'birthPart', part: 'month' }, ['Birth Month']),
  ...named({ field: 'birthPart', part: 'day' }, ['Birth Day']),
  ...named({ field: 'groups' }, ['Labels', 'Group Membership', 'Categories', 'Groups']),
  ...named({ field: 'favourite' }, ['Favourite', 'Favorite']),
  ...named({ field: 'emails', key: '1', part: 'value' }, ['Email', 'E-mail', 'Email Address', 'Primary Email']),
  ...named({ field: 'emails', key: '2', part: 'value' }, ['Secondary Email']),
  ...named({ field: 'phones', key: 'plain', part: 'value' }, ['Phone', 'Telephone', 'Phone Number']),
  ...named({ field: 'phones', key: 'mobile', part: 'value', label: 'cell' }, ['Mobile', 'Cell']),
  ...named({ field: 'urls', key: 'web', part: 'value' }, ['Website', 'URL', 'Web Page']),
  ...Object.fromEntries(
    [...phoneColumns.outlook, ...phoneColumns.thunderbird].map(([name, label]) => [
      name.toLowerCase(),
      { field: 'phones', key: name, part: 'value', ...(label === '' ? {} : { label }) } as const,
    ]),
  ),
  ...Object.fromEntries(
    addressKinds.flatMap(([kind, label]) =>
      Object.entries({ ...addressColumns.outlook, ...addressColumns.thunderbird, Country: 'country' as const }).map(
        ([name, part]) => [
          `${kind} ${name}`.toLowerCase(),
          { field: 'addresses', key: kind, part, ...(label === '' ? {} : { label }) } as const,
        ],
      ),
    ),
  ),
}

function named(column: Column, names: readonly string[]): Record<string, Column> {
  return Object.fromEntries(names.map((name) => [name.toLowerCase(), column]))
}

/** What a column of this name holds; undefined when it is not known. */
export function columnOf(name: string, program: CsvProgram | undefined): Column | undefined {
  const text = name.trim().replace(/\s+/g, ' ')
  const lower = text.toLowerCase()
  // One word for two things: a form of address in Outlook, a position anywhere else.
  if (lower === 'title') return program === 'outlook' ? { field: 'structuredName', part: 'prefix' } : { field: 'title' }
  if (Object.hasOwn(single, lower)) return single[lower]
  const [, outlookEmail] = /^e-mail (?:(\d+) )?address$/.exec(lower) ?? ['', undefined]
  if (/^e-mail (?:\d+ )?address$/.test(lower)) return { field: 'emails', key: outlookEmail ?? '1', part: 'value' }
  const [, webPage] = /^web page (\d+)$/.exec(lower) ?? []
  if (webPage !== undefined) return { field: 'urls', key: `page ${webPage}`, part: 'value' }
  return numberedColumn(lower) ?? keptColumn(text)
}

const listFields: Readonly<Record<string, ListField>> = { 'e-mail': 'emails', phone: 'phones', website: 'urls' }

/** Google's columns: `E-mail 2 - Value`. */
function numberedColumn(lower: string): Column | undefined {
  const [, list = '', key = '', part = ''] = /^(e-mail|phone|website|address) (\d+) - (.+)$/.exec(lower) ?? []
  if (list === '') return undefined
  const isLabel = part === 'label' || part === 'type'
  if (list === 'address') {
    const [, addressPart] = Object.entries(googleAddressParts).find(([word]) => word.toLowerCase() === part) ?? []
    const known = isLabel ? 'label' : addressPart
    return known && { field: 'addresses', key: `n ${key}`, part: known }
  }
  const field = listFields[list]
  if (field === undefined || (!isLabel && part !== 'value')) return undefined
  // Google's and Outlook's first address are the same one, where a file has the names of both.
  return { field, key: field === 'emails' ? key : `n ${key}`, part: isLabel ? 'label' : 'value' }
}

/** In front of the name of a vCard property that no program has a column for. */
export const KEPT = 'vCard '

function keptColumn(text: string): Column | undefined {
  return text.startsWith(KEPT) ? { field: 'extra', name: text.slice(KEPT.length).replace(/ #\d+$/, '') } : undefined
}

/** A column that only one program has; and what counts for it where that one was taken out. */
const telling: readonly (readonly [CsvProgram, own: RegExp, typical: RegExp])[] = [
  [
    'thunderbird',
    /^primary email$/,
    /^((home|work) (zipcode|address)|(mobile|pager|fax) number|screen name|web page [12])$/,
  ],
  [
    'outlook',
    /^e-mail address$/,
    /^(e-mail \d+ address|(business|home|other) (street|postal code|country\/region|fax|phone)|mobile phone|web page|job title)$/,
  ],
  [
    'google',
    /^(labels|group membership)$/,
    /^((e-mail|phone|address|website) \d+ - .*|organization (name|title)|file as|given name)$/,
  ],
]

/** The program whose column names these are; undefined when they are nobody's. */
export function detectProgram(names: readonly string[]): CsvProgram | undefined {
  const lower = names.map((name) => name.trim().toLowerCase())
  const [sure] = telling.find(([, own]) => lower.some((name) => own.test(name))) ?? []
  if (sure !== undefined) return sure
  const counted = telling.map(([program, , typical]) => ({
    program,
    count: lower.filter((name) => typical.test(name)).length,
  }))
  const [best] = counted.sort((a, b) => b.count - a.count)
  return best === undefined || best.count === 0 ? undefined : best.program
}
