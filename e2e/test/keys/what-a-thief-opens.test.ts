// Somebody has a device, takes a copy of everything that it stores, and is handed the relay's whole database as well.
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startRelay } from '../../support/relay-process'
import { temporaryFolder } from '../../support/temporary-folder'
import { attack, type Loot, type Opened, readRelay } from './attacker'
import { openSocketDevice, type SocketDevice } from './socket-device'

const text = (opened: Opened): string => [...opened.contents.values()].join('\n')

async function write(device: SocketDevice, ...texts: string[]): Promise<void> {
  for (const each of texts) {
    await device.notes.add(each, { text: each })
    // Each is an entry of its own.
    await device.sync.flush()
  }
}

describe('whoever has all that a removed device stored, and all that the relay has', () => {
  it('opens everything that was sealed before the removal, and nothing that was sealed after it', async () => {
    const data = temporaryFolder()
    const relay = await startRelay({ data })
    const laptop = await openSocketDevice(relay.url, 'the-laptop')
    await write(laptop, 'before-1', 'before-2')
    // The phone gets the second key; the first one it has only by the wrapped keys.
    await laptop.sync.rotateKeys()
    const phone = await openSocketDevice(relay.url, 'the-phone', laptop.recoveryPhrase)
    await write(phone, 'before-3')
    await laptop.until(() => laptop.texts.length === 3)
    await laptop.sync.rotateKeys()
    await write(laptop, 'before-4')
    await phone.until(() => phone.texts.length === 4 && phone.sync.status.isGreen)
    const stolen = await phone.rows()

    const id = phone.sync.deviceId
    await laptop.sync.removeDevices([id])
    await phone.until(() => phone.hasWiped)
    const kept = await phone.rows()
    await write(laptop, 'after-1')
    const tablet = await openSocketDevice(relay.url, 'the-tablet', laptop.recoveryPhrase)
    await write(tablet, 'after-2')
    await laptop.until(() => laptop.texts.length === 6)
    await laptop.sync.rotateKeys()
    await write(laptop, 'after-3')
    await tablet.until(() => tablet.texts.length === 7 && tablet.sync.status.isGreen)
    const members = await laptop.rows()
    for (const device of [laptop, phone, tablet]) await device.sync.close()
    await relay.stop()

    const relayHas = readRelay(join(data, 'relay.db'))
    const removal = relayHas.keyring.find(({ type }) => type === 'remove')?.position as number
    const sealedBefore = relayHas.entries.filter(({ epoch }) => epoch < removal)
    const sealedAfter = relayHas.entries.filter(({ epoch }) => epoch >= removal)
    const before = ['before-1', 'before-2', 'before-3', 'before-4']
    const after = ['after-1', 'after-2', 'after-3']
    expect(sealedBefore.length).toBeGreaterThanOrEqual(before.length)
    expect(sealedAfter.length).toBeGreaterThanOrEqual(after.length)

    const opened = attack({ ...relayHas, rows: stolen })
    expect(new Set(opened.contents.keys())).toEqual(new Set(sealedBefore))
    for (const each of before) expect(text(opened)).toContain(each)
    for (const each of after) expect(text(opened)).not.toContain(each)
    expect(opened.epochs.length).toBe(3)
    expect(opened.epochs.every((position) => position < removal)).toBe(true)
    expect(opened.deviceNames).toMatch(/the-laptop.*the-phone/)
    expect(opened.deviceNames).not.toContain('the-tablet')

    // The same attack with what a member stores opens everything: it is the keys that are missing, not the skill.
    const loot: Loot = { ...relayHas, rows: members }
    const all = attack(loot)
    expect(all.contents.size).toBe(relayHas.entries.length)
    for (const each of [...before, ...after]) expect(text(all)).toContain(each)
    expect(all.deviceNames).toContain('the-tablet')

    // What the device kept once it had learned of its removal opens nothing at all; nor does the relay's database alone.
    for (const rows of [kept, []]) {
      const nothing = attack({ ...relayHas, rows })
      expect([nothing.contents.size, nothing.epochs, nothing.deviceNames]).toEqual([0, [], ''])
    }
  })
})
