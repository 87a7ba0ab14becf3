import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Collection,
  createAccount,
  joinAccount,
  openAccount,
  openMemoryStore,
  type Platform,
  recoverAccount,
  type Sync,
  type SyncError,
} from '@owlivion/sync'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MemoryDisk } from '../../../packages/core/src/storage'
import { type PipeRelay, startPipeRelay } from '../../support/world'

type Contact = { name: string; phone?: string; note?: string }

const relay = 'ws://127.0.0.1:1'
let folder: string
let world: PipeRelay
let opened: Sync[]
let errors: SyncError[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'owlivion-'))
  world = startPipeRelay(folder)
  opened = []
  errors = []
})
afterEach(async () => {
  for (const sync of opened) await sync.close()
  await world.close()
  rmSync(folder, { recursive: true })
})

/** Resolves when the condition holds, looked at after every change of status or data. */
async function until(sync: Sync, collection: Collection<Contact>, isTrue: () => boolean): Promise<void> {
  await new Promise<void>((resolve) => {
    const check = (): void => {
      if (!isTrue()) return
      endStatus()
      endData()
      resolve()
    }
    const endStatus = sync.subscribe(check)
    const endData = collection.subscribe(check)
    check()
  })
}

function keep(sync: Sync): Sync {
  opened.push(sync)
  sync.on((event) => {
    if (event.type === 'error') errors.push(event.error)
  })
  return sync
}

interface Device {
  readonly sync: Sync
  readonly contacts: Collection<Contact>
  readonly disk: MemoryDisk
}

async function createDevice(
  platform: Platform = world.platform,
  online = true,
): Promise<Device & { readonly recoveryPhrase: string }> {
  const disk = new MemoryDisk()
  const { sync, recoveryPhrase } = await createAccount({
    platform,
    relay,
    store: openMemoryStore(disk),
    deviceName: 'laptop',
    online,
  })
  return { sync: keep(sync), recoveryPhrase, disk, contacts: await sync.open<Contact>('contacts') }
}

async function joinDevice(recoveryPhrase: string, platform: Platform = world.platform): Promise<Device> {
  const disk = new MemoryDisk()
  const sync = keep(
    await joinAccount({ platform, relay, store: openMemoryStore(disk), deviceName: 'phone', recoveryPhrase }),
  )
  return { sync, disk, contacts: await sync.open<Contact>('contacts') }
}

async function reopen(disk: MemoryDisk, platform: Platform = world.platform): Promise<Device> {
  const sync = keep(await openAccount({ platform, store: openMemoryStore(disk) }))
  return { sync, disk, contacts: await sync.open<Contact>('contacts') }
}

async function pair(): Promise<{ a: Device & { recoveryPhrase: string }; b: Device }> {
  const a = await createDevice()
  await a.sync.whenCaughtUp()
  const b = await joinDevice(a.recoveryPhrase)
  await b.sync.whenCaughtUp()
  return { a, b }
}

const byKey = ([x]: readonly [string, ...unknown[]], [y]: readonly [string, ...unknown[]]): number => (x < y ? -1 : 1)

/** All records, with ids and fields in order. */
function contents({ contacts }: Device): unknown {
  return Object.fromEntries(
    contacts
      .list()
      .sort(byKey)
      .map(([id, record]) => [id, Object.fromEntries(Object.entries(record).sort(byKey))]),
  )
}

async function untilEqual(a: Device, b: Device): Promise<void> {
  await a.sync.flush()
  await b.sync.flush()
  const same = (): boolean =>
    JSON.stringify(contents(a)) === JSON.stringify(contents(b)) &&
    JSON.stringify(a.contacts.conflicts()) === JSON.stringify(b.contacts.conflicts())
  await Promise.all([until(a.sync, a.contacts, same), until(b.sync, b.contacts, same)])
}

describe('two devices of one account', () => {
  it('show each other’s edits, which are stored and then seen', async () => {
    const { a, b } = await pair()
    await a.contacts.add('ann@example.com', { name: 'Ann' })
    await a.sync.flush()
    await until(b.sync, b.contacts, () => b.contacts.has('ann@example.com'))
    expect(b.contacts.get('ann@example.com')).toEqual({ name: 'Ann' })
    await until(a.sync, a.contacts, () => a.sync.status.state === 'seen')
    expect(a.sync.status.isGreen).toBe(true)
    expect(a.sync.devices().map((device) => device.name)).toEqual(['laptop', 'phone'])
    expect(errors).toEqual([])
  })

  it('keep both values of a field that both changed while offline, until one is chosen', async () => {
    const { a, b } = await pair()
    await a.contacts.add('ann@example.com', { name: 'Ann', phone: '1' })
    await untilEqual(a, b)
    a.sync.goOffline()
    b.sync.goOffline()
    await a.contacts.update('ann@example.com', { phone: '2' })
    await new Promise((resolve) => setTimeout(resolve, 5))
    await b.contacts.update('ann@example.com', { phone: '3', note: 'from the phone' })
    a.sync.goOnline()
    b.sync.goOnline()
    await untilEqual(a, b)
    expect(contents(a)).toEqual({ 'ann@example.com': { name: 'Ann', phone: '3', note: 'from the phone' } })
    const [conflict] = a.contacts.conflicts()
    expect(conflict?.candidates.map((candidate) => candidate.value)).toEqual(['3', '2'])
    await a.contacts.update('ann@example.com', { phone: '2' })
    await untilEqual(a, b)
    expect(b.contacts.conflicts()).toEqual([])
    expect(b.contacts.get('ann@example.com')?.phone).toBe('2')
    expect(errors).toEqual([])
  })

  it('lose nothing when connections break again and again', async () => {
    const { a, b } = await pair()
    for (let i = 0; i < 200; i++) {
      await (i % 2 ? a : b).contacts.add(`c${i}`, { name: `N${i}` })
      if (i % 20 === 7) world.cutConnections()
    }
    await untilEqual(a, b)
    expect(a.contacts.size).toBe(200)
  })

  it('come back from disk with everything, sent or not', async () => {
    const { a, b } = await pair()
    await a.contacts.add('one', { name: 'One' })
    await a.sync.flush()
    a.sync.goOffline()
    await a.contacts.add('two', { name: 'Two' })
    await a.sync.close()
    const again = await reopen(a.disk)
    expect(contents(again)).toEqual({ one: { name: 'One' }, two: { name: 'Two' } })
    await again.contacts.update('two', { name: 'Two again' })
    await untilEqual(again, b)
    expect(b.contacts.get('two')).toEqual({ name: 'Two again' })
    expect(errors).toEqual([])
  })

  it('send what was written even when its collection is not opened again', async () => {
    const { a, b } = await pair()
    a.sync.goOffline()
    const drafts = await a.sync.open<Contact>('drafts')
    await drafts.add('one', { name: 'Written offline' })
    await a.sync.close()
    const again = await reopen(a.disk)
    expect(again.sync.status.unsent).toBe(1)
    await again.sync.flush()
    expect(again.sync.status.unsent).toBe(0)
    const onB = await b.sync.open<Contact>('drafts')
    await b.sync.whenCaughtUp()
    expect(onB.get('one')).toEqual({ name: 'Written offline' })
    // Opened at last, it tells of changes like any other.
    const reopened = await again.sync.open<Contact>('drafts')
    expect(reopened.get('one')).toEqual({ name: 'Written offline' })
    await onB.update('one', { name: 'Changed' })
    await until(again.sync, reopened, () => reopened.get('one')?.name === 'Changed')
    expect(errors).toEqual([])
  })

  it('merge thousands of edits written in one go', async () => {
    const { a, b } = await pair()
    await a.contacts.addAll(
      Array.from({ length: 3_000 }, (_, i) => [`c${i}`, { name: `Name ${i}`, note: 'x'.repeat(100) }] as const),
    )
    for (let i = 0; i < 3_000; i++) void a.contacts.update(`c${i % 500}`, { phone: String(i) })
    await untilEqual(a, b)
    expect(b.contacts.size).toBe(3_000)
    expect(b.contacts.get('c499')?.phone).toBe('2999')
    const again = await joinDevice(a.recoveryPhrase)
    await again.sync.whenCaughtUp()
    expect(contents(again)).toEqual(contents(a))
    await again.sync.close()
    expect(contents(await reopen(again.disk))).toEqual(contents(a))
    expect(errors).toEqual([])
  })

  it('lose nothing when a device’s disk is restored to an older state', async () => {
    const { a, b } = await pair()
    await a.contacts.add('kept', { name: 'Kept', phone: '1' })
    await untilEqual(a, b)
    await a.sync.close()
    const older = a.disk.copy()
    const first = await reopen(a.disk)
    await first.contacts.add('after', { name: 'Written after the copy' })
    await first.contacts.update('kept', { phone: '2' })
    await untilEqual(first, b)
    await first.sync.close()

    const restored = await reopen(older)
    restored.sync.goOffline()
    await restored.contacts.add('offline', { name: 'Written on the restored disk' })
    await restored.contacts.update('kept', { note: 'restored' })
    restored.sync.goOnline()
    await untilEqual(restored, b)
    expect(contents(b)).toEqual({
      after: { name: 'Written after the copy' },
      kept: { name: 'Kept', note: 'restored', phone: '2' },
      offline: { name: 'Written on the restored disk' },
    })
    await restored.contacts.update('after', { phone: '9' })
    await b.contacts.update('offline', { phone: '8' })
    await untilEqual(restored, b)
    expect(errors).toEqual([])
  })

  it('are not thrown by a clock that is a year off', async () => {
    const off = { ...world.platform, now: () => Date.now() - 365 * 86_400_000 }
    const a = await createDevice(off, false)
    await a.contacts.add('ann', { name: 'Ann' })
    await a.contacts.update('ann', { phone: 'first, offline, in last year' })
    a.sync.goOnline()
    await a.sync.flush()
    const b = await joinDevice(a.recoveryPhrase)
    await b.sync.whenCaughtUp()
    const [candidate] = b.contacts.conflicts()
    expect(candidate).toBeUndefined()
    a.sync.goOffline()
    b.sync.goOffline()
    await b.contacts.update('ann', { phone: 'earlier' })
    await new Promise((resolve) => setTimeout(resolve, 20))
    await a.contacts.update('ann', { phone: 'later' })
    a.sync.goOnline()
    b.sync.goOnline()
    await untilEqual(a, b)
    expect(b.contacts.get('ann')?.phone).toBe('later')
    expect(errors).toEqual([])
  })

  it('recovering with the phrase removes the other devices and keeps the data', async () => {
    const { a, b } = await pair()
    await a.contacts.add('ann', { name: 'Ann' })
    await untilEqual(a, b)
    const disk = new MemoryDisk()
    const sync = keep(
      await recoverAccount({
        platform: world.platform,
        relay,
        store: openMemoryStore(disk),
        deviceName: 'new',
        recoveryPhrase: a.recoveryPhrase,
      }),
    )
    const c = { sync, disk, contacts: await sync.open<Contact>('contacts') }
    await sync.whenCaughtUp()
    expect(contents(c)).toEqual({ ann: { name: 'Ann' } })
    await until(a.sync, a.contacts, () => a.sync.status.connection === 'removed')
    await c.contacts.add('bob', { name: 'Bob' })
    await sync.flush()
    const d = await joinDevice(a.recoveryPhrase)
    await d.sync.whenCaughtUp()
    expect(contents(d)).toEqual({ ann: { name: 'Ann' }, bob: { name: 'Bob' } })
  })
})

describe('a new account', () => {
  it('is flushed when another device can join, also when nothing was written', async () => {
    const disk = new MemoryDisk()
    const options = { platform: world.platform, relay, store: openMemoryStore(disk), deviceName: 'laptop' }
    const { sync, recoveryPhrase } = await createAccount(options)
    keep(sync)
    await sync.flush()
    const b = await joinDevice(recoveryPhrase)
    await b.sync.whenCaughtUp()
    await sync.close()
    // Offline and with nothing to send, an account that the relay knows is flushed.
    const again = keep(await openAccount({ platform: world.platform, store: openMemoryStore(disk), online: false }))
    await again.flush()
    expect(errors).toEqual([])
  })
})
