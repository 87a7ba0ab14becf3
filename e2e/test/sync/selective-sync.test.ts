// A data type that a device does not sync, and which devices hold a copy of what: two devices at a real relay, every frame counted.
import { createAccount, joinAccount, openAccount, openMemoryStore, type Sync } from '@owlivion/sync'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MemoryDisk } from '../../../packages/core/src/storage'
import { type CountedPlatform, countedPlatform, speaksOf } from '../../support/counted-platform'
import { temporaryFolder } from '../../support/temporary-folder'
import { type PipeRelay, startPipeRelay } from '../../support/world'

type Note = { text: string }

const relay = 'ws://127.0.0.1:1'
let world: PipeRelay
let opened: Sync[]
let laptopPlatform: CountedPlatform
let laptopDisk: MemoryDisk
let laptop: Sync
let phone: Sync

const eventually = (check: () => void): Promise<void> => vi.waitFor(check, 60_000)

beforeEach(async () => {
  world = startPipeRelay(temporaryFolder())
  laptopPlatform = countedPlatform(world.platform)
  laptopDisk = new MemoryDisk()
  const account = { relay, platform: laptopPlatform, store: openMemoryStore(laptopDisk), deviceName: 'laptop' }
  const created = await createAccount(account)
  laptop = created.sync
  await laptop.flush()
  const { recoveryPhrase } = created
  const { platform } = world
  phone = await joinAccount({ relay, platform, store: openMemoryStore(), deviceName: 'phone', recoveryPhrase })
  opened = [laptop, phone]
})
afterEach(async () => {
  for (const sync of opened) await sync.close()
  await world.close()
})

/** The id under which the wire knows a collection that the phone has written to. */
function wireIdOf(documents: readonly string[]): string {
  const [first] = documents
  if (first === undefined || documents.length !== 1) throw new TypeError(`${documents.length} documents, and not one`)
  return first
}

const subscribed = (platform: CountedPlatform): string[] =>
  platform.frames.flatMap(({ frame }) =>
    frame.type === 'subscribe' ? frame.cursors.map(({ document }) => Buffer.from(document).toString('hex')) : [],
  )

/** Bytes on the wire that speak of the document, in both directions. */
function bytesOf(platform: CountedPlatform, document: string): number {
  const frames = platform.frames.filter(({ frame }) => speaksOf(frame, document))
  return frames.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

describe('a data type that is switched off', () => {
  it('costs no byte, keeps what is written on the device, and back-fills when it is on again', async () => {
    await laptop.setCollectionEnabled('notes', false)
    await laptop.setCollectionEnabled('notes', false)
    const theirs = await phone.open<Note>('notes')
    const phonePlatform = countedPlatform(world.platform)
    for (let i = 0; i < 20; i++) await theirs.add(`phone ${i}`, { text: 'from the phone' })
    await phone.flush()

    const notes = await laptop.open<Note>('notes')
    const people = await laptop.open<Note>('people')
    await notes.add('mine', { text: 'from the laptop' })
    await people.add('ann', { text: 'Ann' })
    await laptop.flush()
    await laptop.whenCaughtUp()
    expect(notes.status).toMatchObject({ isOff: true, state: 'local', unsent: 1, caughtUp: false })
    expect(laptop.status.unsent).toBe(1)
    expect(laptop.isCollectionEnabled('notes')).toBe(false)
    const peopleId = wireIdOf([...new Set(subscribed(laptopPlatform))])
    await theirs.add('while it is off', { text: 'live' })
    await phone.flush()

    // The keyring has been read, the connection came anew, heartbeats passed: still nothing.
    world.cutConnections()
    await eventually(() => expect(laptop.status.connection).toBe('online'))
    await eventually(() => expect(people.status.caughtUp).toBe(true))
    expect([...new Set(subscribed(laptopPlatform))]).toEqual([peopleId])
    expect(laptopPlatform.frames.filter(({ frame }) => ['push', 'seen-put'].includes(frame.type))).not.toEqual([])
    const others = laptopPlatform.frames.filter(
      ({ frame }) => 'document' in frame && frame.document !== undefined && !speaksOf(frame, peopleId),
    )
    expect(others).toEqual([])
    expect(notes.ids()).toEqual(['mine'])
    expect(phonePlatform.frames).toEqual([])

    await laptop.setCollectionEnabled('notes', true)
    await eventually(() => expect(notes.ids().length).toBe(22))
    await eventually(() => expect(theirs.has('mine')).toBe(true))
    expect(notes.status).toMatchObject({ isOff: false, unsent: 0 })
    await eventually(() => expect(laptop.status.isGreen).toBe(true))
  })

  it('is followed no more from the moment it is switched off, and stays off across restarts', async () => {
    const notes = await laptop.open<Note>('notes')
    const theirs = await phone.open<Note>('notes')
    await theirs.add('before', { text: 'seen' })
    await eventually(() => expect(notes.has('before')).toBe(true))
    const id = wireIdOf([...new Set(subscribed(laptopPlatform))])
    await laptop.setCollectionEnabled('notes', false)
    // The relay has heard of it.
    await laptop.refreshDevices()
    laptopPlatform.frames.splice(0)
    await theirs.add('after', { text: 'unseen' })
    await notes.add('mine', { text: 'not sent' })
    await phone.flush()
    await laptop.refreshDevices()
    expect(bytesOf(laptopPlatform, id)).toBe(0)
    expect(notes.has('after')).toBe(false)

    await laptop.close()
    laptopPlatform.frames.splice(0)
    const again = await openAccount({ platform: laptopPlatform, store: openMemoryStore(laptopDisk) })
    opened = [again, phone]
    const same = await again.open<Note>('notes')
    await again.refreshDevices().catch(() => {})
    await eventually(() => expect(again.status.connection).toBe('online'))
    await again.refreshDevices()
    expect(again.isCollectionEnabled('notes')).toBe(false)
    expect(same.status.isOff).toBe(true)
    expect(bytesOf(laptopPlatform, id)).toBe(0)
    expect(same.get('mine')).toEqual({ text: 'not sent' })
    await again.setCollectionEnabled('notes', true)
    await eventually(() => expect(same.has('after')).toBe(true))
    await eventually(() => expect(theirs.has('mine')).toBe(true))
  })

  it('keeps nobody from changing the key, nor from saying that all is stored', async () => {
    await laptop.setCollectionEnabled('notes', false)
    await laptop.open<Note>('notes')
    const people = await laptop.open<Note>('people')
    await people.add('ann', { text: 'Ann' })
    await laptop.flush()
    await eventually(() => expect(laptop.status.isGreen).toBe(true))
    await laptop.rotateKeys()
    await laptop.syncNow()
  })
})

describe('the copies of a collection', () => {
  it('are told by device: who has all of it, who is behind, when it was heard of, and what has only this one', async () => {
    const notes = await laptop.open<Note>('notes')
    expect(notes.status).toMatchObject({ copies: [], isOnlyCopy: false })
    await notes.add('first', { text: '1' })
    await laptop.flush()
    expect(notes.status).toMatchObject({ copies: [], isOnlyCopy: true })

    const theirs = await phone.open<Note>('notes')
    await eventually(() => expect(notes.status.copies.map(({ isComplete }) => isComplete)).toEqual([true]))
    const [copy] = notes.status.copies
    expect(copy?.device).toBe(phone.deviceId)
    expect(copy?.lastHeardMs).toBeLessThanOrEqual(laptopPlatform.now() + 1)
    expect(notes.status.isOnlyCopy).toBe(false)
    expect(theirs.status.copies).toMatchObject([{ device: laptop.deviceId, isComplete: true }])

    // Switched off over there, it stays a copy of what it was.
    await phone.setCollectionEnabled('notes', false)
    await notes.add('second', { text: '2' })
    expect(notes.status).toMatchObject({ isOnlyCopy: true })
    await laptop.flush()
    expect(notes.status).toMatchObject({ copies: [{ device: phone.deviceId, isComplete: false }], isOnlyCopy: true })
    await phone.setCollectionEnabled('notes', true)
    await eventually(() => expect(notes.status.isOnlyCopy).toBe(false))
  })

  it('are known offline after a restart, and those of a removed device do not count', async () => {
    const notes = await laptop.open<Note>('notes')
    await notes.add('first', { text: '1' })
    await phone.open<Note>('notes')
    await eventually(() => expect(notes.status.isOnlyCopy).toBe(false))
    const { copies } = notes.status
    await laptop.close()
    const again = await openAccount({ platform: laptopPlatform, store: openMemoryStore(laptopDisk), online: false })
    opened = [again, phone]
    const same = await again.open<Note>('notes')
    expect(same.status).toMatchObject({ copies, isOnlyCopy: false })
    again.goOnline()
    await again.removeDevices([phone.deviceId])
    await eventually(() => expect(same.status).toMatchObject({ copies: [], isOnlyCopy: true }))
  })
})
