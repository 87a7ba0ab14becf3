// What a device has left that was removed, and that nothing but a signed record removes it: with the real relay, and with one that lies.
import { openAccount } from '@owlivion/sync'
import type { Frame } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { KeyWorld, settle, type WorldDevice } from '../../support/key-world'

async function twoDevices() {
  const world = new KeyWorld()
  const laptop = await world.create('laptop')
  const phone = await world.join('phone', laptop.phrase)
  await phone.notes.add('1', { text: 'sent' })
  await world.until(() => phone.sync.status.isGreen && laptop.texts.length === 1)
  return { world, laptop, phone }
}

/** The phone was removed while it was away, with edits that nobody has. */
async function removedAway() {
  const { world, laptop, phone } = await twoDevices()
  phone.sync.goOffline()
  await phone.notes.add('2', { text: 'unsent' })
  await phone.notes.update('1', { text: 'changed' })
  expect(await world.codeOf(laptop.sync.removeDevices([laptop.idOf('phone')]))).toBe('done')
  return { world, laptop, phone }
}

/** Every secret that a device holds: its own seeds, and each key of the account. */
async function secretsOf(device: WorldDevice): Promise<Uint8Array[]> {
  const engine = (
    device.sync as unknown as { engine: { profile: object; keyringState: { keys: Map<number, Uint8Array> } } }
  ).engine
  const { keys } = engine.profile as { keys: { signingSeed: Uint8Array; boxSecret: Uint8Array } }
  return [keys.signingSeed, keys.boxSecret, ...engine.keyringState.keys.values()]
}

async function holdsAny(device: WorldDevice, secrets: readonly Uint8Array[]): Promise<boolean> {
  const rows = await device.rows.list([])
  return rows.some(([, bytes]) => secrets.some((secret) => Buffer.from(bytes).includes(Buffer.from(secret))))
}

const refusal: Frame = {
  type: 'refused',
  request: '',
  code: 'device-removed',
  retryable: false,
  message: 'You were removed.',
}

describe('a device that was removed', () => {
  it('learns of it within a second, says who did it, and keeps its records and no key', async () => {
    const { world, laptop, phone } = await twoDevices()
    const secrets = await secretsOf(phone)
    // Whatever another version of the app may keep there.
    await phone.rows.commit({ put: [[['of-a-later-version'], secrets[1] as Uint8Array]] })
    expect(await holdsAny(phone, secrets)).toBe(true)
    const events: unknown[] = []
    phone.sync.on((event) => events.push(event))
    expect(await world.codeOf(laptop.sync.removeDevices([laptop.idOf('phone')]))).toBe('done')
    await world.advance(1_000)
    expect(events).toContainEqual({ type: 'removed', by: laptop.sync.deviceId })
    expect(phone.sync.status).toMatchObject({
      connection: 'removed',
      refusal: { code: 'device-removed' },
      isGreen: false,
    })
    expect(await holdsAny(phone, secrets)).toBe(false)
    expect(phone.texts).toEqual(['sent'])
    expect(await world.codeOf(phone.notes.add('3', { text: 'no' }))).toBe('device-removed')
    expect(await world.codeOf(phone.notes.update('1', { text: 'no' }))).toBe('device-removed')
    expect(phone.problems.filter((code) => code !== 'device-suspended')).toEqual([])
  })

  it('stays what it is when it is opened again: readable, offline for ever, with the names of the devices', async () => {
    const { world, laptop, phone } = await removedAway()
    phone.sync.goOnline()
    await world.until(() => phone.sync.status.connection === 'removed')
    for (let i = 0; i < 2; i++) {
      await phone.reopen()
      phone.sync.goOnline()
      await world.advance(60_000)
      expect(phone.sync.status).toMatchObject({ connection: 'removed', unsent: 2 })
      expect(phone.sync.deviceId).not.toBe(laptop.sync.deviceId)
      expect([...phone.texts].sort()).toEqual(['changed', 'unsent'])
      expect(phone.sync.devices().map(({ name, isThisDevice, isRemoved }) => [name, isThisDevice, isRemoved])).toEqual([
        ['laptop', false, false],
        ['phone', true, true],
      ])
      expect((await phone.sync.open('never')).size).toBe(0)
      expect(await world.codeOf(phone.notes.add('3', { text: 'no' }))).toBe('device-removed')
      expect(await world.codeOf(phone.sync.flush())).toBe('device-removed')
      expect(await world.codeOf(phone.sync.rotateKeys())).toBe('device-removed')
    }
  })

  it('gives its unsent edits to keep, and an account takes them in', async () => {
    const { world, laptop, phone } = await removedAway()
    await laptop.notes.add('4', { text: 'meanwhile' })
    const before = await phone.sync.unsentEdits()
    phone.sync.goOnline()
    await world.until(() => phone.sync.status.connection === 'removed')
    expect(await phone.sync.unsentEdits()).toEqual(before)
    await phone.reopen()
    expect(await phone.sync.unsentEdits()).toEqual(before)
    expect(before).toMatchObject({
      account: laptop.sync.accountId,
      device: phone.sync.deviceId,
      collections: [
        {
          name: 'notes',
          changes: [
            { id: '2', kind: 'create', fields: { text: 'unsent' } },
            { id: '1', kind: 'change', fields: { text: 'changed' } },
          ],
        },
      ],
    })
    const file = JSON.stringify(before)
    expect(await laptop.sync.importEdits(JSON.parse(file))).toEqual({ applied: 2, skipped: [] })
    await world.until(() => laptop.sync.status.isGreen)
    expect([...laptop.texts].sort()).toEqual(['changed', 'meanwhile', 'unsent'])
  })

  it('leaves nothing behind when it is wiped', async () => {
    const { world, phone } = await removedAway()
    phone.sync.goOnline()
    await world.until(() => phone.sync.status.connection === 'removed')
    await phone.sync.wipe()
    expect(await phone.rows.list([])).toEqual([])
    expect(await world.codeOf(openAccount({ ...phone.options(), online: false }))).toBe('profile-missing')
  })

  it('killed at any commit or frame, has either its keys or what it can still read, and ends without keys', async () => {
    for (let diesAt = 1; ; diesAt++) {
      const { world, phone } = await removedAway()
      const secrets = await secretsOf(phone)
      phone.steps = 0
      phone.diesAt = diesAt
      phone.sync.goOnline()
      await world.advance(2_000)
      const { isDead } = phone
      await phone.reopen()
      expect([...phone.texts].sort()).toEqual(['changed', 'unsent'])
      await world.until(() => phone.sync.status.connection === 'removed')
      await settle()
      expect(await holdsAny(phone, secrets)).toBe(false)
      expect([...phone.texts].sort()).toEqual(['changed', 'unsent'])
      expect((await phone.sync.unsentEdits()).collections[0]?.changes.length).toBe(2)
      expect(phone.problems).toEqual([])
      await phone.close()
      if (!isDead) break
      expect(diesAt).toBeLessThan(60)
    }
  })
})

describe('a relay that says that an honest device was removed', () => {
  it.each(['in the middle', 'at the login'])('%s changes nothing on it', async (when) => {
    const { world, laptop, phone } = await twoDevices()
    const secrets = await secretsOf(phone)
    await phone.notes.add('2', { text: 'mine' })
    let isHostile = true
    phone.fromRelay = (frame) => {
      if (!isHostile) return [frame]
      if (when === 'at the login') return frame.type === 'welcome' ? [refusal] : [frame]
      return frame.type === 'pushed' || frame.type === 'pong' ? [refusal] : [frame]
    }
    if (when === 'at the login') phone.sync.goOffline()
    phone.sync.goOnline()
    await world.until(() => phone.sync.status.connection === 'refused')
    expect(phone.sync.status.refusal?.code).toBe('relay-misbehaved')
    expect(phone.problems).toContain('relay-misbehaved')
    expect(await holdsAny(phone, secrets)).toBe(true)
    await phone.notes.add('3', { text: 'more' })
    isHostile = false
    phone.sync.goOnline()
    await world.until(() => phone.sync.status.isGreen && laptop.texts.length === 3)
  })

  it('and shows it the record of another account, or one that is not signed, is not believed either', async () => {
    const { world, laptop, phone } = await twoDevices()
    const other = await twoDevices()
    expect(await other.world.codeOf(other.laptop.sync.removeDevices([other.laptop.idOf('phone')]))).toBe('done')
    const foreign = [...other.world.relayData.accounts.values()][0]!.keyring.at(-1)!
    let record = foreign.record
    phone.fromRelay = (frame) => {
      if (frame.type === 'welcome') return [{ ...frame, keyringLength: 3, keyringHead: new Uint8Array(32) as never }]
      if (frame.type === 'keyring') return [{ ...frame, length: 3, records: [{ record }] }]
      return frame.type === 'pong' ? [refusal] : [frame]
    }
    for (const bytes of [foreign.record, foreign.record.map((byte, i) => (i === 40 ? byte ^ 1 : byte))]) {
      record = bytes
      await world.advance(120_000)
      expect(phone.sync.status.connection).not.toBe('removed')
      expect((await phone.rows.get(['profile']))?.[0]).toBe(1)
    }
    phone.fromRelay = (frame) => [frame]
    phone.sync.goOffline()
    phone.sync.goOnline()
    await world.until(() => phone.sync.status.isGreen)
    expect(laptop.texts).toEqual(['sent'])
  })
})
