import { parseVCards } from '@owlivion/sync/vcard'
import { describe, expect, it } from 'vitest'
import { card, omissions, onlyContact } from './card'

describe('the fields of a contact', () => {
  it('come from the properties of a card', () => {
    const text = card(
      '3.0',
      'FN:Dr. Ann M. Lee Jr.',
      'N:Lee;Ann;M.;Dr.;Jr.',
      'NICKNAME:Annie,A\\, the Great',
      'EMAIL;TYPE=INTERNET,HOME:ann@example.com',
      'EMAIL;TYPE=work;TYPE=pref:ann@work.example',
      'TEL;TYPE=WORK,VOICE:+1 (555) 0100',
      'TEL;TYPE=HOME;TYPE=FAX:555 0101',
      'ADR;TYPE=WORK:PO 7;Floor 2;1 Main St\\nGate B;Springfield;OR;97477;USA',
      'ORG:Acme\\; Sons;Research;Lab 3',
      'TITLE:Chief\\, acting',
      'URL:http\\://ann.example/a?b=c',
      'BDAY:20011231',
      'CATEGORIES:Friends,Chess',
      'NOTE:first\\nsecond\\, \\"third\\"\\; C:\\\\new',
    )
    expect(onlyContact(text)).toEqual({
      name: 'Dr. Ann M. Lee Jr.',
      structuredName: { family: 'Lee', given: 'Ann', additional: 'M.', prefix: 'Dr.', suffix: 'Jr.' },
      nicknames: ['Annie', 'A, the Great'],
      emails: [
        { value: 'ann@example.com', label: 'home' },
        { value: 'ann@work.example', label: 'work', preferred: true },
      ],
      phones: [
        { value: '+1 (555) 0100', label: 'work' },
        { value: '555 0101', label: 'home fax' },
      ],
      addresses: [
        {
          poBox: 'PO 7',
          extended: 'Floor 2',
          street: '1 Main St\nGate B',
          city: 'Springfield',
          region: 'OR',
          postalCode: '97477',
          country: 'USA',
          label: 'work',
        },
      ],
      organisation: 'Acme; Sons',
      department: 'Research, Lab 3',
      title: 'Chief, acting',
      urls: [{ value: 'http://ann.example/a?b=c' }],
      birthday: '2001-12-31',
      groups: ['Friends', 'Chess'],
      notes: 'first\nsecond, "third"; C:\\new',
    })
  })

  it('of several that a card ranks, the first of the ranks is preferred', () => {
    const text = card('4.0', 'FN:Ann', 'EMAIL;PREF=50:old@example.com', 'EMAIL;PREF=1:ann@example.com', 'TEL;PREF=7:1')
    expect(onlyContact(text)).toEqual({
      name: 'Ann',
      emails: [{ value: 'old@example.com' }, { value: 'ann@example.com', preferred: true }],
      phones: [{ value: '1', preferred: true }],
    })
  })

  it('are read from the ways of vCard 4.0', () => {
    const text = card(
      '4.0',
      'FN:Ann',
      'TEL;VALUE=uri;PREF=1;TYPE="voice,home":tel:+1-555-0100;ext=7',
      'EMAIL;PREF=1:mailto:ann@example.com',
      'ADR;LABEL="1 Main St^nSpringfield":;;1 Main St;Springfield;;;',
      'BDAY:--1231',
    )
    expect(onlyContact(text)).toEqual({
      name: 'Ann',
      phones: [{ value: '+1-555-0100;ext=7', label: 'home', preferred: true }],
      emails: [{ value: 'ann@example.com', preferred: true }],
      addresses: [{ street: '1 Main St', city: 'Springfield', formatted: '1 Main St\nSpringfield' }],
      birthday: '--12-31',
    })
  })

  it.each([
    ['2001-12-31', '2001-12-31'],
    ['2001-12-31T00:00:00Z', '2001-12-31'],
    ['--12-31', '--12-31'],
    ['tomorrow', 'tomorrow'],
    ['circa 1800', 'circa 1800'],
  ])('keep the birthday %s as %s', (written, read) => {
    expect(onlyContact(card('3.0', 'FN:Ann', `BDAY:${written}`)).birthday).toBe(read)
  })

  it('show a birthday without year as one, where a program writes a year that it asks to omit', () => {
    const text = card('3.0', 'FN:Ann', 'BDAY;X-APPLE-OMIT-YEAR=1604:1604-12-31')
    expect(onlyContact(text).birthday).toBe('--12-31')
  })

  it('take labels from the group of a property', () => {
    const text = card(
      '3.0',
      'FN:Ann',
      'item1.EMAIL;type=INTERNET:ann@school.example',
      'item1.X-ABLabel:School',
      'item2.TEL:555 0100',
      'item2.X-ABLabel:_$!<AssistantPhone>!$_',
      'item3.X-ABDATE:1999-01-01',
      'item3.X-ABLabel:_$!<Anniversary>!$_',
    )
    expect(onlyContact(text)).toEqual({
      name: 'Ann',
      emails: [{ value: 'ann@school.example', label: 'School' }],
      phones: [{ value: '555 0100', label: 'AssistantPhone' }],
      extra: [['item3.X-ABDATE;X-ABLABEL=Anniversary', '1999-01-01']],
    })
  })

  it('put the text for the envelope to the address of the same kind, or make it one', () => {
    const text = card(
      '2.1',
      'FN:Ann',
      'ADR;HOME:;;1 Main St',
      'ADR;WORK:;;2 Side St',
      'LABEL;WORK:2 Side St, back',
      'LABEL;X-BOAT:Pier 3',
    )
    expect(onlyContact(text)).toMatchObject({
      addresses: [
        { street: '1 Main St', label: 'home' },
        { street: '2 Side St', label: 'work', formatted: '2 Side St, back' },
        { formatted: 'Pier 3', label: 'x-boat' },
      ],
    })
  })

  it('hold text that looks like a list, like a separator or like a property of an object', () => {
    const text = card(
      '3.0',
      'FN:constructor',
      'N:Richter,James;A\\\\;B;;',
      'NOTE:a, b; c: d',
      'X-__PROTO__:1',
      'X-CONSTRUCTOR;TYPE=toString:2',
    )
    expect(onlyContact(text)).toEqual({
      name: 'constructor',
      structuredName: { family: 'Richter,James', given: 'A\\', additional: 'B' },
      notes: 'a, b; c: d',
      extra: [
        ['X-__PROTO__', '1'],
        ['X-CONSTRUCTOR;TYPE=toString', '2'],
      ],
    })
  })

  it('keep what has no field, and second values of what has one', () => {
    const text = card(
      '4.0',
      'FN:Ann',
      'FN:Anna',
      'N:Lee;Ann;;;',
      'N:Li;An;;;',
      'ORG:Acme;Lab',
      'ORG:Ajax;Shop',
      'TITLE:Chief',
      'TITLE:Clerk',
      'BDAY;ALTID=1:20011231',
      'BDAY;ALTID=1;VALUE=text:2001-12-31',
      'NOTE:one',
      'NOTE:two',
      'IMPP;X-SERVICE-TYPE=Jabber:xmpp:ann@example.com',
      'PHOTO:https://ann.example/me.jpg',
      'REV:20240101T000000Z',
      'PRODID:-//Acme//1.0//EN',
    )
    const contact = onlyContact(text)
    expect(contact.notes).toBe('one\n\ntwo')
    expect(contact.extra).toEqual([
      ['FN', 'Anna'],
      ['N', 'Li;An;;;'],
      ['ORG', 'Ajax;Shop'],
      ['TITLE', 'Clerk'],
      ['IMPP;X-SERVICE-TYPE=Jabber', 'xmpp:ann@example.com'],
      ['PHOTO', 'https://ann.example/me.jpg'],
    ])
  })

  it.each([
    ['the parts of the name', ['N:Lee;Ann;;Dr.;', 'ORG:Acme'], 'Dr. Ann Lee'],
    ['the organisation', ['FN: ', 'N:;;;;', 'ORG:Acme;Lab'], 'Acme'],
    ['the nickname', ['NICKNAME:Annie', 'TEL:1'], 'Annie'],
    ['the e-mail address', ['EMAIL:ann@example.com', 'TEL:1'], 'ann@example.com'],
    ['the number', ['TEL:1'], '1'],
  ])('show %s where no name is given', (_, lines, name) => {
    expect(onlyContact(card('3.0', ...lines)).name).toBe(name)
  })

  it('take the first small photo, never a key, and say so', () => {
    const photo = `/9j/${'A'.repeat(200)}`
    const result = parseVCards(
      card(
        '3.0',
        'FN:Ann',
        `PHOTO;ENCODING=b;TYPE=JPEG:${photo.slice(0, 60)}`,
        ` ${photo.slice(60)}`,
        'KEY;ENCODING=b:AAAA',
        'PHOTO;ENCODING=b:/9j/BBBB',
      ) +
        card('4.0', 'FN:Bob', `PHOTO:data:image/jpeg;base64,${photo}`) +
        card('4.0', 'FN:Cleo', 'PHOTO;ENCODING=b:AAAA', 'PHOTO:data:image/tiff;base64,SUkqAA==') +
        card('3.0', 'FN:Dan', `PHOTO;ENCODING=b:/9j/${'A'.repeat(64_000)}`),
    )
    const kept = { type: 'image/jpeg', data: photo }
    expect(result.contacts).toEqual([
      { name: 'Ann', photo: kept },
      { name: 'Bob', photo: kept },
      { name: 'Cleo' },
      { name: 'Dan' },
    ])
    expect(omissions(result)).toEqual([
      [6, 'KEY', 'binary'],
      [7, 'PHOTO', 'photo'],
      [17, 'PHOTO', 'photo'],
      [18, 'PHOTO', 'photo'],
      [23, 'PHOTO', 'photo'],
    ])
  })
})
