import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FOLDED, type Writer } from '../../src/document/names'
import { fieldNames, fieldsOf, parseRecord, winnersOf } from '../../src/document/record'
import { cellKey, encodeCell, encodeRow, rowKey } from '../../src/document/slot'

const writers = ['AAAAAAAA', 'BBBBBBBB', 'CCCCCCCC'] as Writer[]
const writer = fc.constantFrom(...writers)
const field = fc.constantFrom('name', 'city', '__proto__', 'tags\u0002"work"')
const value = fc.constantFrom('x', 'y', 1, null)
// Few of each, so that writes meet; the time says nothing about who has seen whom, as when somebody writes what no device of ours would.
const t = fc.integer({ min: 1, max: 4 })
const n = fc.integer({ min: 1, max: 3 })

const fields = fc.uniqueArray(fc.tuple(field, value), { selector: ([name]) => name, maxLength: 3 }).map(fromEntries)
const row = fc.record({ writer, t, n, fields }).map((each) => {
  const group = { ...each, born: { writer: each.writer, n: each.n } }
  return [rowKey('ann', each.writer), encodeRow([group], each.writer)] as const
})
const folded = fc.array(fc.record({ writer, t, n, fields }), { minLength: 1, maxLength: 3 }).map((groups) => {
  const text = encodeRow(
    groups.map((group) => ({ ...group, born: undefined })),
    FOLDED,
  )
  return [rowKey('ann', FOLDED), text] as const
})
const cell = fc
  .record({
    field,
    writer,
    t,
    n,
    covers: fc.array(fc.record({ writer, n }), { maxLength: 2 }),
    value: fc.option(value, { nil: undefined }),
  })
  .map(({ field: name, writer: by, ...slot }) => [cellKey('ann', name, by), encodeCell(slot)] as const)

/** An own property for every name. */
function fromEntries(entries: readonly (readonly [string, string | number | null])[]) {
  return Object.fromEntries(entries)
}

describe('what a record shows', () => {
  it('is the winner of each field, whatever slots there are', () => {
    let several = 0
    fc.assert(
      fc.property(fc.array(fc.oneof(row, folded, cell), { maxLength: 8 }), (slots) => {
        const texts = new Map(slots)
        const record = parseRecord([...texts.keys()], (key) => texts.get(key))
        if (texts.size > 2) several++
        expect(Object.entries(fieldsOf(record))).toEqual(Object.entries(winnersOf(record, fieldNames(record))))
      }),
      { numRuns: 2_000 },
    )
    expect(several).toBeGreaterThan(500)
  })
})
