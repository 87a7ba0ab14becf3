import { encodeFrame, type Frame } from '@owlivion/sync-protocol'
import { describe, expect, it } from 'vitest'
import { RelayError } from '../src/errors'
import { documentNamed, TestAccount, TestDevice } from './help/account'
import { startTestRelay, type TestRelayOptions } from './help/relay'

const contacts = documentNamed('contacts')
const drafts = documentNamed('drafts')

async function start(options: TestRelayOptions = {}) {
  const world = startTestRelay(options)
  const account = new TestAccount()
  const client = world.connect()
  await client.open(account)
  const entries = () => [...world.data.arrived].length
  return { ...world, account, device: account.first, client, entries }
}

describe('pushing', () => {
  it('entries are numbered, stored as they came, and acknowledged', async () => {
    const { device, client, data } = await start()
    const push = device.push(contacts, { count: 3 })
    client.send(push)
    const pushed = await client.next('pushed')
    expect(pushed).toMatchObject({
      document: contacts,
      incarnation: device.incarnation,
      sequence: 3,
      numbers: [1, 2, 3],
    })
    expect(data.arrived.map(({ entry }) => entry.envelope)).toEqual(push.entries)
  })

  it('pushes of one turn share a transaction and follow each other in their chain', async () => {
    const { device, client, relay } = await start()
    const before = relay.stats().commits
    client.send(...Array.from({ length: 20 }, () => device.push(contacts)), device.push(drafts))
    for (let n = 1; n <= 20; n++) expect((await client.next('pushed')).numbers).toEqual([n])
    expect((await client.next('pushed')).numbers).toEqual([1])
    expect(relay.stats().commits - before).toBe(1)
  })

  it('nothing is acknowledged and nobody hears of it before it is on disk', async () => {
    const writes: (() => void)[] = []
    let holding = false
    const commit = (apply: () => void) =>
      new Promise<void>((resolve) => {
        const write = () => {
          apply()
          resolve()
        }
        if (holding) writes.push(write)
        else write()
      })
    const { account, device, client, connect, settle, data } = await start({ commit })
    const second = new TestDevice(account)
    client.send(account.add(second))
    await client.next('keyring-changed')
    const other = connect()
    await other.logIn(second)
    other.send({ type: 'subscribe', generation: data.generation, cursors: [emptyCursor(account)] })
    await other.next('page')
    holding = true
    client.send(device.push(contacts))
    await settle()
    expect([client.unread, other.unread]).toEqual([[], []])
    holding = false
    for (const write of writes.splice(0)) write()
    await client.next('pushed')
    expect(await other.next('page')).toMatchObject({ first: 1, live: true })
  })

  it('what is sent again is recognised and not stored again, even under an old key', async () => {
    const { account, device, client, entries } = await start()
    const [first, second] = [device.push(contacts, { count: 2 }), device.push(contacts)]
    client.send(first, second)
    const answers = [await client.next('pushed'), await client.next('pushed')]
    client.send(account.rekey())
    await client.next('keyring-changed')
    client.send(first, second)
    expect([await client.next('pushed'), await client.next('pushed')]).toEqual(answers)
    expect(entries()).toBe(3)
  })

  it('a push may repeat entries and go on with new ones', async () => {
    const { device, client, entries } = await start()
    const [one, two, three] = [device.push(contacts), device.push(contacts), device.push(contacts)]
    client.send(one)
    await client.next('pushed')
    client.send({ ...two, entries: [...one.entries, ...two.entries] })
    expect((await client.next('pushed')).numbers).toEqual([1, 2])
    client.send({ ...three, entries: [...one.entries, ...two.entries, ...three.entries] })
    expect((await client.next('pushed')).numbers).toEqual([1, 2, 3])
    expect(entries()).toBe(3)
  })

  it('other content under a sequence is a fork, and a new incarnation goes on', async () => {
    const { device, client, account, entries } = await start()
    const clone = Object.assign(new TestDevice(account), {
      keys: device.keys,
      id: device.id,
      incarnation: device.incarnation,
    })
    client.send(device.push(contacts, { count: 2 }))
    await client.next('pushed')
    client.send(clone.push(contacts))
    expect(await client.next('refused')).toMatchObject({ request: 'push', code: 'fork', retryable: true, state: 2 })
    // The clone goes on from an entry that the relay has otherwise.
    client.send(clone.push(contacts))
    expect(await client.next('refused')).toMatchObject({ code: 'fork', state: 2 })
    clone.startIncarnation()
    client.send(clone.push(contacts))
    expect((await client.next('pushed')).numbers).toEqual([3])
    expect(entries()).toBe(3)
  })

  it('a gap is refused with what the relay has', async () => {
    const { device, client } = await start()
    const [one, two, three] = [device.push(contacts), device.push(contacts), device.push(contacts)]
    client.send(two)
    expect(await client.next('refused')).toMatchObject({ code: 'chain-gap', document: contacts, state: 0 })
    client.send(one, three)
    await client.next('pushed')
    expect(await client.next('refused')).toMatchObject({ code: 'chain-gap', state: 1 })
    client.send(two, three)
    expect((await client.next('pushed')).numbers).toEqual([2])
    expect((await client.next('pushed')).numbers).toEqual([3])
  })

  it('an older key is stale, a key that the keyring does not have is unknown', async () => {
    const { account, device, client, entries } = await start()
    client.send(account.rekey())
    await client.next('keyring-changed')
    client.send(device.push(contacts, { epoch: 0 }))
    expect(await client.next('refused')).toMatchObject({ code: 'stale-epoch', retryable: true })
    device.startIncarnation()
    client.send(device.push(contacts, { epoch: 9 }))
    expect(await client.next('refused')).toMatchObject({ code: 'unknown-epoch', retryable: true })
    device.startIncarnation()
    client.send(device.push(contacts))
    await client.next('pushed')
    expect(entries()).toBe(1)
  })

  it('a key change in the same breath counts from where it was sent', async () => {
    const { account, device, client } = await start()
    client.send(device.push(contacts))
    client.send(account.rekey())
    client.send(device.push(contacts))
    await client.next('pushed')
    await client.next('keyring-changed')
    expect((await client.next('pushed')).numbers).toEqual([2])
  })

  it('a push that another device overtook with a key change is judged again and refused as stale', async () => {
    const writes: (() => void)[] = []
    let holding = false
    const commit = async (apply: () => void) => {
      if (holding) await new Promise<void>((resolve) => writes.push(resolve))
      apply()
    }
    const { account, device, client, connect, settle, entries } = await start({ commit })
    const second = new TestDevice(account)
    client.send(account.add(second))
    await client.next('keyring-changed')
    const other = connect()
    await other.logIn(second)
    const pushes = [device.push(contacts), device.push(contacts)]
    holding = true
    other.send(account.rekey(second))
    await settle()
    client.send(...pushes)
    await settle()
    holding = false
    expect(writes).toHaveLength(2)
    for (const write of writes) write()
    await client.next('keyring-changed')
    expect(await client.next('refused')).toMatchObject({ code: 'stale-epoch' })
    expect(await client.next('refused')).toMatchObject({ code: 'chain-gap', state: 0 })
    expect(entries()).toBe(0)
  })

  it('bounds of an account are refused by name', async () => {
    const { device, client } = await start({ limits: { maxDocuments: 1, maxAccountBytes: 3_000 } })
    client.send(device.push(contacts), device.push(drafts), device.push(contacts, { sizeBytes: 2_500 }))
    await client.next('pushed')
    expect(await client.next('refused')).toMatchObject({ code: 'too-many-documents', document: drafts, state: 1 })
    expect(await client.next('refused')).toMatchObject({ code: 'quota-exceeded', document: contacts })
  })
})

describe('a push that is not right', () => {
  const cases: Record<string, [code: string, make: (device: TestDevice, account: TestAccount) => Frame]> = {
    'of another account': ['bad-signature', () => new TestAccountWithGenesis().first.push(contacts)],
    'for another document than it was signed for': [
      'bad-signature',
      (device) => ({ ...device.push(contacts), document: drafts }),
    ],
    'with a false signature': [
      'bad-signature',
      (device) => ({ ...device.push(contacts), signature: new Uint8Array(64) }),
    ],
    'of another device': ['bad-signature', (_, account) => new TestDevice(account).push(contacts)],
    'whose signed end is not the end of its entries': [
      'bad-signature',
      (device) => {
        const { headHash: hash } = device.push(drafts)
        device.startIncarnation()
        const push = device.push(contacts)
        return { ...push, headHash: hash, signature: device.signHead(contacts, 1, hash) }
      },
    ],
    'of an unknown envelope version': ['unsupported-version', (device) => device.push(contacts, { version: 2 })],
    'of another kind': ['malformed-frame', (device) => device.push(contacts, { kind: 4 })],
    'with a gap inside': [
      'malformed-frame',
      (device) => {
        const push = device.push(contacts, { count: 3 })
        return { ...push, entries: [push.entries[0] as Uint8Array, push.entries[2] as Uint8Array] }
      },
    ],
  }

  class TestAccountWithGenesis extends TestAccount {
    constructor() {
      super()
      this.genesis()
    }
  }

  for (const [name, [code, make]] of Object.entries(cases)) {
    it(`${name} is refused as ${code}, and the log stays as it was`, async () => {
      const { account, device, client, connect, entries } = await start()
      client.send(make(device, account))
      expect(await client.next('refused')).toMatchObject({ request: 'push', document: expect.anything(), code })
      await client.closed()
      expect(entries()).toBe(0)
      const again = connect()
      await again.logIn(device)
      device.startIncarnation()
      again.send(device.push(contacts))
      await again.next('pushed')
    })
  }
})

describe('a connection under load', () => {
  it('a device that sends too many frames is asked to wait, and then goes on', async () => {
    const { client, pass } = await start({ limits: { framesPerSecond: 2, frameBurst: 5 } })
    for (let id = 0; id < 5; id++) client.send({ type: 'ping', id })
    for (let id = 0; id < 4; id++) await client.next('pong')
    expect(await client.next('refused')).toMatchObject({
      request: 'ping',
      code: 'too-many-requests',
      retryAfterMs: 500,
    })
    await pass(500)
    client.send({ type: 'ping', id: 9 })
    await client.next('pong')
  })

  it('a device that has too much unanswered is asked to wait', async () => {
    const release: (() => void)[] = []
    let holding = false
    const commit = async (apply: () => void) => {
      if (holding) await new Promise<void>((resolve) => release.push(resolve))
      apply()
    }
    const { device, client, settle } = await start({ commit, limits: { maxInFlightBytes: 4_000 } })
    holding = true
    const pushes = Array.from({ length: 3 }, () => device.push(contacts, { sizeBytes: 1_800 }))
    for (const push of pushes) {
      client.send(push)
      await settle()
    }
    expect(await client.next('refused')).toMatchObject({
      request: 'push',
      document: contacts,
      code: 'too-many-requests',
    })
    holding = false
    for (const each of release) each()
    await client.next('pushed')
    await client.next('pushed')
    client.send(pushes[2] as Frame)
    expect((await client.next('pushed')).numbers).toEqual([3])
  })

  it('a device that does not read is disconnected', async () => {
    const { client } = await start({ limits: { maxBufferedBytes: 1_000 } })
    client.bufferedBytes = 1_001
    client.send({ type: 'ping', id: 1 })
    await client.next('pong')
    expect(await client.next('refused')).toMatchObject({ code: 'slow-consumer' })
    expect(await client.closed()).toBe(4508)
  })

  it('beyond its connections the relay turns away', async () => {
    const { connect } = await start({ limits: { maxConnections: 1 } })
    const client = connect()
    expect(await client.next('refused')).toMatchObject({ code: 'too-many-requests' })
    expect(await client.closed()).toBe(1013)
  })
})

describe('a disk that refuses', () => {
  it('everything of the turn is refused as retryable, /ready says why, and it passes', async () => {
    let full = false
    const commit = async (apply: () => void) => {
      if (full) throw new RelayError('storage-unavailable', 'The disk is full.')
      apply()
    }
    const { device, client, relay, entries, pass } = await start({ commit, limits: { storageRetryMs: 1_000 } })
    const kept = device.push(contacts)
    client.send(kept)
    await client.next('pushed')
    full = true
    const refusedPushes = [device.push(contacts), device.push(drafts)]
    client.send(...refusedPushes)
    for (const document of [contacts, drafts])
      expect(await client.next('refused')).toMatchObject({
        request: 'push',
        document,
        code: 'storage-unavailable',
        retryable: true,
        retryAfterMs: 1_000,
        message: 'The disk is full.',
      })
    expect(relay.ready()).toEqual({ ok: false, reasons: ['The disk is full.'] })
    await pass(3_000)
    expect(relay.ready().ok).toBe(false)
    expect(entries()).toBe(1)
    full = false
    await pass(1_000)
    expect(relay.ready()).toEqual({ ok: true, reasons: [] })
    client.send(...refusedPushes)
    expect((await client.next('pushed')).numbers).toEqual([2])
    expect((await client.next('pushed')).numbers).toEqual([1])
  })
})

describe('draining', () => {
  it('answers what was received, then says goodbye and takes nothing more', async () => {
    const { device, client, relay, connect, entries } = await start()
    client.send(device.push(contacts), device.push(contacts))
    const drained = relay.drain()
    client.send(device.push(contacts))
    await drained
    expect((await client.next('pushed')).numbers).toEqual([1])
    expect((await client.next('pushed')).numbers).toEqual([2])
    expect(await client.next('refused')).toMatchObject({ request: '', code: 'draining', retryable: true })
    expect(await client.closed()).toBe(4512)
    expect(entries()).toBe(2)
    expect(relay.ready().ok).toBe(false)
    const late = connect()
    expect(await late.next('refused')).toMatchObject({ code: 'draining' })
    expect(await late.closed()).toBe(4512)
  })
})

it('frames that only a relay sends, and bytes that are no frame, end the connection', async () => {
  const { connect, device } = await start()
  for (const bytes of [encodeFrame({ type: 'pong', id: 1, timeMs: 2 }), new Uint8Array(0), new Uint8Array([7, 255])]) {
    const client = connect()
    await client.logIn(device)
    client.link.send(bytes)
    expect(await client.next('refused')).toMatchObject({ code: 'malformed-frame' })
    expect(await client.closed()).toBe(4400)
  }
})

function emptyCursor(account: TestAccount) {
  return { document: contacts, number: 0, hash: account.emptyLog(contacts) }
}
