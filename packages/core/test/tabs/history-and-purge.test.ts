// What concerns history and deleted records, in tabs that lead and tabs that follow.
import { expect, it, onTestFinished } from 'vitest'
import { createAccount, openAccount, type Sync } from '../../src'
import { historyOf, keepHistory } from '../../src/history'
import type { SyncEngine } from '../../src/sync'
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
