// What concerns history and deleted records, in tabs that lead and tabs that follow.
import { expect, it, onTestFinished } from 'vitest'
import { type Collection, createAccount, joinAccount, openAccount, type Sync } from '../../src'
import { historyOf, keepHistory } from '../../src/history'
import type { SyncEngine } from '../../src/sync'
import { FakePlatform } from '../sync/support/fake-platform'
import { ScriptedRelay } from '../sync/support/scripted-relay'
import { FakeOrigin, type FakeTab } from './support/origin'

type Contact = { name: string }

const DAY_MS = 86_400_000

async function open(tab: FakeTab): Promise<Sync> {
  const sync = await openAccount({ platform: tab.platform, store: tab.store, online: false })
  onTestFinished(() => sync.close())
  return sync
}

async function createIn(origin: FakeOrigin): Promise<Sync> {
  const { platform, store } = origin.tab()
  const options = { platform, store, relay: 'wss://relay.example', deviceName: 'laptop', online: false }
  const { sync } = await createAccount(options)
  onTestFinished(() => sync.close())
  return sync
}

const leadingIn = (sync: Sync): SyncEngine | undefined =>
  (sync['engine'] as unknown as { readonly leading: SyncEngine | undefined }).leading

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5))
}

it('a history is kept for as long as the app says, in whichever tab leads, and whenever it leads again', async () => {
  const origin = new FakeOrigin()
  const first = await createIn(origin)
  const second = await open(origin.tab())
  await keepHistory(first, { days: 365 })
  await keepHistory(second, { days: 365 })
  expect([leadingIn(first)?.history.keepMs, leadingIn(second)]).toEqual([365 * DAY_MS, undefined])
  const contacts = await second.open<Contact>('contacts')
  await historyOf(second, contacts).changes()
  expect([leadingIn(first), leadingIn(second)?.history.keepMs]).toEqual([undefined, 365 * DAY_MS])
  await second.close()
  await until(() => leadingIn(first) !== undefined)
  expect(leadingIn(first)?.history.keepMs).toBe(365 * DAY_MS)
})

it('a tab that follows purges, has the history and tells what it takes', async () => {
  const origin = new FakeOrigin()
  const first = await createIn(origin)
  const second = await open(origin.tab())
  const [here, there] = await Promise.all([first, second].map((sync) => sync.open<Contact>('contacts')))
  await here!.add('ann', { name: 'Ann' })
  await here!.add('bob', { name: 'Bob' })
  await here!.delete('ann')
  await until(() => there!.deletedIds().length === 1)
  await there!.purge('ann')
  await until(() => here!.deletedIds().length === 0)
  await expect(here!.restore('ann')).rejects.toMatchObject({ code: 'record-missing' })
  expect(leadingIn(second)).toBeUndefined()
  const { changes } = await historyOf(second, there!).changes()
  expect(changes.map(({ id, kind }) => `${id} ${kind}`)).toEqual(['ann deleted', 'bob added', 'ann added'])
  expect(await historyOf(first, here!).bytes()).toBe(0)
})

it('a tab that follows is refused a purge while another device has not shown that it has the delete, though it just heard of it', async () => {
  const network = new FakePlatform(5)
  new ScriptedRelay().serve(network)
  const openedAtMs = Date.now()
  const online = { connect: network.connect, now: () => network.timeMs + Date.now() - openedAtMs }
  const account = { relay: 'wss://relay.example' }
  const origin = new FakeOrigin()
  const first = origin.tab(online)
  const { sync, recoveryPhrase } = await createAccount({ ...account, ...first, deviceName: 'laptop' })
  onTestFinished(() => sync.close())
  const { platform, store } = origin.tab(online)
  const following = await openAccount({ platform, store })
  onTestFinished(() => following.close())
  const phone = await joinAccount({ ...account, ...new FakeOrigin().tab(online), deviceName: 'phone', recoveryPhrase })
  onTestFinished(() => phone.close())
  const [atLeader, atFollower, atPhone] = await Promise.all(
    [sync, following, phone].map((each) => each.open<Contact>('contacts')),
  )
  const isSeen = ({ unsent, copies }: Collection<Contact>['status']): boolean =>
    unsent === 0 && copies.length === 1 && copies[0]!.isComplete
  await atLeader!.add('by the leader', { name: 'Ann' })
  await atLeader!.add('by the follower', { name: 'Bob' })
  await until(() => atPhone!.size === 2 && isSeen(atFollower!.status))

  phone.goOffline()
  const asked = new Promise<unknown>((resolve) => {
    const stop = atFollower!.subscribe(() => {
      if (atFollower!.deletedIds().length === 0) return
      stop()
      resolve(atFollower!.purge('by the leader').catch((error: unknown) => error))
    })
  })
  await atLeader!.delete('by the leader')
  const refusal = { code: 'purge-too-early', retryable: true, device: phone.deviceId }
  expect(await asked).toMatchObject(refusal)
  await atFollower!.delete('by the follower')
  await expect(atFollower!.purge('by the follower')).rejects.toMatchObject(refusal)
  await until(() => atLeader!.deletedIds().length === 2)
  await expect(atFollower!.purge('by the follower')).rejects.toMatchObject(refusal)

  phone.goOnline()
  await until(() => isSeen(atFollower!.status) && atPhone!.deletedIds().length === 2)
  await atFollower!.purge('by the leader', 'by the follower')
  await until(() => atLeader!.deletedIds().length === 0 && atPhone!.deletedIds().length === 0)
  expect(leadingIn(following)).toBeUndefined()
})
