import { parseVCards } from '@owlivion/sync/vcard'
import { describe, expect, it } from 'vitest'
import { card, omissions, refusals } from './card'

const names = (result: ReturnType<typeof parseVCards>) => result.contacts.map(({ name }) => name)

describe('the cards of a file', () => {
  it('may be of different versions, and of none', () => {
    const none = 'BEGIN:VCARD\nFN:Cid\nEND:VCARD\n'
    const result = parseVCards(card('2.1', 'FN:Ann') + card('3.0', 'FN:Bob') + none + card('4.0', 'FN:Dan'))
    expect(names(result)).toEqual(['Ann', 'Bob', 'Cid', 'Dan'])
    expect(refusals(result)).toEqual([])
  })

  it('may each begin with a byte order mark, as files do that were put together', () => {
    expect(names(parseVCards(Buffer.from(`\uFEFF${card('3.0', 'FN:Ann')}\uFEFF${card('3.0', 'FN:Bob')}`)))).toEqual([
      'Ann',
      'Bob',
    ])
  })

  it('are refused by line when they are not closed, and the others are read', () => {
    const open = 'BEGIN:VCARD\r\nFN:Lost\r\n'
    const result = parseVCards(card('3.0', 'FN:Ann') + open + card('3.0', 'FN:Bob') + open)
    expect(names(result)).toEqual(['Ann', 'Bob'])
    expect(refusals(result)).toEqual([
      [5, 'card-unterminated'],
      [11, 'card-unterminated'],
    ])
    expect(result.refused[0]?.reason).toContain('line 7')
  })

  it('are refused when they say nothing about anybody', () => {
    const result = parseVCards(card('3.0', 'FN:', 'REV:20240101T000000Z') + card('3.0', 'FN:Bob'))
    expect(names(result)).toEqual(['Bob'])
    expect(refusals(result)).toEqual([[1, 'card-empty']])
  })

  it('may stand inside another as the card of its agent; both are read', () => {
    const text = card('2.1', 'FN:Ann', 'AGENT:', card('2.1', 'FN:Agent').trimEnd(), 'TEL:1')
    const result = parseVCards(text)
    expect(result.contacts).toEqual([{ name: 'Agent' }, { name: 'Ann', phones: [{ value: '1' }] }])
    expect(refusals(result)).toEqual([])
  })

  it('are told from what stands around them', () => {
    const result = parseVCards(`name,phone\nAnn,1\n${card('3.0', 'FN:Bob')}`)
    expect(names(result)).toEqual(['Bob'])
    expect(omissions(result)).toEqual([[1, '', 'outside-card']])
  })

  it.each([
    ['', 'an empty file'],
    ['name,phone\nAnn,1\n', 'a table'],
    ['\u0000\u0001', 'noise'],
  ])('are missed in %j, %s', (text) => {
    expect(refusals(parseVCards(text))).toEqual([[1, 'no-card']])
  })

  it('are refused when one is larger than any photo makes it', () => {
    const result = parseVCards(
      card('3.0', 'FN:Ann', `PHOTO;ENCODING=b:${'A'.repeat(17_000_000)}`) + card('3.0', 'FN:Bob'),
    )
    expect(names(result)).toEqual(['Bob'])
    expect(refusals(result)).toEqual([[1, 'card-too-large']])
  })

  it('are read up to a number, and the first one beyond is named', () => {
    const result = parseVCards('BEGIN:VCARD\nFN:A\nEND:VCARD\n'.repeat(100_002))
    expect(result.contacts).toHaveLength(100_000)
    expect(refusals(result)).toEqual([[300_001, 'too-many-cards']])
  })
})

describe('fields beyond the bound of a record', () => {
  const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value))

  it('are cut to what fits, between characters, and reported', () => {
    const result = parseVCards(card('3.0', 'FN:Ann', `NOTE:${'😀'.repeat(20_000)}`))
    const notes = result.contacts[0]?.notes ?? ''
    expect(bytes(notes)).toBeGreaterThan(65_000)
    expect(bytes(notes)).toBeLessThanOrEqual(65_536)
    expect(Buffer.from(notes).toString()).toBe(notes)
    expect(omissions(result)).toEqual([[4, 'NOTE', 'field-too-large']])
  })

  it('are lists of as many items as fit', () => {
    const emails = Array.from({ length: 3_000 }, (_, at) => `EMAIL:${at}@${'example.'.repeat(4)}com`)
    const result = parseVCards(card('3.0', 'FN:Ann', ...emails))
    expect(result.contacts[0]?.emails?.[0]?.value).toBe('0@example.example.example.example.com')
    expect(bytes(result.contacts[0]?.emails)).toBeLessThanOrEqual(65_536)
    expect(omissions(result)).toEqual([[4, 'EMAIL', 'field-too-large']])
  })

  it('are not filled by properties that no field is for', () => {
    const many = Array.from({ length: 201 }, (_, at) => `X-${at}:1`)
    const result = parseVCards(card('3.0', 'FN:Ann', `X-LONG:${'x'.repeat(20_000)}`, ...many))
    expect(result.contacts[0]?.extra).toHaveLength(200)
    expect(omissions(result)).toEqual([
      [4, 'X-LONG', 'extra-too-large'],
      [205, 'X-200', 'extra-too-large'],
    ])
  })

  it('and notices beyond theirs are counted', () => {
    const result = parseVCards(card('3.0', 'FN:Ann', ...Array.from({ length: 10_500 }, () => 'noise')))
    expect(result.leftOut).toHaveLength(10_001)
    expect(result.leftOut.at(-1)).toMatchObject({ code: 'too-many-notices', reason: expect.stringContaining('500') })
  })
})
