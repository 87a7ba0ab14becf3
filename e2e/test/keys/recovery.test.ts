// Every device of an account is gone, and somebody has nothing but the phrase: what was at the relay is all there again, whatever
// became of devices and keys before, and who has a lost device is out.
import type { Sync } from '@owlivion/sync'
import { describe, expect, it } from 'vitest'
import { KeyWorld, type Note } from '../../support/key-world'

const names = ['notes', 'contacts', 'filters', 'signatures'] as const

/** Everything that a device reads, by collection. */
async function contentOf(sync: Sync): Promise<Record<string, Record<string, string>>> {
  const content: Record<string, Record<string, string>> = {}
  for (const name of names) {
    const collection = await sync.open<Note>(name)
    content[name] = Object.fromEntries(collection.list().map(([id, { text }]) => [id, text]))
  }
  return content
}

async function write(sync: Sync, id: string, text: string): Promise<void> {
  for (const name of names) await (await sync.open<Note>(name)).add(id, { text: `${text} in ${name}` })
}

describe('an account whose devices are all lost', () => {
  it('is whole again by the phrase alone, under a new key, and none of the lost devices gets in any more', async () => {
    const world = new KeyWorld()
    const laptop = await world.create('laptop')
    const phone = await world.join('phone', laptop.phrase)
    const tablet = await world.join('tablet', laptop.phrase)
    await write(laptop.sync, '1', 'first key')
    await write(tablet.sync, '2', 'removed later')
    await world.until(() => [laptop, phone, tablet].every(({ sync }) => sync.status.isGreen))
    expect(await world.codeOf(laptop.sync.removeDevices([laptop.idOf('tablet')]))).toBe('done')
    await write(phone.sync, '3', 'second key')
    await world.until(() => [laptop, phone].every(({ sync }) => sync.status.isGreen))
    expect(await world.codeOf(laptop.sync.rotateKeys())).toBe('done')
    await write(laptop.sync, '4', 'third key')
    await world.until(() => [laptop, phone].every(({ sync }) => sync.status.isGreen))
    const before = await contentOf(phone.sync)
    expect(Object.values(before).map((records) => Object.keys(records).length)).toEqual([4, 4, 4, 4])
    laptop.kill()
    phone.kill()

    const found = await world.recover('new', laptop.phrase)
    await world.until(() => found.sync.status.isGreen && found.texts.length === 4)
    // A collection is fetched once it is opened.
    await world.outcomeOf(contentOf(found.sync))
    await world.until(() => found.sync.status.isGreen)
    expect(await contentOf(found.sync)).toEqual(before)
    expect(found.activeNames).toEqual(['new'])
    expect(found.problems).toEqual([])

    await found.notes.add('5', { text: 'after it' })
    await world.until(() => found.sync.status.isGreen)
    for (const lost of [laptop, phone]) {
      await lost.reopen()
      await world.until(() => lost.sync.status.connection === 'removed')
      expect(lost.texts).not.toContain('after it')
    }
    expect(found.texts).toContain('after it')

    const second = await world.join('second', laptop.phrase)
    await world.until(() => second.texts.length === 5)
    expect(second.activeNames).toEqual(['new', 'second'])
  })
})
