// One property as a content line of vCard 2.1, 3.0 or 4.0: escaped, encoded and folded as that version wants it, so that the reader gets
// back the very text. What the versions say differently about a contact is not decided here.
import { wellFormed } from '../text'
import type { VCardVersion } from './content-lines'

/** What stands behind the colon, by how it is escaped. */
export type WrittenValue =
  | { readonly kind: 'text'; readonly text: string }
  /** Text in which comma and semicolon may have a meaning of their own: a URI, a property that this package does not know. */
  | { readonly kind: 'verbatim'; readonly text: string }
  /** Separated by semicolons. */
  | { readonly kind: 'parts'; readonly parts: readonly string[] }
  /** Separated by commas. */
  | { readonly kind: 'items'; readonly items: readonly string[] }
  | { readonly kind: 'base64'; readonly digits: string }

export interface WrittenProperty {
  readonly group?: string | undefined
  readonly name: string
  /** Parameters as they are to be written; a name may be there twice. */
  readonly parameters?: readonly (readonly [name: string, value: string])[]
  readonly value: WrittenValue
}

/** Octets of a line without its line end, RFC 6350 §3.2 and RFC 2045 §6.7. */
const LINE_BYTES = 75

/** Types that vCard 2.1 lists; it writes them without `TYPE=`, and some of its readers know no other way. */
const types21 = new Set(
  'HOME WORK PREF VOICE FAX CELL MSG PAGER BBS MODEM CAR ISDN VIDEO INTERNET DOM INTL POSTAL PARCEL JPEG PNG GIF'.split(
    ' ',
  ),
)

/** The line, folded, with its line end. */
export function writeLine({ group, name, parameters = [], value }: WrittenProperty, version: VCardVersion): string {
  const written = parameters.map(([parameter, text]) => writeParameter(parameter, text, version))
  const head = [group === undefined ? name : `${group}.${name}`, ...written].join(';')
  if (value.kind === 'base64')
    return version === '2.1' ? base64Line21(head, value.digits) : fold(`${head}:${value.digits}`)
  const text = escapeValue(value, version === '2.1' ? escape21 : escape34)
  if (version !== '2.1') return fold(`${head}:${text}`)
  return isPlain21(head, text) ? `${head}:${text}\r\n` : quotedPrintableLine(head, text)
}

interface Escape {
  readonly text: (text: string) => string
  readonly verbatim: (text: string) => string
  readonly part: (text: string) => string
  readonly item: (text: string) => string
}

const escapeBackslash = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
const escapeText = (text: string) => escapeBackslash(text).replace(/[,;]/g, '\\$&')
const escape34: Escape = { text: escapeText, verbatim: escapeBackslash, part: escapeText, item: escapeText }

/** A backslash is a plain character in vCard 2.1 unless the next one makes a pair with it. */
const escapeBackslash21 = (text: string) => text.replace(/\\(?=[\\,;:]|$)/g, '\\\\')
const escape21: Escape = {
  text: escapeBackslash21,
  verbatim: escapeBackslash21,
  part: (text) => escapeBackslash21(text).replaceAll(';', '\\;'),
  item: (text) => escapeBackslash21(text).replaceAll(',', '\\,'),
}

function escapeValue(value: Exclude<WrittenValue, { kind: 'base64' }>, by: Escape): string {
  switch (value.kind) {
    case 'parts':
      return value.parts.map((part) => by.part(clean(part))).join(';')
    case 'items':
      return value.items.map((item) => by.item(clean(item))).join(',')
    default:
      return by[value.kind](clean(value.text))
  }
}

/** What no reader could give back: control characters, halves of surrogate pairs, other line ends. */
function clean(text: string): string {
  return (
    wellFormed(text)
      .replace(/\r\n?/g, '\n')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: this is where they are taken out.
      .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '')
  )
}

function writeParameter(name: string, text: string, version: VCardVersion): string {
  const value = clean(text).replaceAll('\n', ' ').replaceAll('"', "'")
  if (version === '2.1' && name === 'TYPE' && types21.has(value)) return value
  return `${name}=${/[,;:]/.test(value) ? `"${value}"` : value}`
}

/** Folds between characters, never inside one; the space that begins a continued line counts. */
function fold(line: string): string {
  if (line.length <= LINE_BYTES / 4) return `${line}\r\n`
  let folded = ''
  let bytes = 0
  for (const character of line) {
    const size = bytesOf(character.codePointAt(0) ?? 0)
    if (bytes + size > LINE_BYTES) {
      folded += '\r\n '
      bytes = 1
    }
    folded += character
    bytes += size
  }
  return `${folded}\r\n`
}

function bytesOf(codePoint: number): number {
  if (codePoint < 0x80) return 1
  if (codePoint < 0x800) return 2
  return codePoint < 0x10000 ? 3 : 4
}

function isPlain21(head: string, text: string): boolean {
  return head.length + text.length < LINE_BYTES && /^[\t\u0020-\u007e]*$/.test(text) && !/[ \t]$/.test(text)
}

/** vCard 2.1 cannot fold a value where it has no space, so base64 begins on a line of its own and ends with an empty one. */
function base64Line21(head: string, digits: string): string {
  const lines = digits.match(/.{1,72}/g) ?? []
  return `${head}:\r\n${lines.map((line) => ` ${line}\r\n`).join('')}\r\n`
}

const encoder = new TextEncoder()

function quotedPrintableLine(head: string, text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what needs no character set.
  const charset = /^[\u0000-\u007f]*$/.test(text) ? '' : ';CHARSET=UTF-8'
  const octets = [...encoder.encode(text.replaceAll('\n', '\r\n'))].map((byte) =>
    byte === 0x3d || byte < 0x20 || byte > 0x7e
      ? `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
      : String.fromCharCode(byte),
  )
  let line = `${head}${charset};ENCODING=QUOTED-PRINTABLE:`
  const lines: string[] = []
  for (const [at, octet] of octets.entries()) {
    const isLast = at === octets.length - 1
    if (line.length + octet.length > LINE_BYTES) {
      lines.push(`${line}=`)
      line = ''
    }
    // White space at the end of a line is lost on the way, and a line may not look like the end of the card: both start with an octet
    // that can be written in digits.
    const isAtRisk = (octet === ' ' && isLast) || (line === '' && /^[BE ]$/i.test(octet))
    line += isAtRisk ? `=${octet.charCodeAt(0).toString(16).toUpperCase()}` : octet
  }
  return `${[...lines, line].join('\r\n')}\r\n`
}
