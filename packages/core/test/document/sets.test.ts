import { describe, expect, test } from 'vitest'
import type { Edit } from '../../src/document'
import { annWriter, bobWriter, bring, exchange, open, stored } from './open'

const add = (id: string): Edit => ({ kind: 'add', id, fields: { a: 1 } })
const remove = (id: string): Edit => ({ kind: 'delete', id })
const restore = (id: string): Edit => ({ kind: 'restore', id })
const putIn = (id: string, ...elements: string[]): Edit => ({ kind: 'set-add', id, field: 'tags', elements })
const takeOut = (id: string, ...elements: string[]): Edit => ({ kind: 'set-remove', id, field: 'tags', elements })

describe('sets', () => {
  test('a set is a sorted list without repetitions, the same frozen one until the record changes', () => {
    const ann = open(annWriter)
    ann.transact([add('r'), add('s'), putIn('r', 'b', 'a', 'b', 'é', '')])
    const before = ann.set('r', 'tags')
    expect(before).toEqual(['', 'a', 'b', 'é'])
    ann.transact([putIn('s', 'x')])
    expect(ann.set('r', 'tags')).toBe(before)
    expect(() => (before as string[]).push('c')).toThrow(TypeError)
    ann.transact([takeOut('r', 'b', 'never there')])
    expect(ann.set('r', 'tags')).toEqual(['', 'a', 'é'])
    expect([ann.set('r', 'other'), ann.set('nobody', 'tags')]).toEqual([[], []])
  })

  test('elements that two devices put in at once are all in', () => {
    const ann = open(annWriter)
    const bob = open(bobWriter)
    ann.transact([add('r'), putIn('r', 'old')])
    exchange(ann, bob)
    ann.transact([putIn('r', 'a'), takeOut('r', 'old')])
    bob.transact([putIn('r', 'b')])
    exchange(ann, bob)
    for (const each of [ann, bob]) expect(each.set('r', 'tags')).toEqual(['a', 'b'])
  })

  test('an element that one device put in while another took it out stays, whoever was later', () => {
    for (const later of ['adds', 'removes']) {
      const ann = open(annWriter, later === 'adds' ? 9000 : 1000)
      const bob = open(bobWriter, 5000)
      ann.transact([add('r'), putIn('r', 'x')])
      exchange(ann, bob)
      ann.transact([takeOut('r', 'x')])
      ann.transact([putIn('r', 'x')])
      bob.transact([takeOut('r', 'x')])
      exchange(ann, bob)
      for (const each of [ann, bob]) expect(each.set('r', 'tags'), later).toEqual(['x'])
      expect([...ann.conflicts()]).toEqual([])
      // Taking it out with knowledge of both is final.
      bob.transact([takeOut('r', 'x')])
      exchange(ann, bob)
      expect(ann.set('r', 'tags')).toEqual([])
    }
  })

  test('of a record that two devices created at once, the set holds what both put in', () => {
    const ann = open(annWriter)
    const bob = open(bobWriter)
    ann.transact([add('r'), putIn('r', 'a')])
    bob.transact([add('r'), putIn('r', 'b')])
    exchange(ann, bob)
    expect(ann.set('r', 'tags')).toEqual(['a', 'b'])
  })

  test('what changes nothing writes nothing', () => {
    const ann = open(annWriter)
    ann.transact([add('r'), putIn('r', 'x')])
    expect(ann.transact([putIn('r', 'x'), takeOut('r', 'y'), putIn('r')])).toBeUndefined()
  })

  test('a record that is created again has an empty set, a restored one has what it had', () => {
    const ann = open(annWriter)
    const bob = open(bobWriter)
    ann.transact([add('r'), putIn('r', 'x', 'y')])
    ann.transact([remove('r')])
    expect(ann.set('r', 'tags')).toEqual([])
    bring(ann, bob)
    bob.transact([restore('r')])
    expect(bob.set('r', 'tags')).toEqual(['x', 'y'])
    expect(bob.get('r')).toEqual({ a: 1 })
    ann.transact([add('r')])
    expect(ann.set('r', 'tags')).toEqual([])
  })

  test('an element that lost to a removal and stays nevertheless outlives a delete and a restore', () => {
    const ann = open(annWriter, 1000)
    const bob = open(bobWriter, 9000)
    ann.transact([add('r')])
    ann.transact([remove('r')])
    ann.transact([restore('r'), putIn('r', 'x')])
    exchange(ann, bob)
    ann.transact([takeOut('r', 'x'), putIn('r', 'x')])
    bob.transact([takeOut('r', 'x')])
    exchange(ann, bob)
    for (const each of [ann, bob, ann]) {
      each.transact([remove('r')])
      each.transact([restore('r')])
      exchange(ann, bob)
      for (const reader of [ann, bob]) expect(reader.set('r', 'tags')).toEqual(['x'])
    }
  })

  test('a change of a set brings back a record that was deleted earlier, and is listed beside a delete that had not seen it', () => {
    const ann = open(annWriter, 1000)
    const bob = open(bobWriter, 9000)
    ann.transact([add('r'), putIn('r', 'old')])
    bring(ann, bob)
    ann.transact([remove('r')])
    bob.transact([putIn('r', 'x'), takeOut('r', 'old')])
    exchange(ann, bob)
    expect(ann.has('r')).toBe(true)
    const common = { field: 'tags', writer: bobWriter, t: 9000, n: 1 }
    const [conflict] = [...ann.deleteConflicts()]
    expect(new Set(conflict!.unseen)).toEqual(
      new Set([
        { ...common, element: 'x', value: true },
        { ...common, element: 'old', value: undefined },
      ]),
    )
    ann.transact([putIn('r', 'y')])
    expect([...ann.deleteConflicts()]).toEqual([])
    expect(Object.keys(stored(ann)).filter((key) => key.includes('~~'))).toEqual([])
  })

  test('names of elements appear nowhere among the fields', () => {
    const ann = open(annWriter)
    const bob = open(bobWriter)
    ann.transact([add('r'), putIn('r', 'x')])
    ann.transact([remove('r')])
    ann.transact([restore('r')])
    exchange(ann, bob)
    expect(bob.get('r')).toEqual({ a: 1 })
    expect([...bob.inspect('r')!.fields.keys()]).toEqual(['a'])
    expect([...bob.conflicts()]).toEqual([])
    const name = 'tags\u0002"x"'
    for (const kind of ['add', 'update'] as const) {
      const attempt = () => ann.transact([{ kind, id: 'r', fields: { [name]: true } }])
      expect(attempt).toThrow(expect.objectContaining({ code: 'invalid-field' }))
    }
  })

  test('an element that cannot be stored is refused before anything is written', () => {
    const ann = open(annWriter)
    ann.transact([add('r'), add('hidden')])
    ann.transact([remove('hidden')])
    const before = stored(ann)
    const refused: [Edit, string][] = [
      [putIn('nobody', 'x'), 'record-missing'],
      [takeOut('hidden', 'x'), 'record-deleted'],
      [putIn('r', 'fine', '\ud800'), 'invalid-value'],
      [putIn('r', 'fine', 7 as unknown as string), 'invalid-value'],
      [putIn('r', 'é'.repeat(513)), 'invalid-value'],
      [{ ...putIn('r', 'x'), field: 'a\u0002' } as Edit, 'invalid-field'],
      [putIn('', 'x'), 'invalid-id'],
    ]
    for (const [edit, code] of refused)
      expect(() => ann.transact([edit]), code).toThrow(expect.objectContaining({ code }))
    expect(stored(ann)).toEqual(before)
    ann.transact([putIn('r', 'é'.repeat(512))])
    expect(ann.set('r', 'tags')).toHaveLength(1)
  })
})
