import { parseVCards } from '@owlivion/sync/vcard'
import { describe, expect, it } from 'vitest'
import { card, latin1, omissions, onlyContact } from './card'

describe('lines of a card', () => {
  it.each([
    ['line feeds', '\n'],
    ['carriage returns', '\r'],
    ['both', '\r\n'],
    ['one carriage return too many', '\r\r\n'],
  ])('end with %s', (_, lineEnd) => {
    const text = card('3.0', 'FN:Ann', 'NOTE:one', '  two').replaceAll('\r\n', lineEnd)
    expect(onlyContact(text)).toEqual({ name: 'Ann', notes: 'one two' })
  })

  it('are joined where vCard 3.0 folds them, in the middle of a name, a parameter or a character', () => {
    const bytes = latin1(card('3.0', 'F', ' N:Zo\xc3', ' \xab', 'TEL;TYPE=HO', '\tME:1'))
    expect(onlyContact(bytes)).toEqual({ name: 'Zoë', phones: [{ value: '1', label: 'home' }] })
  })

  it('keep the white space at which vCard 2.1 folds them', () => {
    expect(onlyContact(card('2.1', 'FN:Ann', 'NOTE:one', ' two')).notes).toBe('one two')
  })

  it('have parameters without a name, as vCard 2.1 writes them', () => {
    const contact = onlyContact(
      card('2.1', 'FN:Ann', 'TEL;HOME;VOICE:1', 'TEL;CELL;PREF:2', 'EMAIL;INTERNET:ann@example.com'),
    )
    expect(contact).toMatchObject({
      phones: [
        { value: '1', label: 'home' },
        { value: '2', label: 'cell', preferred: true },
      ],
      emails: [{ value: 'ann@example.com' }],
    })
  })

  it('have colons, semicolons and commas inside quotes', () => {
    const contact = onlyContact(
      card('4.0', 'FN:Ann', 'TEL;X-ID="a:b;c,d";TYPE="x:y",home:1', 'EMAIL;TYPE=";";TYPE="a,:b":e@example.com'),
    )
    expect(contact).toMatchObject({ phones: [{ value: '1' }], emails: [{ value: 'e@example.com' }] })
  })

  it('are read although a quote does not close', () => {
    expect(onlyContact(card('3.0', 'FN:Ann', 'TEL;X="a:1')).phones).toEqual([{ value: '1' }])
  })

  it('are reported when they make no sense, and the rest of the card is kept', () => {
    const result = parseVCards(card('3.0', 'FN:Ann', 'no colon here', '; : ', 'TEL:1', '%%%:2'))
    expect(result.contacts).toEqual([{ name: 'Ann', phones: [{ value: '1' }] }])
    expect(omissions(result)).toEqual([
      [4, '', 'line-unreadable'],
      [5, '', 'line-unreadable'],
      [7, '', 'line-unreadable'],
    ])
  })

  it('lose control characters', () => {
    expect(onlyContact(card('3.0', 'FN:A\u0000n\u0001n\u007f', 'NOTE:a\\\\nb\u0001')).name).toBe('Ann')
  })
})

describe('quoted-printable', () => {
  it('is undone, over soft line breaks too', () => {
    const text = card(
      '2.1',
      'FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Zo=C3=AB',
      'NOTE;ENCODING=QUOTED-PRINTABLE:one=0D=0A=',
      'two: =3D=',
      '=0D=0Athree',
      'LABEL;QUOTED-PRINTABLE;HOME:a=20b',
      'ADR;HOME;ENCODING=QUOTED-PRINTABLE:;;Stra=DFe 1;K=F6ln',
    )
    expect(onlyContact(text)).toEqual({
      name: 'Zoë',
      notes: 'one\ntwo: =\nthree',
      addresses: [{ street: 'Straße 1', city: 'Köln', label: 'home', formatted: 'a b' }],
    })
  })

  it('keeps the spaces with which a continued line begins', () => {
    expect(onlyContact(card('2.1', 'FN:Ann', 'NOTE;ENCODING=QUOTED-PRINTABLE:a=', ' b=', 'c')).notes).toBe('a bc')
  })

  it('may stand in parts of a structured value', () => {
    const text = card('2.1', 'N;ENCODING=QUOTED-PRINTABLE:L=E9e;Ann=2C Mary;;;', 'TEL:1')
    expect(onlyContact(text).structuredName).toEqual({ family: 'Lée', given: 'Ann, Mary' })
  })

  it('that is damaged stays text, and its last soft break does not swallow the end of the card', () => {
    const result = parseVCards(card('2.1', 'FN;ENCODING=QUOTED-PRINTABLE:A=ZZ=4=') + card('3.0', 'FN:Bob'))
    expect(result.contacts.map(({ name }) => name)).toEqual(['A=ZZ=4=', 'Bob'])
  })

  it('leaves backslash and n of a path alone, since vCard 2.1 has no such escape', () => {
    expect(onlyContact(card('2.1', 'FN:Ann', 'NOTE:C:\\new\\; ok')).notes).toBe('C:\\new; ok')
  })
})

describe('base64', () => {
  const result = (...lines: string[]) => parseVCards(card('2.1', 'FN:Ann', ...lines, 'TEL:1'))

  it.each([
    ['indented and ended by an empty line', ['PHOTO;TYPE=JPEG;ENCODING=BASE64:', ' /9j/AAAA', ' AAAA', '']],
    ['indented from the first line', ['PHOTO;JPEG;BASE64:/9j/AAAA', '  AA==']],
    ['not indented', ['PHOTO;ENCODING=BASE64;JPEG:/9j/AAAA', 'AAAABBBB', 'AA==', '']],
    ['on one line', ['PHOTO;ENCODING=BASE64:/9j/AAAA']],
  ])('of a photo is read when it is %s', (_, lines) => {
    const { contacts, leftOut } = result(...lines)
    expect(contacts).toEqual([
      { name: 'Ann', phones: [{ value: '1' }], photo: { type: 'image/jpeg', data: expect.stringMatching(/^\/9j\/A/) } },
    ])
    expect(leftOut).toEqual([])
  })

  it('of a text is undone', () => {
    const { contacts, leftOut } = result(`NOTE;ENCODING=BASE64:${Buffer.from('Zoë, one\r\ntwo').toString('base64')}`)
    expect(contacts[0]?.notes).toBe('Zoë, one\ntwo')
    expect(leftOut).toEqual([])
  })

  it('of anything else is left out and reported', () => {
    const { contacts, leftOut } = result('X-LOGO;ENCODING=BASE64:/9j/AAAA', 'X-BROKEN;ENCODING=BASE64:A')
    expect(contacts).toEqual([{ name: 'Ann', phones: [{ value: '1' }] }])
    expect(leftOut.map(({ property, code }) => [property, code])).toEqual([
      ['X-LOGO', 'binary'],
      ['X-BROKEN', 'binary'],
    ])
  })
})

describe('character sets', () => {
  const utf8 = (text: string) => Uint8Array.from(Buffer.from(text))
  const utf16 = (text: string) => Uint8Array.from(Buffer.from(text, 'utf16le'))

  it.each([
    ['UTF-8 bytes', utf8(card('3.0', 'FN:Zoë 李'))],
    ['UTF-8 bytes with a byte order mark', utf8(`\uFEFF${card('3.0', 'FN:Zoë 李')}`)],
    ['text', card('3.0', 'FN:Zoë 李')],
    ['text with a byte order mark', `\uFEFF${card('3.0', 'FN:Zoë 李')}`],
    ['UTF-16, little end first', utf16(`\uFEFF${card('3.0', 'FN:Zoë 李')}`)],
    ['UTF-16, big end first', utf16(`\uFEFF${card('3.0', 'FN:Zoë 李')}`).map((_, at, bytes) => bytes[at ^ 1]!)],
    ['UTF-16 without a byte order mark', utf16(card('3.0', 'FN:Zoë 李'))],
    ['text that names another character set', card('3.0', 'FN;CHARSET=ISO-8859-1:Zoë 李')],
  ])('are found in a file of %s', (_, file) => {
    expect(onlyContact(file)).toEqual({ name: 'Zoë 李' })
  })

  it.each([
    ['ISO-8859-1', 'Zo\xeb', 'Zoë'],
    ['windows-1252', '\x80 5', '€ 5'],
    ['"windows-1251"', '\xc0\xed\xed\xe0', 'Анна'],
    ['Shift_JIS', '\x83A\x83\x93', 'アン'],
    ['utf-8', 'Zo\xc3\xab', 'Zoë'],
  ])('named %s are read, plain and quoted-printable', (charset, bytes, text) => {
    const encoded = [...bytes]
      .map((each) => (each > '~' ? `=${each.charCodeAt(0).toString(16).toUpperCase()}` : each))
      .join('')
    expect(onlyContact(latin1(card('2.1', `FN;CHARSET=${charset}:${bytes}`))).name).toBe(text)
    expect(onlyContact(latin1(card('2.1', `FN;CHARSET=${charset};ENCODING=QUOTED-PRINTABLE:${encoded}`))).name).toBe(
      text,
    )
  })

  it('that nobody names are UTF-8 if the bytes allow it and else windows-1252, for each value by itself', () => {
    const contact = onlyContact(latin1(card('2.1', 'FN:Zo\xeb', 'NOTE:Zo\xc3\xab')))
    expect(contact).toEqual({ name: 'Zoë', notes: 'Zoë' })
  })

  it('that are unknown or do not fit are reported, and the text is kept', () => {
    const result = parseVCards(latin1(card('2.1', 'FN;CHARSET=KLINGON:Zo\xeb', 'NOTE;CHARSET=UTF-8:Zo\xeb')))
    expect(result.contacts).toEqual([{ name: 'Zoë', notes: 'Zoë' }])
    expect(omissions(result)).toEqual([
      [3, 'FN', 'unknown-charset'],
      [4, 'NOTE', 'unknown-charset'],
    ])
  })
})
