// When a device syncs: on a platform whose clock and network are the test's, with a relay that counts its guests.
import { beforeEach, describe, expect, it } from 'vitest'
import { createAccount, joinAccount, openAccount, openMemoryStore, type Sync, type SyncMode } from '../../src'
import { MemoryDisk } from '../../src/storage'
import { FakePlatform, settle } from '../sync/support/fake-platform'
import { refusal, ScriptedRelay } from '../sync/support/scripted-relay'

type Contact = { name: string }

const MINUTE_MS = 60_000
const relayUrl = 'wss://relay.example'

let platform: FakePlatform
let relay: ScriptedRelay
/** The wall clock, beside the time that timers count. */
let clockSetByMs: number

beforeEach(() => {
  platform = new FakePlatform(7)
  relay = new ScriptedRelay()
  relay.serve(platform)
  clockSetByMs = 0
  Object.assign(platform, { now: () => platform.timeMs + clockSetByMs })
})

const device = (disk: MemoryDisk) => ({ platform, store: openMemoryStore(disk), relay: relayUrl, deviceName: 'laptop' })

interface Opened {
  readonly sync: Sync
  readonly disk: MemoryDisk
  readonly phrase: string
}

/** A device that has been in step with its relay, and syncs in this mode from now on. */
async function openWith(mode: SyncMode, more: { onStart?: boolean; onNetworkReturn?: boolean } = {}): Promise<Opened> {
  const disk = new MemoryDisk()
  const { sync, recoveryPhrase } = await createAccount(device(disk))
  await sync.open<Contact>('contacts')
  await settle()
  await sync.setSchedule({ mode, ...more })
  await eventually(() => !sync.schedule.isRunning)
  return { sync, disk, phrase: recoveryPhrase }
}

/** Opens the account again, as after a restart. */
async function reopen(disk: MemoryDisk, options: { online?: boolean } = {}): Promise<Sync> {
  const sync = await openAccount({ platform, store: openMemoryStore(disk), ...options })
  await sync.open<Contact>('contacts')
  await settle()
  return sync
}

/** Connections since the last call. */
function dials(): number {
  return platform.sockets.splice(0).length
}

async function add(sync: Sync, id: string): Promise<void> {
  await (await sync.open<Contact>('contacts')).add(id, { name: id })
}

/** Lets time pass until this holds: signing takes real time, in which that of the platform stands still. */
async function eventually(holds: () => boolean): Promise<void> {
  for (let step = 0; !holds(); step++) {
    if (step > 6_000) throw new TypeError('it never came to hold')
    await platform.advance(50)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** Lets this much time pass, slowly while the device syncs. */
async function pass(sync: Sync, ms: number): Promise<void> {
  for (const end = platform.timeMs + ms; platform.timeMs < end; ) {
    await platform.advance(Math.min(5_000, end - platform.timeMs))
    await eventually(() => !sync.schedule.isRunning)
  }
}

/** Lets time pass until the promise has an outcome. */
async function ended<T>(promise: Promise<T>): Promise<T> {
  let isOver = false
  const over = (): void => {
    isOver = true
  }
  promise.then(over, over)
  await eventually(() => isOver)
  return promise
}

describe('a device that syncs every so many minutes', () => {
  it.each([15, 30, 60, 120, 240] as const)(
    'connects every %d minutes, sends and reads everything, and goes',
    async (minutes) => {
      const { sync, phrase } = await openWith(minutes)
      const phoneDisk = new MemoryDisk()
      const phone = await joinAccount({ ...device(phoneDisk), deviceName: 'phone', recoveryPhrase: phrase })
      await phone.open<Contact>('contacts')
      await settle()
      await pass(sync, 5_000)
      expect(platform.openSockets.length).toBe(1)
      await add(sync, 'from the laptop')
      await add(phone, 'from the phone')
      await pass(sync, (minutes - 1) * MINUTE_MS)
      expect(sync.status).toMatchObject({ connection: 'offline', unsent: 1 })
      await pass(sync, 2 * MINUTE_MS)
      expect(sync.status).toMatchObject({ connection: 'offline', unsent: 0 })
      expect((await sync.open('contacts')).has('from the phone')).toBe(true)
      const theirs = await phone.open('contacts')
      await eventually(() => theirs.has('from the laptop'))
      expect(platform.openSockets.length).toBe(1)
      const { lastRun, nextRunMs } = sync.schedule
      expect(lastRun?.failed).toBeUndefined()
      expect(nextRunMs).toBe((lastRun?.endedAtMs ?? 0) + minutes * MINUTE_MS)
      await Promise.all([sync.close(), phone.close()])
    },
  )

  it('tells the others what it has read before it goes', async () => {
    const { sync, phrase } = await openWith(15)
    const phone = await joinAccount({ ...device(new MemoryDisk()), deviceName: 'phone', recoveryPhrase: phrase })
    await phone.close()
    await add(sync, 'ann')
    await pass(sync, 16 * MINUTE_MS)
    relay.heard.splice(0)
    await add(sync, 'bob')
    await pass(sync, 16 * MINUTE_MS)
    expect(relay.heard.filter((type) => type === 'seen-put').length).toBe(1)
    expect(relay.heard.at(-1)).toBe('ping')
    await sync.close()
  })

  it('tells nobody where there is no other', async () => {
    const { sync } = await openWith(15)
    await add(sync, 'ann')
    await pass(sync, 16 * MINUTE_MS)
    expect(sync.status.unsent).toBe(0)
    expect(relay.heard).not.toContain('seen-put')
    await sync.close()
  })

  it('stays until a long log is summed up, which waits for up to half a minute', async () => {
    const { sync } = await openWith(15)
    const noise = Array.from({ length: 40 }, () => Buffer.from(platform.random(6_000)).toString('base64'))
    const contacts = await sync.open<Contact>('contacts')
    await contacts.add('contact 0', { name: '' })
    for (const text of noise) await contacts.update('contact 0', { name: text })
    await pass(sync, 16 * MINUTE_MS)
    expect(relay.heard).toContain('snapshot-put')
    expect(sync.status.connection).toBe('offline')
    const { lastRun } = sync.schedule
    expect(lastRun?.failed).toBeUndefined()
    await sync.close()
  })

  it('runs once after a sleep of hours, and a timer that fires late is no other', async () => {
    const { sync } = await openWith(15)
    dials()
    // Asleep: the clock goes on, no timer does.
    clockSetByMs += 7 * 60 * MINUTE_MS
    await pass(sync, 2 * MINUTE_MS)
    expect(dials()).toBe(1)
    expect(sync.schedule.nextRunMs).toBeGreaterThan(platform.now() + 12 * MINUTE_MS)
    // And with timers that fire hours late, all at once.
    platform.timeMs += 7 * 60 * MINUTE_MS
    await pass(sync, MINUTE_MS)
    expect(dials()).toBe(1)
    await sync.close()
  })

  it('does not wait for years when the clock is set back, nor run for each year when it is set ahead', async () => {
    const { sync } = await openWith(30)
    dials()
    const year = 365 * 24 * 60 * MINUTE_MS
    clockSetByMs -= year
    await pass(sync, 32 * MINUTE_MS)
    expect(dials()).toBe(1)
    clockSetByMs += 3 * year
    await pass(sync, 2 * MINUTE_MS)
    expect(dials()).toBe(1)
    await pass(sync, 25 * MINUTE_MS)
    expect(dials()).toBe(0)
    clockSetByMs -= 2 * year
    await pass(sync, 4 * MINUTE_MS)
    expect(dials()).toBe(1)
    await sync.close()
  })

  it('goes on after a restart where it was: neither a run too many nor one that is left out', async () => {
    const { sync, disk } = await openWith(60, { onStart: false })
    const { nextRunMs, lastRun } = sync.schedule
    await sync.close()
    expect(platform.timers).toEqual([])
    dials()
    await pass(sync, 20 * MINUTE_MS)
    const again = await reopen(disk)
    expect(again.schedule).toMatchObject({ mode: 60, onStart: false, onNetworkReturn: true, lastRun, nextRunMs })
    expect(dials()).toBe(0)
    await pass(again, 42 * MINUTE_MS)
    expect(dials()).toBe(1)
    await again.close()
    // The time came while the device was off.
    await pass(sync, 90 * MINUTE_MS)
    const late = await reopen(disk)
    expect(dials()).toBe(1)
    await late.close()
    expect(platform.timers).toEqual([])
  })

  it('makes up for a run that the end of the process has cut off', async () => {
    const { sync, disk } = await openWith('live', { onStart: false })
    void sync.setSchedule({ mode: 240 })
    expect(sync.schedule.isRunning).toBe(true)
    await sync.close()
    dials()
    const again = await reopen(disk)
    expect(dials()).toBe(1)
    await again.close()
    expect(platform.timers).toEqual([])
  })

  it('syncs when it is opened, unless that is switched off', async () => {
    const { sync, disk } = await openWith(240)
    await sync.close()
    dials()
    const again = await reopen(disk)
    expect(dials()).toBe(1)
    await again.close()
    const offline = await reopen(disk, { online: false })
    expect(dials()).toBe(0)
    await expect(offline.syncNow()).rejects.toMatchObject({ code: 'sync-offline' })
    offline.goOnline()
    expect(dials()).toBe(1)
    await offline.close()
  })

  it('syncs when the network returns, but not for a network that comes and goes', async () => {
    const { sync } = await openWith(240)
    await pass(sync, 10 * MINUTE_MS)
    dials()
    sync.networkReturned()
    await pass(sync, 5_000)
    expect(dials()).toBe(1)
    for (let times = 0; times < 10; times++) {
      sync.networkReturned()
      await pass(sync, 5_000)
    }
    expect(dials()).toBe(0)
    await sync.setSchedule({ onNetworkReturn: false })
    await pass(sync, 10 * MINUTE_MS)
    sync.networkReturned()
    sync.goOnline()
    expect(dials()).toBe(0)
    await sync.close()
  })

  it('removes a device at once, and stays away again', async () => {
    const { sync, phrase } = await openWith(240)
    const phone = await joinAccount({ ...device(new MemoryDisk()), deviceName: 'phone', recoveryPhrase: phrase })
    await settle()
    await phone.close()
    await sync.syncNow().catch(() => {})
    await settle()
    dials()
    await ended(sync.removeDevices([phone.deviceId]))
    expect(sync.devices().find(({ id }) => id === phone.deviceId)?.isRemoved).toBe(true)
    await eventually(() => sync.status.connection === 'offline')
    await sync.close()
  })
})

describe('a run that fails', () => {
  it('is tried again after a minute, then less and less often, and never less than the interval', async () => {
    const { sync } = await openWith(60)
    await add(sync, 'ann')
    relay.isReachable = false
    await pass(sync, (sync.schedule.nextRunMs as number) - platform.now() + 10_000)
    expect(sync.schedule.lastRun?.failed).toBe('relay-unreachable')
    const waits: number[] = []
    for (let run = 0; run < 9; run++) {
      const { nextRunMs, lastRun } = sync.schedule
      waits.push((nextRunMs as number) - (lastRun?.endedAtMs as number))
      await pass(sync, (nextRunMs as number) - platform.now() + 10_000)
    }
    for (const [i, waitMs] of waits.entries()) {
      const ceiling = Math.min(60, 2 ** i) * MINUTE_MS
      expect(waitMs, `wait ${i}`).toBeGreaterThanOrEqual(ceiling / 2)
      expect(waitMs, `wait ${i}`).toBeLessThanOrEqual(ceiling)
    }
    relay.isReachable = true
    await pass(sync, 61 * MINUTE_MS)
    expect(sync.status.unsent).toBe(0)
    expect(sync.schedule.lastRun?.failed).toBeUndefined()
    await sync.close()
  })

  it('leaves the relay alone for as long as it asks, also across a restart and for who asks by hand', async () => {
    const { sync, disk } = await openWith(15)
    relay.instead = (frame, relayEnd) => {
      if (frame.type !== 'auth') return false
      relayEnd.say({ ...refusal('auth', 'storage-unavailable'), retryAfterMs: 40 * MINUTE_MS })
      relayEnd.end(4503)
      return true
    }
    await pass(sync, 16 * MINUTE_MS)
    expect(sync.schedule.lastRun?.failed).toBe('storage-unavailable')
    dials()
    await expect(sync.syncNow()).rejects.toMatchObject({ code: 'too-many-requests', retryable: true })
    sync.networkReturned()
    await pass(sync, 20 * MINUTE_MS)
    await sync.close()
    const again = await reopen(disk)
    expect(dials()).toBe(0)
    relay.instead = () => false
    await pass(again, 25 * MINUTE_MS)
    expect(dials()).toBe(1)
    expect(again.schedule.lastRun?.failed).toBeUndefined()
    await again.close()
  })

  it('does not fail for a connection that breaks once', async () => {
    const { sync } = await openWith(15)
    await add(sync, 'ann')
    let cuts = 0
    relay.instead = (frame, relayEnd) => {
      if (frame.type !== 'push' || cuts++ > 0) return false
      relayEnd.end()
      return true
    }
    await pass(sync, 17 * MINUTE_MS)
    expect(cuts).toBe(2)
    expect(sync.status.unsent).toBe(0)
    expect(sync.schedule.lastRun?.failed).toBeUndefined()
    await sync.close()
  })

  it('ends when nothing moves any more, and says what stands in the way', async () => {
    const { sync } = await openWith('manual')
    await add(sync, 'ann')
    relay.instead = (frame, relayEnd) => {
      if (frame.type !== 'push') return false
      relayEnd.say({ ...refusal('push', 'storage-unavailable'), document: frame.document, retryAfterMs: 30_000 })
      return true
    }
    await expect(ended(sync.syncNow())).rejects.toMatchObject({ code: 'storage-unavailable' })
    expect(sync.status.connection).toBe('offline')
    await sync.close()
  })

  it('sends and reads what can be, when the relay refuses one collection for good', async () => {
    const { sync } = await openWith('manual')
    const notes = await sync.open<Contact>('notes')
    await notes.add('n', { name: 'n' })
    await add(sync, 'ann')
    let refused: string | undefined
    relay.instead = (frame, relayEnd) => {
      if (frame.type !== 'push') return false
      refused ??= frame.document.join()
      if (refused !== frame.document.join()) return false
      relayEnd.say({ ...refusal('push', 'quota-exceeded', false), document: frame.document })
      return true
    }
    await expect(ended(sync.syncNow())).rejects.toMatchObject({ code: 'quota-exceeded' })
    expect(sync.status.unsent).toBe(1)
    await sync.close()
  })
})

describe('syncing by hand', () => {
  it('is all that a manual device does, and is over when everything is sent and read', async () => {
    const { sync } = await openWith('manual', { onStart: false, onNetworkReturn: false })
    dials()
    await add(sync, 'ann')
    sync.networkReturned()
    sync.goOnline()
    await pass(sync, 24 * 60 * MINUTE_MS)
    expect(dials()).toBe(0)
    expect(platform.timers).toEqual([])
    const run = sync.syncNow()
    const second = sync.syncNow()
    expect(sync.schedule.isRunning).toBe(true)
    await add(sync, 'written meanwhile')
    await ended(Promise.all([run, second]))
    expect(sync.status).toMatchObject({ unsent: 0, connection: 'offline' })
    expect(dials()).toBe(1)
    await sync.close()
  })

  it('tells a live device when it is in step, without disconnecting it', async () => {
    const { sync } = await openWith('live')
    await add(sync, 'ann')
    await ended(sync.syncNow())
    expect(sync.status).toMatchObject({ connection: 'online', unsent: 0 })
    relay.isReachable = false
    relay.cut()
    await settle()
    await expect(ended(sync.syncNow())).rejects.toMatchObject({ code: 'relay-unreachable' })
    relay.isReachable = true
    await eventually(() => sync.status.connection === 'online')
    await sync.close()
  })

  it('is refused by name where it cannot be, and never hangs', async () => {
    const { sync } = await openWith('manual')
    await expect(sync.syncNow({ signal: AbortSignal.abort('at once') })).rejects.toBe('at once')
    relay.instead = () => true
    const aborter = new AbortController()
    const aborted = sync.syncNow({ signal: aborter.signal })
    aborter.abort('enough')
    await expect(aborted).rejects.toBe('enough')
    const offline = sync.syncNow()
    offline.catch(() => {})
    sync.goOffline()
    await expect(offline).rejects.toMatchObject({ code: 'sync-offline' })
    await expect(sync.syncNow()).rejects.toMatchObject({ code: 'sync-offline' })
    sync.goOnline()
    const paused = sync.syncNow()
    paused.catch(() => {})
    await sync.setSchedule({ paused: true })
    await expect(paused).rejects.toMatchObject({ code: 'sync-paused' })
    await expect(sync.syncNow()).rejects.toMatchObject({ code: 'sync-paused' })
    await sync.setSchedule({ paused: false })
    const closed = sync.syncNow()
    closed.catch(() => {})
    await sync.close()
    await expect(closed).rejects.toMatchObject({ code: 'closed' })
    await expect(sync.syncNow()).rejects.toMatchObject({ code: 'closed' })
    expect(platform.timers).toEqual([])
    expect(platform.openSockets).toEqual([])
  })

  it('brings the connection that a question to the relay needs', async () => {
    const { sync } = await openWith('manual')
    dials()
    relay.instead = (frame, relayEnd) => {
      if (frame.type !== 'call') return false
      relayEnd.say({ ...refusal('call', 'unknown-call', false), state: frame.id })
      return true
    }
    await expect(ended(sync.refreshDevices())).rejects.toMatchObject({ code: 'unknown-call' })
    await eventually(() => sync.status.connection === 'offline')
    expect(dials()).toBe(1)
    await sync.close()
  })
})

describe('a pause', () => {
  it('ends the connection at once, and the time it was given ends it', async () => {
    const { sync } = await openWith('live')
    await sync.setSchedule({ paused: { untilMs: platform.now() + 90 * MINUTE_MS } })
    expect(sync.status.connection).toBe('offline')
    expect(sync.schedule).toMatchObject({ isPaused: true, pausedUntilMs: platform.now() + 90 * MINUTE_MS })
    dials()
    sync.goOnline()
    sync.networkReturned()
    await pass(sync, 89 * MINUTE_MS)
    expect(dials()).toBe(0)
    await pass(sync, 2 * MINUTE_MS)
    await eventually(() => sync.status.connection === 'online')
    expect(sync.schedule).toMatchObject({ isPaused: false, pausedUntilMs: undefined })
    await sync.close()
  })

  it('lasts until it is resumed, across restarts, and what was due meanwhile is made up for', async () => {
    const { sync, disk } = await openWith(15)
    await sync.setSchedule({ paused: true })
    await add(sync, 'ann')
    await sync.close()
    const again = await reopen(disk)
    dials()
    await pass(again, 24 * 60 * MINUTE_MS)
    expect(again.schedule).toMatchObject({ isPaused: true, pausedUntilMs: undefined, nextRunMs: undefined })
    expect(dials()).toBe(0)
    await again.setSchedule({ paused: false })
    await pass(again, 5_000)
    expect(dials()).toBe(1)
    expect(again.status.unsent).toBe(0)
    await again.close()
  })

  it('is never longer than it was meant, though the clock is set back', async () => {
    const { sync, disk } = await openWith(15)
    await sync.setSchedule({ paused: { untilMs: platform.now() + 30 * MINUTE_MS } })
    clockSetByMs -= 365 * 24 * 60 * MINUTE_MS
    await pass(sync, 10 * MINUTE_MS)
    expect(sync.schedule.isPaused).toBe(true)
    await sync.close()
    const again = await reopen(disk)
    await pass(again, 31 * MINUTE_MS)
    expect(again.schedule.isPaused).toBe(false)
    await again.close()
  })
})

describe('choosing a schedule', () => {
  it('takes nothing that is none', async () => {
    const { sync } = await openWith('live')
    for (const mode of [0, 7, 'hourly', null] as never[])
      await expect(sync.setSchedule({ mode })).rejects.toMatchObject({ code: 'invalid-value' })
    await expect(sync.setSchedule({ paused: { untilMs: Number.NaN } })).rejects.toMatchObject({ code: 'invalid-value' })
    expect(sync.schedule).toMatchObject({ mode: 'live', isPaused: false })
    await sync.close()
  })

  it('sends everything before a device that was live goes, and connects one that becomes live', async () => {
    const { sync } = await openWith('live')
    await add(sync, 'ann')
    await sync.setSchedule({ mode: 'manual' })
    await eventually(() => sync.status.connection === 'offline')
    expect(sync.status.unsent).toBe(0)
    await sync.setSchedule({ mode: 'live' })
    await settle()
    expect(sync.status.connection).toBe('online')
    await sync.close()
    expect(platform.timers).toEqual([])
  })

  it('tells whoever listens to the status', async () => {
    const { sync } = await openWith('live')
    let calls = 0
    sync.subscribe(() => calls++)
    await sync.setSchedule({ onStart: false })
    expect(calls).toBeGreaterThan(0)
    await sync.close()
  })

  it('is kept with what this device leaves out when its data is brought into another account', async () => {
    const { sync, disk } = await openWith(30)
    await sync.setCollectionEnabled('messages', false)
    await sync.close()
    relay = new ScriptedRelay()
    platform = new FakePlatform(9)
    relay.serve(platform)
    const { sync: other, recoveryPhrase } = await createAccount(device(new MemoryDisk()))
    await eventually(() => other.status.connection === 'online')
    const merged = await ended(joinAccount({ ...device(disk), deviceName: 'phone', recoveryPhrase, existing: 'merge' }))
    expect(merged.accountId).toBe(other.accountId)
    expect(merged.schedule.mode).toBe(30)
    expect(merged.isCollectionEnabled('messages')).toBe(false)
    expect(merged.isCollectionEnabled('contacts')).toBe(true)
    await Promise.all([merged.close(), other.close()])
  })
})
