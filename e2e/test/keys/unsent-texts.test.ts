// What was typed in texts on a device that was removed before it could send it: shown, kept in a file, and taken in by a device that has
// gone on with the same texts.
import type { TextField } from '@owlivion/sync'
import { describe, expect, it } from 'vitest'
import { KeyWorld, type WorldDevice } from '../../support/key-world'

const letterOn = async (device: WorldDevice): Promise<TextField> => {
  const letters = await device.sync.open<{ subject: string }>('letters', { texts: ['body'] })
  return letters.text('1', 'body')
}

/** The phone was removed while it was away, with letters that nobody has. */
async function removedWhileTyping(before: string, typed: string) {
  const world = new KeyWorld()
  const laptop = await world.create('laptop')
  const phone = await world.join('phone', laptop.phrase)
  const letters = await laptop.sync.open<{ subject: string }>('letters', { texts: ['body'] })
  await letters.add('1', { subject: 'Hello' })
  const here = await letters.text('1', 'body')
  here.replaceWithText(before)
  const there = await phone.sync.open<{ subject: string }>('letters', { texts: ['body'] })
  await world.until(() => laptop.sync.status.isGreen && there.get('1') !== undefined)
  await world.until(() => phone.sync.status.isGreen)
  const away = await there.text('1', 'body')
  expect(away.toText()).toBe(before)
  phone.sync.goOffline()
  await world.advance(61_000)
  away.replaceWithText(typed)
  expect(await world.codeOf(laptop.sync.removeDevices([laptop.idOf('phone')]))).toBe('done')
  return { world, laptop, phone, here, away }
}

describe('a text typed on a device that was removed', () => {
  it('is shown as it stands there, before it hears of it, after, and when it is opened again', async () => {
    const { world, phone } = await removedWhileTyping('Dear Eve,', 'Dear Eve,\nsee you on Friday.')
    const before = await phone.sync.unsentEdits()
    const shown = JSON.stringify(before)
    expect(shown).toContain('see you on Friday.')
    expect(before.collections.map(({ name, changes }) => [name, changes.map(({ id }) => id)])).toEqual([
      ['letters', ['1']],
    ])
    phone.sync.goOnline()
    await world.until(() => phone.sync.status.connection === 'removed')
    expect(JSON.stringify(await phone.sync.unsentEdits())).toBe(shown)
    await phone.reopen()
    expect(JSON.stringify(await phone.sync.unsentEdits())).toBe(shown)
  })

  it('comes back into the account, and leaves what others have typed meanwhile', async () => {
    const { world, laptop, phone, here } = await removedWhileTyping(
      'Dear Eve,\nwe meet at noon.\nYours, Ann',
      'Dear Eve,\nwe meet at noon, at the station.\nBring the tickets!\nYours, Ann',
    )
    here.replaceWithText('Dearest Eve,\nwe two meet at noon.\nYours, Ann\nPS: it rains')
    await world.until(() => laptop.sync.status.isGreen)
    const file = JSON.stringify(await phone.sync.unsentEdits())
    for (let i = 0; i < 2; i++) {
      expect(await laptop.sync.importEdits(JSON.parse(file))).toEqual({ applied: 1, skipped: [] })
      expect(here.toText()).toBe(
        'Dearest Eve,\nwe two meet at noon, at the station.\nBring the tickets!\nYours, Ann\nPS: it rains',
      )
    }
    const tablet = await world.join('tablet', laptop.phrase)
    await world.until(() => laptop.sync.status.isGreen && tablet.sync.status.isGreen)
    await tablet.sync.open('letters', { texts: ['body'] })
    await world.until(() => tablet.sync.status.isGreen)
    expect((await letterOn(tablet)).toText()).toBe(here.toText())
  })

  it('that it had taken letters out of loses these, and no others', async () => {
    const { laptop, phone, here } = await removedWhileTyping('one two three\nfour\nfive', 'one three\nfive')
    here.replaceWithText('one two three\nfour\nfive and six')
    await laptop.sync.importEdits(JSON.parse(JSON.stringify(await phone.sync.unsentEdits())))
    expect(here.toText()).toBe('one three\nfive and six')
  })

  it('is all there where the account has taken the same line out or written it anew', async () => {
    const { laptop, phone, here } = await removedWhileTyping('one\ntwo\nthree', 'one\ntwo and a half\nthree')
    here.replaceWithText('one\nthree')
    await laptop.sync.importEdits(JSON.parse(JSON.stringify(await phone.sync.unsentEdits())))
    expect(here.toText()).toBe('one\ntwo and a half\nthree')
  })
})
