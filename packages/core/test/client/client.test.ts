// The public face on a platform whose every timer, socket and lock is counted: what it promises, and what it leaves behind.
import { beforeEach, describe, expect, it } from 'vitest'
import {
  createAccount,
  hasAccount,
  joinAccount,
  openAccount,
  openMemoryStore,
  type Store,
  type Sync,
  type SyncError,
} from '../../src'
import { MemoryDisk } from '../../src/storage'
import { FakePlatform, settle } from '../sync/support/fake-platform'
import { refusal, ScriptedRelay } from '../sync/support/scripted-relay'

type Contact = { name: string; phone?: string }

const relayUrl = 'wss://relay.example'

let platform: FakePlatform
let relay: ScriptedRelay

beforeEach(() => {
  platform = new FakePlatform(5)
  relay = new ScriptedRelay()
  relay.serve(platform)
})

interface Device {
  readonly sync: Sync
  readonly disk: MemoryDisk
  readonly phrase: string
  readonly errors: SyncError[]
}

async function create(options: { online?: boolean; store?: Store } = {}): Promise<Device> {
  const disk = new MemoryDisk()
  const { sync, recoveryPhrase } = await createAccount({
    platform,
    store: openMemoryStore(disk),
    relay: relayUrl,
    deviceName: 'laptop',
    ...options,
  })
  const errors: SyncError[] = []
  sync.on((event) => {
    if (event.type === 'error') errors.push(event.error)
  })
  await settle()
  return { sync, disk, phrase: recoveryPhrase, errors }
}

function expectNothingLeft(): void {
  expect(platform.timers).toEqual([])
  expect(platform.openSockets).toEqual([])
  expect(platform.locks).toBe(0)
}

/** What became of a promise by now. */
async function now(promise: Promise<unknown>): Promise<unknown> {
  let outcome: unknown = 'waiting'
  promise.then(
    () => {
      outcome = 'done'
    },
    (error) => {
      outcome = error.code ?? error
    },
  )
  await settle()
  return outcome
}

describe('an account', () => {
  it.each([
    ['ws://relay.example', /use wss/],
    ['ws://192.168.0.5:8080', /use wss/],
    ['ws://localhost.example', /use wss/],
    ['https://relay.example', /use wss/],
    ['relay.example', /not the address/],
    ['', /not the address/],
  ])('is not made with the relay %s, and nothing is written', async (address, message) => {
    const disk = new MemoryDisk()
    const options = { platform, store: openMemoryStore(disk), relay: address, deviceName: 'laptop' }
    for (const attempt of [createAccount(options), joinAccount({ ...options, recoveryPhrase: 'x' })])
      await expect(attempt).rejects.toMatchObject({ code: 'relay-unreachable', retryable: false, message })
    expect(await openMemoryStore(disk).list([])).toEqual([])
    expectNothingLeft()
  })

  it.each(['ws://localhost:8080', 'ws://127.0.0.1:1', 'ws://[::1]:8080', 'wss://relay.example/path'])(
    'is made with the relay %s',
    async (address) => {
      const { sync } = await createAccount({
        platform,
        store: openMemoryStore(),
        relay: address,
        deviceName: 'laptop',
      })
      expect(platform.socket.url).toBe(address)
      await sync.close()
    },
  )

  it('is in a store once: made, opened, and open in one place at a time', async () => {
    const disk = new MemoryDisk()
    const store = () => openMemoryStore(disk)
    const options = { platform, relay: relayUrl, deviceName: 'laptop', online: false }
    expect(await hasAccount(store(), platform)).toBe(false)
    await expect(openAccount({ platform, store: store() })).rejects.toMatchObject({ code: 'profile-missing' })
    const { sync, recoveryPhrase } = await createAccount({ ...options, store: store() })
    expect(await hasAccount(store(), platform)).toBe(true)
    await expect(createAccount({ ...options, store: store() })).rejects.toMatchObject({ code: 'profile-exists' })
    const joining = joinAccount({ ...options, store: store(), recoveryPhrase })
    await expect(joining).rejects.toMatchObject({ code: 'profile-exists' })
    await expect(openAccount({ ...options, store: store() })).rejects.toMatchObject({ code: 'profile-in-use' })
    await sync.close()
    const again = await openAccount({ ...options, store: store() })
    expect([again.accountId, again.deviceId]).toEqual([sync.accountId, sync.deviceId])
    await again.close()
    expectNothingLeft()
  })

  it('whose rows are damaged is refused as damaged, and is not left locked', async () => {
    const { sync, disk } = await create({ online: false })
    await (await sync.open<Contact>('contacts')).add('ann', { name: 'Ann' })
    await sync.close()
    for (const [key, value] of await openMemoryStore(disk).list([])) {
      const damaged = disk.copy()
      await openMemoryStore(damaged).commit({ put: [[key, value.subarray(0, value.length - 1)]] })
      const opening = openAccount({ platform, store: openMemoryStore(damaged), online: false }).then(async (opened) => {
        try {
          await opened.open('contacts')
        } finally {
          await opened.close()
        }
      })
      await expect(opening, String(key)).rejects.toMatchObject({ code: 'profile-damaged' })
      expectNothingLeft()
    }
  })

  it('opens a name once, however it is spelled and however often it is asked for', async () => {
    const { sync } = await create({ online: false })
    const [first, second] = await Promise.all([sync.open('Café'), sync.open('Cafe\u0301')])
    expect(first).toBe(second)
    expect(await sync.open('Café')).toBe(first)
    expect(Object.keys(sync.status.documents)).toEqual(['Café'])
    await sync.close()
  })

  it('that was closed while it was being opened leaves nothing', async () => {
    const { sync } = await create()
    const opening = sync.open('contacts').catch((error) => error.code)
    await sync.close()
    await opening
    expectNothingLeft()
  })
})

describe('the status', () => {
  it('is green when everything is stored, here, and the connection stands; and at no other time', async () => {
    const { sync } = await create()
    const contacts = await sync.open<Contact>('contacts')
    expect(sync.status.isGreen).toBe(false)
    await settle()
    expect(sync.status).toMatchObject({ connection: 'online', state: 'stored', unsent: 0, isGreen: true })
    relay.instead = (frame) => frame.type === 'push'
    await contacts.add('ann', { name: 'Ann' })
    await settle()
    expect(sync.status).toMatchObject({ state: 'local', unsent: 1, isGreen: false })
    relay.cut()
    await settle()
    expect(sync.status).toMatchObject({ connection: 'waiting', isGreen: false })
    relay.instead = () => false
    await platform.advance(1_000)
    expect(sync.status).toMatchObject({ connection: 'online', state: 'stored', unsent: 0, isGreen: true })
    sync.goOffline()
    expect(sync.status).toMatchObject({ connection: 'offline', isGreen: false })
    await sync.close()
  })

  it('is not green offline, though no collection is open', async () => {
    const { sync } = await create({ online: false })
    expect(sync.status.isGreen).toBe(false)
    await sync.close()
  })

  it('tells a refusal and a store that fails, while they last', async () => {
    const store = openMemoryStore()
    let isBroken = false
    const commit: Store['commit'] = (...input) =>
      isBroken ? Promise.reject(new TypeError('the disk is full')) : store.commit(...input)
    const { sync, errors } = await create({ store: { ...store, commit } })
    const contacts = await sync.open<Contact>('contacts')
    await settle()
    isBroken = true
    const write = contacts.add('ann', { name: 'Ann' })
    expect(await now(write)).toBe('waiting')
    expect(contacts.get('ann')).toEqual({ name: 'Ann' })
    expect(sync.status).toMatchObject({ storage: { code: 'storage-failed' }, isGreen: false })
    isBroken = false
    await platform.advance(60_000)
    await write
    await settle()
    expect(sync.status).toMatchObject({ storage: undefined, unsent: 0, isGreen: true })
    relay.instead = (frame, relayEnd) => {
      if (frame.type !== 'auth') return false
      relayEnd.say(refusal('auth', 'device-unknown', false))
      relayEnd.end(4401)
      return true
    }
    relay.cut()
    await platform.advance(60_000)
    expect(sync.status).toMatchObject({ connection: 'refused', refusal: { code: 'device-unknown' }, isGreen: false })
    expect(errors.map(({ code }) => code)).toContain('device-unknown')
    await sync.close()
    expectNothingLeft()
  })

  it('a listener that throws keeps nobody from hearing, and nothing from being done', async () => {
    const uncaught: unknown[] = []
    const others = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection')
    process.on('unhandledRejection', (error) => uncaught.push(error))
    const defect = new TypeError('a defect of the app')
    const fail = () => {
      throw defect
    }
    const { sync, phrase } = await create()
    const heard: string[] = []
    sync.subscribe(fail)
    sync.subscribe(() => heard.push('status'))
    sync.on(fail)
    const contacts = await sync.open<Contact>('contacts')
    contacts.subscribe(fail)
    contacts.subscribe((changed) => heard.push([...(changed ?? [])].join()))
    await contacts.add('ann', { name: 'Ann' })
    const store = openMemoryStore()
    const other = await joinAccount({ platform, store, relay: relayUrl, deviceName: 'phone', recoveryPhrase: phrase })
    const theirs = await other.open<Contact>('contacts')
    await settle()
    await theirs.add('bob', { name: 'Bob' })
    await settle()
    expect(contacts.get('bob')).toEqual({ name: 'Bob' })
    expect(sync.status.isGreen).toBe(true)
    expect(heard).toContain('ann')
    expect(heard).toContain('bob')
    expect(heard).toContain('status')
    await Promise.all([sync.close(), other.close()])
    await settle()
    process.removeAllListeners('unhandledRejection')
    for (const listener of others) process.on('unhandledRejection', listener)
    expect(uncaught.length).toBeGreaterThan(0)
    expect(new Set(uncaught)).toEqual(new Set([defect]))
  })

  it('a subscription ends when it is told to, even by a listener, and one function may have several', async () => {
    const { sync } = await create({ online: false })
    let calls = 0
    const listener = () => void calls++
    const endFirst = sync.subscribe(listener)
    const endSecond = sync.subscribe(listener)
    endFirst()
    sync.goOnline()
    expect(calls).toBeGreaterThan(0)
    endSecond()
    const before = calls
    sync.goOffline()
    expect(calls).toBe(before)
    await sync.close()
  })
})

describe('waiting for the relay', () => {
  it('flush is over when what was written before it is stored, whatever is written meanwhile', async () => {
    const { sync } = await create()
    const contacts = await sync.open<Contact>('contacts')
    await settle()
    let pushes = 0
    relay.instead = (frame) => {
      if (frame.type !== 'push') return false
      // A new edit before each answer: there is always something unsent.
      pushes++
      void contacts.add(`more${pushes}`, { name: 'more' })
      return pushes > 5
    }
    await contacts.add('ann', { name: 'Ann' })
    expect(await now(sync.flush())).toBe('done')
    expect(sync.status.unsent).toBeGreaterThan(0)
    await sync.close()
  })

  it('flush waits offline, and ends with its signal or with the account', async () => {
    const { sync } = await create({ online: false })
    const contacts = await sync.open<Contact>('contacts')
    await contacts.add('ann', { name: 'Ann' })
    const controller = new AbortController()
    const aborted = sync.flush({ signal: controller.signal })
    const closed = sync.flush()
    const caughtUp = sync.whenCaughtUp()
    expect([await now(aborted), await now(closed), await now(caughtUp)]).toEqual(['waiting', 'waiting', 'waiting'])
    controller.abort('enough')
    await expect(aborted).rejects.toBe('enough')
    const outcomes = Promise.allSettled([closed, caughtUp])
    await sync.close()
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { code: 'closed' } })
    await expect(sync.flush({ signal: AbortSignal.abort('at once') })).rejects.toBe('at once')
    await expect(sync.flush()).rejects.toMatchObject({ code: 'closed' })
    await expect(sync.whenCaughtUp()).rejects.toMatchObject({ code: 'closed' })
  })

  it('both are over once the connection brought everything there and here', async () => {
    const { sync } = await create({ online: false })
    const contacts = await sync.open<Contact>('contacts')
    await contacts.add('ann', { name: 'Ann' })
    const waiting = [sync.flush(), sync.whenCaughtUp()]
    sync.goOnline()
    await settle()
    await Promise.all(waiting)
    expect(sync.status.isGreen).toBe(true)
    await sync.close()
  })
})

describe('closing', () => {
  it('twice and at once leaves no timer, socket or lock, whatever the connection was doing', async () => {
    for (const moment of ['offline', 'dialling', 'waiting', 'logging in', 'online', 'sending'] as const) {
      platform = new FakePlatform(5)
      relay = new ScriptedRelay()
      relay.serve(platform)
      relay.isReachable = moment !== 'waiting'
      const { sync } = await create({ online: false })
      const contacts = await sync.open<Contact>('contacts')
      const write = contacts.add('ann', { name: 'Ann' })
      if (moment === 'logging in') relay.instead = (frame) => frame.type === 'auth'
      if (moment === 'sending') relay.instead = (frame) => frame.type === 'push'
      if (moment !== 'offline') sync.goOnline()
      if (moment !== 'dialling') await settle()
      await Promise.all([sync.close(), sync.close(), write])
      await sync.close()
      expectNothingLeft()
      sync.goOnline()
      await platform.advance(120_000)
      expect(platform.openSockets, moment).toEqual([])
      expectNothingLeft()
    }
  })

  it('keeps everything that was written, sent or not', async () => {
    const { sync, disk } = await create({ online: false })
    const contacts = await sync.open<Contact>('contacts')
    const writes = Array.from({ length: 50 }, (_, i) => contacts.add(`c${i}`, { name: `${i}` }))
    await sync.close()
    await Promise.all(writes)
    const again = await openAccount({ platform, store: openMemoryStore(disk), online: false })
    expect((await again.open('contacts')).size).toBe(50)
    await again.close()
  })

  it('refuses what comes after it, by name', async () => {
    const { sync } = await create()
    const contacts = await sync.open<Contact>('contacts')
    await sync.close()
    await expect(contacts.add('ann', { name: 'Ann' })).rejects.toMatchObject({ code: 'closed' })
    await expect(sync.open('notes')).rejects.toMatchObject({ code: 'closed' })
    expect(contacts.get('ann')).toBeUndefined()
    sync.goOffline()
    expectNothingLeft()
  })

  it('ends though the disk is broken, and says which writes were lost', async () => {
    for (const isKnown of [true, false]) {
      const store = openMemoryStore()
      let isBroken = false
      const commit: Store['commit'] = (...input) =>
        isBroken ? Promise.reject(new TypeError('the disk is gone')) : store.commit(...input)
      const { sync } = await create({ store: { ...store, commit } })
      const contacts = await sync.open<Contact>('contacts')
      await settle()
      isBroken = true
      const write = expect(contacts.add('ann', { name: 'Ann' })).rejects.toMatchObject({ code: 'closed' })
      if (isKnown) await settle()
      const lost = { code: 'unsaved-edits', message: expect.stringContaining('an edit') }
      await expect(sync.close()).rejects.toMatchObject(lost)
      if (isKnown) {
        expect(sync.status.storage?.code).toBe('storage-failed')
        await sync.close({ discardUnsaved: true })
      }
      await write
      expectNothingLeft()
    }
  })
})
