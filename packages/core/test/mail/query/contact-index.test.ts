// Whatever happens to an address book, its index answers as one that is made anew would, and as a plain look at every contact would.
import { type Contact, contactKey, foldText, indexContacts, mailTypes } from '@owlivion/sync/mail'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createAccount, openMemoryStore } from '../../../src'
import { nodePlatform } from '../../../src/platform/node'
import { AddressBook } from './address-book'

const idsOf = (entries: readonly (readonly [id: string, contact: Contact])[]): string[] => entries.map(([id]) => id)

const contact: fc.Arbitrary<Contact> = fc.record(
  {
    name: fc.constantFrom('', 'Ann Lee', 'ann lee', 'Işık Ünal', 'Jean-Luc', 'Bob', 'Bo'),
    nicknames: fc.constantFrom(['Annie'], ['Bobby', 'Ün']),
    emails: fc.array(
      fc
        .constantFrom('ann@example.com', 'ANN@Example.com', 'bob.lee@mail.example.org', 'broken', '')
        .map((value) => ({ value })),
      { maxLength: 3 },
    ),
    organisation: fc.constantFrom('Acme GmbH', 'Ünal Ltd.'),
    favourite: fc.boolean(),
    groups: fc.subarray(['Friends', 'friends', 'Work', 'Chess club'], { minLength: 1 }),
    lastUsedAt: fc.integer({ min: 0, max: 3 }),
  },
  { requiredKeys: ['name'] },
)
const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
const step = fc.oneof(
  fc.record({
    writes: fc.array(fc.tuple(id, fc.option(contact, { nil: undefined })), { maxLength: 4 }),
    isNamed: fc.boolean(),
  }),
  fc.record({ used: id, by: fc.integer({ min: -1, max: 3 }) }),
)
const questions = [
  'a',
  'ann',
  'ann lee',
  'LEE, ann',
  'isik',
  'ÜN',
  'un',
  'bob.l',
  'mail',
  'example',
  'example.o',
  'jean-l',
  'jl',
  'acme g',
  '@',
  '',
  'bo',
]

function play(
  book: AddressBook,
  steps: readonly (typeof step extends fc.Arbitrary<infer Step> ? Step : never)[],
): void {
  for (const each of steps) {
    if ('used' in each) book.use(each.used, each.by)
    else book.write(each.writes, each.isNamed)
  }
}

function answers(book: AddressBook): unknown {
  const index = indexContacts(book)
  const all = answersOf(index)
  index.close()
  return all
}

function answersOf(index: ReturnType<typeof indexContacts>): unknown {
  return {
    emails: ['ann@example.com', 'bob.lee@mail.example.org', 'broken', ''].map((address) => index.byEmail(address)),
    typed: questions.map((typed) => [index.autocomplete(typed, 3), index.autocomplete(typed, 100)]),
    favourites: [index.favourites(), index.favourites(2)],
    mostUsed: [index.mostUsed(), index.mostUsed(1)],
    groups: index.groups(),
    inGroup: ['FRIENDS', 'Work', 'nobody'].map((name) => index.inGroup(name)),
  }
}

describe('an index of an address book', () => {
  it('answers after any changes as one that is made anew', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), fc.array(step, { maxLength: 12 }), (before, after) => {
        const book = new AddressBook()
        play(book, before)
        const index = indexContacts(book)
        answersOf(index)
        play(book, after)
        expect(answersOf(index)).toEqual(answers(book))
      }),
      { numRuns: 300 },
    )
  })

  it('answers what looking at every contact answers', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const book = new AddressBook()
        const index = indexContacts(book)
        play(book, steps)
        const all = book.ids().map((each) => [each, book.get(each) as Contact] as const)
        const has =
          (address: string) =>
          ([, { emails = [] }]: (typeof all)[number]) =>
            emails.some(({ value }) => value.trim().toLowerCase() === address)
        expect(idsOf(index.byEmail(' Ann@EXAMPLE.com')).sort()).toEqual(
          idsOf(all.filter(has('ann@example.com'))).sort(),
        )
        expect(idsOf(index.favourites()).sort()).toEqual(idsOf(all.filter(([, { favourite }]) => favourite)).sort())
        const friends = all.filter(([, { groups }]) => groups?.some((group) => group.toLowerCase() === 'friends'))
        expect(idsOf(index.inGroup('friends')).sort()).toEqual(idsOf(friends).sort())
        expect(index.groups().find(({ name }) => name.toLowerCase() === 'friends')?.size ?? 0).toBe(friends.length)
        const used = all.filter(([each]) => book.counter(each) > 0)
        const mostUsed = idsOf(index.mostUsed())
        expect([...mostUsed].sort()).toEqual(idsOf(used).sort())
        expect(mostUsed.map((each) => book.counter(each))).toEqual(
          mostUsed.map((each) => book.counter(each)).sort((a, b) => b - a),
        )
        // Whoever has a word that begins so is found, and nobody else.
        const withUn = all.filter(([, { name, nicknames = [], organisation = '' }]) =>
          [name, ...nicknames, organisation].some((text) =>
            foldText(text)
              .split(' ')
              .some((word) => word.startsWith('un')),
          ),
        )
        expect(idsOf(index.autocomplete('Ün', 100)).sort()).toEqual(idsOf(withUn).sort())
      }),
    )
  })

  it('finds people by the beginning of any word of name, organisation and address', () => {
    const book = new AddressBook()
    const ann: Contact = {
      name: 'Ann Müller',
      organisation: 'Acme GmbH',
      emails: [{ value: 'a.mueller@mail.acme.example' }],
    }
    book.write([
      ['ann', ann],
      ['jl', { name: 'Jean-Luc O’Neil', emails: [{ value: 'jl@example.com' }] }],
    ])
    const index = indexContacts(book)
    for (const typed of [
      'a',
      'MULLER',
      'mull ann',
      'Ann Mü',
      'acme',
      'gmb',
      'a.mue',
      'mueller',
      'mail.ac',
      'acme.ex',
      '"Müller, Ann" <a.mueller@',
      'ann -',
    ])
      expect(idsOf(index.autocomplete(typed)), typed).toEqual(['ann'])
    for (const typed of ['jean-l', 'luc', 'o’n', 'j. oneil'.slice(0, 2), 'neil jean'])
      expect(idsOf(index.autocomplete(typed)), typed).toEqual(['jl'])
    for (const typed of ['ller', 'ann jean', '', ' ', '@', '-']) expect(index.autocomplete(typed), typed).toEqual([])
    expect(index.autocomplete('a')[0]).toEqual(['ann', ann])
  })

  it('puts favourites first, then whom one writes to', () => {
    const book = new AddressBook()
    book.write(
      ['Zoe', 'Zac', 'Zed', 'Zia'].map((name) => [name, { name, ...(name === 'Zed' ? { favourite: true } : {}) }]),
    )
    const index = indexContacts(book)
    book.use('Zoe')
    expect(idsOf(index.autocomplete('z'))).toEqual(['Zed', 'Zoe', 'Zac', 'Zia'])
    expect(idsOf(index.autocomplete('z', 2))).toEqual(['Zed', 'Zoe'])
    book.use('Zia', 2)
    expect(idsOf(index.autocomplete('z', 2))).toEqual(['Zed', 'Zia'])
    expect(idsOf(index.mostUsed())).toEqual(['Zia', 'Zoe'])
    expect(index.autocomplete('z', 0)).toEqual([])
  })

  it('looks again at what changed and at nothing else', () => {
    const book = new AddressBook()
    const count = 2_000
    book.write(
      Array.from({ length: count }, (_, n) => [`${n}`, { name: `Ann ${n}`, emails: [{ value: `a${n}@example.com` }] }]),
    )
    const index = indexContacts(book)
    const readsOf = (action: () => void): number => {
      book.reads = 0
      action()
      return book.reads
    }
    expect(readsOf(() => book.write([['7', { name: 'Bob' }]]))).toBe(1)
    expect(readsOf(() => book.use('7'))).toBe(1)
    expect(readsOf(() => book.write([['7', undefined]]))).toBe(1)
    // Answers are at hand: the same ones until the contact changes.
    expect(readsOf(() => index.autocomplete('ann', 10))).toBe(0)
    expect(index.autocomplete('a8@')[0]).toBe(index.byEmail('a8@example.com')[0])
    expect(readsOf(() => index.mostUsed())).toBe(0)
  })

  it('makes nothing anew of a contact that only might have changed', () => {
    const book = new AddressBook()
    let looked = 0
    const watched = (name: string): Contact => ({
      get name() {
        looked++
        return name
      },
    })
    book.write([
      ['a', watched('Ann')],
      ['b', watched('Bob')],
    ])
    const index = indexContacts(book)
    looked = 0
    book.write([['c', { name: 'Cid' }]], false)
    expect(looked).toBe(0)
    expect(idsOf(index.autocomplete('c'))).toEqual(['c'])
  })

  it('follows no more once it is closed', () => {
    const book = new AddressBook()
    const index = indexContacts(book)
    expect(book.listenerCount).toBe(1)
    index.close()
    expect(book.listenerCount).toBe(0)
  })

  it('gives the same best ones of many as of few', () => {
    const book = new AddressBook()
    const index = indexContacts(book)
    const names = Array.from({ length: 3_000 }, (_, n) => `Zoe ${(n * 7_919) % 3_000}`)
    book.write(names.map((name, n) => [`${n}`, { name, ...(n % 100 === 0 ? { favourite: true } : {}) }]))
    for (let n = 0; n < 50; n++) book.use(`${n * 3}`, (n % 5) + 1)
    const many = index.autocomplete('zoe', 40)
    const merit = ([id, { name, favourite }]: (typeof many)[number]) =>
      [favourite ? 0 : 1, -book.counter(id), name] as const
    const all = book.ids().map((id) => [id, book.get(id) as Contact] as const)
    const expected = all.sort((a, b) => {
      const [x, y] = [merit(a), merit(b)]
      return x[0] - y[0] || x[1] - y[1] || (x[2] < y[2] ? -1 : 1)
    })
    expect(idsOf(many)).toEqual(idsOf(expected.slice(0, 40)))
    expect(index.autocomplete('zoe 17', 5_000).length).toBe(names.filter((name) => name.startsWith('Zoe 17')).length)
    expect(index.autocomplete('zoe', 5_000)).toHaveLength(3_000)
  })

  it('takes many at once, and forgets the words of those that go', () => {
    const book = new AddressBook()
    const index = indexContacts(book)
    for (let round = 0; round < 5; round++) {
      book.write(Array.from({ length: 200 }, (_, n) => [`${n}`, { name: `Name${round}x${n}` }]))
      expect(index.autocomplete(`name${round}x`, 1_000)).toHaveLength(200)
      expect(index.autocomplete('name', 1_000)).toHaveLength(200)
    }
    book.write(book.ids().map((each) => [each, undefined]))
    expect(index.autocomplete('name')).toEqual([])
  })

  it('follows a collection, its counters and its deleted records too', async () => {
    const options = {
      platform: nodePlatform(),
      store: openMemoryStore(),
      relay: 'ws://127.0.0.1:1',
      deviceName: 'laptop',
    }
    const { sync } = await createAccount({ ...options, online: false })
    onTestFinished(() => sync.close())
    const contacts = await sync.open(mailTypes.contacts)
    const index = indexContacts(contacts)
    const ann: Contact = { name: 'Ann', emails: [{ value: 'ann@example.com' }] }
    const key = contactKey(ann)
    await contacts.add(key, ann)
    expect(index.byEmail('ANN@example.com')).toEqual([[key, ann]])
    await contacts.increment(key, 'uses')
    expect(idsOf(index.mostUsed())).toEqual([key])
    await contacts.update(key, { name: 'Zoe' })
    expect(idsOf(index.autocomplete('zo'))).toEqual([key])
    await contacts.delete(key)
    expect([index.mostUsed(), index.byEmail('ann@example.com')]).toEqual([[], []])
    await contacts.restore(key)
    expect(idsOf(index.mostUsed())).toEqual([key])
  })
})
