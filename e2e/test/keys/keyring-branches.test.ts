// A relay that shows each device another keyring: an older one, one that a removed device went on with after an old backup, one without
// the record that matters, and two that exclude each other. With the real relay, whose memory is tampered with.
import { nodePlatform } from '@owlivion/sync/node'
import { decodeEnvelope, type Frame, recordHash } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { KeyWorld, type WorldDevice } from '../../support/key-world'

async function threeDevices() {
  const world = new KeyWorld()
  const laptop = await world.create('laptop')
  const phone = await world.join('phone', laptop.phrase)
  const tablet = await world.join('tablet', laptop.phrase)
  await laptop.notes.add('1', { text: 'first' })
  await world.until(() => [laptop, phone, tablet].every(({ sync, texts }) => sync.status.isGreen && texts.length === 1))
  return { world, laptop, phone, tablet }
}

const keyringOf = async (device: WorldDevice): Promise<string[]> =>
  (await device.rows.list(['keyring'])).map(([, bytes]) => Buffer.from(bytes).toString('hex'))

async function expectSame(world: KeyWorld, devices: readonly WorldDevice[]): Promise<void> {
  const isDone = (): boolean => devices.every(({ sync }) => sync.status.isGreen && sync.status.owed.length === 0)
  await world.until(isDone)
  // A key that is due comes a little later.
  await world.advance(10_000)
  await world.until(isDone)
  const [first, ...others] = await Promise.all(devices.map(keyringOf))
  for (const other of others) expect(other).toEqual(first)
  expect(first?.length).toBe(world.keyringLength)
}

describe('a relay with an older keyring', () => {
  it('is brought up to date by any device, whoever comes first', async () => {
    for (const index of [0, 1, 2]) {
      const { world, laptop, phone, tablet } = await threeDevices()
      await world.outcomeOf(laptop.sync.rotateKeys())
      const devices = [laptop, phone, tablet]
      await expectSame(world, devices)
      for (const { sync } of devices) sync.goOffline()
      const length = world.keyringLength
      world.rewindKeyring(3)
      const first = devices[index] as WorldDevice
      first.sync.goOnline()
      await world.until(() => world.keyringLength === length)
      await first.notes.add('2', { text: 'after' })
      for (const { sync } of devices) sync.goOnline()
      await expectSame(world, devices)
      expect(tablet.texts.length).toBe(2)
    }
  })
})

describe('a removed device that goes on with an old backup', () => {
  it('wins nothing with ten records, and its entries do not count', async () => {
    const { world, laptop, phone, tablet } = await threeDevices()
    const devices = [laptop, tablet]
    // The thief keeps a copy of the phone from before, with what it shows on its disk.
    await world.advance(1_000)
    phone.kill()
    const before = world.keyringLength
    expect(await world.codeOf(laptop.sync.removeDevices([laptop.idOf('phone')]))).toBe('done')
    await expectSame(world, devices)
    const keyring = await keyringOf(laptop)
    for (const { sync } of devices) sync.goOffline()
    world.rewindKeyring(before)
    await phone.reopen()
    await phone.notes.update('1', { text: 'late' })
    for (let i = 0; i < 10; i++) expect(await world.codeOf(phone.sync.rotateKeys())).toBe('done')
    expect(world.keyringLength).toBe(before + 10)
    // Nobody believes the longer one; not the laptop, that wrote the removal, nor the tablet.
    for (const { sync } of [tablet, laptop]) {
      sync.goOnline()
      await world.until(() => phone.sync.status.connection === 'removed')
    }
    await world.until(() => world.keyringLength === keyring.length)
    expect(await keyringOf(laptop)).toEqual(keyring)
    expect(await keyringOf(tablet)).toEqual(keyring)
    expect([laptop.texts, tablet.texts]).toEqual([['first'], ['first']])
    expect(phone.texts).toEqual(['late'])
    await laptop.notes.add('2', { text: 'secret' })
    await world.until(() => tablet.texts.includes('secret'))
    expect(tablet.sync.status.documents.notes).toMatchObject({ caughtUp: true })
  })
})

describe('branches that two devices made of one keyring', () => {
  /** The laptop has changed the key and sealed an edit under it that nobody got; the tablet has changed the key after a backup. */
  async function parted() {
    const { world, laptop, phone, tablet } = await threeDevices()
    for (const { sync } of [phone, tablet]) sync.goOffline()
    const before = world.keyringLength
    await world.outcomeOf(laptop.sync.rotateKeys())
    laptop.toRelay = (frame) => (frame.type === 'push' ? [] : [frame])
    await laptop.notes.add('2', { text: 'sealed in vain' })
    await world.advance(1_000)
    expect((await laptop.rows.list(['outbox'])).length).toBe(1)
    laptop.sync.goOffline()
    await laptop.notes.add('3', { text: 'not sealed' })
    laptop.toRelay = (frame) => [frame]
    world.rewindKeyring(before)
    tablet.sync.goOnline()
    await world.outcomeOf(tablet.sync.rotateKeys())
    await tablet.notes.add('4', { text: 'by the tablet' })
    await world.until(() => tablet.sync.status.isGreen)
    return { world, laptop, phone, tablet, ours: (await keyringOf(laptop)).at(-1) }
  }

  it('become one, on whatever device it is lost; what was sealed under a key that is gone is sealed again, also after a restart', async () => {
    const seen = new Set<string>()
    for (let tries = 0; seen.size < 2; tries++) {
      expect(tries).toBeLessThan(40)
      const { world, laptop, phone, tablet, ours } = await parted()
      if (tries % 2 === 0) await laptop.reopen()
      laptop.sync.goOnline()
      await world.until(() => laptop.sync.status.connection === 'online')
      phone.sync.goOnline()
      await expectSame(world, [laptop, phone, tablet])
      const winner = (await keyringOf(laptop)).includes(ours as string) ? 'ours' : 'theirs'
      seen.add(winner)
      // Whoever lost has changed the key once more.
      expect(world.keyringLength).toBe(5)
      // What was never sent under the key that is gone was not sent then either.
      if (winner === 'theirs') expect(await phone.rows.list(['held'])).toEqual([])
      for (const device of [laptop, phone, tablet]) {
        expect([...device.texts].sort()).toEqual(['by the tablet', 'first', 'not sealed', 'sealed in vain'])
        await device.reopen()
        expect(device.texts.length).toBe(4)
      }
      expect(await laptop.rows.list(['lost-record'])).toEqual([])
    }
  })

  it('are adopted in one commit: a device that dies at any has the one or the other, and goes on', async () => {
    for (let diesAt = 1, seenAlive = 0; seenAlive < 2; diesAt++) {
      const { world, laptop, phone, tablet } = await parted()
      laptop.steps = 0
      laptop.diesAt = diesAt
      laptop.sync.goOnline()
      await world.advance(5_000)
      if (!laptop.isDead) seenAlive++
      await laptop.reopen()
      phone.sync.goOnline()
      await expectSame(world, [laptop, phone, tablet])
      expect(laptop.texts.length).toBe(4)
      expect(phone.texts.length).toBe(4)
      for (const device of [laptop, phone, tablet]) await device.close()
      expect(diesAt).toBeLessThan(60)
    }
  })

  it('on one of which a device was removed, and on the other not, end with the removal', async () => {
    const { world, laptop, phone, tablet } = await threeDevices()
    for (const { sync } of [phone, tablet]) sync.goOffline()
    const before = world.keyringLength
    await world.outcomeOf(laptop.sync.removeDevices([laptop.idOf('phone')]))
    laptop.sync.goOffline()
    world.rewindKeyring(before)
    phone.sync.goOnline()
    await world.outcomeOf(phone.sync.rotateKeys())
    tablet.sync.goOnline()
    await world.until(() => tablet.sync.status.isGreen)
    laptop.sync.goOnline()
    await world.until(() => phone.sync.status.connection === 'removed')
    await expectSame(world, [laptop, tablet])
    expect(tablet.activeNames).toEqual(['laptop', 'tablet'])
  })
})

describe('a fork', () => {
  /** Laptop and phone have removed each other; the relay has the phone's branch. */
  async function forked() {
    const { world, laptop, phone, tablet } = await threeDevices()
    for (const { sync } of [phone, tablet]) sync.goOffline()
    const before = world.keyringLength
    await world.outcomeOf(laptop.sync.removeDevices([laptop.idOf('phone')]))
    await laptop.notes.add('2', { text: 'sent by the laptop' })
    laptop.sync.goOffline()
    await laptop.notes.add('3', { text: 'unsent of the laptop' })
    world.rewindKeyring(before)
    phone.sync.goOnline()
    await world.outcomeOf(phone.sync.removeDevices([phone.idOf('laptop')]))
    laptop.sync.goOnline()
    await world.until(() => laptop.sync.status.keyringFork)
    return { world, laptop, phone, tablet }
  }

  it('is no removal: it is said, edits stay where they are, and nothing is sent', async () => {
    const { world, laptop } = await forked()
    let pushes = 0
    laptop.toRelay = (frame) => {
      if (frame.type === 'push') pushes++
      return [frame]
    }
    await laptop.notes.add('5', { text: 'more' })
    await world.advance(120_000)
    expect(laptop.sync.status).toMatchObject({ keyringFork: true, isGreen: false })
    expect(laptop.problems).toContain('keyring-fork')
    expect(laptop.sync.status.connection).not.toBe('removed')
    expect((await laptop.rows.get(['profile']))?.[0]).toBe(1)
    expect(laptop.texts).toContain('more')
    expect(pushes).toBe(0)
  })

  it('is decided by the phrase: for the device that decides, on every device', async () => {
    const { world, laptop, phone, tablet } = await forked()
    expect(await world.codeOf(laptop.sync.resolveFork(`${laptop.phrase} x`))).toBe('phrase-length')
    expect(laptop.sync.status.keyringFork).toBe(true)
    expect(await world.codeOf(laptop.sync.resolveFork(laptop.phrase))).toBe('done')
    expect(laptop.sync.status.keyringFork).toBe(false)
    tablet.sync.goOnline()
    await world.until(() => phone.sync.status.connection === 'removed')
    await expectSame(world, [laptop, tablet])
    expect(tablet.activeNames).toEqual(['laptop', 'tablet'])
    expect(laptop.texts).toContain('unsent of the laptop')
    await world.until(() => tablet.texts.includes('unsent of the laptop'))
    await expect(laptop.sync.resolveFork(laptop.phrase)).rejects.toMatchObject({ code: 'keyring-refused' })
  })

  it('is decided by the phrase against the device that decides', async () => {
    const { world, laptop, phone, tablet } = await forked()
    expect(await world.codeOf(laptop.sync.resolveFork(laptop.phrase, { keep: 'theirs' }))).toBe('done')
    await world.until(() => laptop.sync.status.connection === 'removed')
    expect(laptop.texts).toContain('unsent of the laptop')
    expect((await laptop.sync.unsentEdits()).collections[0]?.changes.length).toBeGreaterThan(0)
    tablet.sync.goOnline()
    await expectSame(world, [phone, tablet])
    expect(phone.activeNames).toEqual(['phone', 'tablet'])
  })

  it('stays one with the phrase of another account', async () => {
    const { world, laptop } = await forked()
    const other = await new KeyWorld().create('other')
    expect(await world.codeOf(laptop.sync.resolveFork(other.phrase))).toBe('wrong-account')
    expect(laptop.sync.status.keyringFork).toBe(true)
  })
})

describe('a relay that hides a keyring record from one device', () => {
  /** The tablet is shown the keyring as it is now, for as long as the relay hides the rest. */
  function hideFrom(world: KeyWorld, device: WorldDevice): { shown: () => void; pushes: () => number } {
    const length = world.keyringLength
    let pushes = 0
    let isHiding = true
    const last = [...world.relayData.accounts.values()][0]?.keyring[length - 1]?.record as Uint8Array
    const head = recordHash(nodePlatform().signing.sha512, last)
    device.fromRelay = (frame: Frame) => {
      if (!isHiding) return [frame]
      switch (frame.type) {
        case 'keyring-changed':
          return []
        case 'welcome':
          return [{ ...frame, keyringLength: length, keyringHead: head }]
        case 'keyring':
          return [{ ...frame, length, records: frame.records.slice(0, Math.max(0, length - frame.from)) }]
        default:
          return [frame]
      }
    }
    device.toRelay = (frame) => {
      if (frame.type === 'push' && frame.entries.some((entry) => decodeEnvelope(entry).epoch < world.keyringLength))
        pushes++
      return [frame]
    }
    return {
      shown: () => {
        isHiding = false
      },
      pushes: () => pushes,
    }
  }

  it.each(['a removal', 'a new device'])('is found out by what another device writes: %s', async (what) => {
    const { world, laptop, phone, tablet } = await threeDevices()
    const relay = hideFrom(world, tablet)
    if (what === 'a removal') expect(await world.codeOf(laptop.sync.removeDevices([laptop.idOf('phone')]))).toBe('done')
    else await world.join('watch', laptop.phrase)
    await laptop.notes.add('2', { text: 'after' })
    await world.until(() => tablet.sync.status.isKeyringHidden)
    await world.advance(1_000)
    const before = relay.pushes()
    await tablet.notes.add('3', { text: 'must not be sealed' })
    await world.advance(60_000)
    expect(relay.pushes()).toBe(before)
    expect(tablet.sync.status).toMatchObject({ isGreen: false, isKeyringHidden: true, unsent: 1 })
    expect(tablet.problems.filter((code) => code === 'keyring-hidden').length).toBe(1)
    // Also after a restart, though nothing of it is read again.
    await tablet.reopen({ online: false })
    expect(tablet.sync.status.isKeyringHidden).toBe(true)
    tablet.sync.goOnline()
    await world.advance(10_000)
    expect(relay.pushes()).toBe(before)
    relay.shown()
    await world.until(() => tablet.sync.status.isGreen && laptop.texts.length === 3)
    expect(tablet.sync.status.isKeyringHidden).toBe(false)
    expect(tablet.texts.length).toBe(3)
    expect(phone.sync.status.connection).toBe(what === 'a removal' ? 'removed' : 'online')
  })
})
