// What an app is told of a relay that has less than it had, and of devices that nobody hears of any more.
import type { SyncEvent } from '@owlivion/sync'
import { documentOf } from '@owlivion/sync/testing'
import { bytesToHex } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import type { WorldDevice } from '../../support/key-world'
import { HealingWorld } from './healing-world'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

async function twoDevices() {
  const world = new HealingWorld()
  const laptop = await world.create('laptop')
  const phone = await world.join('phone', laptop.phrase)
  await laptop.notes.add('one', { text: 'one' })
  await world.untilEqual(laptop, phone)
  return { world, laptop, phone }
}

function eventsOf({ sync }: WorldDevice): SyncEvent[] {
  const events: SyncEvent[] = []
  sync.on((event) => events.push(event))
  return events
}

const codesOf = (events: readonly SyncEvent[]) =>
  events.flatMap((event) => (event.type === 'error' ? event.error.code : []))
const silentOf = (events: readonly SyncEvent[]) =>
  events.flatMap((event) => (event.type === 'device-silent' ? event.device : []))

function seenBy(who: WorldDevice, other: WorldDevice) {
  const details = who.sync.devices().find(({ id }) => id === other.sync.deviceId)
  if (details === undefined) throw new TypeError('it does not know that device')
  return details
}

describe('a relay that is put back to a backup without saying so', () => {
  it('is called by that name on every device, once, and nobody takes it for one that shows two histories', async () => {
    const { world, laptop, phone } = await twoDevices()
    await world.backUp()
    await phone.notes.add('two', { text: 'two' })
    await world.untilEqual(laptop, phone)
    const told = [laptop, phone].map(eventsOf)
    await world.restore('backup', { isNamedAnew: false })
    await world.until(() => laptop.sync.status.healing)
    await laptop.notes.add('three', { text: 'three' })
    await world.untilEqual(laptop, phone)
    for (let hour = 0; hour < 4; hour++) await world.advance(HOUR_MS)
    for (const events of told) {
      expect(codesOf(events).filter((code) => code === 'relay-rolled-back')).toEqual(['relay-rolled-back'])
      expect(codesOf(events)).not.toContain('relay-forked')
    }
    for (const { sync } of [laptop, phone]) expect(sync.status.documents.notes?.suspicions).toEqual([])
  })
})

describe('a relay that was wiped', () => {
  it('keeps the light from being green until it has back also what the app has not opened', async () => {
    const { world, laptop } = await twoDevices()
    const drafts = await laptop.sync.open<{ text: string }>('drafts')
    await drafts.add('draft', { text: 'draft' })
    await laptop.sync.flush()
    const documents = { all: world.documents, drafts: documentOf(drafts) }
    // From here on the app opens its notes alone.
    await laptop.reopen()
    await world.until(() => laptop.sync.status.isGreen)
    let isSlow = true
    laptop.fromRelay = (frame) =>
      isSlow && frame.type === 'hashes' && bytesToHex(frame.document) === documents.drafts ? [] : [frame]
    await world.restore()
    await world.until(() => laptop.sync.status.healing)
    await world.until(() => laptop.sync.status.documents.notes?.healing === false)
    await world.advance(2_000)
    expect(laptop.sync.status).toMatchObject({
      healing: true,
      isGreen: false,
      documents: { notes: { healing: false } },
    })
    isSlow = false
    await world.until(() => laptop.sync.status.isGreen)
    expect(laptop.sync.status.healing).toBe(false)
    expect(world.documents).toBe(documents.all)
  })
})

describe('a device', () => {
  it('that is connected and idle is heard of every hour', async () => {
    const { world, laptop, phone } = await twoDevices()
    for (let hour = 0; hour < 4; hour++) await world.advance(HOUR_MS)
    expect(world.timeMs - (seenBy(laptop, phone).lastHeardMs ?? 0)).toBeLessThan(1.1 * HOUR_MS)
    expect(seenBy(laptop, phone).isSilent).toBe(false)
  })

  it('that was not heard of for three days is told once, also what it last said is known after a restart', async () => {
    const { world, laptop, phone } = await twoDevices()
    await world.until(() => seenBy(laptop, phone).lastHeardMs !== undefined)
    await world.advance(5_000)
    phone.sync.goOffline()
    const { lastHeardMs } = seenBy(laptop, phone)
    expect(lastHeardMs).toBeGreaterThan(0)
    const events = eventsOf(laptop)
    laptop.sync.goOffline()
    await world.advance(3 * DAY_MS)
    laptop.sync.goOnline()
    await world.advance(2 * HOUR_MS)
    expect(silentOf(events)).toEqual([phone.sync.deviceId])
    expect(seenBy(laptop, phone)).toMatchObject({ isSilent: true, lastHeardMs })
    expect(seenBy(laptop, laptop)).toMatchObject({ isSilent: false, lastHeardMs: undefined })
    laptop.sync.goOffline()
    await world.advance(1_000)
    await laptop.reopen()
    expect(seenBy(laptop, phone)).toMatchObject({ isSilent: true, lastHeardMs })
    phone.sync.goOnline()
    laptop.sync.goOnline()
    await world.until(() => !seenBy(laptop, phone).isSilent)
  })
})
