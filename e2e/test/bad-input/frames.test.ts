// What a relay answers to bytes that no device of the account would send. The relay is a process; after each of them it is
// alive, holds what it held, and serves everybody else.
import { join } from 'node:path'
import {
  type AccountId,
  decodeFrame,
  encodeFrame,
  type Frame,
  hexToBytes,
  MAX_FRAME_BYTES,
  PROTOCOL_VERSION,
} from '@owlivion/sync-protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { Device } from '../../support/device'
import { type FrameProxy, startFrameProxy, type Verdict } from '../../support/frame-proxy'
import { connectRaw, logInAsStranger, type RawConnection, strangerKeys } from '../../support/raw-connection'
import { digestLogs } from '../../support/relay-database'
import { type RelayProcess, startRelay } from '../../support/relay-process'
import { temporaryFolder } from '../../support/temporary-folder'

type Push = Extract<Frame, { type: 'push' }>

let relay: RelayProcess
let proxy: FrameProxy
let device: Device
let account: AccountId
let before: ReturnType<typeof digestLogs>
let data: string
let folder: string

beforeEach(async () => {
  folder = temporaryFolder()
  data = join(folder, 'relay')
  relay = await startRelay({ data })
  proxy = await startFrameProxy(relay)
  device = new Device(join(folder, 'a.db'))
  const created = await device.ask('create', proxy.url, 'honest')
  account = hexToBytes(created.accountId) as AccountId
  await device.ask('addAll', 'contacts', [['ann', { name: 'Ann' }]])
  await device.ask('flush')
  before = digestLogs(data)
})

/** Says something in the device's place, and lets the device come back. */
async function provoke(message: Uint8Array | string): Promise<Verdict> {
  const verdict = await proxy.impersonate(message)
  await device.ask('goOffline')
  await device.ask('goOnline')
  await device.ask('whenConnection', 'online')
  return verdict
}

const refusalOf = ({ frames, closeCode }: Verdict): unknown => {
  const refused = frames.find((frame) => frame.type === 'refused')
  return refused && [refused.code, closeCode]
}

async function verdictOf(connection: RawConnection): Promise<unknown> {
  const frame = await connection.next()
  return frame.type === 'refused' ? [frame.code, await connection.closed] : frame.type
}

/** The relay serves, holds what it held, and takes what an honest device sends next. */
async function expectUnharmed(): Promise<void> {
  expect(digestLogs(data)).toEqual(before)
  expect((await relay.get('/health')).status).toBe(200)
  expect((await relay.get('/ready')).status).toBe(200)
  await device.ask('edit', 'contacts', [{ kind: 'update', id: 'ann', fields: { name: 'still here' } }])
  await device.ask('flush')
  expect(digestLogs(data).entries).toBe(before.entries + 1)
}

const lastPush = (): Push => decodeFrame(proxy.lastFromDevice('push')) as Push

/** A copy with one byte changed. @param at from the end when negative */
function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice()
  const index = at < 0 ? copy.length + at : at
  copy[index] = (copy[index] as number) ^ 1
  return copy
}

describe('a relay that is sent what no honest device sends', () => {
  it('refuses messages that are none of the protocol, and closes', async () => {
    expect(refusalOf(await provoke(Uint8Array.of(200, 1, 2, 3)))).toEqual(['malformed-frame', 4400])
    expect(refusalOf(await provoke('{"type":"push"}'))).toEqual(['malformed-frame', 4400])
    expect(refusalOf(await provoke(new Uint8Array(0)))).toEqual(['malformed-frame', 4400])
    const cutOff = proxy.lastFromDevice('push').slice(0, -1)
    expect(refusalOf(await provoke(cutOff))).toEqual(['malformed-frame', 4400])
    await expectUnharmed()
  })

  it('refuses messages over the limit, and closes', async () => {
    expect(refusalOf(await provoke(new Uint8Array(MAX_FRAME_BYTES + 1)))).toEqual(['frame-too-large', 4413])
    expect(refusalOf(await provoke(new Uint8Array(10 * MAX_FRAME_BYTES)))).toEqual(['frame-too-large', 4413])
    await expectUnharmed()
  })

  it('refuses versions it does not speak, of the protocol and of an envelope, and closes', async () => {
    const stranger = await connectRaw(relay.url)
    stranger.send({ type: 'hello', version: PROTOCOL_VERSION + 1, account, device: strangerKeys().device })
    expect(await verdictOf(stranger)).toEqual(['unsupported-version', 4426])
    const push = lastPush()
    const later = encodeFrame({ ...push, entries: push.entries.map((entry) => Uint8Array.of(99, ...entry.slice(1))) })
    expect(refusalOf(await provoke(later))).toEqual(['unsupported-version', 4426])
    await expectUnharmed()
  })

  it('stores a push that is sent again once, and answers it as it did', async () => {
    const push = lastPush()
    const { frames, closeCode } = await provoke(encodeFrame(push))
    expect(frames).toMatchObject([{ type: 'pushed', document: push.document }])
    expect(closeCode).toBeUndefined()
    await expectUnharmed()
  })

  it('refuses a push that was altered on the way or signed for another document', async () => {
    const push = lastPush()
    expect(refusalOf(await provoke(encodeFrame({ ...push, signature: flipped(push.signature, 5) })))).toEqual([
      'bad-signature',
      4406,
    ])
    const elsewhere = { ...push, document: flipped(push.document, 0) as Push['document'] }
    expect(refusalOf(await provoke(encodeFrame(elsewhere)))).toEqual(['bad-signature', 4406])
    const altered = { ...push, entries: push.entries.map((entry) => flipped(entry, -1)) }
    expect(refusalOf(await provoke(encodeFrame(altered)))).toEqual(['bad-signature', 4406])
    await expectUnharmed()
  })

  it('refuses what another account’s device has sealed, in its own log and in this one', async () => {
    const otherProxy = await startFrameProxy(relay)
    const other = new Device(join(folder, 'other.db'))
    await other.ask('create', otherProxy.url, 'other account')
    await other.ask('addAll', 'contacts', [['bob', { name: 'Bob' }]])
    await other.ask('flush')
    before = digestLogs(data)
    expect(refusalOf(await provoke(otherProxy.lastFromDevice('push')))).toEqual(['bad-signature', 4406])
    expect(refusalOf(await provoke(otherProxy.lastFromDevice('keyring-append')))).toEqual(['wrong-account', 4404])
    await expectUnharmed()
  })

  it('lets in nobody whom the keyring does not name, and nobody without a login', async () => {
    const keys = strangerKeys()
    const stranger = await logInAsStranger(relay.url, account, keys)
    // As of an account that the relay does not know.
    expect(await stranger.next()).toMatchObject({ type: 'welcome', keyringLength: 0, keyringHead: new Uint8Array(32) })
    stranger.send(proxy.lastFromDevice('push'))
    expect(await verdictOf(stranger)).toEqual(['device-unknown', 4401])

    const loggedOut = await connectRaw(relay.url)
    loggedOut.send(proxy.lastFromDevice('push'))
    expect(await verdictOf(loggedOut)).toEqual(['not-authenticated', 4400])

    // The device's own answer to an earlier challenge.
    const replay = await connectRaw(relay.url)
    replay.send(proxy.lastFromDevice('hello'))
    await replay.next()
    replay.send(proxy.lastFromDevice('auth'))
    expect(await verdictOf(replay)).toEqual(['bad-challenge', 4501])

    // A device of no account may open one, and nothing else.
    const nowhere = await logInAsStranger(relay.url, flipped(account, 0) as AccountId, keys)
    expect(await nowhere.next()).toMatchObject({ type: 'welcome', keyringLength: 0 })
    nowhere.send(proxy.lastFromDevice('push'))
    expect(await nowhere.next()).toMatchObject({ type: 'refused', code: 'account-unknown' })
    await expectUnharmed()
  })
})
