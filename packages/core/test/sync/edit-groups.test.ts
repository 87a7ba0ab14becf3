// How a large list of edits is cut: every part must fit an entry, since a Yjs update cannot be cut afterwards.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Edit, InspectedRecord } from '../../src/document'
import { groupEdits } from '../../src/sync/writing/edit-groups'
import { annWriter, open } from '../document/open'

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, at) => `${prefix}${at}`)
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

  it('a purge is small, whatever goes, and never refused', () => {
    const value = 'x'.repeat(60_000)
    const wide = { candidates: Array.from({ length: 30_000 }, () => ({ value })) }
    const records = { inspect: () => ({ fields: new Map([['a', wide]]) }) as unknown as InspectedRecord }
    const purges = names('r', 3).map((id): Edit => ({ kind: 'purge', id }))
    expect(groupEdits(purges, records)).toEqual(purges.map((purge) => [purge]))
    expect(groupEdits(purges, none)).toEqual([purges])
  })

  it('what JSON cannot write is left for the check of the edit to refuse', () => {
    const circle: Record<string, unknown> = {}
    circle.self = circle
    for (const value of [circle, 10n]) {
      const edit = { kind: 'add', id: 'a', fields: { value } } as unknown as Edit
      expect(groupEdits([edit], none)).toEqual([[edit]])
    }
  })

  it('the transaction of a group is no larger than the group was taken for', () => {
    const ids = names('message-', 4000)
    const edits: Edit[] = [
      ...ids.map((id): Edit => ({ kind: 'increment', id, field: 'opened', by: 1 })),
      ...ids.slice(0, 100).map((id): Edit => ({ kind: 'set-add', id, field: 'labels', elements: names('label-', 40) })),
      ...ids
        .slice(0, 100)
        .map((id): Edit => ({ kind: 'set-remove', id, field: 'labels', elements: names('label-', 9) })),
    ]
    const registers = open(annWriter, 1_764_000_000_000)
    registers.transact(ids.map((id) => ({ kind: 'add', id, fields: {} })))
    const groups = groupEdits(edits, registers)
    expect(groups.flat()).toEqual(edits)
    expect(groups.length).toBeGreaterThan(5)
    for (const group of groups) expect(registers.transact(group)!.update.length).toBeLessThanOrEqual(98_304)
  })

  it('a change of a set that could not travel in one entry is refused', () => {
    const edit = (count: number): Edit => ({
      kind: 'set-add',
      id: 'r',
      field: 'labels',
      elements: names('label-', count),
    })
    expect(groupEdits([edit(1000)], none)).toHaveLength(1)
    expect(() => groupEdits([edit(2000)], none)).toThrow(expect.objectContaining({ code: 'field-too-large' }))
  })
})
