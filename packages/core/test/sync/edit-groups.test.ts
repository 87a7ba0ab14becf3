import { expect, test } from 'vitest'
import type { Edit } from '../../src/document'
import { groupEdits } from '../../src/sync/edit-groups'
import { annWriter, open } from '../document/open'

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, at) => `${prefix}${at}`)

test('the transaction of a group is no larger than the group was taken for', () => {
  const ids = names('message-', 4000)
  const edits: Edit[] = [
    ...ids.map((id): Edit => ({ kind: 'increment', id, field: 'opened', by: 1 })),
    ...ids.slice(0, 100).map((id): Edit => ({ kind: 'set-add', id, field: 'labels', elements: names('label-', 40) })),
    ...ids.slice(0, 100).map((id): Edit => ({ kind: 'set-remove', id, field: 'labels', elements: names('label-', 9) })),
  ]
  const registers = open(annWriter, 1_764_000_000_000)
  registers.transact(ids.map((id) => ({ kind: 'add', id, fields: {} })))
  const groups = groupEdits(edits)
  expect(groups.flat()).toEqual(edits)
  expect(groups.length).toBeGreaterThan(5)
  for (const group of groups) expect(registers.transact(group)!.update.length).toBeLessThanOrEqual(98_304)
})

test('a change of a set that could not travel in one entry is refused', () => {
  const edit = (count: number): Edit => ({
    kind: 'set-add',
    id: 'r',
    field: 'labels',
    elements: names('label-', count),
  })
  expect(groupEdits([edit(1000)])).toHaveLength(1)
  expect(() => groupEdits([edit(2000)])).toThrow(expect.objectContaining({ code: 'field-too-large' }))
})
