import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeOperations, encodeOperations } from '../../src/document'
import { annWriter, bobWriter, exchange, open } from './open'

function sampleOperations() {
  const ann = open(annWriter)
  const bob = open(bobWriter, 2000)
  ann.transact([{ kind: 'add', id: 'r', fields: JSON.parse('{"a":"first","__proto__":{"x":[1]}}') }])
  bob.transact([{ kind: 'add', id: 'r', fields: { a: 'second' } }])
  exchange(ann, bob)
  return ann.transact([
    { kind: 'update', id: 'r', fields: JSON.parse('{"__proto__":2}') },
    { kind: 'update', id: 'r', fields: { b: 1 } },
    { kind: 'update', id: 'r', fields: { b: undefined } },
    { kind: 'delete', id: 'r' },
    { kind: 'restore', id: 'r' },
    { kind: 'delete', id: 'r' },
    { kind: 'add', id: 'r', fields: { a: 1 } },
    { kind: 'increment', id: 'r', field: 'uses', by: -3 },
    { kind: 'set-add', id: 'r', field: 'tags', elements: ['"x"', ''] },
    { kind: 'set-remove', id: 'r', field: 'tags', elements: [''] },
  ])!.operations
}

describe('pending operations on disk', () => {
  test('come back as they were', () => {
    const operations = sampleOperations()
    expect(operations.length).toBe(10)
    expect(operations.some((each) => each.kind === 'row' && each.kept.length > 0)).toBe(true)
    expect(decodeOperations(encodeOperations(operations))).toEqual(operations)
    expect(decodeOperations(encodeOperations([]))).toEqual([])
  })

  test('bytes that are something else are refused with a code', () => {
    const bytes = encodeOperations(sampleOperations())
    const texts = [
      '',
      '[]',
      '[2]',
      '{}',
      '[1,7]',
      '[1,["row"]]',
      '[1,["other","r",1,[0],[]]]',
      '[1,["mark","r",1,[0],[],0]]',
    ]
    const damaged = [...texts.map((text) => new TextEncoder().encode(text)), bytes.subarray(0, bytes.length - 1)]
    for (const each of damaged) {
      expect(() => decodeOperations(each), new TextDecoder().decode(each)).toThrow(
        expect.objectContaining({ code: 'profile-damaged' }),
      )
    }
    fc.assert(
      fc.property(fc.uint8Array(), (noise) => {
        expect(() => decodeOperations(noise)).toThrow(expect.objectContaining({ code: 'profile-damaged' }))
      }),
      { seed: 1, numRuns: 200 },
    )
  })
})
