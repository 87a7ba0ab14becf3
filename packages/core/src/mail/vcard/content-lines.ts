// The properties of one card: folded lines joined, quoted-printable and base64 undone, character sets read. What comes out
// looks the same for vCard 2.1, 3.0 and 4.0, so that one parser reads the rest.

import type { ImportReport } from '../import-report'
import type { CardLines, PhysicalLine } from './card-lines'
import { decodeBase64, decodeQuotedPrintable, decodeText, isUtf8Text } from './charset'

/** The versions that are read and written. */
export type VCardVersion = '2.1' | '3.0' | '4.0'

export interface Parameter {
  /** In capitals. A bare parameter of vCard 2.1 (`TEL;HOME`) has the name that it stands for. */
  readonly name: string
  readonly value: string
}

export interface ContentLine {
  readonly line: number
  /** `item1` of `item1.EMAIL`; empty without a group. */
  readonly group: string
  /** In capitals. */
  readonly name: string
  readonly parameters: readonly Parameter[]
  /** The value as text; escapes are still in place. Empty when it is binary. */
  readonly value: string
  /** The value was base64 and no text. */
  readonly isBinary: boolean
  /** The base64 of a binary value. */
  readonly base64?: string
}

export interface ContentLines {
  readonly version: VCardVersion
  readonly lines: readonly ContentLine[]
}

type Encoding = 'quoted-printable' | 'base64' | 'none'

interface Head {
  readonly group: string
  readonly name: string
  readonly parameters: readonly Parameter[]
  readonly encoding: Encoding
  readonly charset: string | undefined
  /** Where the value begins. */
  readonly valueAt: number
}

/** Group, name and parameters together. Real ones stay below 500; a line of noise is not searched to its end. */
const MAX_HEAD_LENGTH = 4_096

const softBreak = /=[ \t]*$/
/** No property looks like this: it has no colon. So base64 that was not indented is still told from the next property. */
const bareBase64 = /^[A-Za-z0-9+/=]+[ \t]*$/

// Properties whose value is an image, a sound or a key. Base64 in any other one is text that somebody wrapped.
const binaryProperties = new Set(['PHOTO', 'LOGO', 'SOUND', 'KEY'])

export function readContentLines(card: CardLines, isUtf8: boolean, report: ImportReport): ContentLines {
  const version = versionOf(card.lines)
  const lines: ContentLine[] = []
  for (let at = 0; at < card.lines.length; ) {
    const first = card.lines[at]!
    const { text, next } = logicalLine(card.lines, at, version)
    at = next
    if (text.trim() === '') continue
    const head = readHead(text)
    if (head) lines.push(contentLine(first.number, head, text.slice(head.valueAt), isUtf8, report))
    else {
      const reason = 'The line is not “NAME:value” and was not read.'
      report.leaveOut(first.number, '', 'line-unreadable', reason)
    }
  }
  return { version, lines }
}

function versionOf(lines: readonly PhysicalLine[]): VCardVersion {
  for (const { text } of lines) {
    const found = /^VERSION[^:]*:[ \t]*(\d\.\d)/i.exec(text)?.[1]
    if (found) return found === '2.1' || found === '4.0' ? found : '3.0'
  }
  return '3.0'
}

/** Joins the physical lines of one property. Three ways to continue exist, and which one holds depends on the encoding. */
function logicalLine(
  lines: readonly PhysicalLine[],
  start: number,
  version: VCardVersion,
): { text: string; next: number } {
  const parts = [lines[start]!.text]
  let next = start + 1
  let headLength = parts[0]!.length
  let head = readHead(parts[0]!)
  for (; next < lines.length; next++) {
    const { text } = lines[next]!
    const isFolded = /^[ \t]/.test(text)
    // In 2.1 a line is folded where white space stood and keeps it; from 3.0 the space is part of the fold.
    const unfolded = isFolded && version !== '2.1' ? text.slice(1) : text
    const hasSoftBreak = head?.encoding === 'quoted-printable' && softBreak.test(parts.at(-1)!)
    if (hasSoftBreak) parts.push(parts.pop()!.replace(softBreak, ''), unfolded)
    else if (isFolded || (head?.encoding === 'base64' && bareBase64.test(text))) parts.push(unfolded)
    else break
    if (head === undefined && headLength <= MAX_HEAD_LENGTH) {
      headLength += unfolded.length
      head = readHead(parts.join(''))
    }
  }
  return { text: parts.join(''), next }
}

/** What stands before the value, or undefined when the line is no property. */
function readHead(text: string): Head | undefined {
  const valueAt = colonOf(text.slice(0, MAX_HEAD_LENGTH))
  if (valueAt === -1) return undefined
  const [fullName = '', ...written] = splitOutsideQuotes(text.slice(0, valueAt))
  const named = /^[ \t]*(?:([\w.-]+)\.)?([\w-]+)[ \t]*$/.exec(fullName)
  if (!named?.[2]) return undefined
  const parameters = written.map(readParameter).filter(({ value }) => value !== '')
  const last = (name: string) => parameters.findLast((each) => each.name === name)?.value
  return {
    group: named[1] ?? '',
    name: named[2].toUpperCase(),
    parameters: parameters.filter(({ name }) => name !== 'ENCODING' && name !== 'CHARSET'),
    encoding: encodingOf(last('ENCODING')),
    charset: last('CHARSET'),
    valueAt: valueAt + 1,
  }
}

/** The first colon outside quotes; in a line whose quotes do not close, the first colon. */
function colonOf(text: string): number {
  let isQuoted = false
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') isQuoted = !isQuoted
    else if (text[at] === ':' && !isQuoted) return at
  }
  return text.indexOf(':')
}

function splitOutsideQuotes(head: string): string[] {
  return head.match(/(?:"[^"]*"|[^;"]|")+/g) ?? []
}

/** Not `trim`: this is still bytes, and 0xa0 may be the end of a letter. */
const withoutBlanks = (binary: string) => binary.replace(/^[ \t]+|[ \t]+$/g, '')

function readParameter(written: string): Parameter {
  const equals = written.indexOf('=')
  if (equals > 0) {
    const value = withoutBlanks(written.slice(equals + 1)).replace(/^"([^"]*)"$/, '$1')
    return { name: written.slice(0, equals).trim().toUpperCase(), value }
  }
  const value = withoutBlanks(written.replace(/^=/, ''))
  if (/^(quoted-printable|base64|[78]bit)$/i.test(value)) return { name: 'ENCODING', value }
  if (/^(inline|url|content-id|cid)$/i.test(value)) return { name: 'VALUE', value }
  return { name: 'TYPE', value }
}

function encodingOf(value: string | undefined): Encoding {
  switch (value?.toUpperCase()) {
    case 'QUOTED-PRINTABLE':
    case 'Q':
      return 'quoted-printable'
    case 'BASE64':
    case 'B':
      return 'base64'
    default:
      return 'none'
  }
}

function contentLine(line: number, head: Head, written: string, isUtf8: boolean, report: ImportReport): ContentLine {
  const { group, name, encoding, charset } = head
  const parameters = head.parameters.map((each) => ({ ...each, value: decodeText(each.value, undefined).text }))
  const decoded = encoding === 'base64' && !binaryProperties.has(name) ? decodeBase64(written) : undefined
  const isText = decoded !== undefined && (charset !== undefined || isUtf8Text(decoded))
  if (encoding === 'base64' && !isText && written.trim() !== '') {
    return { line, group, name, parameters, value: '', isBinary: true, base64: written }
  }
  const bytes = encoding === 'quoted-printable' ? decodeQuotedPrintable(written) : (decoded ?? written)
  // A file that reached us as text is UTF-8 by now; only bytes that were encoded on top of it are still in the named set.
  const { text, insteadOf } = decodeText(bytes, isUtf8 && encoding === 'none' ? undefined : charset)
  if (insteadOf !== undefined) {
    const reason = `The character set “${insteadOf}” is unknown or does not fit the text, which was read as UTF-8 or windows-1252.`
    report.leaveOut(line, name, 'unknown-charset', reason)
  }
  return { line, group, name, parameters, value: cleanText(text), isBinary: false }
}

/** One kind of line end, and no control characters: damaged files have them, and no field can show them. */
function cleanText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is where they are taken out.
  return text.replace(/\r\n?/g, '\n').replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '')
}
