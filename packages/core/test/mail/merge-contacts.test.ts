import { type Contact, contactsByKey, mergeContacts } from '@owlivion/sync/mail'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const contacts = fc.record(
  {
    name: fc.constantFrom('', 'Ann', 'Ann Lee'),
    structuredName: fc.constantFrom({ given: 'Ann' }, { given: 'Ann', family: 'Lee' }),
    emails: fc.array(fc.record({ value: fc.constantFrom('ann@example.com', 'ann@work.example') }), {
      minLength: 1,
      maxLength: 2,
    }),
    phones: fc.array(fc.record({ value: fc.constantFrom('1', '2', '3') }), { minLength: 1, maxLength: 3 }),
    organisation: fc.constantFrom('Acme', 'Ajax'),
    department: fc.constantFrom('Sales', 'Accounts'),
    title: fc.constantFrom('Chief', 'Clerk'),
    notes: fc.constantFrom('short', 'short and long', 'other'),
    birthday: fc.constantFrom('2001-12-31', '--12-31'),
    favourite: fc.boolean(),
  },
  { requiredKeys: ['name'] },
) as fc.Arbitrary<Contact>

describe('merging two cards of one person', () => {
  it('joins lists without repeats and keeps the labels of the first', () => {
    const merged = mergeContacts(
      { name: 'Ann', phones: [{ value: '1', label: 'home' }], groups: ['Friends'] },
      {
        name: 'Ann',
        phones: [{ value: '1', label: 'cell' }, { value: '2' }],
        urls: [{ value: 'https://ann.example' }],
      },
    )
    expect(merged).toEqual({
      name: 'Ann',
      phones: [{ value: '1', label: 'home' }, { value: '2' }],
      urls: [{ value: 'https://ann.example' }],
      groups: ['Friends'],
    })
  })

  it('keeps the other name, title and birthday beside the first', () => {
    const merged = mergeContacts(
      { name: 'Ann', title: 'Chief', birthday: '2001-12-31', notes: 'tall' },
      { name: 'Ann Lee', title: 'Boss', birthday: '--12-31', notes: 'loud' },
    )
    expect(merged).toEqual({
      name: 'Ann',
      title: 'Chief',
      birthday: '2001-12-31',
      notes: 'tall\n\nloud',
      extra: [
        ['FN', 'Ann Lee'],
        ['TITLE', 'Boss'],
        ['BDAY', '--12-31'],
      ],
    })
  })

  it('takes a label, and what is preferred, from the second where the first says nothing of it', () => {
    const { emails } = mergeContacts(
      { name: 'Ann', emails: [{ value: 'ann@example.com' }, { value: 'ann@work.example', label: 'work' }] },
      {
        name: 'Ann',
        emails: [
          { value: 'Ann@example.com', label: 'home', preferred: true },
          { value: 'ann@work.example', label: 'other' },
        ],
      },
    )
    expect(emails).toEqual([
      { value: 'ann@example.com', label: 'home', preferred: true },
      { value: 'ann@work.example', label: 'work' },
    ])
    const decided = mergeContacts(
      { name: 'Ann', phones: [{ value: '1' }, { value: '2', preferred: true }] },
      { name: 'Ann', phones: [{ value: '1', preferred: true }] },
    )
    expect(decided.phones).toEqual([{ value: '1' }, { value: '2', preferred: true }])
  })

  it('takes an address that is written out in one of the two for one address', () => {
    const home = { street: '1 Main St', city: 'Springfield', label: 'home' }
    const written = { ...home, formatted: 'Ann Lee\n1 Main St\nSpringfield', preferred: true as const }
    const other = { ...home, formatted: 'Flat 2\n1 Main St\nSpringfield' }
    const merge = (...addresses: (typeof home)[][]) =>
      addresses
        .map((each): Contact => ({ name: 'Ann', addresses: each }))
        .reduce((one, other) => mergeContacts(one, other)).addresses
    expect(merge([written], [home])).toEqual([written])
    expect(merge([home], [written])).toEqual([{ ...home, formatted: written.formatted }])
    expect(merge([written], [other], [home])).toEqual([written, other])
  })

  it('keeps a second photo where there is room for it, and the first in any case', () => {
    const photo = (letter: string, length: number) => ({ type: 'image/png' as const, data: letter.repeat(length) })
    const [ours, theirs] = [photo('A', 400), photo('B', 400)]
    const merged = mergeContacts({ name: 'Ann', photo: ours }, { name: 'Ann', photo: theirs })
    expect(merged).toEqual({ name: 'Ann', photo: ours, extra: [['PHOTO', `data:image/png;base64,${theirs.data}`]] })
    expect(mergeContacts(merged, { name: 'Ann', photo: theirs })).toEqual(merged)
    const full = { name: 'Ann', photo: ours, extra: [['X-LONG', 'x'.repeat(40_000)]] as const }
    expect(mergeContacts(full, { name: 'Ann', photo: photo('B', 40_000) })).toEqual(full)
  })

  it('takes a note that came back from a file with other line ends for the same', () => {
    const typed = { name: 'Ann', notes: 'one\r\ntwo\rthree' }
    expect(mergeContacts(typed, { name: 'Ann', notes: 'one\ntwo\nthree' })).toEqual(typed)
    expect(mergeContacts({ name: 'Ann', notes: 'four' }, typed).notes).toBe('four\n\none\r\ntwo\rthree')
  })

  it('does not put the unit of one organisation under another', () => {
    const merged = mergeContacts(
      { name: 'Ann', organisation: 'Acme' },
      { name: 'Ann', organisation: 'Ajax', department: 'Sales' },
    )
    expect(merged).toEqual({ name: 'Ann', organisation: 'Acme', extra: [['ORG', 'Ajax;Sales']] })
  })

  it('changes nothing when the same card comes again', () => {
    fc.assert(
      fc.property(contacts, contacts, (first, second) => {
        const merged = mergeContacts(first, second)
        expect(mergeContacts(merged, first)).toEqual(merged)
        expect(mergeContacts(merged, second)).toEqual(merged)
      }),
    )
  })

  it('loses no text of either', () => {
    fc.assert(
      fc.property(contacts, contacts, (first, second) => {
        const merged = texts(mergeContacts(first, second)).join('\n')
        for (const text of [...texts(first), ...texts(second)]) expect(merged).toContain(text)
      }),
    )
  })
})

describe('contacts by record id', () => {
  it('are one record for each person', () => {
    const byKey = contactsByKey([
      { name: 'Ann', emails: [{ value: 'ann@example.com' }], phones: [{ value: '1' }] },
      { name: 'Bob', emails: [{ value: 'bob@example.com' }] },
      { name: 'Ann', emails: [{ value: 'Ann@Example.com' }], phones: [{ value: '2' }] },
    ])
    expect([...byKey.keys()]).toEqual(['ann@example.com', 'bob@example.com'])
    expect(byKey.get('ann@example.com')?.phones).toEqual([{ value: '1' }, { value: '2' }])
  })

  it('stay apart where the merged record would not fit, so that nothing is cut', () => {
    const emails = [{ value: 'ann@example.com' }]
    const [first, second] = [
      { name: 'Ann', emails, notes: 'a'.repeat(40_000) },
      { name: 'Ann', emails, notes: 'b'.repeat(40_000) },
    ]
    const byKey = contactsByKey([first, second, second])
    expect([...byKey.values()]).toEqual([first, second])
  })
})

function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(texts) : []
}
