// Locking devices out, with the real relay: while they write, while they are away, and when two do it to each other.
import { describe, expect, it } from 'vitest'
import { KeyWorld, type WorldDevice } from '../../support/key-world'

async function threeDevices() {
  const world = new KeyWorld()
  const laptop = await world.create('laptop')
  const phone = await world.join('phone', laptop.phrase)
  const tablet = await world.join('tablet', laptop.phrase)
  return { world, laptop, phone, tablet }
}

const headsOf = async (device: WorldDevice): Promise<string> =>
  Buffer.from(
    (await device.rows.list(['keyring'])).map(([, bytes]) => Buffer.from(bytes).toString('hex')).join(),
  ).toString()

describe('a device that is removed', () => {
  it('is out of the account on every device, by one record that brings a new key', async () => {
    const { world, laptop, phone, tablet } = await threeDevices()
    const before = world.keyringLength
    expect(await world.codeOf(laptop.sync.removeDevices([laptop.idOf('phone')]))).toBe('done')
    expect(world.keyringLength).toBe(before + 1)
    expect(laptop.activeNames).toEqual(['laptop', 'tablet'])
    expect(laptop.sync.status.owed).toEqual([])
    await world.until(() => tablet.activeNames.length === 2)
    await world.until(() => phone.sync.status.connection === 'removed')
    await laptop.notes.add('1', { text: 'after' })
    await world.until(() => tablet.texts.includes('after'))
    await world.advance(60_000)
    expect(phone.texts).not.toContain('after')
    expect(await laptop.rows.list(['owed'])).toEqual([])
  })

  it('may be writing all the time: the removal gets through, and everything counts that the relay had', async () => {
    const { world, laptop, phone, tablet } = await threeDevices()
    let written = 0
    const write = (): void => {
      void phone.notes.add(`p${written++}`, { text: 'x' }).catch(() => {})
      stop = world.setTimer(5, write)
    }
    let stop = world.setTimer(5, write)
    await world.advance(1_000)
    expect(await world.codeOf(laptop.sync.removeDevices([laptop.idOf('phone')]))).toBe('done')
    await world.advance(1_000)
    stop()
    await world.until(() => laptop.sync.status.isGreen && tablet.sync.status.isGreen)
    expect(laptop.texts.length).toBeGreaterThan(0)
    expect(tablet.texts.length).toBe(laptop.texts.length)
  })

  it('is removed while it is away, and finds out when it is back', async () => {
    const { world, laptop, phone } = await threeDevices()
    phone.sync.goOffline()
    await phone.notes.add('late', { text: 'written offline' })
    expect(await world.codeOf(laptop.sync.removeDevices([laptop.idOf('phone')]))).toBe('done')
    phone.sync.goOnline()
    await world.until(() => phone.sync.status.connection === 'removed')
    expect(phone.texts).toEqual(['written offline'])
    await world.advance(30_000)
    expect(laptop.texts).toEqual([])
  })

  it.each([
    ['nobody', () => 'ff'.repeat(16), 'device-unknown'],
    ['something that is no id', () => 'laptop', 'device-unknown'],
    ['itself', (device: WorldDevice) => device.sync.deviceId, 'keyring-refused'],
  ])('is never %s', async (_, id, code) => {
    const world = new KeyWorld()
    const laptop = await world.create('laptop')
    const before = world.keyringLength
    await expect(laptop.sync.removeDevices([id(laptop)])).rejects.toMatchObject({ code })
    expect(world.keyringLength).toBe(before)
    expect(laptop.sync.status.owed).toEqual([])
  })
})

describe('all others', () => {
  it('are out by one record; to do it twice changes nothing', async () => {
    const { world, laptop, phone, tablet } = await threeDevices()
    const before = world.keyringLength
    expect(await world.codeOf(laptop.sync.removeOtherDevices())).toBe('done')
    expect(await world.codeOf(laptop.sync.removeOtherDevices())).toBe('done')
    expect(world.keyringLength).toBe(before + 1)
    expect(laptop.activeNames).toEqual(['laptop'])
    for (const device of [phone, tablet]) await world.until(() => device.sync.status.connection === 'removed')
  })
})

describe('two devices', () => {
  it('that remove each other end with one keyring: the one that was first stays', async () => {
    for (let round = 0; round < 4; round++) {
      const { world, laptop, phone, tablet } = await threeDevices()
      const outcomes = Promise.all([
        world.codeOf(laptop.sync.removeDevices([laptop.idOf('phone')])),
        world.codeOf(phone.sync.removeDevices([phone.idOf('laptop')])),
      ])
      expect((await outcomes).sort()).toEqual(['device-removed', 'done'])
      await world.until(() => tablet.activeNames.length === 2)
      const [winner, loser] = tablet.activeNames.includes('laptop') ? [laptop, phone] : [phone, laptop]
      await world.until(() => loser.sync.status.connection === 'removed')
      expect(winner.activeNames).toEqual(tablet.activeNames)
      expect(await headsOf(winner)).toBe(await headsOf(tablet))
      expect(await winner.rows.list(['owed'])).toEqual([])
    }
  })

  it('that rotate the key at once end with one key, which all of them have', async () => {
    const { world, laptop, phone, tablet } = await threeDevices()
    const before = world.keyringLength
    const outcomes = Promise.all([laptop, phone, tablet].map((device) => world.codeOf(device.sync.rotateKeys())))
    expect(await outcomes).toEqual(['done', 'done', 'done'])
    expect(world.keyringLength).toBe(before + 1)
    await world.until(() => tablet.sync.status.isGreen)
    expect(new Set(await Promise.all([laptop, phone, tablet].map(headsOf))).size).toBe(1)
    for (const device of [laptop, phone, tablet]) {
      await device.notes.add(device.name, { text: device.name })
      await world.until(() => [laptop, phone, tablet].every((each) => each.texts.includes(device.name)))
    }
  })
})

describe('a device that opens chains without number', () => {
  it('is removed and recovered from all the same, and what honest devices wrote stays', async () => {
    const { world, laptop, phone, tablet } = await threeDevices()
    for (const device of [laptop, phone, tablet]) await device.notes.add(device.name, { text: device.name })
    // Its own chain is the longest that the tablet has.
    await tablet.notes.add('more', { text: 'more' })
    await world.until(() => [laptop, phone, tablet].every((device) => device.texts.length === 4))
    world.openChains(phone.idOf('phone'), 10_000)
    expect(await world.codeOf(laptop.sync.removeDevices([laptop.idOf('phone')]))).toBe('done')
    await world.until(() => phone.sync.status.connection === 'removed' && tablet.activeNames.length === 2)
    world.openChains(tablet.idOf('tablet'), 10_000)
    const fresh = await world.recover('fresh', laptop.phrase)
    await world.until(() => tablet.sync.status.connection === 'removed')
    expect(fresh.activeNames).toEqual(['fresh'])
    await world.until(() => ['laptop', 'tablet', 'more'].every((text) => fresh.texts.includes(text)))
    await fresh.notes.add('after', { text: 'after' })
    await world.until(() => fresh.sync.status.isGreen)
    expect(fresh.problems).toEqual([])
  })
})

describe('a new key', () => {
  it('that a person wants waits until everything is sent', async () => {
    const { world, laptop } = await threeDevices()
    const before = world.keyringLength
    laptop.sync.goOffline()
    await laptop.notes.add('1', { text: 'offline' })
    const rotating = world.codeOf(laptop.sync.rotateKeys())
    await world.advance(10_000)
    expect(laptop.sync.status.owed).toEqual([{ kind: 'rekey' }])
    expect(world.keyringLength).toBe(before)
    laptop.sync.goOnline()
    expect(await rotating).toBe('done')
    expect(laptop.sync.status.unsent).toBe(0)
    expect(world.keyringLength).toBe(before + 1)
  })

  it('finds a device that was away on the way: it seals again what it had not sent, and loses nothing', async () => {
    const { world, laptop, phone, tablet } = await threeDevices()
    phone.sync.goOffline()
    for (let i = 0; i < 5; i++) await phone.notes.add(`p${i}`, { text: `offline ${i}` })
    phone.kill()
    expect(await world.codeOf(laptop.sync.removeDevices([laptop.idOf('tablet')]))).toBe('done')
    expect(await world.codeOf(laptop.sync.rotateKeys())).toBe('done')
    await phone.reopen()
    await world.until(() => phone.sync.status.isGreen && laptop.texts.length === 5)
    await world.until(() => tablet.sync.status.connection === 'removed')
    expect(tablet.texts).toEqual([])
  })
})
