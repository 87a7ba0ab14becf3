// A relay whose database was put back to the time before a removal, by an operator who had to or by one who wants the removed device back.
import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startRelay } from '../../support/relay-process'
import { temporaryFolder } from '../../support/temporary-folder'
import { openSocketDevice } from './socket-device'

describe('a relay that was put back to before a removal', () => {
  it('takes a removed device back in until another device brings the removal along; nothing that it wrote then stays anywhere', async () => {
    const data = temporaryFolder()
    let relay = await startRelay({ data })
    const { port, url } = relay
    const laptop = await openSocketDevice(url, 'laptop')
    await laptop.notes.add('before', { text: 'before' })
    await laptop.sync.flush()
    const phone = await openSocketDevice(url, 'phone', laptop.recoveryPhrase)
    const tablet = await openSocketDevice(url, 'tablet', laptop.recoveryPhrase)
    for (const device of [laptop, phone, tablet])
      await device.until(() => device.sync.status.isGreen && device.sync.devices().length === 3)
    const stop = async (): Promise<void> => {
      await relay.stop()
      for (const end of ['-wal', '-shm']) rmSync(join(data, `relay.db${end}`), { force: true })
    }
    phone.sync.goOffline()
    await stop()
    copyFileSync(join(data, 'relay.db'), join(data, 'backup'))
    relay = await startRelay({ data, port })
    laptop.sync.goOnline()
    await laptop.sync.removeDevices([phone.sync.deviceId])
    await tablet.until(() => tablet.sync.devices().some(({ isRemoved }) => isRemoved))
    for (const device of [laptop, tablet]) device.sync.goOffline()
    await stop()
    copyFileSync(join(data, 'backup'), join(data, 'relay.db'))
    relay = await startRelay({ data, port })

    // The relay knows of no removal: it lets the phone in and takes what it writes.
    phone.sync.goOnline()
    await phone.notes.add('late', { text: 'late' })
    await phone.sync.flush()
    expect(phone.sync.status.unsent).toBe(0)

    for (const device of [laptop, tablet]) device.sync.goOnline()
    await phone.until(() => phone.hasWiped)
    await laptop.notes.add('after', { text: 'after' })
    await tablet.until(() => tablet.texts.includes('after'))
    await laptop.until(() => laptop.sync.status.isGreen)
    for (const device of [laptop, tablet]) {
      expect([...device.texts].sort()).toEqual(['after', 'before'])
      expect(device.sync.devices().filter(({ isRemoved }) => isRemoved).length).toBe(1)
    }
    expect(phone.texts).not.toContain('after')
    const later = await openSocketDevice(url, 'later', laptop.recoveryPhrase)
    await later.until(() => later.texts.length === 2 && later.sync.status.isGreen)
    expect([...later.texts].sort()).toEqual(['after', 'before'])
  })
})
