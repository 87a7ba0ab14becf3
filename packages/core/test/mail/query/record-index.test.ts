import { type Contact, createIndex } from '@owlivion/sync/mail'
import { describe, expect, it } from 'vitest'
import { AddressBook } from './address-book'

const byWord = {
  keysOf: ({ name }: Contact) => name.split(' '),
}

describe('an index', () => {
  it('asks for the keys of a record once for each change of it', () => {
    const book = new AddressBook()
    book.write(Array.from({ length: 1_000 }, (_, n) => [`${n}`, { name: `Ann ${n}` }]))
    let asked = 0
    const index = createIndex(book, {
      keysOf(contact) {
        asked++
        return byWord.keysOf(contact)
      },
    })
    expect(asked).toBe(1_000)
    book.write([['5', { name: 'Bob' }]])
    book.write([
      ['6', undefined],
      ['7', { name: 'Bob' }],
    ])
    // Anything may have changed: one did.
    book.write([['8', { name: 'Bob' }]], false)
    book.use('9')
    expect(asked).toBe(1_003)
    expect(index.find('Bob')).toEqual(['5', '7', '8'])
    expect(index.find('Ann')).toHaveLength(996)
  })

  it('lists keys and finds by their beginning', () => {
    const book = new AddressBook()
    book.write([
      ['a', { name: 'Ann Lee' }],
      ['b', { name: 'Anne Lee' }],
      ['c', { name: 'Lee Lee' }],
    ])
    const index = createIndex(book, byWord)
    expect(index.keys()).toEqual(['Ann', 'Anne', 'Lee'])
    expect(index.keys('An')).toEqual(['Ann', 'Anne'])
    expect([...index.startingWith('An')].sort()).toEqual(['a', 'b'])
    expect(index.find('Lee', 2)).toEqual(['a', 'b'])
    expect(index.find('An')).toEqual([])
  })

  it('orders the records of a key, and again when the order of one changes', () => {
    const book = new AddressBook()
    const index = createIndex<Contact, number>(book, {
      keysOf: () => ['all'],
      order: { of: ({ lastUsedAt = 0 }) => lastUsedAt, compare: (a, b) => b - a },
    })
    book.write([
      ['a', { name: '', lastUsedAt: 1 }],
      ['b', { name: '', lastUsedAt: 2 }],
      ['c', { name: '', lastUsedAt: 2 }],
    ])
    expect(index.find('all')).toEqual(['b', 'c', 'a'])
    book.write([['a', { name: 'x', lastUsedAt: 3 }]])
    expect(index.find('all')).toEqual(['a', 'b', 'c'])
    book.write([['b', undefined]])
    expect(index.find('all')).toEqual(['a', 'c'])
  })

  it('answers as of when it was closed', () => {
    const book = new AddressBook()
    const index = createIndex(book, byWord)
    book.write([['a', { name: 'Ann' }]])
    index.close()
    book.write([['b', { name: 'Ann' }]])
    expect(index.find('Ann')).toEqual(['a'])
  })
})
