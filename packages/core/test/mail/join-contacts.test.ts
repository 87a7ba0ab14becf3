import { type Contact, joinContacts, mailTypes, sameContacts } from '@owlivion/sync/mail'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Collection, createAccount, openMemoryStore, type Sync } from '../../src'
import { nodePlatform } from '../../src/platform/node'

const withEmails = (...values: string[]): Contact => ({ name: 'Ann', emails: values.map((value) => ({ value })) })

describe('contacts that may be one person', () => {
  it('are those that share an address, also through a third', () => {
    expect(
      sameContacts([
        ['d', withEmails('x@x.example')],
        ['a', withEmails('1@x.example', '2@x.example')],
        ['c', withEmails('3@x.example')],
        ['e', { name: 'Ann' }],
        ['b', withEmails('3@x.example', ' 2@X.example')],
        ['f', { name: 'Ann' }],
      ]),
    ).toEqual([['a', 'b', 'c']])
  })

  it('are in lists that share no address with each other', () => {
    const contacts = fc.array(
      fc.uniqueArray(fc.constantFrom('1', '2', '3', '4', '5', '6', '7', '8'), { maxLength: 3 }),
      {
        maxLength: 10,
      },
    )
    fc.assert(
      fc.property(contacts, (emails) => {
        const book = emails.map((each, n) => [`${n}`, withEmails(...each)] as const)
        const lists = sameContacts(book)
        const listOf = (id: string) => lists.findIndex((ids) => ids.includes(id))
        for (const [a, first] of emails.entries())
          for (const [b, second] of emails.entries()) {
            if (a === b || !first.some((email) => second.includes(email))) continue
            expect(listOf(`${a}`)).toBe(listOf(`${b}`))
            expect(listOf(`${a}`)).toBeGreaterThanOrEqual(0)
          }
        expect(lists.flat()).toHaveLength(new Set(lists.flat()).size)
        expect(lists.every((ids) => ids.length > 1)).toBe(true)
      }),
    )
  })
})

describe('joining two contacts', () => {
  let sync: Sync
  let contacts: Collection<Contact>
  beforeEach(async () => {
    const options = {
      platform: nodePlatform(),
      store: openMemoryStore(),
      relay: 'ws://127.0.0.1:1',
      deviceName: 'laptop',
    }
    sync = (await createAccount({ ...options, online: false })).sync
    contacts = await sync.open(mailTypes.contacts)
  })
  afterEach(() => sync.close())

  it('leaves one record with what both said, how often both were written to, and the other to be restored', async () => {
    await contacts.add('a', { ...withEmails('1@x.example'), phones: [{ value: '1' }], title: 'Chief', lastUsedAt: 5 })
    await contacts.add('b', {
      ...withEmails('1@x.example', '2@x.example'),
      notes: 'tall',
      title: 'Boss',
      lastUsedAt: 3,
    })
    await contacts.increment('a', 'uses', 2)
    await contacts.increment('b', 'uses', 3)
    expect(await joinContacts(contacts, 'b', 'a')).toBe('a')
    expect(contacts.list()).toEqual([
      [
        'a',
        {
          ...withEmails('1@x.example', '2@x.example'),
          phones: [{ value: '1' }],
          notes: 'tall',
          title: 'Boss',
          extra: [['TITLE', 'Chief']],
          lastUsedAt: 5,
        },
      ],
    ])
    expect(contacts.counter('a', 'uses')).toBe(5)
    expect(contacts.deletedIds()).toEqual(['b'])
    await contacts.restore('b')
    expect(contacts.get('b')).toMatchObject({ notes: 'tall' })
  })

  it('keeps the same one whichever is named first', async () => {
    await contacts.addAll([
      ['a', withEmails('1@x.example')],
      ['b', withEmails('2@x.example')],
    ])
    expect(await joinContacts(contacts, 'a', 'b')).toBe('a')
    expect(await joinContacts(contacts, 'a', 'a')).toBe('a')
  })

  it('is refused, and nothing is written, when one is missing or both do not fit', async () => {
    await contacts.addAll([
      ['a', { name: 'Ann', notes: 'a'.repeat(40_000) }],
      ['b', { name: 'Ann', notes: 'b'.repeat(40_000) }],
    ])
    await expect(joinContacts(contacts, 'a', 'c')).rejects.toMatchObject({ code: 'record-missing' })
    await expect(joinContacts(contacts, 'a', 'b')).rejects.toMatchObject({ code: 'field-too-large' })
    expect(contacts.ids().sort()).toEqual(['a', 'b'])
  })
})
