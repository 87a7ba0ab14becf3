// Logs that were summed up: the entries below a snapshot are on no disk any more.
import { randomBytes } from 'node:crypto'
import { documentOf } from '@owlivion/sync/testing'
import { describe, expect, it } from 'vitest'
import type { WorldDevice } from '../../support/key-world'
import { HealingWorld, healingEvents } from './healing-world'

const DAY_MS = 86_400_000

const NOTES = 20

/** Most of it is past soon, in words that nothing can be deflated of: enough that the log is summed up. */
async function writeMuch(device: WorldDevice, name: string): Promise<void> {
  const text = (n: number) => `${name} ${n} ${randomBytes(1_500).toString('base64')}`
  for (let n = 0; n < NOTES; n++) await device.notes.add(`${name} ${n}`, { text: text(n) })
  for (let round = 0; round < 7; round++)
    for (let n = 0; n < NOTES; n++) await device.notes.update(`${name} ${n}`, { text: text(n) })
}

/** The number of the first entry that a device still has. */
async function firstKept(device: WorldDevice): Promise<number> {
  const document = documentOf(device.notes)
  const lists = await Promise.all(['archive', 'log'].map((kind) => device.rows.list([kind, document])))
  return Math.min(...lists.flat().map(([key]) => key[2] as number))
}

/** While nobody is connected. */
async function sleep(world: HealingWorld, days: number, ...devices: readonly WorldDevice[]): Promise<void> {
  for (const device of devices) device.sync.goOffline()
  await world.advance(1_000)
  world.timeMs += days * DAY_MS
  await world.advance(1_000)
  for (const device of devices) device.sync.goOnline()
  await world.untilEqual(...devices)
}

/** Two devices that hold a snapshot and what follows it, and nothing before. */
async function summedUp() {
  const world = new HealingWorld()
  const laptop = await world.create('laptop')
  const phone = await world.join('phone', laptop.phrase)
  await laptop.notes.add('first of all', { text: 'first of all' })
  await world.untilEqual(laptop, phone)
  await world.backUp('oldest')
  await world.untilEqual(laptop, phone)
  await writeMuch(laptop, 'early')
  await world.untilEqual(laptop, phone)
  await world.advance(120_000)
  await sleep(world, 8, laptop, phone)
  await world.advance(120_000)
  for (const device of [laptop, phone]) expect(await firstKept(device)).toBeGreaterThan(2)
  await phone.notes.add('late', { text: 'late' })
  await world.untilEqual(laptop, phone)
  return { world, laptop, phone }
}

const sizes = (...devices: readonly WorldDevice[]) => devices.map(({ texts }) => texts.length)

describe('a relay that lost a log of which devices have the end only', () => {
  it('gets the snapshot first that the end rests on, and a device that joins then has everything', async () => {
    const { world, laptop, phone } = await summedUp()
    await world.restore()
    await world.untilEqual(laptop, phone)
    const late = await world.join('late', laptop.phrase)
    await world.untilEqual(laptop, phone, late)
    expect(sizes(laptop, phone, late)).toEqual([NOTES + 2, NOTES + 2, NOTES + 2])
    await late.notes.add('after', { text: 'after' })
    await world.untilEqual(laptop, phone, late)
  })

  it('and was put back to before it was summed up, ends with everything', async () => {
    const { world, laptop, phone } = await summedUp()
    phone.sync.goOffline()
    const events = healingEvents(laptop)
    await world.restore('oldest')
    await laptop.notes.update('late', { text: 'changed since' })
    await world.untilEqual(laptop)
    // With what no app opens, too: the history of what was summed up.
    await world.until(() => events.length > 1)
    expect(events.map(({ type }) => type)).toEqual(['healing', 'healed'])
    const late = await world.join('late', laptop.phrase)
    await world.untilEqual(laptop, late)
    phone.sync.goOnline()
    await world.untilEqual(laptop, phone, late)
    expect(sizes(laptop, phone, late)).toEqual([NOTES + 2, NOTES + 2, NOTES + 2])
    expect(late.texts).toContain('changed since')
    await phone.notes.add('after', { text: 'after' })
    await late.notes.add('after that', { text: 'after that' })
    await world.untilEqual(laptop, phone, late)
    expect([laptop, phone, late].flatMap(({ problems }) => problems)).not.toContain('snapshot-untrue')
  })
})

describe('a relay that was put back to before a document was rebased', () => {
  it('takes the later epoch over, and edits that were made on it in the old one come along', async () => {
    const world = new HealingWorld()
    const laptop = await world.create('laptop')
    const phone = await world.join('phone', laptop.phrase)
    const tablet = await world.join('tablet', laptop.phrase)
    await laptop.notes.add('first of all', { text: 'first of all' })
    await world.untilEqual(laptop, phone, tablet)
    tablet.sync.goOffline()
    await tablet.notes.add('away', { text: 'away' })
    await world.backUp('oldest')
    await world.untilEqual(laptop, phone)
    // In turn, so that Yjs cannot join what is past of them.
    await laptop.notes.add('another', { text: 'another' })
    for (let n = 0; n < 2_200; n++) {
      await laptop.notes.update('first of all', { text: `change ${n}` })
      await laptop.notes.update('another', { text: `change ${n}` })
    }
    await world.untilEqual(laptop, phone)
    await world.until(() => world.documentEpoch > 0)
    await world.untilEqual(laptop, phone)
    for (const device of [laptop, phone]) device.sync.goOffline()
    await world.restore('oldest')
    tablet.sync.goOnline()
    await world.untilEqual(tablet)
    for (const device of [laptop, phone]) device.sync.goOnline()
    await world.untilEqual(laptop, phone, tablet)
    expect([...tablet.texts].sort()).toEqual(['away', 'change 2199', 'change 2199'])
    expect(world.documentEpoch).toBeGreaterThan(0)
    const late = await world.join('late', laptop.phrase)
    await late.notes.add('after', { text: 'after' })
    await world.untilEqual(laptop, phone, tablet, late)
    expect([laptop, phone, tablet].flatMap(({ problems }) => problems)).not.toContain('snapshot-untrue')
  })
})
