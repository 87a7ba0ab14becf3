// Documents that were rebased, at a relay that loses what it had, or at two that part.
import { countRebases } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import type { WorldDevice } from '../../support/key-world'
import { HealingWorld } from './healing-world'

const CHANGES = 40

/** Mostly past, so that a device rebases the notes. In turn, so that Yjs cannot join what is past of them. */
async function wear(device: WorldDevice, name: string): Promise<void> {
  for (let n = 0; n < CHANGES; n++)
    for (const each of ['one', 'other']) await device.notes.update(each, { text: `${name} ${n}` })
}

const rebases = (world: HealingWorld): number => countRebases(world.documentEpoch)

async function twoDevices() {
  const world = new HealingWorld()
  world.documentLimits = { minTailBytes: Number.MAX_SAFE_INTEGER, minDeadStructs: 60 }
  const laptop = await world.create('laptop')
  const phone = await world.join('phone', laptop.phrase)
  for (const id of ['one', 'other']) await laptop.notes.add(id, { text: id })
  await world.untilEqual(laptop, phone)
  return { world, laptop, phone }
}

const problemsOf = (...devices: readonly WorldDevice[]) => devices.flatMap(({ problems }) => problems)

describe('a relay that lost everything', () => {
  it('gets a rebase back as it was, and nobody is accused of it', async () => {
    const { world, laptop, phone } = await twoDevices()
    await wear(laptop, 'laptop')
    await world.until(() => rebases(world) === 1)
    await world.untilEqual(laptop, phone)
    await world.restore()
    await phone.notes.update('one', { text: 'after it' })
    await world.untilEqual(laptop, phone)
    const late = await world.join('late', laptop.phrase)
    await world.untilEqual(laptop, phone, late)
    expect(late.texts).toContain('after it')
    expect(problemsOf(laptop, phone, late)).not.toContain('snapshot-untrue')
  })
})

describe('a relay that was put back to before a rebase', () => {
  it('is healed by one device; another that comes later goes on from that, and writes nothing again', async () => {
    const { world, laptop, phone } = await twoDevices()
    await world.backUp('old')
    await wear(laptop, 'laptop')
    await world.until(() => rebases(world) === 1)
    await world.untilEqual(laptop, phone)
    phone.sync.goOffline()
    await world.restore('old', { isNamedAnew: false })
    await world.untilEqual(laptop)
    // It has seen what the relay's log does not have as entries.
    await laptop.notes.update('one', { text: 'since then' })
    await world.untilEqual(laptop)
    const entries = world.entriesOf(laptop)
    phone.sync.goOnline()
    await world.untilEqual(laptop, phone)
    expect(phone.sync.status.documents.notes?.held).toEqual([])
    expect(world.entriesOf(laptop)).toBe(entries)
    await phone.notes.update('other', { text: 'of the phone' })
    await world.untilEqual(laptop, phone)
    expect(problemsOf(laptop, phone)).not.toContain('snapshot-untrue')
  })
})

describe('a relay of which one does not hear that it has the rebase', () => {
  it.each([1, 2])(
    'is asked once more before anything is said of it, or given to it, after %i rebases',
    async (count) => {
      const { world, laptop, phone } = await twoDevices()
      await wear(laptop, 'laptop')
      await world.until(() => rebases(world) === 1)
      await world.untilEqual(laptop, phone)
      phone.sync.goOffline()
      if (count === 2) {
        await wear(laptop, 'again')
        await world.until(() => rebases(world) === 2)
        await world.untilEqual(laptop)
      }
      let isDropped = false
      phone.fromRelay = (frame) => {
        if (frame.type !== 'snapshot-offered' || isDropped) return [frame]
        isDropped = true
        return []
      }
      phone.sync.goOnline()
      await world.until(() => isDropped && phone.sync.status.isGreen)
      await laptop.notes.update('one', { text: 'afterwards' })
      await world.untilEqual(laptop, phone)
      expect(problemsOf(laptop, phone).filter((code) => /rolled-back|epoch|untrue/.test(code))).toEqual([])
    },
  )
})

/** One log, and then two of it at two relays; each sees a rebase of its own. */
async function rebasedApart() {
  const { world, laptop, phone } = await twoDevices()
  phone.sync.goOffline()
  await world.backUp('other')
  await wear(laptop, 'laptop')
  await world.until(() => rebases(world) === 1)
  await world.untilEqual(laptop)
  laptop.sync.goOffline()
  await world.swap('other', 'first')
  phone.sync.goOnline()
  await wear(phone, 'phone')
  await world.until(() => rebases(world) === 1)
  await world.untilEqual(phone)
  phone.sync.goOffline()
  return { world, laptop, phone }
}

type Founder = WorldDevice & { readonly phrase: string }

async function endsAsOne(world: HealingWorld, laptop: Founder, phone: WorldDevice): Promise<void> {
  for (const device of [laptop, phone]) device.sync.goOnline()
  await world.untilEqual(laptop, phone)
  await laptop.notes.update('one', { text: 'of the laptop' })
  await world.untilEqual(laptop, phone)
  await phone.notes.update('other', { text: 'of the phone' })
  await world.untilEqual(laptop, phone)
  const late = await world.join('late', laptop.phrase)
  await world.untilEqual(laptop, phone, late)
  expect([...late.texts].sort()).toEqual(['of the laptop', 'of the phone'])
  expect(problemsOf(laptop, phone, late)).not.toContain('snapshot-untrue')
}

describe('two relays that part, and each see the document rebased once', () => {
  it('do not make two documents of it, whichever of the two goes on', async () => {
    const { world, laptop, phone } = await rebasedApart()
    await endsAsOne(world, laptop, phone)
  })

  it('do not when the first comes back either', async () => {
    const { world, laptop, phone } = await rebasedApart()
    await world.swap('first', 'other')
    await endsAsOne(world, laptop, phone)
  })

  it('do not when nothing came to the log in between', async () => {
    const { world, laptop, phone } = await twoDevices()
    await wear(laptop, 'laptop')
    await world.untilEqual(laptop, phone)
    const before = rebases(world)
    for (const device of [laptop, phone]) device.sync.goOffline()
    await world.backUp('other')
    laptop.sync.goOnline()
    await world.until(() => rebases(world) === before + 1)
    await world.untilEqual(laptop)
    laptop.sync.goOffline()
    await world.swap('other', 'first')
    phone.sync.goOnline()
    await world.until(() => rebases(world) === before + 1)
    await world.untilEqual(phone)
    await endsAsOne(world, laptop, phone)
  })
})

describe('a device that wrote at one relay, and meets a rebase that was made at another', () => {
  it('loses neither what the first has confirmed nor what was not sent', async () => {
    const { world, laptop, phone } = await twoDevices()
    phone.sync.goOffline()
    await world.backUp('other')
    const names = (when: string) => [1, 2, 3, 4].map((n) => `${when} ${n}`)
    for (const name of names('confirmed')) await laptop.notes.add(name, { text: name })
    await world.untilEqual(laptop)
    laptop.sync.goOffline()
    for (const name of names('unsent')) await laptop.notes.add(name, { text: name })
    await world.swap('other', 'first')
    phone.sync.goOnline()
    await wear(phone, 'phone')
    await world.until(() => rebases(world) === 1)
    laptop.sync.goOnline()
    // Closed while it keeps aside what the rebase does not know.
    await world.until(() => laptop.sync.status.documents.notes?.healing === true && laptop.texts.includes('phone 39'))
    expect((await laptop.rows.list(['left-out'])).length).toBeGreaterThan(0)
    await laptop.reopen()
    await world.untilEqual(laptop, phone)
    const late = await world.join('late', laptop.phrase)
    await world.untilEqual(laptop, phone, late)
    const expected = [...names('confirmed'), ...names('unsent'), 'phone 39', 'phone 39']
    expect([...late.texts].sort()).toEqual(expected.sort())
    expect(problemsOf(laptop, phone, late)).not.toContain('snapshot-untrue')
  })
})
