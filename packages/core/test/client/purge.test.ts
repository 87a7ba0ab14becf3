// Deleted records as a person sees them: until when they are there, and removing them for good.
import { expect, it, onTestFinished } from 'vitest'
import { type Collection, createAccount, createUndo, joinAccount, openAccount, type Sync } from '../../src'
import { historyOf } from '../../src/history'
import type { AccountEngine, LiveDocument } from '../../src/sync'
import { HistoryWorld } from '../history/support'
import { FakePlatform } from '../sync/support/fake-platform'
import { ScriptedRelay } from '../sync/support/scripted-relay'
import { FakeOrigin, type FakeTab } from '../tabs/support/origin'

const DAY_MS = 86_400_000
type Note = { title: string }

async function laptopAndPhone() {
  const world = await HistoryWorld.create(['laptop', 'phone'])
  onTestFinished(() => world.close())
  const [laptop, phone] = world.devices
  /** Until what everybody has read was told to everybody. */
  const settled = async (): Promise<void> => {
    await world.upToDate()
    await world.platform.advance(5_000)
    await world.upToDate()
  }
  return { world, laptop: laptop!, phone: phone!, settled }
}

const liveOf = async (sync: Sync): Promise<LiveDocument> => {
  const { documents } = sync['engine'] as unknown as AccountEngine
  return (await documents.open('notes'))()
}

it('is listed with its date, and removed for good on every device when a person asks for it', async () => {
  const { laptop, phone, settled } = await laptopAndPhone()
  await laptop.contacts.add('ann', { name: 'Ann' })
  await laptop.contacts.increment('ann', 'mails', 3)
  await laptop.contacts.add('bob', { name: 'Bob' })
  await settled()
  await phone.contacts.delete('ann')
  await settled()
  const [deleted] = laptop.contacts.recentlyDeleted()
  expect(deleted).toMatchObject({ id: 'ann', device: { name: 'phone' } })
  expect(deleted!.purgeAtMs).toBe(deleted!.deletedAtMs + 30 * DAY_MS)
  // What is there, and what never was, stays as it is.
  await laptop.contacts.purge('bob', 'nobody')
  await laptop.contacts.purge('ann', 'bob')
  await settled()
  for (const { contacts } of [laptop, phone]) {
    expect(contacts.recentlyDeleted()).toEqual([])
    expect(contacts.ids()).toEqual(['bob'])
    await expect(contacts.restore('ann')).rejects.toMatchObject({ code: 'record-missing' })
    await expect(contacts.update('ann', { name: 'Anna' })).rejects.toMatchObject({ code: 'record-missing' })
  }
  await phone.contacts.add('ann', { phone: '1' })
  await settled()
  expect(laptop.contacts.get('ann')).toEqual({ phone: '1' })
  expect(laptop.contacts.counter('ann', 'mails')).toBe(0)
})

it('is not removed before every device has shown that it has the delete, nor while an edit of it is undecided', async () => {
  const { world, laptop, phone, settled } = await laptopAndPhone()
  await laptop.contacts.add('ann', { name: 'Ann' })
  await settled()
  phone.sync.goOffline()
  await phone.contacts.update('ann', { phone: '1' })
  await laptop.contacts.delete('ann')
  await expect(laptop.contacts.purge('ann')).rejects.toMatchObject({ code: 'purge-too-early', retryable: true })
  await world.platform.advance(5_000)
  await expect(laptop.contacts.purge('ann')).rejects.toMatchObject({ code: 'purge-too-early' })
  await settled()
  expect(laptop.contacts.deleteConflicts().map(({ id }) => id)).toEqual(['ann'])
  await laptop.contacts.purge('ann')
  expect(laptop.contacts.deleteConflicts().map(({ id }) => id)).toEqual(['ann'])
  await expect(laptop.contacts.resolveDelete('ann', 'maybe' as never)).rejects.toMatchObject({ code: 'invalid-value' })
  expect(laptop.contacts.deleteConflicts()).toHaveLength(1)
  await laptop.contacts.resolveDelete('ann', 'delete')
  await settled()
  await laptop.contacts.purge('ann')
  await settled()
  expect(phone.contacts.deletedIds()).toEqual([])
})

it('takes its conflicts along', async () => {
  const { laptop, phone, settled } = await laptopAndPhone()
  await laptop.contacts.add('ann', { name: 'Ann' })
  await settled()
  phone.sync.goOffline()
  laptop.sync.goOffline()
  await laptop.contacts.update('ann', { name: 'Anna' })
  await phone.contacts.update('ann', { name: 'Annie' })
  await settled()
  expect(laptop.contacts.conflicts().length).toBe(1)
  await laptop.contacts.delete('ann')
  await settled()
  await laptop.contacts.purge('ann')
  await settled()
  for (const { contacts } of [laptop, phone]) {
    expect(contacts.conflicts()).toEqual([])
    expect(contacts.deleteConflicts()).toEqual([])
  }
})

it('is named as skipped when the delete is undone after all, and cannot be undone itself', async () => {
  const { laptop, phone, settled } = await laptopAndPhone()
  await laptop.contacts.add('ann', { name: 'Ann' })
  const undo = createUndo([laptop.contacts], { captureMs: 0 })
  await laptop.contacts.delete('ann')
  await settled()
  await phone.contacts.purge('ann')
  await settled()
  expect(await undo.undo()).toMatchObject({ records: 0, skipped: [{ collection: 'contacts', id: 'ann' }] })
  expect(laptop.contacts.has('ann')).toBe(false)
  expect(undo.canUndo).toBe(false)
})

it('stays in the history, which can bring back what it was', async () => {
  const { world, laptop, phone, settled } = await laptopAndPhone()
  await laptop.contacts.add('ann', { name: 'Ann', phone: '1' })
  await settled()
  const beforeMs = world.platform.now()
  await world.platform.advance(60_000)
  await laptop.contacts.delete('ann')
  await settled()
  await laptop.contacts.purge('ann')
  await settled()
  const history = historyOf(phone.sync, phone.contacts)
  const { changes } = await world.run(history.changes({ id: 'ann' }))
  expect(changes.map(({ kind }) => kind)).toEqual(['deleted', 'added'])
  await world.run(history.restoreTo(beforeMs))
  await settled()
  expect(laptop.contacts.get('ann')).toEqual({ name: 'Ann', phone: '1' })
})

async function openTab(tab: FakeTab): Promise<Sync> {
  const sync = await openAccount({ platform: tab.platform, store: tab.store, online: false })
  onTestFinished(() => sync.close())
  return sync
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5))
}

it('is removed from a tab that follows, too, and leaves nothing of its texts', async () => {
  const origin = new FakeOrigin()
  const first = origin.tab()
  const options = { platform: first.platform, store: first.store, relay: 'wss://relay.example', deviceName: 'laptop' }
  const { sync } = await createAccount({ ...options, online: false })
  onTestFinished(() => sync.close())
  const following = await openTab(origin.tab())
  const open = (each: Sync): Promise<Collection<Note>> => each.open<Note>('notes', { texts: ['body'] })
  const [leader, follower] = [await open(sync), await open(following)]
  for (const [id, asking, other] of [
    ['by the leader', leader, follower],
    ['by the follower', follower, leader],
  ] as const) {
    await asking.add(id, { title: id })
    const body = await asking.text(id, 'body')
    body.replaceWithText('a long story '.repeat(200))
    await until(() => other.has(id))
    await asking.delete(id)
    await until(() => other.deletedIds().length === 1)
    expect(asking.recentlyDeleted()[0]).toMatchObject({ id })
    await asking.purge(id)
    await until(() => other.deletedIds().length === 0)
    expect(asking.deletedIds()).toEqual([])
    for (const each of [sync, following]) {
      const { texts } = await liveOf(each)
      await until(() => [...texts.share.keys()].every((name) => texts.getXmlFragment(name).length === 0))
    }
    body.close()
  }
})

it('is not removed early by a device whose clock is years ahead, to which all others seem to be silent', async () => {
  const network = new FakePlatform(5)
  new ScriptedRelay().serve(network)
  const online = { connect: network.connect, now: () => Date.now() + 400 * DAY_MS }
  const account = { relay: 'wss://relay.example' }
  const laptop = await createAccount({ ...account, ...new FakeOrigin().tab(online), deviceName: 'laptop' })
  onTestFinished(() => laptop.sync.close())
  const { recoveryPhrase } = laptop
  const phone = await joinAccount({ ...account, ...new FakeOrigin().tab(online), deviceName: 'phone', recoveryPhrase })
  onTestFinished(() => phone.close())
  const [notes, atPhone] = [await laptop.sync.open<Note>('notes'), await phone.open<Note>('notes')]
  await notes.add('secret', { title: 'Party' })
  await until(() => atPhone.has('secret') && notes.status.copies.some(({ isComplete }) => isComplete))
  phone.goOffline()
  await notes.delete('secret')
  await until(() => notes.status.unsent === 0)
  await expect(notes.purge('secret')).rejects.toMatchObject({ code: 'purge-too-early', device: phone.deviceId })
  phone.goOnline()
  await until(() => notes.status.copies.every(({ isComplete }) => isComplete))
  await notes.purge('secret')
  await until(() => atPhone.deletedIds().length === 0)
})
