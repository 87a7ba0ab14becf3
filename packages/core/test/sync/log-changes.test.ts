// What the entries did that a device keeps, on top of the snapshot that its log goes on from.
import { bytesToHex } from '@owlivion/sync-protocol'
import { expect, it } from 'vitest'
import { CompactionWorld, stateOf } from './support/compaction-world'

const [BOB, CARL] = [1, 2]
const DAY_MS = 86_400_000

it('has all of them until what is summed up goes, and then goes on from there', async () => {
  const world = await CompactionWorld.create()
  const { ann, others } = await world.summedUp(BOB)
  const bob = others[0]!
  const before = await bob.sync.changes()
  expect([before.changes.length, before.isWhole]).toEqual([60, true])
  expect(await ann.sync.changes()).toEqual(before)

  await world.log.wait(7 * DAY_MS, ann, bob)
  for (const device of [ann, bob]) await device.connect()
  await world.rest(ann, bob)
  expect(stateOf(bob).foundation?.number).toBe(60)
  expect(await bob.sync.changes()).toMatchObject({ changes: [], isWhole: false })

  const carl = await world.open(CARL)
  const note = ann.sync.registers.get('one')?.note
  await world.edit(ann, 'one', { note: 'after it' })
  await world.rest(ann, bob, carl)
  for (const device of [ann, bob, carl]) {
    const { changes, isWhole } = await device.sync.changes()
    expect(changes).toMatchObject([
      {
        ...{ id: 'one', kind: 'changed', number: 61, device: bytesToHex(ann.context.device) },
        fields: [{ field: 'note', before: note, after: 'after it' }],
      },
    ])
    expect(isWhole).toBe(false)
  }
})
