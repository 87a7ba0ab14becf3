import { contactKey } from '@owlivion/sync/mail'
import { parseVCards, type VCardImport } from '@owlivion/sync/vcard'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { card } from './card'

const numRuns = 400

const names = fc.constantFrom(
  'FN',
  'N',
  'EMAIL',
  'TEL',
  'ADR',
  'NOTE',
  'ORG',
  'PHOTO',
  'AGENT',
  'BDAY',
  'LABEL',
  'X-ABLabel',
  'BEGIN',
  'END',
  '__proto__',
)
const parameters = fc.constantFrom(
  'ENCODING=QUOTED-PRINTABLE',
  'BASE64',
  'ENCODING=b',
  'CHARSET=utf-16',
  'CHARSET=x',
  'TYPE="a:b,c"',
  'TYPE=^n,',
  'TYPE',
  '=',
  '"',
  'VALUE=date',
  'PREF=1',
  'LABEL="^n"',
)
const values = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('=', '=0A=', '\\', '\\\\;', ';;;;;;;;', 'VCARD', 'AAAA', '\uD800', ','),
)
const line = fc
  .tuple(
    fc.constantFrom('', '', 'item1.', 'a.b.', ' '),
    names,
    fc.array(parameters, { maxLength: 3 }),
    fc.constantFrom(':', ':', ';', ''),
    values,
  )
  .map(([group, name, parameters, colon, value]) => [`${group}${name}`, ...parameters].join(';') + colon + value)
const anyCard = fc
  .tuple(
    fc.constantFrom('2.1', '3.0', '4.0', '9'),
    fc.array(line, { maxLength: 8 }),
    fc.constantFrom('\r\n', '\n', '\r', '\r\r\n', '\n '),
  )
  .map(([version, lines, lineEnd]) => card(version, ...lines).replaceAll('\r\n', lineEnd))
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(anyCard, { maxLength: 3 }).map((cards) => cards.join('')),
)

function expectStorable({ contacts, refused, leftOut }: VCardImport): void {
  for (const contact of contacts) {
    expect(JSON.parse(JSON.stringify(contact))).toEqual(contact)
    for (const field of Object.values(contact)) {
      expect(Buffer.byteLength(JSON.stringify(field))).toBeLessThanOrEqual(65_536)
      if (Array.isArray(field)) expect(field).not.toHaveLength(0)
    }
    expect(Buffer.byteLength(contactKey(contact))).toBeLessThanOrEqual(256)
  }
  for (const notice of [...refused, ...leftOut]) {
    expect(notice.line).toBeGreaterThan(0)
    expect(notice.reason).not.toBe('')
  }
  expect(refused.filter(({ code }) => code === 'card-unreadable')).toEqual([])
}

describe('any input', () => {
  it('of text gives contacts that a record can hold, or reasons', () => {
    fc.assert(
      fc.property(anyText, (text) => expectStorable(parseVCards(text))),
      { numRuns },
    )
  })

  it('of bytes gives contacts that a record can hold, or reasons', () => {
    const anyBytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      anyText.map((text) => Uint8Array.from(Buffer.from(text, 'latin1'))),
    )
    fc.assert(
      fc.property(anyBytes, (bytes) => expectStorable(parseVCards(bytes))),
      { numRuns },
    )
  })

  it('cut off anywhere or changed in one byte leaves the other cards whole', () => {
    const first = card('3.0', 'FN:Ann', 'EMAIL;TYPE=HOME:ann@example.com')
    const middle = card('2.1', 'FN;ENCODING=QUOTED-PRINTABLE:Zo=C3=AB', 'TEL;HOME:1', 'PHOTO;BASE64:', ' AAAA', '')
    const last = card('4.0', 'FN:Bob')
    const inner = 'BEGIN:VCARD\r\n'.length
    fc.assert(
      fc.property(
        fc.integer({ min: inner, max: middle.length - inner }),
        fc.integer({ min: 0, max: 255 }),
        (at, byte) => {
          const bytes = Buffer.from(first + middle + last, 'latin1')
          bytes[first.length + at] = byte
          const { contacts } = parseVCards(bytes)
          expect(contacts[0]).toEqual({ name: 'Ann', emails: [{ value: 'ann@example.com', label: 'home' }] })
          expect(contacts.at(-1)).toEqual({ name: 'Bob' })
        },
      ),
      { numRuns },
    )
  })

  it('of one thing said many thousand times comes to an end', () => {
    for (const noise of [
      '\r',
      '"',
      ' ',
      '=\r\n',
      ';',
      '\\',
      'BEGIN:VCARD\r\n',
      'AGENT:\nBEGIN:VCARD\n',
      'a.',
      '^',
      'X;X=1',
    ]) {
      expectStorable(parseVCards(`BEGIN:VCARD\nNOTE;QUOTED-PRINTABLE${noise.repeat(50_000)}:x\nEND:VCARD\n`))
      expectStorable(parseVCards(`BEGIN:VCARD\nNOTE;QUOTED-PRINTABLE:${noise.repeat(50_000)}\nEND:VCARD\n`))
    }
  })

  it('of thousands of addresses and labels for envelopes, groups and nicknames in one card comes to an end', () => {
    const lines = (line: (at: number) => string) => Array.from({ length: 4_000 }, (_, at) => line(at))
    for (const noise of [
      [...lines((at) => `a${at}.ADR;TYPE=HOME:;;Street ${at}`), ...lines((at) => `b${at}.LABEL;TYPE=WORK:${at}`)],
      [...lines((at) => `ADR:;;Street ${at}`), ...lines((at) => `LABEL:${at}`)],
      [...lines((at) => `CATEGORIES:Group ${at}`), ...lines((at) => `NICKNAME:Name ${at}`)],
    ])
      expectStorable(parseVCards(card('3.0', 'FN:Ann', ...noise)))
  }, 20_000)
})
