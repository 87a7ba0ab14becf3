// One property through ical.js: groups, parameters, structured and list values, escapes. ical.js reads vCard 3.0 and 4.0 as
// written in the RFCs; each line is therefore brought into that form first and parsed by itself, under a design set that
// follows real programs where they agree against the RFC.
import ICAL from 'ical.js'
import type { ContentLine, VCardVersion } from './content-lines'

export interface Property {
  readonly line: number
  readonly group: string
  /** In capitals. */
  readonly name: string
  /** What it is for, in lower case: `home`, `work`, `fax`. Without `pref`. */
  readonly types: readonly string[]
  readonly preferred: boolean
  /** `PREF` of vCard 4.0: 1 is preferred most, 100 least. Undefined where it says none. */
  readonly rank: number | undefined
  /** The parts between the semicolons, or the items of a list; one for any other value. Escapes are undone. */
  readonly parts: readonly string[]
  /** Group, name and parameters as they were written, for what has no field of its own. */
  readonly fullName: string
  /** The delivery label of a vCard 4.0 address. */
  readonly label: string | undefined
  readonly omittedYear: string | undefined
}

/** Stands for an escaped backslash while ical.js looks for separators, since it takes the second half of `\\;` for an escape. */
const ESCAPED_BACKSLASH = '\u0001'

const unescapeText = (escaped: string): string =>
  escaped
    .replace(/\\([nN,;:"])/g, (_, letter: string) => (letter === 'n' || letter === 'N' ? '\n' : letter))
    .replaceAll(ESCAPED_BACKSLASH, '\\')

/** vCard 2.1 has no `\n`: line breaks are quoted-printable there, and `C:\new` is a path. */
const unescape21 = (escaped: string): string => escaped.replace(/\\([,;:])/g, '$1').replaceAll(ESCAPED_BACKSLASH, '\\')

const designOf = (fromICAL: (escaped: string) => string) => ({
  value: { text: { fromICAL } },
  param: { type: { valueType: 'parameter', multiValue: ',' } },
  property: Object.assign(Object.create(null) as object, {
    // No list inside a part: `Silicon Alley 5,` and `Richter,James` are text in every real program but the RFC.
    n: { defaultType: 'text', structuredValue: ';' },
    adr: { defaultType: 'text', structuredValue: ';' },
    org: { defaultType: 'text', structuredValue: ';' },
    nickname: { defaultType: 'text', multiValue: ',' },
    categories: { defaultType: 'text', multiValue: ',' },
  }),
  propertyGroups: true,
})
const design = designOf(unescapeText)
const design21 = designOf(unescape21)

/** jCal (RFC 7265): name, parameters, value type, values. */
type JCalProperty = readonly [string, Readonly<Record<string, unknown>>, string, ...unknown[]]

/** Reads one property. Throws what ical.js throws; the caller reports the line. */
export function readProperty(content: ContentLine, version: VCardVersion): Property {
  const named = (name: string) => content.parameters.filter((each) => each.name === name).map(({ value }) => value)
  const types = named('TYPE').flatMap((value) =>
    value
      .split(',')
      .map((type) => type.trim())
      .filter((type) => type !== ''),
  )
  const head = [
    content.group === '' ? content.name : `${content.group.replaceAll('.', '-')}.${content.name}`,
    ...types.map((type) => `TYPE=${quoteParameter(type)}`),
    'VALUE=text',
  ].join(';')
  const value = content.value.replaceAll('\\\\', ESCAPED_BACKSLASH)
  const [, parameters, , ...values] = ICAL.parse.property(
    `${head}:${value}`,
    version === '2.1' ? design21 : design,
  ) as JCalProperty
  const parsedTypes = [parameters.type ?? []].flat(2).map((type) => String(type).toLowerCase())
  return {
    line: content.line,
    group: content.group,
    name: content.name,
    types: [...new Set(parsedTypes)].filter((type) => type !== 'pref'),
    preferred: parsedTypes.includes('pref') || named('PREF').length > 0,
    rank: rankOf(named('PREF')[0]),
    parts: values.flat().map(String),
    fullName: fullNameOf(content),
    label: named('LABEL').map(unescapeParameter)[0],
    omittedYear: named('X-APPLE-OMIT-YEAR')[0],
  }
}

function rankOf(pref: string | undefined): number | undefined {
  const rank = Number(pref)
  return Number.isInteger(rank) && rank >= 1 && rank <= 100 ? rank : undefined
}

/** RFC 6868; and `\n` as in values, which most programs write. */
function unescapeParameter(written: string): string {
  const text = written.replace(/\^([n'^])/g, (_, letter: string) =>
    letter === 'n' ? '\n' : letter === "'" ? '"' : '^',
  )
  return unescapeText(text.replaceAll('\\\\', ESCAPED_BACKSLASH))
}

/** RFC 6868, which ical.js undoes. The comma would make it a list. */
function quoteParameter(value: string): string {
  const escaped = value.replace(/\^/g, '^^').replace(/"/g, "^'").replace(/\n/g, '^n')
  return /[;:]/.test(escaped) ? `"${escaped}"` : escaped
}

function fullNameOf({ group, name, parameters }: ContentLine): string {
  const written = parameters.map((each) => `;${each.name}=${each.value}`).join('')
  return `${group === '' ? '' : `${group}.`}${name}${written}`
}
