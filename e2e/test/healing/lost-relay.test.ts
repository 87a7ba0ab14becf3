import { describe, expect, it } from 'vitest'
import type { WorldDevice } from '../../support/key-world'
import { HealingWorld, healingEvents } from './healing-world'

async function write(device: WorldDevice, ...ids: readonly string[]): Promise<void> {
  for (const id of ids) await device.notes.add(id, { text: id })
}

/** Three devices with the same notes. */
async function threeDevices() {
  const world = new HealingWorld()
  const laptop = await world.create('laptop')
  const phone = await world.join('phone', laptop.phrase)
  const tablet = await world.join('tablet', laptop.phrase)
  const devices = [laptop, phone, tablet] as const
  for (const [i, device] of devices.entries()) {
    await write(device, `of ${device.name}`, `more of ${device.name}`)
    if (i === 0) await world.untilEqual(laptop)
  }
  await world.untilEqual(...devices)
  return { world, laptop, phone, tablet, devices }
}

const textsOf = (device: WorldDevice): readonly string[] => [...device.texts].sort()

describe('a relay whose disk was wiped', () => {
  it('gets everything back from devices that know of it, with one away and one that has not sent its last edits', async () => {
    const { world, laptop, phone, tablet, devices } = await threeDevices()
    const before = world.entries
    tablet.sync.goOffline()
    phone.sync.goOffline()
    await write(phone, 'not sent')
    const events = [laptop, phone].map(healingEvents)
    await world.restore()
    await world.until(() => laptop.sync.status.healing)
    expect(laptop.sync.status.isGreen).toBe(false)
    expect(laptop.sync.status.documents.notes?.healing).toBe(true)
    // Edits go on meanwhile.
    await write(laptop, 'while it heals')
    phone.sync.goOnline()
    await world.untilEqual(laptop, phone)
    tablet.sync.goOnline()
    await world.untilEqual(...devices)
    expect(textsOf(tablet)).toEqual([
      'more of laptop',
      'more of phone',
      'more of tablet',
      'not sent',
      'of laptop',
      'of phone',
      'of tablet',
      'while it heals',
    ])
    expect(world.entries).toBe(before + 2)
    const healed = events.flat().filter((event) => event.type === 'healed')
    expect(healed.reduce((sum, event) => sum + event.restored, 0)).toBe(before)
    for (const each of events) expect(each.map(({ type }) => type)).toEqual(['healing', 'healed'])
    expect(devices.every(({ sync }) => !sync.status.healing)).toBe(true)
    const late = await world.join('late', laptop.phrase)
    await world.untilEqual(laptop, late)
  })

  it('gets everything back from a device that no other can help: not the first of the account', async () => {
    const { world, laptop, phone, tablet } = await threeDevices()
    const before = world.entries
    laptop.kill()
    tablet.kill()
    await world.restore()
    await world.untilEqual(phone)
    expect(world.entries).toBe(before)
    const late = await world.join('late', laptop.phrase)
    await world.untilEqual(phone, late)
  })
})

describe('a relay that was put back to an older backup', () => {
  for (const isNamedAnew of [true, false])
    it(`${isNamedAnew ? 'with' : 'without'} another name for its database gets back what it lost since, and keeps what it has`, async () => {
      const { world, laptop, phone, tablet, devices } = await threeDevices()
      await world.backUp()
      await world.untilEqual(...devices)
      phone.sync.goOffline()
      await write(laptop, 'after the backup')
      await world.untilEqual(laptop, tablet)
      await write(tablet, 'seen by the laptop')
      await world.untilEqual(laptop, tablet)
      const before = world.entries
      for (const device of [laptop, tablet]) device.sync.goOffline()
      await world.restore('backup', { isNamedAnew })
      // The phone was away: nothing is wrong for it, and it goes on.
      phone.sync.goOnline()
      await write(phone, 'on the old backup')
      await world.untilEqual(phone)
      for (const device of [laptop, tablet]) device.sync.goOnline()
      await world.untilEqual(...devices)
      expect(textsOf(phone).filter((text) => !text.includes('of '))).toEqual([
        'after the backup',
        'on the old backup',
        'seen by the laptop',
      ])
      expect(world.entries).toBe(before + 1)
    })

  it('is healed by one device alone when the others come later', async () => {
    const { world, laptop, phone, tablet, devices } = await threeDevices()
    await world.backUp()
    await world.untilEqual(...devices)
    await write(laptop, 'later', 'latest')
    await world.untilEqual(...devices)
    for (const device of devices) device.sync.goOffline()
    await world.restore('backup')
    tablet.sync.goOnline()
    await world.untilEqual(tablet)
    const events = [laptop, phone].map(healingEvents)
    for (const device of devices) device.sync.goOnline()
    await world.untilEqual(...devices)
    expect(events.flat()).toEqual([])
  })
})

describe('another relay in the place of the old one', () => {
  it('that serves other accounts takes this one in', async () => {
    const { world, laptop, phone, tablet, devices } = await threeDevices()
    const before = world.entries
    await world.restore()
    const stranger = await world.create('stranger')
    await write(stranger, 'of a stranger')
    await world.untilEqual(stranger)
    await world.untilEqual(...devices)
    expect(world.entries).toBe(before + 1)
    expect(textsOf(stranger)).toEqual(['of a stranger'])
    expect([laptop, phone, tablet].every((device) => textsOf(device).length === 6)).toBe(true)
  })

  it('with the other half of the edits ends with all of them, and so does the first when it comes back', async () => {
    const { world, laptop, phone, tablet, devices } = await threeDevices()
    await world.backUp('second')
    await world.untilEqual(...devices)
    await write(laptop, 'on the first')
    await world.untilEqual(laptop, tablet, phone)
    tablet.sync.goOffline()
    await world.swap('second', 'first')
    await write(phone, 'on the second')
    await world.untilEqual(laptop, phone)
    await world.swap('first', 'second')
    await write(laptop, 'on the first again')
    tablet.sync.goOnline()
    await world.untilEqual(...devices)
    await world.swap('second', 'first')
    await world.untilEqual(...devices)
    expect(textsOf(tablet).filter((text) => text.startsWith('on '))).toEqual([
      'on the first',
      'on the first again',
      'on the second',
    ])
  })
})

describe('while a relay is being healed', () => {
  it('it may be lost once more', async () => {
    const { world, devices } = await threeDevices()
    await world.backUp()
    await write(devices[0], ...Array.from({ length: 20 }, (_, n) => `note ${n}`))
    await world.untilEqual(...devices)
    const before = world.entries
    await world.restore()
    await world.until(() => devices.some(({ sync }) => sync.status.healing))
    await world.advance(2_000)
    await world.restore('backup')
    await world.advance(3_000)
    await world.restore()
    await world.untilEqual(...devices)
    expect(world.entries).toBe(before)
  })
})
