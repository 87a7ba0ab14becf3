// What a fold makes of a document: what stands, everything that it does not understand, and nothing else.
import { describe, expect, test } from 'vitest'
import {
  digestState,
  foldState,
  isWorthFolding,
  joinStates,
  leftOut,
  MIN_DEAD_STRUCTS,
  openRegisters,
  type Registers,
  readState,
  structsOf,
  weigh,
  withAll,
} from '../../src/document'
import { Y } from '../../src/yjs'
import { annWriter, bobWriter, bring, countingRandom, eveWriter, open, store, stored } from './open'
import { sha512 } from './world'

function fold(registers: Registers): Registers {
  const doc = foldState(readState(registers.doc)!, countingRandom)
  const { writer, lastN } = registers
  return openRegisters({ doc, writer, lastN, now: () => 9000 })
}

describe('a folded document', () => {
  test('holds each value under the dot and time of its write, in one slot a record', () => {
    const ann = open(annWriter, 1000)
    const bob = open(bobWriter, 2000)
    ann.transact([{ kind: 'add', id: 'r', fields: { a: 1, b: 1, c: 1 } }])
    bring(ann, bob)
    bob.transact([{ kind: 'update', id: 'r', fields: { b: 2 } }])
    bob.transact([{ kind: 'update', id: 'r', fields: { c: undefined } }])
    bring(bob, ann)
    expect(stored(fold(ann))).toEqual({
      'r~*': '["ann-----",1000,1,{"a":1},[],"bob-----",1000,1,{"b":2}]',
      'r~c~bob-----': '[2001,2,0]',
    })
  })

  test('carries what a newer version wrote as it is, and what it cannot carry keeps it from folding', () => {
    const unknown = {
      'r~ann-----': '{"version":2}',
      'r~a~bob-----': '[1000,1,0,1,2]',
      'r~a~b~c~d~e~f': 'anything',
      nothing: { nested: [1, null, 'two'] },
      'r~~ann-----': new Uint8Array([1, 2]),
    }
    const ann = open(annWriter, 1000)
    ann.transact([{ kind: 'add', id: 'other', fields: { a: 1 } }])
    store(ann, unknown)
    const folded = fold(ann)
    expect(stored(folded)).toMatchObject(unknown)
    expect(folded.get('other')).toEqual({ a: 1 })

    for (const value of ['["ann-----",1000]', new Y.Map()]) {
      const other = open(annWriter, 1000)
      store(other, { 'r~*': value })
      expect(readState(other.doc)).toBeUndefined()
    }
    const withRoot = open(annWriter, 1000)
    withRoot.doc.getMap('s').set('k', 1)
    expect(readState(withRoot.doc)).toBeUndefined()
  })

  test('has the digest of what it was folded from; another context or another value has another', () => {
    const ann = open(annWriter, 1000)
    ann.transact([{ kind: 'add', id: 'r', fields: { a: 1 } }])
    ann.transact([{ kind: 'update', id: 'r', fields: { a: 2 } }])
    const digest = (registers: Registers, n = 2) =>
      Buffer.from(digestState(readState(registers.doc)!, new Map([[annWriter, n]]), sha512)).toString('hex')
    expect(digest(fold(ann))).toBe(digest(ann))
    expect(digest(fold(fold(ann)))).toBe(digest(ann))
    expect(digest(ann, 3)).not.toBe(digest(ann))
    const before = digest(ann)
    ann.transact([{ kind: 'update', id: 'r', fields: { a: 3 } }])
    expect(digest(ann)).not.toBe(before)
  })
})

describe('edits that were written before a fold', () => {
  test('replace on the folded document what the first of them had replaced, although only that one had seen it', () => {
    const ann = open(annWriter, 1000)
    const bob = open(bobWriter, 2000)
    ann.transact([{ kind: 'add', id: 'r', fields: { a: 'ann' } }])
    bring(ann, bob)
    bob.transact([{ kind: 'update', id: 'r', fields: { a: 'bob' } }])
    const eve = open(eveWriter, 3000)
    bring(bob, eve)
    const pending = ['once', 'twice'].map((a) => eve.transact([{ kind: 'update', id: 'r', fields: { a } }])!)
    const folded = fold(bob)
    folded.rewrite(pending, { writer: eveWriter, lastN: 0 })
    expect([...folded.conflicts()]).toEqual([])
    expect(folded.get('r')).toEqual({ a: 'twice' })
    expect(stored(folded)['r~a~eve-----']).toBe('[3001,2,["bob-----",1],"twice"]')
  })
})

describe('two states', () => {
  test('joined keep what one has and the other never saw, and drop what the other saw replaced', () => {
    const ann = open(annWriter, 1000)
    ann.transact([{ kind: 'add', id: 'r', fields: { a: 'old', b: 'old' } }])
    const bob = open(bobWriter, 2000)
    bring(ann, bob)
    const before = { state: readState(ann.doc)!, context: new Map([[annWriter, 1]]) }
    bob.transact([{ kind: 'update', id: 'r', fields: { a: 'new' } }])
    const after = {
      state: readState(bob.doc)!,
      context: new Map([
        [annWriter, 1],
        [bobWriter, 1],
      ]),
    }
    const { state, context } = joinStates(before, after)
    expect([...state]).toEqual([...after.state])
    expect(context).toEqual(after.context)
  })

  test('tell what one lacks of the other, and can be given it back', () => {
    const ann = open(annWriter, 1000)
    ann.transact([{ kind: 'add', id: 'r', fields: { a: 1, b: 2 } }])
    ann.transact([{ kind: 'increment', id: 'r', field: 'uses', by: 3 }])
    const all = readState(ann.doc)!
    const none = new Map()
    expect(leftOut(all, all).size).toBe(0)
    expect([...leftOut(all, none)]).toEqual([...all])
    expect([...withAll(none, all)]).toEqual([...all])
    ann.transact([{ kind: 'update', id: 'r', fields: { a: undefined } }])
    ann.transact([{ kind: 'delete', id: 'r' }])
    const later = readState(ann.doc)!
    const lacking = leftOut(later, all)
    expect([...lacking.keys()].map((key) => key.replaceAll('\u0001', '~')).sort()).toEqual([
      'r~a~ann-----',
      'r~~ann-----',
    ])
    expect(leftOut(withAll(all, lacking), later).size).toBe(0)
  })
})

describe('a book that was edited much', () => {
  const fields = ['first', 'last', 'email', 'phone', 'company', 'title', 'street', 'city', 'country', 'note']
  const textOf = (field: string, i: number, edit = 0) =>
    `${field} of contact ${i}, edited ${String(edit).padStart(5, '0')}`
  const contacts = 100
  const add = (book: Registers) => {
    for (let i = 0; i < contacts; i++) {
      const values = Object.fromEntries(fields.map((field) => [field, textOf(field, i)]))
      book.transact([{ kind: 'add', id: `contact-${i}@example.com`, fields: values }])
    }
  }

  test('is as one never edited once it is folded: as many items, and half as many bytes more at most', () => {
    let now = 1_760_000_000_000
    const never = open(annWriter, () => now)
    const edited = open(annWriter, () => now)
    for (const book of [never, edited]) add(book)
    for (let edit = 0; edit < 10_000; edit++) {
      // As far apart in time and number as in a book of ten thousand contacts.
      now += 100_000
      edited.setWriter(annWriter, edited.lastN + 100)
      const [i, field] = [(edit * 7) % contacts, fields[Math.floor(edit / 7) % fields.length]!]
      edited.transact([{ kind: 'update', id: `contact-${i}@example.com`, fields: { [field]: textOf(field, i, edit) } }])
    }
    const heavy = weigh(edited.doc)
    expect(heavy.dead).toBeGreaterThan(MIN_DEAD_STRUCTS)
    expect(isWorthFolding(heavy)).toBe(true)
    const folded = fold(edited)
    expect(structsOf(never.doc)).toBe(contacts)
    expect(structsOf(folded.doc)).toBeLessThanOrEqual(1.5 * contacts)
    expect(folded.encodeState().length).toBeLessThanOrEqual(1.5 * never.encodeState().length)
    expect(isWorthFolding(weigh(folded.doc))).toBe(false)
    for (const id of edited.ids()) expect(folded.get(id)).toEqual(edited.get(id))
  })

  test('is not worth folding while it is small, or mostly stands', () => {
    expect(isWorthFolding({ live: 1, dead: MIN_DEAD_STRUCTS - 1 })).toBe(false)
    expect(isWorthFolding({ live: 10_000, dead: 10_000 })).toBe(false)
    expect(isWorthFolding({ live: 10_000, dead: 10_001 })).toBe(true)
  })
})
