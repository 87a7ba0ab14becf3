// Whatever three devices write, at once or one after the other: taken back change by change from what is there now, the history gives what was
// there at every moment, and gives the same on each device.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { historyOf } from '../../src/history'
import { differencesSince } from '../../src/history/differences'
import { type Device, HistoryWorld, type State, stateOf } from './support'

const ids = ['ann', 'bob'] as const
const value = fc.constantFrom('x', 'y', 'z')
const edit = fc.record({
  device: fc.nat({ max: 2 }),
  id: fc.constantFrom(...ids),
  kind: fc.constantFrom('add', 'name', 'phone', 'clear', 'tag', 'untag', 'delete', 'restore'),
  value,
})
type RandomEdit = typeof edit extends fc.Arbitrary<infer T> ? T : never
const step = fc.oneof({ weight: 4, arbitrary: edit }, { weight: 2, arbitrary: fc.constant('meet' as const) })

async function perform({ contacts }: Device, { id, kind, value }: RandomEdit): Promise<void> {
  if (kind === 'add') return contacts.add(id, { name: value })
  if (kind === 'delete') return contacts.delete(id)
  if (kind === 'restore') return contacts.deletedIds().includes(id) ? contacts.restore(id) : undefined
  if (!contacts.has(id)) return
  if (kind === 'tag') return contacts.addToSet(id, 'tags', value)
  if (kind === 'untag') return contacts.removeFromSet(id, 'tags', value)
  if (kind === 'clear') return contacts.update(id, { phone: undefined })
  await contacts.update(id, { [kind]: value })
}

/** What was there, of what is there now and what differs. */
function before(now: State, differences: ReturnType<typeof differencesSince>): State {
  const state = structuredClone(now) as Record<string, Record<string, unknown> & { tags: string[] }>
  for (const { id, kind, fields } of differences) {
    if (kind === 'extra') delete state[id]
    if (kind === 'extra') continue
    const record = state[id] ?? { tags: [] }
    state[id] = record
    for (const { field, element, atPoint } of fields) {
      if (element !== undefined) {
        record.tags = record.tags.filter((each) => each !== element)
        if (atPoint === true) record.tags = [...record.tags, element].sort()
      } else if (atPoint === undefined) delete record[field]
      else record[field] = atPoint
    }
  }
  return state
}

it('gives what was there at every moment, on every device', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 24 }), async (steps) => {
      const world = await HistoryWorld.create(['laptop', 'phone', 'tablet'])
      const moments: { readonly number: number; readonly state: State }[] = []
      const meet = async (): Promise<void> => {
        await world.upToDate()
        const [first] = world.devices as [Device]
        moments.push({ number: first.contacts.status.lastEntry, state: stateOf(first.contacts) })
        for (const { sync } of world.devices) sync.goOffline()
      }
      for (const each of steps) {
        if (each === 'meet') await meet()
        else await perform(world.devices[each.device]!, each)
        await world.platform.advance(10)
      }
      await meet()
      const histories = []
      for (const { sync, contacts } of world.devices) {
        const { changes } = await historyOf(sync, contacts).changes({ limit: 1_000 })
        histories.push(changes)
        const forward = changes.map(({ device, ...change }) => ({ ...change, device: device.id })).reverse()
        for (const { number, state } of moments)
          expect(before(stateOf(contacts), differencesSince(forward, { atMs: 0, number }))).toEqual(state)
      }
      expect(histories[1]).toEqual(histories[0])
      expect(histories[2]).toEqual(histories[0])
      await world.close()
    }),
    { numRuns: 25, seed: 5 },
  )
})
