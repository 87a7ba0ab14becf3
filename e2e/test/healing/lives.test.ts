// Devices whose own disk is put back or copied, and healers that die or meet.
import { describe, expect, it } from 'vitest'
import type { WorldDevice } from '../../support/key-world'
import { fillFrom, HealingWorld, healingEvents, rowsOf } from './healing-world'

async function twoDevices() {
  const world = new HealingWorld()
  const laptop = await world.create('laptop')
  const phone = await world.join('phone', laptop.phrase)
  await write(laptop, 'one', 'two')
  await write(phone, 'three')
  await world.untilEqual(laptop, phone)
  return { world, laptop, phone }
}

async function write(device: WorldDevice, ...ids: readonly string[]): Promise<void> {
  for (const id of ids) await device.notes.add(id, { text: id })
}

const textsOf = (device: WorldDevice): readonly string[] => [...device.texts].sort()

describe('a device that is put back to its own backup', () => {
  it('goes on as another life of itself, and loses nothing of either', async () => {
    const { world, laptop, phone } = await twoDevices()
    const backup = await rowsOf(laptop)
    await write(laptop, 'after the backup', 'and more')
    await world.untilEqual(laptop, phone)
    await fillFrom(laptop, backup)
    await laptop.reopen({ online: false })
    await write(laptop, 'in the second life')
    laptop.sync.goOnline()
    await world.untilEqual(laptop, phone)
    expect(textsOf(phone)).toEqual(['after the backup', 'and more', 'in the second life', 'one', 'three', 'two'])
  })

  it('together with its relay, loses nothing of what another device still has', async () => {
    const { world, laptop, phone } = await twoDevices()
    await world.backUp()
    await world.untilEqual(laptop, phone)
    const backup = await rowsOf(laptop)
    await write(laptop, 'after the backup')
    await world.untilEqual(laptop, phone)
    await write(phone, 'seen it')
    await world.untilEqual(laptop, phone)
    phone.sync.goOffline()
    laptop.kill()
    await world.restore('backup')
    await fillFrom(laptop, backup)
    await laptop.reopen()
    // Under the very numbers under which the phone knows something else.
    await write(laptop, 'in the second life', 'and on')
    await world.untilEqual(laptop)
    phone.sync.goOnline()
    await world.untilEqual(laptop, phone)
    expect(textsOf(laptop)).toEqual([
      'after the backup',
      'and on',
      'in the second life',
      'one',
      'seen it',
      'three',
      'two',
    ])
    const late = await world.join('late', laptop.phrase)
    await world.untilEqual(laptop, phone, late)
  })
})

describe('a profile that was copied', () => {
  it('runs at the same time as the original, and nothing of either is lost', async () => {
    const { world, laptop, phone } = await twoDevices()
    const clone = await world.clone(laptop)
    for (const device of [laptop, clone]) device.sync.goOffline()
    await write(laptop, 'of the original', 'and more of it')
    await write(clone, 'of the clone', 'and more of that')
    const both = ['and more of it', 'and more of that', 'of the clone', 'of the original', 'one', 'three', 'two']
    // The relay knows one connection of a device at a time.
    for (let turn = 0; turn < 3; turn++)
      for (const [device, other] of [
        [laptop, clone],
        [clone, laptop],
      ] as const) {
        other.sync.goOffline()
        device.sync.goOnline()
        await world.untilEqual(device, phone)
      }
    await laptop.sync.goOnline()
    clone.sync.goOffline()
    await world.untilEqual(laptop, phone)
    for (const device of [laptop, clone, phone]) expect(textsOf(device)).toEqual(both)
  })
})

describe('a device that heals a relay', () => {
  it('may die at any moment, and goes on', async () => {
    const { world, laptop, phone } = await twoDevices()
    await world.backUp()
    await write(laptop, 'later')
    await world.untilEqual(laptop, phone)
    await write(phone, 'latest')
    await world.untilEqual(laptop, phone)
    const before = world.entries
    laptop.sync.goOffline()
    phone.kill()
    const rows = await rowsOf(phone)
    for (let step = 1; ; step++) {
      await world.restore(step % 2 ? 'backup' : undefined, { isNamedAnew: step % 3 > 0 })
      await fillFrom(phone, rows)
      await phone.reopen()
      phone.diesAt = step
      await world.until(() => phone.isDead || phone.sync.status.isGreen, 300_000)
      const isDone = !phone.isDead
      if (!isDone) {
        await phone.reopen()
        await write(phone, `step ${step}`)
        await world.untilEqual(phone)
        expect(world.entries).toBe(before + 1)
        expect(textsOf(phone)).toEqual(['later', 'latest', 'one', `step ${step}`, 'three', 'two'].sort())
      }
      phone.kill()
      if (isDone && step > 20) break
    }
  })

  it('may die while another one waits for it, which goes on where it was', async () => {
    const { world, laptop, phone } = await twoDevices()
    await write(laptop, 'later')
    await world.untilEqual(laptop, phone)
    const before = world.entries
    phone.kill()
    laptop.kill()
    const rows = [await rowsOf(laptop), await rowsOf(phone)] as const
    for (let step = 6; step < 30; step += 3) {
      await world.restore()
      await fillFrom(laptop, rows[0])
      await fillFrom(phone, rows[1])
      for (const device of [laptop, phone]) await device.reopen()
      phone.diesAt = step
      await world.untilEqual(laptop)
      phone.kill()
      await phone.reopen()
      await write(phone, `step ${step}`)
      await world.untilEqual(laptop, phone)
      expect(world.entries).toBe(before + 1)
      for (const device of [laptop, phone]) expect(textsOf(device)).toContain(`step ${step}`)
      for (const device of [laptop, phone]) device.kill()
    }
  })

  it('brings back what counts of a device that was removed meanwhile, after its removal', async () => {
    const { world, laptop, phone } = await twoDevices()
    await world.backUp()
    await world.untilEqual(laptop, phone)
    const tablet = await world.join('tablet', laptop.phrase)
    await write(tablet, 'counts')
    await world.untilEqual(laptop, phone, tablet)
    await world.outcomeOf(laptop.sync.removeDevices([tablet.sync.deviceId]))
    await world.untilEqual(laptop, phone)
    const before = world.entries
    await world.restore('backup')
    await world.untilEqual(laptop, phone)
    expect(world.entries).toBe(before)
    for (const device of [laptop, phone]) expect(textsOf(device)).toContain('counts')
  })

  it('says how much it left out, for a removed device wrote it too late', async () => {
    const { world, laptop, phone } = await twoDevices()
    const tablet = await world.join('tablet', laptop.phrase)
    await write(tablet, 'counts')
    await world.untilEqual(laptop, phone, tablet)
    await world.backUp()
    await world.untilEqual(laptop, phone, tablet)
    for (const { sync } of [phone, tablet]) sync.goOffline()
    await world.advance(1_000)
    await world.outcomeOf(laptop.sync.removeDevices([tablet.sync.deviceId]))
    laptop.sync.goOffline()
    // The relay has forgotten the removal, and lets the tablet write.
    await world.restore('backup')
    for (const { sync } of [phone, tablet]) sync.goOnline()
    await write(tablet, 'too late')
    await world.untilEqual(phone, tablet)
    expect(textsOf(phone)).toContain('too late')
    tablet.kill()
    laptop.sync.goOnline()
    await world.untilEqual(laptop, phone)
    const before = world.entries
    const events = [laptop, phone].map(healingEvents)
    await world.restore()
    await world.untilEqual(laptop, phone)
    const healed = events.flat().flatMap((event) => (event.type === 'healed' ? [event] : []))
    // Each has it, and leaves it out.
    expect(healed.map(({ dropped }) => dropped)).toEqual([1, 1])
    expect(healed.reduce((sum, { restored }) => sum + restored, 0)).toBe(before - 1)
    // Where each of them gives back a part, one of them writes an entry of its own on top.
    expect([before - 1, before]).toContain(world.entries)
    for (const device of [laptop, phone]) {
      expect(textsOf(device)).toContain('counts')
      expect(textsOf(device)).not.toContain('too late')
    }
  })

  it('leaves it to another one that has begun', async () => {
    const { world, laptop, phone } = await twoDevices()
    await write(laptop, ...Array.from({ length: 30 }, (_, n) => `note ${n}`))
    await world.untilEqual(laptop, phone)
    const before = world.entries
    const events = [laptop, phone].map(healingEvents)
    await world.restore()
    await world.untilEqual(laptop, phone)
    expect(world.entries).toBe(before)
    const restored = events.flat().flatMap((event) => (event.type === 'healed' ? [event.restored] : []))
    expect(restored.reduce((sum, each) => sum + each, 0)).toBe(before)
  })
})
