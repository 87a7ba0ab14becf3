// Tables that are damaged: what is broken is named with its line, everything else is imported.
import { type CsvImport, parseContactsCsv } from '@owlivion/sync/csv'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const names = ({ contacts }: CsvImport) => contacts.map(({ name }) => name)
const refusals = ({ refused }: CsvImport) => refused.map(({ line, code }) => [line, code])

describe('a damaged table', () => {
  it.each([
    ['at the end of a cell', '"Bob,bob@example.com'],
    ['at the end of a row', 'Bob,"bob@example.com'],
    ['before text', '"Bob" the builder,bob@example.com'],
  ])('with a quote lost %s loses that row alone', (_, row) => {
    for (const after of ['Cleo,cleo@example.com', '"Cleo","cleo@example.com"', '"Cl""eo",c@example.com']) {
      const result = parseContactsCsv(
        ['Name,E-mail', '"Ann",ann@example.com', row, after, 'Dan,dan@example.com'].join('\n'),
      )
      expect(names(result)).toEqual(['Ann', after.includes('""') ? 'Cl"eo' : 'Cleo', 'Dan'])
      expect(refusals(result)).toEqual([[3, 'row-quote-lost']])
    }
  })

  it('with line breaks inside cells still names the right line', () => {
    const result = parseContactsCsv('Name,Notes\r\n"Ann","a\r\nb\r\nc"\r\n"Bob,x\r\nCleo,y\r\n')
    expect(result.contacts[0]?.notes).toBe('a\nb\nc')
    expect(refusals(result)).toEqual([[5, 'row-quote-lost']])
    expect(names(result)).toEqual(['Ann', 'Cleo'])
  })

  it('with a row of more cells than columns refuses it, for nobody knows which is which', () => {
    const result = parseContactsCsv('Name,E-mail\nLee, Ann,ann@example.com\nBob,bob@example.com,,\nCleo\n')
    expect(refusals(result)).toEqual([[2, 'row-misaligned']])
    expect(names(result)).toEqual(['Bob', 'Cleo'])
  })

  it('with empty rows skips them, and names those that say nothing', () => {
    const result = parseContactsCsv('Name,Birthday\n\n,\nAnn,\n,0/0/00\n')
    expect(names(result)).toEqual(['Ann'])
    expect(refusals(result)).toEqual([[5, 'row-empty']])
  })

  it('that is none is refused with its reason', () => {
    for (const text of ['', 'a,b\n1,2', 'BEGIN:VCARD\nEND:VCARD', '"', '\u0000\u0001']) {
      expect(refusals(parseContactsCsv(text))).toEqual([[1, 'no-known-column']])
    }
  })

  it('with columns named like the insides of an object is a table like any other', () => {
    const { contacts } = parseContactsCsv('Name,__proto__,constructor\nAnn,{"a":1},x\n')
    expect(contacts).toEqual([
      {
        name: 'Ann',
        extra: [
          ['X-CSV;COLUMN=__proto__', '{"a":1}'],
          ['X-CSV;COLUMN=constructor', 'x'],
        ],
      },
    ])
    expect(({} as { a?: unknown }).a).toBeUndefined()
  })

  it('with a note of a megabyte keeps what a field holds and says so', () => {
    const { contacts, leftOut } = parseContactsCsv(`Name,Notes\nAnn,${'x'.repeat(1_000_000)}\nBob,short\n`)
    expect(contacts.map(({ notes }) => notes?.length)).toEqual([65_534, 5])
    expect(leftOut.map(({ line, code, property }) => [line, code, property])).toEqual([[2, 'field-too-large', 'notes']])
  })

  it('with a row beyond any bound goes on after it', () => {
    const result = parseContactsCsv(`Name,Notes\nAnn,${'x'.repeat(1_100_000)}\nBob,short\n`)
    expect(names(result)).toEqual(['Bob'])
    expect(refusals(result)).toEqual([[2, 'row-too-large']])
  })

  it('with half characters and control characters imports the rest of the text', () => {
    const { contacts } = parseContactsCsv('Name,Notes\nA\ud800nn,b\u0000c\n')
    expect(contacts).toEqual([{ name: 'A\ufffdnn', notes: 'bc' }])
  })

  it('of 200 MB is refused before it is read', () => {
    expect(refusals(parseContactsCsv(new Uint8Array(200_000_000)))).toEqual([[1, 'file-too-large']])
  })

  it('that is compressed is refused, whatever it would unpack to', () => {
    expect(refusals(parseContactsCsv(Uint8Array.from([0x1f, 0x8b, 8, 0, 0])))).toEqual([[1, 'file-compressed']])
    expect(refusals(parseContactsCsv('PK\u0003\u0004xl'))).toEqual([[1, 'file-compressed']])
  })

  it('of one thing said many thousand times comes to an end', () => {
    for (const noise of ['"', '"\n', '""\n', '"""\n', '"a""\n', '\n', ',', 'a,"\n', '\r', '" ']) {
      const { refused } = parseContactsCsv(`Name,Notes\n${noise.repeat(60_000)}\nAnn,x`)
      expect(refused.length).toBeLessThanOrEqual(10_000)
    }
  })

  it('of any text gives contacts that a record can hold, or reasons', () => {
    const cell = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('"', '""', '"a', 'a"', ',', '\n', "'=", '1/2/2003'),
    )
    const row = fc.array(cell, { maxLength: 6 }).map((cells) => cells.join(','))
    const head = fc.constantFrom('Name,Notes,Birthday,Labels,E-mail 1 - Value,X', 'First Name,E-mail Address,Birthday')
    fc.assert(
      fc.property(head, fc.array(row, { maxLength: 6 }), (first, rows) => {
        const { contacts, refused } = parseContactsCsv([first, ...rows].join('\n'))
        for (const contact of contacts) expect(JSON.parse(JSON.stringify(contact))).toEqual(contact)
        for (const { line, reason } of refused) expect([line > 0, reason !== '']).toEqual([true, true])
      }),
      { numRuns: 300 },
    )
  })
})
