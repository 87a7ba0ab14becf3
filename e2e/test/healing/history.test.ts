// What became of a collection, where the log that says it was given back to a relay and is in another order since.
import { expect, it } from 'vitest'
import { HistoryWorld, shown } from '../sync/history-world'

it('has each change once, though two devices wrote it down under the numbers of before and of after a healing', async () => {
  const world = new HistoryWorld()
  Object.assign(world, { documentLimits: undefined })
  const laptop = await world.create('laptop')
  const phone = await world.join('phone', laptop.phrase)
  const tablet = await world.join('tablet', laptop.phrase)
  await world.write(20, laptop, phone, tablet)
  await world.backUp('early')
  await world.untilEqual(laptop, phone, tablet)
  tablet.sync.goOffline()
  await world.write(40, laptop, phone)
  phone.sync.goOffline()
  // The laptop sums up, and writes down what the old numbers say.
  // Nothing is folded: of two that did, one would have made an epoch that the other had not heard of.
  Object.assign(world, { documentLimits: { minTailBytes: 3_000, minDeadStructs: 1_000_000 } })
  await laptop.reopen()
  await world.rest(laptop)
  expect(world.documents).toBe(2)
  laptop.sync.goOffline()
  // The relay loses that, and the tablet writes where the others' changes were. The phone gives them back at other places, and sums up.
  await world.restore('early')
  tablet.sync.goOnline()
  await world.untilEqual(tablet)
  const begin = tablet.notes.status.lastEntry
  for (let i = 0; i < 3; i++) {
    await tablet.notes.add(`tablet ${i}`, { text: `tablet ${i}` })
    await world.untilEqual(tablet)
  }
  expect(tablet.notes.status.lastEntry).toBe(begin + 3)
  tablet.sync.goOffline()
  await phone.reopen()
  await world.until(() => phone.sync.status.isGreen && phone.notes.list().length === 8)
  await world.rest(phone)
  expect(world.documents).toBe(2)
  // What the laptop had written down comes back, too.
  laptop.sync.goOnline()
  tablet.sync.goOnline()
  await world.rest(laptop, phone, tablet)
  await world.sleep(8, laptop, phone, tablet)
  await world.sleep(31, laptop, phone, tablet)
  const late = await world.join('late', laptop.phrase)
  await world.untilEqual(laptop, phone, late)
  const { changes, isWhole } = await world.historyOn(late)
  const key = ({ id, text }: { readonly id: string; readonly text: unknown }) => `${id}: ${text}`
  const added = [0, 1, 2].map((i) => `tablet ${i}: tablet ${i}`)
  expect(shown(changes).map(key).sort()).toEqual([...world.written.map(key), ...added].sort())
  expect(isWhole).toBe(true)
})
