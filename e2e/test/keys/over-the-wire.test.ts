// Locking a device out over real sockets: what a thief who runs his own program with its keys hears, and in which order; and what an honest
// device finds that was away meanwhile.
import { join } from 'node:path'
import { type AccountId, type DeviceId, decodeEnvelope, type Frame, hexToBytes } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { logInAsStranger, type RawConnection } from '../../support/raw-connection'
import { type RelayProcess, startRelay } from '../../support/relay-process'
import { temporaryFolder } from '../../support/temporary-folder'
import { findSigningKey, readRelay } from './attacker'
import { openSocketDevice, type SocketDevice } from './socket-device'

const OFFLINE_EDITS = 120

type Devices = Record<'laptop' | 'phone' | 'tablet', SocketDevice>

async function threeDevices(): Promise<Devices & { readonly relay: RelayProcess; readonly data: string }> {
  const data = temporaryFolder()
  const relay = await startRelay({ data })
  const laptop = await openSocketDevice(relay.url, 'laptop')
  await laptop.notes.add('first', { text: 'first' })
  await laptop.sync.flush()
  const phone = await openSocketDevice(relay.url, 'phone', laptop.recoveryPhrase)
  const tablet = await openSocketDevice(relay.url, 'tablet', laptop.recoveryPhrase)
  for (const device of [laptop, phone, tablet])
    await device.until(() => device.sync.status.isGreen && device.sync.devices().length === 3)
  return { relay, data, laptop, phone, tablet }
}

/** A program of the thief's own, with the keys of the phone, which reads what the account writes. */
async function stealPhone({ relay, phone }: { readonly relay: RelayProcess; readonly phone: SocketDevice }) {
  const keys = findSigningKey(await phone.rows(), hexToBytes(phone.sync.deviceId) as DeviceId)
  if (keys === undefined) throw new Error('The phone does not store its key.')
  const subscribe = phone.wire.map(({ what }) => what).findLast((what) => (what as Frame).type === 'subscribe') as Frame
  const account = hexToBytes(phone.sync.accountId) as AccountId
  await phone.sync.close()
  const logIn = (): Promise<RawConnection> => logInAsStranger(relay.url, account, keys)
  return { logIn, subscribe }
}

/** Everything until the connection ends, in a few words each. */
async function hearAll(connection: RawConnection): Promise<readonly string[]> {
  const heard: string[] = []
  const ended = connection.closed
  for (;;) {
    const next = await Promise.race([connection.next(), ended])
    if (typeof next === 'number') return [...heard, `closed ${next}`]
    heard.push(next.type === 'refused' ? `refused ${next.code}` : next.type)
  }
}

describe('a thief who is connected with the keys of a device', () => {
  it('is cut off before the removal is done, and after it gets the record that removed the device, and nothing else', async () => {
    const { relay, laptop, phone, tablet } = await threeDevices()
    const thief = await stealPhone({ relay, phone })
    const connection = await thief.logIn()
    expect((await connection.next()).type).toBe('welcome')
    connection.send(thief.subscribe)
    expect((await connection.next()).type).toBe('page')
    const heard = hearAll(connection)
    await laptop.notes.add('second', { text: 'second' })
    await laptop.sync.flush()

    await laptop.sync.removeDevices([phone.sync.deviceId])
    await laptop.notes.add('after', { text: 'after' })
    await tablet.until(() => tablet.texts.length === 3)
    expect((await heard).filter((each) => each !== 'seen')).toEqual(['page', 'refused device-suspended', 'closed 4510'])

    // From the moment at which the removal is confirmed, the first answer to anything is that.
    for (const request of [thief.subscribe, { type: 'heads-fetch', devices: [] } as Frame]) {
      const again = await thief.logIn()
      again.send(request)
      expect(await hearAll(again)).toEqual(['welcome', 'refused device-removed', 'closed 4403'])
    }
    const reading = await thief.logIn()
    reading.send({ type: 'keyring-fetch', from: 0 })
    expect((await reading.next()).type).toBe('welcome')
    const keyring = (await reading.next()) as Extract<Frame, { type: 'keyring' }>
    expect([keyring.type, keyring.records.length]).toEqual(['keyring', 4])
  })
})

describe('an honest device that was away while another one was removed', () => {
  it('gets the new key, seals again what had not arrived, and loses nothing of a hundred edits and more', async () => {
    const { relay, data, laptop, phone, tablet } = await threeDevices()
    // Sealed under the old key, sent, and lost on the way.
    tablet.losesPushes = true
    await tablet.notes.add('lost', { text: 'lost on the way' })
    await tablet.until(() => tablet.wire.some(({ what }) => (what as Frame).type === 'push'))
    tablet.sync.goOffline()
    tablet.losesPushes = false
    for (let i = 1; i < OFFLINE_EDITS; i++) await tablet.notes.add(`offline ${i}`, { text: `offline ${i}` })
    const start = tablet.wire.length

    await laptop.sync.removeDevices([phone.sync.deviceId])
    await laptop.sync.rotateKeys()
    await laptop.notes.add('meanwhile', { text: 'meanwhile' })
    await laptop.sync.flush()
    tablet.sync.goOnline()
    const all = OFFLINE_EDITS + 2
    await Promise.all(
      [laptop, tablet].map((each) => each.until(() => each.texts.length === all && each.sync.status.isGreen)),
    )
    expect([...tablet.texts].sort()).toEqual([...laptop.texts].sort())
    const expected = Array.from({ length: OFFLINE_EDITS - 1 }, (_, i) => `offline ${i + 1}`)
    expect(new Set(laptop.texts)).toEqual(new Set([...expected, 'first', 'lost on the way', 'meanwhile']))

    // What the relay took of it is sealed under the newest key, and none of it is what had been lost.
    const sent = tablet.wire.flatMap(({ what }, at) =>
      typeof what === 'object' && what.type === 'push'
        ? what.entries.map((bytes) => ({ at, ...decodeEnvelope(bytes) }))
        : [],
    )
    const [lost] = sent.filter(({ at }) => at < start)
    for (const device of [laptop, phone, tablet]) await device.sync.close()
    await relay.stop()
    const { entries, keyring } = readRelay(join(data, 'relay.db'))
    const isNewest = (epoch: number): boolean => epoch === keyring.length - 1
    const nonces = new Set(entries.map(({ nonce }) => Buffer.from(nonce).toString('hex')))
    const stored = sent.filter(({ nonce }) => nonces.has(Buffer.from(nonce).toString('hex')))
    expect(stored.length).toBeGreaterThan(0)
    expect(stored.every(({ epoch, at }) => isNewest(epoch) && at > start)).toBe(true)
    expect(lost !== undefined && !isNewest(lost.epoch)).toBe(true)
    expect(stored.some(({ incarnation }) => incarnation === lost?.incarnation)).toBe(false)
  })
})
