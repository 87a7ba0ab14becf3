// What a person sees of a conflict, and what becomes of it: on three devices at a real relay.
import { describe, expect, it } from 'vitest'
import type { WorldDevice } from '../../support/key-world'
import { HealingWorld } from '../healing/healing-world'

interface World {
  readonly world: HealingWorld
  readonly laptop: WorldDevice
  readonly phone: WorldDevice
  readonly tablet: WorldDevice
}

async function threeDevices(): Promise<World> {
  const world = new HealingWorld()
  const laptop = await world.create('laptop')
  const phone = await world.join('phone', laptop.phrase)
  const tablet = await world.join('tablet', laptop.phrase)
  await laptop.notes.addAll([
    ['one', { text: 'one' }],
    ['two', { text: 'two' }],
    ['gone', { text: 'gone' }],
  ])
  await world.untilEqual(laptop, phone, tablet)
  return { world, laptop, phone, tablet }
}

/** Each of them writes without knowing of the others; later ones write later. */
async function apart({ world, laptop, phone, tablet }: World, ...edits: readonly (() => Promise<void>)[]) {
  const devices = [laptop, phone, tablet]
  for (const { sync } of devices) sync.goOffline()
  await world.advance(1_000)
  for (const edit of edits) {
    world.timeMs += 60_000
    await edit()
  }
  for (const { sync } of devices) sync.goOnline()
  await world.untilEqual(...devices)
}

const namesIn = (device: WorldDevice, id: string) =>
  device.notes.conflicts(id).map(({ candidates }) => candidates.map((each) => [each.device?.name, each.value]))

describe('a conflict', () => {
  it('shows every value with the device that wrote it and when, on every device', async () => {
    const all = await threeDevices()
    const { world, laptop, phone, tablet } = all
    const startMs = world.timeMs
    await apart(
      all,
      () => laptop.notes.update('one', { text: 'by the laptop' }),
      () => phone.notes.update('one', { text: 'by the phone' }),
    )
    for (const { notes } of [laptop, phone, tablet]) {
      const [conflict] = notes.conflicts()
      expect(conflict).toMatchObject({ id: 'one', field: 'text' })
      expect(conflict?.candidates.map(({ value, device }) => ({ value, device }))).toEqual([
        { value: 'by the phone', device: { id: phone.sync.deviceId, name: 'phone' } },
        { value: 'by the laptop', device: { id: laptop.sync.deviceId, name: 'laptop' } },
      ])
      for (const { atMs } of conflict!.candidates) expect(Math.abs(atMs - startMs)).toBeLessThan(10 * 60_000)
      expect(conflict!.candidates[0]!.atMs - conflict!.candidates[1]!.atMs).toBeGreaterThan(30_000)
    }
  })

  it('is decided for one, for the other, or for a third value, and the other conflicts stay', async () => {
    const all = await threeDevices()
    const { world, laptop, phone, tablet } = all
    const edit = (device: WorldDevice) => async () => {
      for (const id of ['one', 'two']) await device.notes.update(id, { text: `${id} by ${device.sync.deviceId}` })
    }
    await apart(all, edit(laptop), edit(phone), edit(tablet))
    expect(namesIn(tablet, 'one')).toEqual([
      ['tablet', 'phone', 'laptop'].map((name) => [name, expect.stringContaining('one by')]),
    ])
    const [conflict] = laptop.notes.conflicts('one')
    await laptop.notes.resolve('one', 'text', conflict!.candidates[2]!)
    await world.untilEqual(laptop, phone, tablet)
    for (const { notes } of [laptop, phone, tablet]) {
      expect(notes.get('one')).toEqual({ text: `one by ${laptop.sync.deviceId}` })
      expect(notes.conflicts().map(({ id }) => id)).toEqual(['two'])
    }
    await phone.notes.resolve('two', 'text', { value: 'a third' })
    await world.untilEqual(laptop, phone, tablet)
    for (const { notes } of [laptop, phone, tablet]) {
      expect(notes.get('two')).toEqual({ text: 'a third' })
      expect(notes.conflicts()).toEqual([])
    }
  })

  it('between a delete and a change names who did what, and is decided for either', async () => {
    const all = await threeDevices()
    const { world, laptop, phone, tablet } = all
    await apart(
      all,
      () => phone.notes.update('gone', { text: 'changed' }),
      () => phone.notes.update('one', { text: 'changed' }),
      () => laptop.notes.delete('gone'),
      () => laptop.notes.delete('one'),
    )
    expect(tablet.notes.deleteConflicts('gone')).toEqual([
      {
        id: 'gone',
        isDeleted: true,
        unseen: [
          {
            field: 'text',
            value: 'changed',
            atMs: expect.any(Number),
            device: { id: phone.sync.deviceId, name: 'phone' },
          },
        ],
        deletes: [{ atMs: expect.any(Number), device: { id: laptop.sync.deviceId, name: 'laptop' } }],
      },
    ])
    await tablet.notes.resolveDelete('gone', 'keep')
    await tablet.notes.resolveDelete('one', 'delete')
    // Nothing is undecided there.
    await tablet.notes.resolveDelete('two', 'delete')
    await world.untilEqual(laptop, phone, tablet)
    for (const { notes } of [laptop, phone, tablet]) {
      expect(notes.get('gone')).toEqual({ text: 'changed' })
      expect(notes.has('one')).toBe(false)
      expect(notes.has('two')).toBe(true)
      expect(notes.deleteConflicts()).toEqual([])
      expect(notes.recentlyDeleted()).toEqual([
        {
          id: 'one',
          fields: { text: 'changed' },
          deletedAtMs: expect.any(Number),
          purgeAtMs: expect.any(Number),
          device: { id: tablet.sync.deviceId, name: 'tablet' },
        },
      ])
    }
  })

  it('and all others are decided for what was written last, at once or for some records', async () => {
    const all = await threeDevices()
    const { world, laptop, phone, tablet } = all
    const edit = (device: WorldDevice) => async () => {
      for (const id of ['one', 'two']) await device.notes.update(id, { text: device.sync.deviceId })
    }
    await apart(
      all,
      edit(laptop),
      edit(phone),
      () => laptop.notes.delete('gone'),
      () => phone.notes.update('gone', { text: 'later' }),
    )
    expect(await tablet.notes.resolveAllToNewest(['two'])).toBe(1)
    expect(tablet.notes.conflicts().map(({ id }) => id)).toEqual(['one'])
    expect(await tablet.notes.resolveAllToNewest()).toBe(2)
    await world.untilEqual(laptop, phone, tablet)
    for (const { notes } of [laptop, phone, tablet]) {
      expect(notes.conflicts()).toEqual([])
      expect(notes.deleteConflicts()).toEqual([])
      expect(notes.get('one')).toEqual({ text: phone.sync.deviceId })
      expect(notes.get('gone')).toEqual({ text: 'later' })
    }
  })
})
