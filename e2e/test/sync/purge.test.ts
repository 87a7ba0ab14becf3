// Deleted records that are purged, by real devices at a real relay: in their time, and not before every device has shown that it has the
// delete; what a device had not sent of one brings it back whole; and what was purged is no bytes any more.
import { randomBytes } from 'node:crypto'
import type { Collection } from '@owlivion/sync'
import { describe, expect, it } from 'vitest'
import type { WorldDevice } from '../../support/key-world'
import { HealingWorld } from '../healing/healing-world'

const DAY_MS = 86_400_000

type Person = { name: string; phone?: string }

const peopleOf = ({ sync }: WorldDevice): Promise<Collection<Person>> =>
  sync.open<Person>('people', { texts: ['about'] })

/** Days on which these devices connect, and the others do not. */
async function days(world: HealingWorld, count: number, ...devices: readonly WorldDevice[]): Promise<void> {
  for (let day = 0; day < count; day++) {
    for (const { sync } of devices) sync.goOffline()
    await world.advance(1_000)
    world.timeMs += DAY_MS
    for (const { sync } of devices) sync.goOnline()
    await world.untilEqual(...devices)
    await world.advance(5_000)
  }
}

async function threeDevices() {
  const world = new HealingWorld()
  const laptop = await world.create('laptop')
  const phone = await world.join('phone', laptop.phrase)
  const tablet = await world.join('tablet', laptop.phrase)
  const [atLaptop, atPhone, atTablet] = await Promise.all([peopleOf(laptop), peopleOf(phone), peopleOf(tablet)])
  await atLaptop.add('ann', { name: 'Ann', phone: '1' })
  await atLaptop.increment('ann', 'mails', 7)
  await atLaptop.addToSet('ann', 'labels', 'friend')
  const about = await atLaptop.text('ann', 'about')
  about.replaceWithText('Met at the lake')
  await world.untilEqual(laptop, phone, tablet)
  // Each tells the others what it has.
  await world.advance(5_000)
  return { world, laptop, phone, tablet, atLaptop, atPhone, atTablet }
}

async function expectWhole(people: Collection<Person>): Promise<void> {
  expect(people.counter('ann', 'mails')).toBe(7)
  expect(people.set('ann', 'labels')).toEqual(['friend'])
  const about = await people.text('ann', 'about')
  expect(about.toText().trim()).toBe('Met at the lake')
  about.close()
}

describe('a deleted record', () => {
  it('is purged after 30 days on all devices, and its date says when', async () => {
    const { world, laptop, phone, tablet, atLaptop, atPhone, atTablet } = await threeDevices()
    await atLaptop.delete('ann')
    await world.untilEqual(laptop, phone, tablet)
    const [deleted] = atPhone.recentlyDeleted()
    expect(deleted!.purgeAtMs - deleted!.deletedAtMs).toBe(30 * DAY_MS)
    await days(world, 29, laptop, phone, tablet)
    for (const people of [atLaptop, atPhone, atTablet]) expect(people.deletedIds()).toEqual(['ann'])
    await days(world, 4, laptop, phone, tablet)
    for (const people of [atLaptop, atPhone, atTablet]) {
      expect(people.recentlyDeleted()).toEqual([])
      await expect(people.restore('ann')).rejects.toMatchObject({ code: 'record-missing' })
    }
    expect([...laptop.problems, ...phone.problems, ...tablet.problems]).toEqual([])
  })

  it('waits for a device that does not have the delete, for 180 days, and is whole again with what that had not sent', async () => {
    const { world, laptop, phone, tablet, atLaptop, atPhone, atTablet } = await threeDevices()
    tablet.sync.goOffline()
    await world.advance(1_000)
    await atLaptop.delete('ann')
    await world.advance(1_000)
    await atTablet.update('ann', { phone: '2' })
    await days(world, 45, laptop, phone)
    expect(atLaptop.deletedIds()).toEqual(['ann'])
    await expect(atPhone.purge('ann')).rejects.toMatchObject({ code: 'purge-too-early' })
    world.timeMs += 120 * DAY_MS
    await days(world, 10, laptop, phone)
    expect(atLaptop.deletedIds()).toEqual(['ann'])
    await days(world, 10, laptop, phone)
    expect([...atLaptop.deletedIds(), ...atPhone.deletedIds()]).toEqual([])
    // Also when it starts anew in between.
    await tablet.reopen()
    const afterwards = await peopleOf(tablet)
    await world.until(() => [atLaptop, atPhone, afterwards].every((people) => people.conflicts().length === 0))
    await world.untilEqual(laptop, phone, tablet)
    const restored = [atLaptop, atPhone, afterwards]
    for (const people of restored) {
      expect(people.get('ann')).toEqual({ name: 'Ann', phone: '2' })
      expect(people.deleteConflicts().map(({ id }) => id)).toEqual(['ann'])
    }
    await atPhone.resolveDelete('ann', 'keep')
    await world.untilEqual(laptop, phone, tablet)
    for (const people of restored) {
      expect(people.deleteConflicts()).toEqual([])
      await expectWhole(people)
    }
  })

  it('comes back whole when it was restored on one device while another purged it', async () => {
    const { world, laptop, phone, tablet, atLaptop, atPhone, atTablet } = await threeDevices()
    await atLaptop.delete('ann')
    await world.untilEqual(laptop, phone, tablet)
    await world.advance(5_000)
    phone.sync.goOffline()
    await world.advance(1_000)
    await atPhone.restore('ann')
    await atLaptop.purge('ann')
    await world.untilEqual(laptop, tablet)
    expect(atTablet.deletedIds()).toEqual([])
    phone.kill()
    await phone.reopen()
    const people = await peopleOf(phone)
    await world.untilEqual(laptop, phone, tablet)
    await world.until(() => atTablet.has('ann') && atLaptop.has('ann'))
    for (const each of [people, atLaptop, atTablet]) {
      expect(each.get('ann')).toEqual({ name: 'Ann', phone: '1' })
      await expectWhole(each)
    }
  })

  it.each(['summed up', 'rebased'])('is no bytes any more once it was purged and its log is %s', async (how) => {
    const world = new HealingWorld()
    world.documentLimits =
      how === 'rebased'
        ? { minTailBytes: Number.MAX_SAFE_INTEGER, minDeadStructs: 60 }
        : { minTailBytes: 4_096, minDeadStructs: Number.MAX_SAFE_INTEGER }
    const laptop = await world.create('laptop')
    const phone = await world.join('phone', laptop.phrase)
    for (let i = 0; i < 4; i++)
      await laptop.notes.add(`secret ${i}`, { text: `${i} ${randomBytes(12_000).toString('base64')}` })
    for (const id of ['kept 0', 'kept 1']) await laptop.notes.add(id, { text: 'kept' })
    await world.untilEqual(laptop, phone)
    for (let i = 0; i < 4; i++) await laptop.notes.delete(`secret ${i}`)
    await world.untilEqual(laptop, phone)
    await world.advance(5_000)
    await laptop.notes.purge(...laptop.notes.deletedIds())
    for (let i = 0; i < 80; i++)
      await laptop.notes.update(`kept ${i % 2}`, { text: `${i} ${randomBytes(60).toString('hex')}` })
    await world.untilEqual(laptop, phone)
    await world.advance(180_000)
    await days(world, 9, laptop, phone)
    expect(world.newestSnapshotBytes(laptop)).toBeLessThan(12_000)
    if (how === 'rebased') expect(world.documentEpoch).toBeGreaterThan(0)
    else expect(world.bytesOf(laptop)).toBeLessThan(24_000)
    for (const device of [laptop, phone]) {
      expect(device.notes.size).toBe(2)
      const base = await device.rows.list(['document'])
      expect(base.reduce((sum, [, bytes]) => sum + bytes.length, 0)).toBeLessThan(12_000)
    }
  })
})
