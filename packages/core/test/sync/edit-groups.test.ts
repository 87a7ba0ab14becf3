// How a large list of edits is cut: every part must fit an entry, since a Yjs update cannot be cut afterwards.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Edit, InspectedRecord } from '../../src/document'
import { groupEdits } from '../../src/sync/edit-groups'

const none = { inspect: () => undefined }
const add = (id: string, size: number): Edit => ({ kind: 'add', id, fields: { text: 'x'.repeat(size) } })

describe('edits', () => {
  it('of one call stay together as long as they fit one transaction', () => {
    const edits = [add('a', 10), add('b', 10), add('c', 90_000)]
    expect(groupEdits(edits, none)).toEqual([edits])
    expect(groupEdits([], none)).toEqual([])
  })

  it('are cut between records, in order and without loss', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 160_000 }), { maxLength: 12 }), (sizes) => {
        const edits = sizes.map((size, i) => add(`r${i}`, size))
        const groups = groupEdits(edits, none)
        expect(groups.flat()).toEqual(edits)
        for (const group of groups) {
          const bytes = group.reduce((sum, edit) => sum + JSON.stringify('fields' in edit ? edit.fields : {}).length, 0)
          expect(group.length === 1 || bytes <= 98_304).toBe(true)
        }
      }),
      { numRuns: 30 },
    )
  })

  it('a record that alone is too large to travel is refused by name', () => {
    expect(() => groupEdits([add('big@example.com', 163_900)], none)).toThrow(/big@example.com holds 161 KB/)
    expect(() => groupEdits([{ kind: 'update', id: 'é', fields: { text: 'é'.repeat(82_000) } }], none)).toThrow(
      /160 KB/,
    )
  })

  it('a restore counts all that the record holds, conflicts included', () => {
    const value = 'x'.repeat(60_000)
    const field = { candidates: [{ value }, { value }, { value }] }
    const records = { inspect: () => ({ fields: new Map([['a', field]]) }) as unknown as InspectedRecord }
    expect(() => groupEdits([{ kind: 'restore', id: 'r' }], records)).toThrow(/160 KB/)
    expect(groupEdits([{ kind: 'restore', id: 'r' }], none).length).toBe(1)
  })

  it('what JSON cannot write is left for the check of the edit to refuse', () => {
    const circle: Record<string, unknown> = {}
    circle.self = circle
    for (const value of [circle, 10n]) {
      const edit = { kind: 'add', id: 'a', fields: { value } } as unknown as Edit
      expect(groupEdits([edit], none)).toEqual([[edit]])
    }
  })
})
