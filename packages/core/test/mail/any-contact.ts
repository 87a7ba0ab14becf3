// Contacts as the readers make them: text without white space around it, no empty list, no type of a label twice.
import type { Contact, ExtraProperty, LabelledValue, PostalAddress, StructuredName } from '@owlivion/sync/mail'
import fc from 'fast-check'

/** Text that is hard on a file: separators, quotes, escapes, formulas, half lines, letters of three bytes. */
const hard = fc.constantFrom(
  ...[
    'a;b',
    'a,b',
    '\\',
    '\\\\',
    '\\n',
    'x\\',
    ':',
    '"q"',
    "'",
    '=1+2',
    '+49 1',
    '@x',
    '-1',
    '^n',
    'Zoë Ünal',
    '李雷',
    '🦉',
    'END:VCARD',
  ],
  ...[
    'İstanbul',
    'a'.repeat(100),
    'é'.repeat(60),
    '=C3=96',
    'BEGIN:VCARD',
    '\t|',
    'item1.',
    'mailto:x',
    'tel:1',
    'a ::: b',
    '_$!<Odd>!$_',
  ],
)
// biome-ignore lint/suspicious/noControlCharactersInRegex: no reader gives these.
const printable = (text: string) => text.replace(/[\u0000-\u001f\u007f]/g, '').trim()
const words = fc
  .array(fc.oneof(hard, fc.string({ unit: 'grapheme', maxLength: 12 })), { minLength: 1, maxLength: 4 })
  .map((parts) => printable(parts.join(' ')))

/** One line of text with something in it. */
const line = words.filter((text) => text !== '')
const paragraph = fc.array(line, { minLength: 1, maxLength: 3 }).map((lines) => lines.join('\n'))

const label = fc.oneof(
  fc.constantFrom('home', 'work', 'work fax', 'cell', 'other', 'voice', 'HomePage', 'pref', 'base64'),
  line,
)

function optional(fields: Record<string, fc.Arbitrary<unknown>>, requiredKeys: string[] = []) {
  return fc.record(fields, { requiredKeys, noNullPrototype: true })
}

const labelled = (value: fc.Arbitrary<string>) =>
  optional({ value, label, preferred: fc.constant(true as const) }, ['value']) as fc.Arbitrary<LabelledValue>
const several = <T>(item: fc.Arbitrary<T>) => fc.array(item, { minLength: 1, maxLength: 3 })
const distinct = fc.uniqueArray(line, { minLength: 1, maxLength: 3 })

const address = optional({
  label,
  preferred: fc.constant(true as const),
  ...Object.fromEntries(
    ['poBox', 'extended', 'street', 'city', 'region', 'postalCode', 'country'].map((part) => [part, line]),
  ),
  formatted: paragraph,
}).filter(({ label: _, preferred: __, ...rest }) => Object.keys(rest).length > 0) as fc.Arbitrary<PostalAddress>

const structuredName = optional({ prefix: line, given: line, additional: line, family: line, suffix: line }).filter(
  (name) => Object.keys(name).length > 0,
) as fc.Arbitrary<StructuredName>

const date = fc
  .tuple(
    fc.option(fc.integer({ min: 1000, max: 2100 }), { nil: '-' }),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 28 }),
  )
  .filter(([year]) => year !== 1604)
  .map(([year, month, day]) => `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`)

const extra = fc
  .tuple(
    fc.constantFrom('X-SKYPE', 'GEO', 'UID', 'item1.X-ABDATE', 'ROLE;TYPE=a', 'a.IMPP;X-SERVICE-TYPE=a b;TYPE=home'),
    line,
  )
  .map(([name, value]): ExtraProperty => [name, value])

export const anyContact = optional(
  {
    name: line,
    structuredName,
    nicknames: distinct,
    emails: several(labelled(line)),
    phones: several(labelled(line)),
    addresses: several(address),
    organisation: line,
    department: line,
    title: line,
    notes: paragraph,
    birthday: fc.oneof(date, fc.constantFrom('circa 1800', 'tomorrow; maybe')),
    urls: several(labelled(line)),
    groups: distinct,
    favourite: fc.constant(true as const),
    photo: fc.constantFrom(
      { type: 'image/png' as const, data: 'iVBORw0KGgo=' },
      { type: 'image/jpeg' as const, data: `/9j/${'A'.repeat(400)}` },
    ),
    extra: several(extra),
  },
  ['name'],
) as fc.Arbitrary<Contact>
