// Long logs, summed up by real devices at a real relay: what it costs to join, and what becomes of a device that was away while the entries
// went. (Who sums up wrongly, and what is left out, is tested in the engine.)
import { randomBytes } from 'node:crypto'
import { documentOf } from '@owlivion/sync/testing'
import type { Frame } from '@owlivion/sync-protocol'
import { encodeFrame } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import type { WorldDevice } from '../../support/key-world'
import { fillFrom, HealingWorld, rowsOf } from '../healing/healing-world'

const DAY_MS = 86_400_000
const ROUNDS = 8
const NOTES = 12

/** Most of it is past soon, in words that nothing can be deflated of. */
async function writeMuch(world: HealingWorld, device: WorldDevice, rounds = ROUNDS): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (let n = 0; n < NOTES; n++) {
      const text = `${n} ${randomBytes(1_800).toString('base64')}`
      if (round === 0 && device.notes.get(`note ${n}`) === undefined) await device.notes.add(`note ${n}`, { text })
      else await device.notes.update(`note ${n}`, { text })
    }
    await world.untilEqual(device)
  }
}

/** Nobody is connected, and the relay has time to tidy up. */
async function sleep(world: HealingWorld, days: number, ...devices: readonly WorldDevice[]): Promise<void> {
  for (const device of devices) device.sync.goOffline()
  await world.advance(1_000)
  for (let day = 0; day < days; day++) {
    world.timeMs += DAY_MS
    await world.advance(1_000)
  }
  for (const device of devices) device.sync.goOnline()
  await world.untilEqual(...devices)
  await world.advance(60_000)
}

/** Laptop and phone have summed the log up, and a week has gone; the tablet was away, with an edit that it has not sent. */
async function summedUp() {
  const world = new HealingWorld()
  const laptop = await world.create('laptop')
  const phone = await world.join('phone', laptop.phrase)
  const tablet = await world.join('tablet', laptop.phrase)
  await tablet.notes.add('by the tablet', { text: 'sent' })
  await world.untilEqual(laptop, phone, tablet)
  tablet.sync.goOffline()
  await world.advance(1_000)
  await tablet.notes.update('by the tablet', { text: 'unsent' })
  await tablet.notes.add('new at the tablet', { text: 'unsent, too' })
  await writeMuch(world, laptop)
  await world.untilEqual(laptop, phone)
  const before = world.entries
  await world.advance(120_000)
  await sleep(world, 8, laptop, phone)
  return { world, laptop, phone, tablet, before }
}

interface Heard {
  readonly type: Frame['type']
  readonly sizeBytes: number
}

function listenTo(device: WorldDevice): Heard[] {
  const heard: Heard[] = []
  const { fromRelay } = device
  device.fromRelay = (frame) => {
    heard.push({ type: frame.type, sizeBytes: encodeFrame(frame).length })
    return fromRelay(frame)
  }
  return heard
}

describe('a log that two devices have summed up', () => {
  it('is short at the relay and on their disks a week later', async () => {
    const { world, laptop, phone, before } = await summedUp()
    expect(before).toBeGreaterThan(10)
    expect(world.entriesOf(laptop)).toBeLessThan(4)
    for (const device of [laptop, phone]) {
      const lists = await Promise.all(
        ['archive', 'log'].map((kind) => device.rows.list([kind, documentOf(device.notes)])),
      )
      const kept = lists.flat()
      expect(kept.reduce((sum, [, bytes]) => sum + bytes.length, 0)).toBeLessThan(20_000)
      expect(device.problems).toEqual([])
    }
  })

  it('gives a device that joins what is held, in a few frames, whatever was written', async () => {
    const { world, laptop, phone } = await summedUp()
    const late = await world.join('late', laptop.phrase)
    const heard = listenTo(late)
    // On a disk of before it had read anything.
    await fillFrom(
      late,
      (await rowsOf(late)).filter(([[kind]]) => !['document', 'log', 'snapshot', 'exempt'].includes(String(kind))),
    )
    await late.reopen()
    await world.untilEqual(laptop, phone, late)
    const pages = heard.filter(({ type }) => type === 'page' || type === 'snapshot' || type === 'exempt')
    expect(pages.length).toBeLessThan(8)
    expect(pages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBeLessThan(NOTES * 2_500 + 20_000)
    expect(late.texts.length).toBe(NOTES + 1)
    await late.notes.update('note 0', { text: 'by the late one' })
    await world.untilEqual(laptop, phone, late)
    expect([...late.problems, ...laptop.problems, ...phone.problems]).toEqual([])
  })

  it('takes a device back whose entries went while it was away, and gets what that had not sent', async () => {
    const { world, laptop, phone, tablet } = await summedUp()
    tablet.sync.goOnline()
    await world.untilEqual(laptop, phone, tablet)
    expect(laptop.notes.get('by the tablet')).toEqual({ text: 'unsent' })
    expect(laptop.notes.get('new at the tablet')).toEqual({ text: 'unsent, too' })
    expect(tablet.texts.length).toBe(NOTES + 2)
    await writeMuch(world, tablet, 1)
    await world.untilEqual(laptop, phone, tablet)
    expect([...tablet.problems, ...laptop.problems, ...phone.problems]).toEqual([])
  })

  it('does so through the death of that device at any commit and any frame', async () => {
    const { world, laptop, phone, tablet } = await summedUp()
    tablet.kill()
    const rows = await rowsOf(tablet)
    let deaths = 0
    for (let diesAt = 1; ; diesAt++) {
      await fillFrom(tablet, rows)
      await tablet.reopen()
      tablet.diesAt = diesAt
      await world.until(() => tablet.isDead || tablet.sync.status.isGreen)
      if (!tablet.isDead) break
      deaths++
      await tablet.reopen()
      await world.untilEqual(laptop, phone, tablet)
      expect(laptop.notes.get('by the tablet')).toEqual({ text: 'unsent' })
      expect(laptop.notes.get('new at the tablet')).toEqual({ text: 'unsent, too' })
      expect(tablet.texts.length).toBe(NOTES + 2)
    }
    tablet.diesAt = Number.POSITIVE_INFINITY
    expect(deaths).toBeGreaterThan(10)
    expect(laptop.problems).toEqual([])
  })

  it('is summed up again and again while it is written, and stays in proportion to what it holds', async () => {
    const { world, laptop, phone } = await summedUp()
    for (let month = 0; month < 3; month++) {
      await writeMuch(world, phone)
      await world.untilEqual(laptop, phone)
      await world.advance(120_000)
      await sleep(world, 8, laptop, phone)
      expect(world.entriesOf(laptop)).toBeLessThan(60)
    }
    const late = await world.join('late', laptop.phrase)
    await world.untilEqual(laptop, phone, late)
    expect([...late.problems, ...laptop.problems, ...phone.problems]).toEqual([])
  })

  it('costs the relay at rest no more than twice what it holds, however slowly it is written', async () => {
    const world = new HealingWorld()
    const laptop = await world.create('laptop')
    const phone = await world.join('phone', laptop.phrase)
    for (let n = 0; n < 40; n++) await laptop.notes.add(`note ${n}`, { text: randomBytes(1_800).toString('base64') })
    await world.untilEqual(laptop, phone)
    for (let month = 0; month < 4; month++) {
      // Half as much again as is held: never twice as much in one piece.
      for (let n = 0; n < 60; n++)
        await laptop.notes.update(`note ${n % 40}`, { text: randomBytes(1_800).toString('base64') })
      await world.untilEqual(laptop, phone)
      // It becomes a week old, is summed up when something is written, and goes a week later.
      for (let week = 0; week < 3; week++) {
        await sleep(world, 8, laptop, phone)
        await laptop.notes.update('note 0', { text: `${month} ${week}` })
        await world.untilEqual(laptop, phone)
        await world.advance(120_000)
      }
      await sleep(world, 8, laptop, phone)
      const heldBytes = world.newestSnapshotBytes(laptop)
      expect(heldBytes).toBeGreaterThan(60_000)
      expect(world.bytesOf(laptop)).toBeLessThan(2 * heldBytes)
    }
    expect([...laptop.problems, ...phone.problems]).toEqual([])
  })
})
