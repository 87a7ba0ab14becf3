import { describe, expect, test } from 'vitest'
import type { Edit } from '../../src/document'
import { annWriter, bobWriter, bring, eveWriter, exchange, open, store, stored } from './open'

const add = (id: string): Edit => ({ kind: 'add', id, fields: {} })
const remove = (id: string): Edit => ({ kind: 'delete', id })
const restore = (id: string): Edit => ({ kind: 'restore', id })
const count = (id: string, by: number, field = 'uses'): Edit => ({ kind: 'increment', id, field, by })

describe('counters', () => {
  test('what two devices count at once adds up', () => {
    const ann = open(annWriter)
    const bob = open(bobWriter)
    ann.transact([add('r'), count('r', 1)])
    exchange(ann, bob)
    ann.transact([count('r', 1)])
    ann.transact([count('r', 1)])
    bob.transact([count('r', -10)])
    exchange(ann, bob)
    expect([ann.counter('r', 'uses'), bob.counter('r', 'uses')]).toEqual([-7, -7])
  })

  test('of a record that two devices created at once, what was counted on both rows counts', () => {
    const ann = open(annWriter, 1000)
    const bob = open(bobWriter, 2000)
    ann.transact([add('r'), count('r', 1)])
    bob.transact([add('r'), count('r', 2)])
    exchange(ann, bob)
    expect(ann.counter('r', 'uses')).toBe(3)
    ann.transact([count('r', 4)])
    bob.transact([count('r', 8)])
    exchange(ann, bob)
    expect(bob.counter('r', 'uses')).toBe(15)
    // The newest row is the one that further increments count for.
    expect(Object.keys(stored(ann)).filter((key) => key.endsWith('~bob-----~1'))).toHaveLength(2)
  })

  test('a counter starts at zero and is zero for a record that is not visible', () => {
    const ann = open(annWriter)
    ann.transact([add('r')])
    expect([ann.counter('r', 'uses'), ann.counter('nobody', 'uses')]).toEqual([0, 0])
    ann.transact([count('r', 3)])
    ann.transact([remove('r')])
    expect(ann.counter('r', 'uses')).toBe(0)
  })

  test('a record that is deleted and created again starts at zero, whatever others still counted on the old one', () => {
    const ann = open(annWriter)
    const bob = open(bobWriter)
    ann.transact([add('r'), count('r', 3)])
    exchange(ann, bob)
    bob.transact([count('r', 5)])
    ann.transact([remove('r')])
    ann.transact([add('r')])
    expect(ann.counter('r', 'uses')).toBe(0)
    exchange(ann, bob)
    expect([ann.counter('r', 'uses'), bob.counter('r', 'uses')]).toEqual([0, 0])
    ann.transact([count('r', 1)])
    bring(ann, bob)
    expect(bob.counter('r', 'uses')).toBe(1)
  })

  test('a record created, counted and created again within one transaction starts at zero', () => {
    const ann = open(annWriter)
    ann.transact([add('r'), count('r', 3), remove('r'), add('r'), count('r', 1)])
    expect(ann.counter('r', 'uses')).toBe(1)
    ann.transact([add('s'), count('s', 3), remove('s'), restore('s'), count('s', 1)])
    expect(ann.counter('s', 'uses')).toBe(4)
  })

  test('a restored record keeps its count, whoever restores it, and also what was counted while it was deleted elsewhere', () => {
    const ann = open(annWriter)
    const bob = open(bobWriter)
    const eve = open(eveWriter)
    ann.transact([add('r'), count('r', 3)])
    for (const each of [bob, eve]) bring(ann, each)
    eve.transact([count('r', 10)])
    ann.transact([remove('r')])
    ann.transact([restore('r')])
    expect(ann.counter('r', 'uses')).toBe(3)
    exchange(ann, bob)
    bob.transact([remove('r')])
    bob.transact([restore('r')])
    exchange(bob, eve)
    expect([bob.counter('r', 'uses'), eve.counter('r', 'uses')]).toEqual([13, 13])
  })

  test('a record that one device created again and its creator restored shows the count of the restored row', () => {
    const ann = open(annWriter)
    const bob = open(bobWriter)
    ann.transact([add('r'), count('r', 3)])
    exchange(ann, bob)
    bob.transact([count('r', 5), remove('r')])
    exchange(ann, bob)
    ann.transact([restore('r')])
    bob.transact([add('r'), count('r', 100)])
    exchange(ann, bob)
    expect([ann.counter('r', 'uses'), bob.counter('r', 'uses')]).toEqual([108, 108])
  })

  test('counting neither revives a deleted record nor is in conflict with the delete', () => {
    const ann = open(annWriter, 1000)
    const bob = open(bobWriter, 9000)
    ann.transact([add('r')])
    bring(ann, bob)
    ann.transact([remove('r')])
    bob.transact([count('r', 1)])
    exchange(ann, bob)
    expect([ann.has('r'), bob.has('r')]).toEqual([false, false])
    expect([...bob.deleteConflicts(), ...bob.conflicts()]).toEqual([])
  })

  test('counting leaves a delete mark where it is', () => {
    const ann = open(annWriter, 1000)
    const bob = open(bobWriter, 9000)
    ann.transact([{ kind: 'add', id: 'r', fields: { a: 1 } }])
    bring(ann, bob)
    ann.transact([remove('r')])
    bob.transact([{ kind: 'update', id: 'r', fields: { a: 2 } }])
    exchange(ann, bob)
    ann.transact([count('r', 1)])
    expect([...ann.deleteConflicts()]).toHaveLength(1)
  })

  test('a counter, a set and a field of one name are three things, and only the field is in the record', () => {
    const ann = open(annWriter)
    ann.transact([
      { kind: 'add', id: 'r', fields: { x: 'field' } },
      count('r', 2, 'x'),
      { kind: 'set-add', id: 'r', field: 'x', elements: ['element'] },
    ])
    expect([ann.get('r'), ann.counter('r', 'x'), ann.set('r', 'x')]).toEqual([{ x: 'field' }, 2, ['element']])
    expect([...ann.inspect('r')!.fields.keys()]).toEqual(['x'])
  })

  test('an increment that cannot be counted is refused before anything is written', () => {
    const ann = open(annWriter)
    ann.transact([add('r'), add('hidden'), count('r', Number.MAX_SAFE_INTEGER)])
    ann.transact([remove('hidden')])
    const before = stored(ann)
    const refused: [Edit, string][] = [
      [count('nobody', 1), 'record-missing'],
      [count('hidden', 1), 'record-deleted'],
      [count('hidden', 0), 'record-deleted'],
      [count('r', 0.5), 'invalid-value'],
      [count('r', Number.NaN), 'invalid-value'],
      [count('r', 2 ** 53, 'other'), 'invalid-value'],
      [count('r', 1), 'invalid-value'],
      [count('r', 1, 'a\u0002b'), 'invalid-field'],
      [count('r', 1, ''), 'invalid-field'],
      [count('', 1), 'invalid-id'],
    ]
    for (const [edit, code] of refused)
      expect(() => ann.transact([edit]), code).toThrow(expect.objectContaining({ code }))
    expect(stored(ann)).toEqual(before)
    expect(ann.transact([count('r', 0)])).toBeUndefined()
    ann.transact([count('r', -1)])
    expect(ann.counter('r', 'uses')).toBe(Number.MAX_SAFE_INTEGER - 1)
  })

  test('counts that together are beyond what is exact stay at the end, the same on every device', () => {
    const ann = open(annWriter)
    const bob = open(bobWriter)
    ann.transact([add('r')])
    bring(ann, bob)
    for (const each of [ann, bob]) each.transact([count('r', Number.MAX_SAFE_INTEGER)])
    exchange(ann, bob)
    for (const each of [ann, bob]) expect(each.counter('r', 'uses')).toBe(Number.MAX_SAFE_INTEGER)
    const eve = open(eveWriter, 1000, ann.encodeState())
    eve.transact([count('r', -7)])
    expect(eve.counter('r', 'uses')).toBe(Number.MAX_SAFE_INTEGER)
  })

  test('a record whose row only a newer version can read is not counted on', () => {
    const ann = open(annWriter)
    store(ann, { 'r~bob-----': '{"version":2}', 'r~a~bob-----': '[1000,2,0,1]' })
    expect(ann.get('r')).toEqual({ a: 1 })
    expect(() => ann.transact([count('r', 1)])).toThrow(expect.objectContaining({ code: 'record-missing' }))
  })
})

describe('counting again after a fork', () => {
  test('the new writer adds what was pending, and what the lost life counted stays', () => {
    const ann = open(annWriter)
    ann.transact([add('r'), count('r', 1)])
    const backup = ann.encodeState()
    ann.transact([count('r', 10)])
    const log = ann.encodeState()

    const again = open(annWriter, 1000, backup, 1)
    const pending = [again.transact([count('r', 100)])!, again.transact([count('r', 1000)])!]
    expect(again.counter('r', 'uses')).toBe(1101)
    const rebuilt = open(annWriter, 1000, log, 2)
    rebuilt.rewrite(pending, { writer: bobWriter, lastN: 0 })
    expect(rebuilt.counter('r', 'uses')).toBe(1111)
    expect(stored(rebuilt)).toMatchObject({
      'r~uses~ann-----~ann-----~1': '[11,2]',
      'r~uses~bob-----~ann-----~1': '[1100,2]',
    })
  })

  test('what was counted on a pending record moves with it', () => {
    const ann = open(annWriter)
    const pending = [ann.transact([add('r'), count('r', 1)])!, ann.transact([count('r', 2)])!]
    const rebuilt = open(annWriter)
    rebuilt.transact([add('other'), count('other', 7)])
    rebuilt.rewrite(pending, { writer: bobWriter, lastN: 4 })
    expect(rebuilt.counter('r', 'uses')).toBe(3)
    expect(stored(rebuilt)['r~uses~bob-----~bob-----~5']).toBe('[3,6]')
  })

  test('the same writer goes on from its own sum', () => {
    const ann = open(annWriter)
    ann.transact([add('r'), count('r', 5)])
    const base = ann.encodeState()
    const pending = [ann.transact([count('r', 1)])!]
    const rebuilt = open(annWriter, 1000, base, 1)
    rebuilt.rewrite(pending, { writer: annWriter, lastN: 1, shiftMs: 60_000 })
    expect(rebuilt.counter('r', 'uses')).toBe(6)
  })
})
