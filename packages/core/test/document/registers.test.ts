import { createHash } from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Edit, JsonValue } from '../../src/document'
import { isSyncError } from '../../src/errors'
import { Y } from '../../src/yjs'
import { annWriter, bobWriter, bring, eveWriter, exchange, open, stored } from './open'

const add = (id: string, fields: Record<string, JsonValue>): Edit => ({ kind: 'add', id, fields })
const update = (id: string, fields: Record<string, JsonValue | undefined>): Edit => ({ kind: 'update', id, fields })
const remove = (id: string): Edit => ({ kind: 'delete', id })
const restore = (id: string): Edit => ({ kind: 'restore', id })

describe('editing', () => {
  test('an update changes the fields it names and clears those given as undefined', () => {
    const ann = open(annWriter)
    ann.transact([add('r', { name: 'Ann', note: 'x', age: 7 })])
    ann.transact([update('r', { note: undefined, age: 8 })])
    expect(ann.get('r')).toEqual({ name: 'Ann', age: 8 })
  })

  test('what changes nothing writes nothing and uses no number', () => {
    const ann = open(annWriter)
    expect(ann.transact([])).toBeUndefined()
    expect(ann.transact([remove('nobody')])).toBeUndefined()
    ann.transact([add('r', { a: { x: 1, y: 2 }, b: 0 })])
    expect(ann.transact([update('r', { a: { y: 2, x: 1 }, b: -0, c: undefined })])).toBeUndefined()
    expect(ann.transact([add('r', { b: 0 }), restore('r')])).toBeUndefined()
    expect(ann.lastN).toBe(1)
    ann.transact([remove('r')])
    expect(ann.transact([remove('r')])).toBeUndefined()
    expect(ann.lastN).toBe(2)
  })

  test('a record can be created, changed, deleted and created again in one transaction', () => {
    const ann = open(annWriter)
    const transaction = ann.transact([
      add('r', { a: 1, b: 1 }),
      update('r', { a: 2 }),
      remove('r'),
      restore('r'),
      update('r', { b: undefined }),
      add('s', { a: 1 }),
      remove('s'),
      add('s', { c: 3 }),
    ])
    expect(transaction!.changed).toEqual(new Set(['r', 's']))
    expect(ann.get('r')).toEqual({ a: 2 })
    expect(ann.get('s')).toEqual({ c: 3 })
    expect([...ann.conflicts(), ...ann.deleteConflicts()]).toEqual([])
    const bob = open(bobWriter)
    bob.apply([transaction!.update])
    expect(stored(bob)).toEqual(stored(ann))
  })

  test('a refused edit takes the whole transaction with it', () => {
    const ann = open(annWriter)
    ann.transact([add('hidden', {})])
    ann.transact([remove('hidden')])
    const before = stored(ann)
    const refused: [Edit, string][] = [
      [update('nobody', { a: 1 }), 'record-missing'],
      [restore('nobody'), 'record-missing'],
      [update('hidden', { a: 1 }), 'record-deleted'],
      [add('', {}), 'invalid-id'],
      [add('r', { '': 1 }), 'invalid-field'],
      [add('r', { a: Number.NaN }), 'invalid-value'],
      [add('r', { a: 'x'.repeat(65_536) }), 'field-too-large'],
    ]
    for (const [edit, code] of refused) {
      const attempt = () => ann.transact([add('fine', { a: 1 }), edit])
      expect(attempt, code).toThrow(expect.objectContaining({ code }))
    }
    expect(stored(ann)).toEqual(before)
    expect(ann.lastN).toBe(2)
    expect(ann.has('fine')).toBe(false)
  })

  test('a field may have 64 KB and not a byte more', () => {
    const ann = open(annWriter)
    const fits = 'é'.repeat(32_767)
    ann.transact([add('r', { a: fits })])
    expect(ann.get('r')!.a).toBe(fits)
    expect(() => ann.transact([update('r', { a: `${fits}x` })])).toThrow(
      expect.objectContaining({ code: 'field-too-large' }),
    )
  })

  test('names that mean something to JavaScript are ordinary names', () => {
    const ann = open(annWriter)
    const fields: Record<string, JsonValue> = JSON.parse('{"__proto__":{"__proto__":1},"constructor":2,"toString":3}')
    for (const id of ['__proto__', 'constructor']) ann.transact([add(id, fields)])
    ann.transact([update('__proto__', JSON.parse('{"__proto__":4,"hasOwnProperty":5}'))])
    const bob = open(bobWriter)
    bring(ann, bob)
    const own = (id: string) => new Map(Object.entries(bob.get(id)!))
    expect(own('constructor')).toEqual(new Map(Object.entries(fields)))
    expect(own('__proto__')).toEqual(
      new Map([...Object.entries(fields), ['__proto__', 4], ['hasOwnProperty', 5]] as [string, JsonValue][]),
    )
    expect(Object.getPrototypeOf(bob.get('__proto__'))).toBe(null)
    expect(bob.get('valueOf')).toBeUndefined()
  })

  test('a value is a copy that nobody can change', () => {
    const ann = open(annWriter)
    const phones = ['1']
    ann.transact([add('r', { phones })])
    phones.push('2')
    const read = ann.get('r')!
    expect(read.phones).toEqual(['1'])
    expect(() => (read.phones as string[]).push('3')).toThrow(TypeError)
    expect(() => Object.assign(read, { phones: [] })).toThrow(TypeError)
  })

  test('a record is the same object until it changes', () => {
    const ann = open(annWriter)
    ann.transact([add('r', { a: 1 }), add('s', { a: 1 })])
    const before = ann.get('r')
    ann.transact([update('s', { a: 2 })])
    expect(ann.get('r')).toBe(before)
    ann.transact([update('r', { a: 2 })])
    expect(ann.get('r')).not.toBe(before)
  })
})

describe('time', () => {
  test('what was seen orders before what is written, record by record', () => {
    const ann = open(annWriter, 9_000_000)
    const bob = open(bobWriter, 1000)
    ann.transact([add('r', { a: 1 })])
    bring(ann, bob)
    bob.transact([update('r', { a: 2 }), add('s', { a: 1 })])
    expect(bob.inspect('r')!.fields.get('a')!.winner.t).toBe(9_000_001)
    expect(bob.inspect('s')!.fields.get('a')!.winner.t).toBe(1000)
  })

  test('a clock that stands at the end of time stops nobody', () => {
    const ann = open(annWriter, Number.MAX_SAFE_INTEGER)
    const bob = open(bobWriter)
    ann.transact([add('r', { a: 1 })])
    bring(ann, bob)
    bob.transact([update('r', { a: 2 })])
    expect(bob.get('r')).toEqual({ a: 2 })
    bring(bob, ann)
    expect(ann.get('r')).toEqual({ a: 2 })
  })
})

describe('merging', () => {
  test('two devices that create the same record keep the fields of both', () => {
    const ann = open(annWriter, 1000)
    const bob = open(bobWriter, 2000)
    ann.transact([add('r', { name: 'A', phone: '1' })])
    bob.transact([add('r', { name: 'B', mail: 'b' })])
    exchange(ann, bob)
    expect(ann.get('r')).toEqual({ name: 'B', phone: '1', mail: 'b' })
    expect(
      [...ann.conflicts()].map(({ field, candidates }) => [field, ...candidates.map(({ value }) => value)]),
    ).toEqual([['name', 'B', 'A']])
    ann.transact([update('r', { name: 'B' })])
    exchange(ann, bob)
    expect([...bob.conflicts()]).toEqual([])
  })

  test('an edit that a delete had not seen is shown, and stands or falls as a person decides', () => {
    for (const decision of [remove('r'), restore('r')]) {
      const ann = open(annWriter, 1000)
      const bob = open(bobWriter, 5000)
      ann.transact([add('r', { a: 1, b: 1 })])
      bring(ann, bob)
      ann.transact([update('r', { a: 2 })])
      bob.transact([remove('r')])
      exchange(ann, bob)
      expect(ann.has('r')).toBe(false)
      expect([...ann.deleteConflicts()]).toEqual([
        { id: 'r', unseen: [{ field: 'a', writer: annWriter, t: 1001, n: 2, value: 2 }] },
      ])
      ann.transact([decision])
      exchange(ann, bob)
      expect([...bob.deleteConflicts()]).toEqual([])
      expect(bob.get('r')).toEqual(decision.kind === 'restore' ? { a: 2, b: 1 } : undefined)
    }
  })

  test('a later edit brings a deleted record back whole', () => {
    const ann = open(annWriter, 1000)
    const bob = open(bobWriter, 5000)
    ann.transact([add('r', { a: 1, b: 1 })])
    bring(ann, bob)
    ann.transact([remove('r')])
    bob.transact([update('r', { a: 2 })])
    exchange(ann, bob)
    expect(ann.get('r')).toEqual({ a: 2, b: 1 })
  })

  test('a record created again does not show what it held before, except what nobody had seen', () => {
    const ann = open(annWriter)
    const bob = open(bobWriter)
    ann.transact([add('r', { a: 1, b: 1 })])
    bring(ann, bob)
    bob.transact([update('r', { b: 2 })])
    ann.transact([remove('r')])
    ann.transact([add('r', { c: 3 })])
    expect(ann.get('r')).toEqual({ c: 3 })
    exchange(ann, bob)
    expect(ann.get('r')).toEqual({ b: 2, c: 3 })
  })

  test('devices that hold the same have one digest, whatever the order of arrival', () => {
    const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()
    const ann = open(annWriter)
    const bob = open(bobWriter)
    const updates = [
      ann.transact([add('r', { a: 1 }), add('s', { a: 1 })]),
      ann.transact([update('r', { a: 2 })]),
      bob.transact([add('r', { a: 3 })]),
    ].map((transaction) => transaction!.update)
    const one = open(eveWriter)
    const other = open(eveWriter)
    one.apply(updates)
    for (const at of [2, 0, 1]) other.apply([updates[at]!])
    expect(one.digest(hash)).toEqual(other.digest(hash))
    expect(one.digest(hash)).not.toEqual(ann.digest(hash))
    const reloaded = open(eveWriter, 1000, one.encodeState())
    expect(reloaded.digest(hash)).toEqual(one.digest(hash))
  })
})

describe('updates', () => {
  test('an update holds exactly its transaction', () => {
    const ann = open(annWriter)
    const first = ann.transact([add('r', { a: 1 })])!
    const second = ann.transact([add('s', { a: 1 })])!
    const bob = open(bobWriter)
    expect(bob.contains(first.update)).toBe(false)
    expect(bob.apply([first.update])).toEqual(new Set(['r']))
    expect(bob.has('s')).toBe(false)
    expect(bob.contains(first.update)).toBe(true)
    expect(bob.contains(second.update)).toBe(false)
    expect(bob.apply([first.update, second.update])).toEqual(new Set(['s']))
    expect(ann.contains(Y.mergeUpdates([first.update, second.update]))).toBe(true)
  })

  test('several updates are applied in one Yjs transaction', () => {
    const ann = open(annWriter)
    const updates = ['r', 's', 't'].map((id) => ann.transact([add(id, {})])!.update)
    const bob = open(bobWriter)
    let transactions = 0
    bob.doc.on('afterTransaction', () => {
      transactions++
    })
    expect(bob.apply(updates).size).toBe(3)
    expect(transactions).toBe(1)
  })

  test('bytes that are no update are refused with a code', () => {
    const ann = open(annWriter)
    let caught: unknown
    try {
      ann.apply([new Uint8Array([255, 255, 255])])
    } catch (error) {
      caught = error
    }
    expect(isSyncError(caught, 'invalid-value')).toBe(true)
    ann.transact([add('r', { a: 1 })])
    expect(ann.size).toBe(1)
  })
})

describe('loading', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  test('opens without parsing, and parses a record when it is first read', () => {
    const ann = open(annWriter)
    ann.transact(Array.from({ length: 500 }, (_, at) => add(`r${at}`, { a: at })))
    const state = ann.encodeState()
    const parse = vi.spyOn(JSON, 'parse')
    const bob = open(bobWriter)
    bob.apply([state], 'v2')
    const carl = open(eveWriter, 1000, state)
    expect(parse).toHaveBeenCalledTimes(0)
    expect(carl.get('r7')).toEqual({ a: 7 })
    expect(carl.get('r7')).toEqual({ a: 7 })
    expect(parse).toHaveBeenCalledTimes(1)
    carl.transact([update('r7', { a: 8 })])
    expect(parse).toHaveBeenCalledTimes(1)
    // Nobody has asked for conflicts: that the others are rows shows without reading them.
    expect(carl.size).toBe(500)
    expect([...carl.deletedIds()]).toEqual([])
    expect(parse).toHaveBeenCalledTimes(1)
    expect([...carl.conflicts()]).toEqual([])
    // Of r7 only the new cell.
    expect(parse).toHaveBeenCalledTimes(1 + 499 + 1)
  })

  test('what only looks like a row is no record once it was read', () => {
    const ann = open(annWriter)
    ann.transact([add('real', { a: 1 })])
    const slots = ann.doc.getMap('r')
    slots.set(`broken\u0001${bobWriter}`, '[5,1,{"a":}]')
    slots.set('folded\u0001*', '["no writer",1,{}]')
    expect(new Set(ann.ids())).toEqual(new Set(['real', 'broken', 'folded']))
    for (const id of ['broken', 'folded']) expect(ann.get(id)).toBeUndefined()
    expect([...ann.ids()]).toEqual(['real'])
    expect(ann.size).toBe(1)
  })

  test('a folded row that holds two values of one field is a conflict once it was read', () => {
    const ann = open(annWriter)
    ann.doc.getMap('r').set('r\u0001*', `["${annWriter}",5,1,{"a":1},[],"${bobWriter}",1,1,{"a":2},[]]`)
    expect(ann.size).toBe(1)
    ann.get('r')
    expect([...ann.conflicts()].map(({ id, field }) => [id, field])).toEqual([['r', 'a']])
  })
})

describe('writing again after a fork', () => {
  test('a slot of a lost life with the same number is not taken for the one that was seen', () => {
    const ann = open(annWriter)
    ann.transact([add('r', { a: 1, b: 1 })])
    const backup = ann.encodeState()
    // The life that others have seen and this device has forgotten.
    ann.transact([update('r', { a: 'lost', b: 'lost' })])
    const log = ann.encodeState()

    const again = open(annWriter, 1000, backup, 1)
    const pending = [again.transact([update('r', { a: 'new' })])!, again.transact([update('r', { a: 'newer' })])!]
    const rebuilt = open(annWriter, 1000, log, 2)
    const [first, second] = rebuilt.rewrite(pending, { writer: bobWriter, lastN: 0 })
    expect([first!.n, second!.n, rebuilt.writer, rebuilt.lastN]).toEqual([1, 2, bobWriter, 2])

    expect(rebuilt.get('r')).toEqual({ a: 'newer', b: 'lost' })
    const [conflict] = [...rebuilt.conflicts()]
    expect(conflict!.candidates.map(({ value, t }) => [value, t])).toEqual([
      ['newer', 1002],
      ['lost', 1001],
    ])
    const other = open(eveWriter, 1000, log)
    other.apply([first!.update, second!.update])
    expect(stored(other)).toEqual(stored(rebuilt))
  })

  test('what the pending edits had seen gives way under the new writer too', () => {
    const ann = open(annWriter)
    ann.transact([add('r', { a: 1, b: 1 }), add('s', { a: 1 })])
    ann.transact([update('r', { a: 2 })])
    const base = ann.encodeState()
    const pending = [ann.transact([update('r', { a: 3, b: 3 })])!, ann.transact([remove('s')])!]
    const rebuilt = open(annWriter, 1000, base, 2)
    rebuilt.rewrite(pending, { writer: bobWriter, lastN: 0 })
    expect(rebuilt.get('r')).toEqual({ a: 3, b: 3 })
    expect(rebuilt.has('s')).toBe(false)
    expect([...rebuilt.conflicts(), ...rebuilt.deleteConflicts()]).toEqual([])
  })

  test('times move with a corrected clock and stay after what was seen', () => {
    const ann = open(annWriter, 900_000)
    const bob = open(bobWriter, 5000)
    bob.transact([add('r', { a: 0 })])
    bring(bob, ann)
    const base = ann.encodeState()
    const pending = [
      ann.transact([update('r', { a: 1 })])!,
      ann.transact([update('r', { a: 2 })])!,
      ann.transact([add('s', { a: 1 })])!,
    ]
    const rebuilt = open(annWriter, 1000, base, 0)
    const shifted = rebuilt.rewrite(pending, { writer: annWriter, lastN: 0, shiftMs: -899_000 })
    expect(shifted.map(({ operations }) => operations[0]!.t)).toEqual([5001, 5002, 1000])
    expect(rebuilt.get('r')).toEqual({ a: 2 })
  })

  test('a value kept from a conflict moves in time with the row it was kept from', () => {
    const ann = open(annWriter, 900_000)
    const bob = open(bobWriter, 900_001)
    bob.transact([add('r', { a: 'second' })])
    const base = bob.encodeState()
    const pending = [ann.transact([add('r', { a: 'first' })])!]
    bring(bob, ann)
    pending.push(ann.transact([remove('r')])!, ann.transact([restore('r')])!)
    const rebuilt = open(annWriter, 1000, base)
    rebuilt.rewrite(pending, { writer: eveWriter, lastN: 0, shiftMs: -600_000 })
    expect(stored(rebuilt)['r~eve-----']).toBe('[900003,3,{"a":"second"},[300000,{"a":"first"}],1]')
  })

  test('transactions of two writers are not made those of one', () => {
    const ann = open(annWriter)
    const first = ann.transact([add('r', {})])!
    ann.setWriter(bobWriter, 0)
    const second = ann.transact([add('s', {})])!
    expect(() => open(annWriter).rewrite([first, second], { writer: eveWriter, lastN: 0 })).toThrow(
      expect.objectContaining({ code: 'invalid-value' }),
    )
  })
})
