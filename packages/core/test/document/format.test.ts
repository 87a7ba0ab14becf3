import { describe, expect, test } from 'vitest'
import { annWriter, bobWriter, bring, exchange, open, store, stored } from './open'

// Stored documents outlive every version of this code: a change here is a change of the format.
describe('the stored format', () => {
  test('a created record is one row', () => {
    const ann = open(annWriter)
    ann.transact([{ kind: 'add', id: 'r', fields: { b: { y: [1, -0], x: null }, a: 'é' } }])
    expect(stored(ann)).toEqual({ 'r~ann-----': '[1000,1,{"a":"é","b":{"x":null,"y":[1,0]}}]' })
  })

  test('a later write is a cell, which names the rows of others that it replaces', () => {
    const ann = open(annWriter)
    const bob = open(bobWriter)
    ann.transact([{ kind: 'add', id: 'r', fields: { a: 1, b: 1 } }])
    ann.transact([{ kind: 'update', id: 'r', fields: { a: 2 } }])
    bring(ann, bob)
    bob.transact([{ kind: 'update', id: 'r', fields: { b: undefined, a: 3 } }])
    expect(stored(bob)).toEqual({
      'r~ann-----': '[1000,1,{"a":1,"b":1}]',
      'r~a~bob-----': '[1002,1,["ann-----",1],3]',
      'r~b~bob-----': '[1002,1,["ann-----",1]]',
    })
    bring(bob, ann)
    expect(stored(ann)).toEqual(stored(bob))
  })

  test('a delete is a mark with what it had seen', () => {
    const ann = open(annWriter)
    const bob = open(bobWriter)
    ann.transact([{ kind: 'add', id: 'r', fields: { a: 1 } }])
    bring(ann, bob)
    bob.transact([{ kind: 'delete', id: 'r' }])
    expect(stored(bob)['r~~bob-----']).toBe('[1001,1,{"ann-----":1}]')
  })

  test('a restore by the creator names the row it stands in for', () => {
    const ann = open(annWriter)
    ann.transact([{ kind: 'add', id: 'r', fields: { a: 1 } }])
    ann.transact([{ kind: 'delete', id: 'r' }])
    ann.transact([{ kind: 'restore', id: 'r' }])
    expect(stored(ann)).toEqual({ 'r~ann-----': '[1002,3,{"a":1},0,1]' })
  })

  test('a restore by another device is a row of its own', () => {
    const ann = open(annWriter)
    const bob = open(bobWriter)
    ann.transact([{ kind: 'add', id: 'r', fields: { a: 1 } }])
    ann.transact([{ kind: 'delete', id: 'r' }])
    bring(ann, bob)
    bob.transact([{ kind: 'restore', id: 'r' }])
    expect(stored(bob)).toEqual({ 'r~ann-----': '[1000,1,{"a":1}]', 'r~bob-----': '[1002,1,{"a":1}]' })
  })

  test('a value that lost a conflict moves along in the restored row', () => {
    const ann = open(annWriter)
    const bob = open(bobWriter, 2000)
    ann.transact([{ kind: 'add', id: 'r', fields: { a: 'first', b: 1 } }])
    bob.transact([{ kind: 'add', id: 'r', fields: { a: 'second' } }])
    exchange(ann, bob)
    ann.transact([{ kind: 'delete', id: 'r' }])
    ann.transact([{ kind: 'restore', id: 'r' }])
    expect(stored(ann)['r~ann-----']).toBe('[2002,3,{"a":"second","b":1},[1000,{"a":"first"}],1]')
    const [conflict] = [...ann.conflicts()]
    expect(conflict!.candidates.map(({ value }) => value)).toEqual(['second', 'second', 'first'])
  })

  test('a row of another writer can be stood in for after a rewrite', () => {
    const ann = open(annWriter)
    ann.transact([{ kind: 'add', id: 'r', fields: { a: 1 } }])
    const base = ann.encodeState()
    const pending = [ann.transact([{ kind: 'delete', id: 'r' }])!, ann.transact([{ kind: 'restore', id: 'r' }])!]
    const again = open(annWriter, 1000, base, 1)
    again.rewrite(pending, { writer: bobWriter, lastN: 0 })
    expect(stored(again)).toEqual({ 'r~bob-----': '[1002,2,{"a":1},0,["ann-----",1]]' })
    expect(open(annWriter, 1000, again.encodeState()).get('r')).toEqual({ a: 1 })
  })
})

describe('the stored format of counters and sets', () => {
  test('a counter is one slot for each writer and row', () => {
    const ann = open(annWriter)
    const bob = open(bobWriter)
    ann.transact([{ kind: 'add', id: 'r', fields: {} }])
    ann.transact([{ kind: 'increment', id: 'r', field: 'uses', by: 2 }])
    bring(ann, bob)
    bob.transact([{ kind: 'increment', id: 'r', field: 'uses', by: -5 }])
    bring(bob, ann)
    ann.transact([{ kind: 'increment', id: 'r', field: 'uses', by: 1 }])
    expect(stored(ann)).toEqual({
      'r~ann-----': '[1000,1,{}]',
      'r~uses~ann-----~ann-----~1': '[3,3]',
      'r~uses~bob-----~ann-----~1': '[-5,1]',
    })
  })

  test('an element is a cell whose field name ends with the element as JSON', () => {
    const ann = open(annWriter)
    ann.transact([{ kind: 'add', id: 'r', fields: {} }])
    ann.transact([{ kind: 'set-add', id: 'r', field: 'tags', elements: ['a "b"', 'c'] }])
    ann.transact([{ kind: 'set-remove', id: 'r', field: 'tags', elements: ['c'] }])
    expect(stored(ann)).toEqual({
      'r~ann-----': '[1000,1,{}]',
      'r~tags\u0002"a \\"b\\""~ann-----': '[1001,2,0,true]',
      'r~tags\u0002"c"~ann-----': '[1002,3,0]',
    })
  })

  test('a restored row holds the elements of sets by the names of their cells', () => {
    const ann = open(annWriter)
    const bob = open(bobWriter)
    ann.transact([{ kind: 'add', id: 'r', fields: { a: 1 } }])
    ann.transact([{ kind: 'set-add', id: 'r', field: 'tags', elements: ['x'] }])
    ann.transact([{ kind: 'delete', id: 'r' }])
    bring(ann, bob)
    bob.transact([{ kind: 'restore', id: 'r' }])
    expect(stored(bob)['r~bob-----']).toBe('[1003,1,{"a":1,"tags\\u0002\\"x\\"":true}]')
    bob.transact([{ kind: 'set-remove', id: 'r', field: 'tags', elements: ['x'] }])
    expect(bob.set('r', 'tags')).toEqual([])
    expect(bob.get('r')).toEqual({ a: 1 })
  })

  test('a folded row holds elements, and counts go to the row that it was born as', () => {
    const ann = open(annWriter, 5000)
    store(ann, {
      'r~*': '["ann-----",1000,1,{"a":1,"tags\\u0002\\"x\\"":true},["bob-----",7]]',
      'r~uses~bob-----~bob-----~7': '[4,9]',
    })
    expect(ann.get('r')).toEqual({ a: 1 })
    expect(ann.set('r', 'tags')).toEqual(['x'])
    ann.setWriter(annWriter, 1)
    ann.transact([{ kind: 'increment', id: 'r', field: 'uses', by: 1 }])
    expect(stored(ann)['r~uses~ann-----~bob-----~7']).toBe('[1,2]')
    expect(ann.counter('r', 'uses')).toBe(5)
  })

  test('a count or an element of another shape is kept and not read', () => {
    const unknown = {
      'r~uses~bob-----~ann-----~01': '[1,1]',
      'r~uses~bob-----~ann-----~0': '[1,1]',
      'r~uses~bob-----~*~1': '[1,1]',
      'r~uses~*~ann-----~1': '[1,1]',
      'r~uses~bob-----~ann-----~1~more': '[1,1]',
      'r~~bob-----~ann-----~1': '[1,1]',
      'r~uses~bob-----~ann-----~1': '[1.5,1]',
      'r~uses~eve-----~ann-----~1': '[1,1,1]',
      'r~tags\u0002x~bob-----': '[1000,1,0,true]',
      'r~tags\u0002 "x"~bob-----': '[1000,1,0,true]',
      'r~tags\u00027~bob-----': '[1000,1,0,true]',
    }
    const ann = open(annWriter)
    ann.transact([{ kind: 'add', id: 'r', fields: { a: 1 } }])
    store(ann, unknown)
    expect(ann.counter('r', 'uses')).toBe(0)
    expect(ann.counter('r', '')).toBe(0)
    expect(ann.set('r', 'tags')).toEqual([])
    expect(ann.get('r')).toEqual({ a: 1 })
    expect([...ann.inspect('r')!.fields.keys()]).toEqual(['a'])
    ann.transact([{ kind: 'increment', id: 'r', field: 'uses', by: 1 }])
    expect(stored(ann)).toMatchObject(unknown)
  })
})

describe('slots that this version does not write', () => {
  test('a folded row stands for the writes it was made of', () => {
    const ann = open(annWriter, 5000)
    store(ann, { 'r~*': '["ann-----",1000,1,{"a":1},[],"bob-----",1000,4,{"a":2,"b":2}]' })
    expect(ann.get('r')).toEqual({ a: 2, b: 2 })
    expect([...ann.conflicts()]).toEqual([
      {
        id: 'r',
        field: 'a',
        candidates: [
          { writer: bobWriter, t: 2000, n: 4, value: 2 },
          { writer: annWriter, t: 1000, n: 1, value: 1 },
        ],
      },
    ])
    ann.setWriter(annWriter, 1)
    ann.transact([{ kind: 'update', id: 'r', fields: { a: 3 } }])
    expect(stored(ann)['r~a~ann-----']).toBe('[5000,2,["bob-----",4],3]')
    expect([...ann.conflicts()]).toEqual([])
    ann.transact([{ kind: 'delete', id: 'r' }])
    expect(stored(ann)['r~~ann-----']).toBe('[5001,3,{"ann-----":2,"bob-----":4}]')
    ann.transact([{ kind: 'add', id: 'r', fields: {} }])
    expect(stored(ann)).toEqual({ 'r~ann-----': '[5002,4,{}]' })
  })

  test('what is not understood is kept and not read', () => {
    const unknown = {
      'r~ann-----': '[1000,1,{"a":1},0,1,"more"]',
      'r~bob-----': '{"version":2}',
      'r~a~ann-----': 'no JSON',
      'r~a~bob-----': '[1000,1,0,1,2]',
      'r~a~*': '[1000,1,0,1]',
      'r~~ann-----': '[1000,1]',
      'r~~bob-----': '[-1,1,{}]',
      'r~a~b~ann-----': '[1000,1,0,1]',
      'r~short': '[1000,1,{"a":1}]',
      'r~*': '["*",1000,1,{"a":1}]',
      'r~eve-----': `[1000,1,{"a":${'['.repeat(5000)}${']'.repeat(5000)}}]`,
      'r~a~eve-----': 7,
      '~ann-----': '[1000,1,{"a":1}]',
      plain: new Uint8Array([1]),
    }
    const ann = open(annWriter)
    store(ann, unknown)
    expect(ann.size).toBe(0)
    expect([...ann.deletedIds()]).toEqual([])
    expect(ann.inspect('r')).toBeUndefined()
    const copy = open(bobWriter, 1000, ann.encodeState())
    copy.transact([{ kind: 'add', id: 'r', fields: { b: 1 } }])
    expect(copy.get('r')).toEqual({ b: 1 })
    const { 'r~bob-----': _, ...rest } = unknown
    expect(stored(copy)).toMatchObject(rest)
  })
})
