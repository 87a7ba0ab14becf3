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

  it('a value that alone is too large to travel is refused by the name of its record', () => {
    expect(() => groupEdits([add('big@example.com', 163_900)], none)).toThrow(/big@example.com would hold 161 KB/)
    expect(() => groupEdits([{ kind: 'update', id: 'é', fields: { text: 'é'.repeat(82_000) } }], none)).toThrow(/64 KB/)
  })

  it('of one record that hold more than travels at once are several, which make together what was asked for', () => {
    const fields = Object.fromEntries(names('field', 6).map((name) => [name, name.repeat(8_000)]))
    const registers = open(annWriter, 1_764_000_000_000)
    const groups = groupEdits([{ kind: 'add', id: 'wide', fields: { ...fields, none: undefined } }], registers)
    expect(groups.length).toBeGreaterThan(2)
    for (const group of groups) expect(registers.transact(group)!.update.length).toBeLessThan(100_000)
    expect(registers.get('wide')).toEqual(fields)
    const cleared = Object.fromEntries(
      names('field', 6).map((name, i) => [name, i < 2 ? undefined : name.repeat(8_001)]),
    )
    for (const group of groupEdits([{ kind: 'update', id: 'wide', fields: cleared }], registers))
      registers.transact(group)
    expect(registers.get('wide')).toEqual(JSON.parse(JSON.stringify(cleared)))
  })

  it('a restore counts all that the record holds, conflicts included, as far as it travels at once', () => {
    const value = 'x'.repeat(60_000)
    const field = { candidates: [{ value }, { value }, { value }] }
    const records = { inspect: () => ({ fields: new Map([['a', field]]) }) as unknown as InspectedRecord }
    const restore: Edit = { kind: 'restore', id: 'r' }
    expect(groupEdits([restore, add('a', 10)], records)).toEqual([[restore], [add('a', 10)]])
    expect(groupEdits([restore, add('a', 10)], none)).toHaveLength(1)
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

  it('a change of a set that could not travel in one entry is several', () => {
    const edit = (count: number): Edit => ({
      kind: 'set-add',
      id: 'r',
      field: 'labels',
      elements: names('label-', count),
    })
    expect(groupEdits([edit(1000)], none)).toHaveLength(1)
    const groups = groupEdits([edit(2000)], none)
    expect(groups.length).toBeGreaterThan(1)
    expect(groups.flat().flatMap((each) => ('elements' in each ? each.elements : []))).toEqual(names('label-', 2000))
  })
})
