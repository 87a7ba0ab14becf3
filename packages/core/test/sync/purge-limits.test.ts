// Purges of what is large: one record with more than may be written at once, and thousands of records.
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { Collection } from '../../src'
import { type Device, HistoryWorld } from '../history/support'

type Wide = { readonly [field: string]: string }

let world: HistoryWorld
let laptop: Device
let phone: Device

beforeEach(async () => {
  world = await HistoryWorld.create(['laptop', 'phone'])
  onTestFinished(() => world.close())
  ;[laptop, phone] = world.devices as [Device, Device]
})

/** Everybody has shown what it has. */
async function shown(): Promise<void> {
  await world.upToDate()
  await world.platform.advance(5_000)
  await world.upToDate()
}

describe('a purge', () => {
  it('takes away a record that holds more than could be written at once', async () => {
    const contacts = laptop.contacts as unknown as Collection<Wide>
    await contacts.add('ann', { a: 'a'.repeat(60_000) })
    await contacts.update('ann', { b: 'b'.repeat(60_000) })
    await contacts.update('ann', { c: 'c'.repeat(60_000) })
    await contacts.delete('ann')
    await shown()
    expect(phone.contacts.deletedIds()).toEqual(['ann'])
    await contacts.purge('ann')
    await shown()
    expect([...laptop.contacts.deletedIds(), ...phone.contacts.deletedIds()]).toEqual([])
  })

  it('takes away a record with thousands of elements', async () => {
    await laptop.contacts.add('ann', { name: 'Ann' })
    for (let at = 0; at < 3_000; at += 300)
      await laptop.contacts.addToSet(
        'ann',
        'tags',
        ...Array.from({ length: 300 }, (_, i) => `tag ${at + i} ${'x'.repeat(60)}`),
      )
    await laptop.contacts.delete('ann')
    await shown()
    await laptop.contacts.purge('ann')
    await shown()
    expect([...laptop.contacts.deletedIds(), ...phone.contacts.deletedIds()]).toEqual([])
  })

  it('of thousands of records is a few transactions', async () => {
    await laptop.contacts.addAll(
      Array.from({ length: 3_000 }, (_, i) => [`contact ${i}`, { name: `Name ${i}`, phone: 'x'.repeat(100) }] as const),
    )
    await laptop.contacts.apply(laptop.contacts.ids().map((id) => ({ kind: 'delete', id })))
    await shown()
    expect(phone.contacts.deletedIds()).toHaveLength(3_000)
    laptop.sync.goOffline()
    await laptop.contacts.purge(...laptop.contacts.deletedIds())
    expect(laptop.sync.status.unsent).toBeLessThan(10)
    await shown()
    expect([...laptop.contacts.deletedIds(), ...phone.contacts.deletedIds()]).toEqual([])
  })
})

/** Nothing that deflate could make smaller. */
const noise = (seed: number, length: number): string => {
  let state = seed
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return String.fromCharCode(0x20 + ((state >>> 24) % 90))
  }).join('')
}

describe('a record that holds more than an entry', () => {
  const letters = ['a', 'b', 'c', 'd', 'e', 'f']
  const whole = Object.fromEntries(letters.map((letter, i) => [letter, noise(i + 1, 60_000)]))

  it('comes back whole when it was purged while somebody edited it', async () => {
    const contacts = laptop.contacts as unknown as Collection<Wide>
    await contacts.add('ann', { name: 'Ann' })
    for (const letter of letters) await contacts.update('ann', { [letter]: whole[letter]! })
    await contacts.delete('ann')
    await shown()
    phone.sync.goOffline()
    await phone.contacts.restore('ann')
    await contacts.purge('ann')
    await world.run(laptop.sync.flush())
    await shown()
    await phone.contacts.add('ben', { name: 'Ben' })
    await shown()
    for (const device of [laptop, phone]) {
      expect(device.contacts.get('ann')).toEqual({ ...whole, name: 'Ann' })
      expect(device.contacts.get('ben')).toEqual({ name: 'Ben' })
      expect(device.sync.status).toMatchObject({ unsent: 0 })
    }
  })

  it('can be restored', async () => {
    const contacts = laptop.contacts as unknown as Collection<Wide>
    await contacts.add('ann', { name: 'Ann' })
    for (const letter of letters) await contacts.update('ann', { [letter]: whole[letter]! })
    await contacts.delete('ann')
    await shown()
    await phone.contacts.restore('ann')
    await shown()
    for (const device of [laptop, phone]) expect(device.contacts.get('ann')).toEqual({ ...whole, name: 'Ann' })
  })
})
