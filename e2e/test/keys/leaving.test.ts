// A device that signs itself out, with the real relay: what it wrote stays, what it keeps goes, and the others change the key.
import { hasAccount, openAccount } from '@owlivion/sync'
import { describe, expect, it } from 'vitest'
import { KeyWorld } from '../../support/key-world'

async function threeDevices() {
  const world = new KeyWorld()
  const laptop = await world.create('laptop')
  const phone = await world.join('phone', laptop.phrase)
  const tablet = await world.join('tablet', laptop.phrase)
  await phone.notes.add('1', { text: 'of the phone' })
  await world.until(() => [laptop, phone, tablet].every((each) => each.sync.status.isGreen && each.texts.length === 1))
  return { world, laptop, phone, tablet }
}

describe('a device that signs out', () => {
  it('leaves what it wrote, keeps nothing, and is followed by one new key', async () => {
    const { world, laptop, phone, tablet } = await threeDevices()
    const before = world.keyringLength
    expect(await world.codeOf(phone.sync.signOut())).toBe('done')
    expect(await phone.rows.list([])).toEqual([])
    expect(await hasAccount(phone.rows, phone.options().platform)).toBe(false)
    await world.until(() => world.keyringLength === before + 2)
    await world.advance(20_000)
    expect(world.keyringLength).toBe(before + 2)
    for (const device of [laptop, tablet]) {
      expect(device.activeNames).toEqual(['laptop', 'tablet'])
      expect(device.texts).toEqual(['of the phone'])
      await device.notes.add(device.name, { text: device.name })
    }
    await world.until(() => [laptop, tablet].every((each) => each.texts.length === 3))
  })

  it('does not lose what nobody else has without being told to', async () => {
    const { world, laptop, phone } = await threeDevices()
    phone.sync.goOffline()
    await phone.notes.add('2', { text: 'unsent' })
    await expect(phone.sync.signOut()).rejects.toMatchObject({ code: 'unsent-edits' })
    expect([phone.sync.status.owed, phone.texts]).toEqual([[], ['of the phone', 'unsent']])
    const leaving = world.codeOf(phone.sync.signOut({ discardUnsent: true }))
    await world.advance(1_000)
    expect(phone.sync.status.owed).toEqual([{ kind: 'leave' }])
    phone.sync.goOnline()
    expect(await leaving).toBe('done')
    expect(await phone.rows.list([])).toEqual([])
    await world.until(() => laptop.activeNames.length === 2)
  })

  it('completes it on the next start when it died on the way, wherever that was', async () => {
    for (let point = 1; ; point++) {
      const { world, laptop, phone } = await threeDevices()
      phone.diesAt = phone.steps + point
      let isSettled = false
      void phone.sync.signOut().then(() => {
        isSettled = true
      })
      await world.until(() => phone.isDead || isSettled)
      if (!phone.isDead) {
        expect(point).toBeGreaterThan(8)
        return
      }
      const isWished = (await phone.rows.list(['owed'])).length > 0
      if (!isWished) continue
      // It may learn of its end while it is open, and is let go when it is opened once more.
      for (let start = 0; start < 2 && (await phone.rows.list([])).length > 0; start++) {
        const opening = phone.reopen()
        const code = await world.codeOf(opening)
        if (code !== 'done') expect(code).toBe('profile-missing')
        else await world.until(() => phone.sync.status.connection === 'removed')
        phone.kill()
      }
      expect(await phone.rows.list([]), `died at point ${point}`).toEqual([])
      await world.until(() => laptop.activeNames.length === 2)
    }
  })

  it('may be the last: the phrase brings everything back', async () => {
    const world = new KeyWorld()
    const laptop = await world.create('laptop')
    await laptop.notes.add('1', { text: 'kept' })
    await world.until(() => laptop.sync.status.isGreen)
    expect(await world.codeOf(laptop.sync.signOut())).toBe('done')
    const phone = await world.join('phone', laptop.phrase)
    await world.until(() => phone.texts.length === 1)
    // What the last device knew is not what the next one writes under.
    await world.until(() => world.keyringLength === 4)
    expect(phone.activeNames).toEqual(['phone'])
    await expect(openAccount({ ...laptop.options(), online: false })).rejects.toMatchObject({ code: 'profile-missing' })
  })
})
