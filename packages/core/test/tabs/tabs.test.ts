import { expect, it, onTestFinished } from 'vitest'
import { type Collection, createAccount, createUndo, openAccount, type Sync, type SyncError } from '../../src'
import type { AccountEngine, LiveDocument, SyncEngine } from '../../src/sync'
import { FakeOrigin, type FakeTab } from './support/origin'

type Contact = { name: string; phone?: string }

async function open(tab: FakeTab): Promise<Sync> {
  const sync = await openAccount({ platform: tab.platform, store: tab.store, online: false })
  onTestFinished(() => (tab.isStopped ? undefined : sync.close()))
  return sync
}

async function createIn(origin: FakeOrigin): Promise<{ readonly tab: FakeTab; readonly sync: Sync }> {
  const tab = origin.tab()
  const { sync } = await createAccount({
    ...{ platform: tab.platform, store: tab.store, relay: 'wss://relay.example', deviceName: 'laptop', online: false },
  })
  onTestFinished(() => (tab.isStopped ? undefined : sync.close()))
  return { tab, sync }
}

/** Has the engine that leads write its pending transactions again as another writer, as after a fork. */
async function writeAgain(sync: Sync): Promise<void> {
  const { leading } = sync['engine'] as unknown as { readonly leading: SyncEngine }
  for (const document of leading.documents.all()) await document['ownWriter'].takeNewWriter()
}

function sorted(contacts: Collection<Contact>): (readonly [string, Contact])[] {
  return contacts.list().sort(([a], [b]) => (a < b ? -1 : 1))
}

/** What stands behind the collection of this name. */
function textsOf(sync: Sync): Promise<() => LiveDocument> {
  const { documents } = sync['engine'] as unknown as AccountEngine
  return documents.open('contacts')
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5))
}

it('three tabs that edit at once show the same', async () => {
  const origin = new FakeOrigin()
  const { sync } = await createIn(origin)
  const tabs = [sync, await open(origin.tab()), await open(origin.tab())]
  const all = await Promise.all(tabs.map((each) => each.open<Contact>('contacts')))
  await all[0]!.add('shared', { name: 'Shared' })
  await until(() => all.every((each) => each.has('shared')))
  await Promise.all(
    all.map(async (contacts, i) => {
      for (let n = 0; n < 20; n++) await contacts.add(`${i}-${n}`, { name: `Name ${n}` })
      await contacts.update('shared', { name: `Tab ${i}` })
    }),
  )
  await until(() => all.every((each) => each.size === 61 && each.status.unsent === all[0]!.status.unsent))
  const lists = all.map(sorted)
  expect(lists[1]).toEqual(lists[0])
  expect(lists[2]).toEqual(lists[0])
  expect(all.map((each) => each.conflicts().length)).toEqual([
    all[0]!.conflicts().length,
    all[0]!.conflicts().length,
    all[0]!.conflicts().length,
  ])
  expect(sync.status.unsent).toBe(64)
})

it('every tab knows which device wrote the values of a conflict', async () => {
  const origin = new FakeOrigin()
  const { sync } = await createIn(origin)
  const second = await open(origin.tab())
  const [leader, follower] = [await sync.open<Contact>('contacts'), await second.open<Contact>('contacts')]
  await leader.add('ann', { name: 'Ann' })
  await until(() => follower.has('ann'))
  // Neither has heard of the other.
  await Promise.all([leader.update('ann', { name: 'by one' }), follower.update('ann', { name: 'by the other' })])
  await until(() => leader.conflicts().length === 1 && follower.conflicts().length === 1)
  const device = { id: sync.deviceId, name: sync.devices()[0]!.name }
  for (const contacts of [leader, follower])
    expect(contacts.conflicts()[0]!.candidates.map((each) => each.device)).toEqual([device, device])
})

it('a tab undoes what was written in it, whoever leads meanwhile, and leaves alone what another tab wrote since', async () => {
  const origin = new FakeOrigin()
  const { sync } = await createIn(origin)
  const second = await open(origin.tab())
  const [leader, follower] = [await sync.open<Contact>('contacts'), await second.open<Contact>('contacts')]
  const undo = createUndo([follower], { captureMs: 0 })
  await follower.add('ann', { name: 'Ann' })
  await follower.update('ann', { name: 'Anna' })
  await follower.update('ann', { phone: '1' })
  await until(() => leader.get('ann')?.phone === '1')
  await leader.update('ann', { phone: 'by the other tab' })
  await until(() => follower.get('ann')?.phone === 'by the other tab')
  expect((await undo.undo())?.skipped).toEqual([
    { collection: 'contacts', id: 'ann', field: 'phone', reason: 'changed-since' },
  ])
  await until(() => second.status.unsent === 4)
  await writeAgain(sync)
  await sync.close()
  expect((await undo.undo())?.skipped).toEqual([])
  await until(() => second.status.unsent === 5)
  expect(follower.get('ann')).toEqual({ name: 'Ann', phone: 'by the other tab' })
  await undo.redo()
  expect(follower.get('ann')?.name).toBe('Anna')
})

it('when the leader is closed, a follower goes on with everything', async () => {
  const origin = new FakeOrigin()
  const { sync } = await createIn(origin)
  const second = await open(origin.tab())
  const third = await open(origin.tab())
  const contacts = await second.open<Contact>('contacts')
  const others = await third.open<Contact>('contacts')
  await contacts.add('ann', { name: 'Ann' })
  await sync.close()
  await contacts.add('bob', { name: 'Bob' })
  await others.add('eve', { name: 'Eve' })
  await until(() => contacts.size === 3 && others.size === 3)
  await until(() => second.status.unsent === 3 && third.status.unsent === 3)
  expect(contacts.conflicts()).toEqual([])
})

it('when the leader is killed, what followers stored and did not announce is taken over', async () => {
  const origin = new FakeOrigin()
  const { tab, sync } = await createIn(origin)
  const first = await sync.open<Contact>('contacts')
  await first.add('own', { name: 'Own' })
  const second = await open(origin.tab())
  const contacts = await second.open<Contact>('contacts')
  tab.kill()
  await contacts.add('ann', { name: 'Ann' })
  await contacts.update('own', { name: 'Changed' })
  await until(() => second.status.unsent === 3)
  expect(sorted(contacts)).toEqual([
    ['ann', { name: 'Ann' }],
    ['own', { name: 'Changed' }],
  ])
})

it('a leader that is stopped is replaced, and follows when it wakes', async () => {
  const origin = new FakeOrigin()
  const { tab, sync } = await createIn(origin)
  const first = await sync.open<Contact>('contacts')
  await first.add('own', { name: 'Own' })
  const second = await open(origin.tab())
  const contacts = await second.open<Contact>('contacts')
  tab.stop()
  await contacts.add('ann', { name: 'Ann' })
  await until(() => second.status.unsent === 2)
  tab.resume()
  await until(() => first.has('ann'))
  await first.add('late', { name: 'Late' })
  await until(() => contacts.has('late'))
  expect(second.status.unsent).toBe(3)
})

it('errors of the leader reach the follower with their code', async () => {
  const origin = new FakeOrigin()
  await createIn(origin)
  const second = await open(origin.tab())
  await expect(second.removeDevices(['00'.repeat(16)])).rejects.toMatchObject({
    name: 'SyncError',
    code: 'device-unknown',
  } satisfies Partial<SyncError>)
  expect(second.devices().length).toBe(1)
  expect((await second.unconfirmedPhrase())?.split(' ').length).toBe(24)
})

it('what a deposed leader had on its way to the disk is written once, by whoever it is then', async () => {
  const origin = new FakeOrigin()
  const { tab, sync } = await createIn(origin)
  const first = await sync.open<Contact>('contacts')
  await first.add('ann', { name: 'Ann' })
  const second = await open(origin.tab())
  const contacts = await second.open<Contact>('contacts')
  await first.increment('ann', 'uses', 1)
  await until(() => contacts.counter('ann', 'uses') === 1)

  // It does not hear that it is about to be stopped, and three edits are between its memory and the disk.
  const letThrough = tab.holdCommits()
  const late = [
    first.increment('ann', 'uses', 10),
    first.update('ann', { name: 'Ann B.' }),
    first.add('bob', { name: 'Bob' }),
  ]
  tab.stop({ isTold: false })
  await contacts.increment('ann', 'uses', 100)
  await contacts.update('ann', { phone: '1' })
  await until(() => second.status.unsent === 4 && origin.leader !== tab && origin.leader !== undefined)
  letThrough()
  tab.resume()
  await Promise.all(late)
  await until(() => contacts.has('bob') && contacts.counter('ann', 'uses') === 111)
  for (const each of [first, contacts]) {
    expect(sorted(each)).toEqual([
      ['ann', { name: 'Ann B.', phone: '1' }],
      ['bob', { name: 'Bob' }],
    ])
    expect(each.counter('ann', 'uses')).toBe(111)
    expect(each.conflicts()).toEqual([])
  }
})

it('edits that a tab made on a document which the leader has built anew since are written again on it', async () => {
  const origin = new FakeOrigin()
  const { sync } = await createIn(origin)
  const first = await sync.open<Contact>('contacts')
  await first.add('ann', { name: 'Ann' })
  const tab = origin.tab()
  const second = await open(tab)
  const contacts = await second.open<Contact>('contacts')
  await contacts.update('ann', { name: 'From the second' })
  await contacts.increment('ann', 'uses', 1)
  await until(() => first.counter('ann', 'uses') === 1)
  // It hears of nothing meanwhile, and its lane goes on where it was.
  tab.stop({ isTold: false })
  await writeAgain(sync)
  await contacts.update('ann', { phone: '1' })
  await contacts.increment('ann', 'uses', 4)
  await contacts.increment('ann', 'uses', 6)
  tab.resume()
  await until(() => first.counter('ann', 'uses') === 11 && contacts.counter('ann', 'uses') === 11)
  for (const each of [first, contacts]) expect(each.get('ann')).toEqual({ name: 'From the second', phone: '1' })
  await contacts.update('ann', { phone: '2' })
  await until(() => first.get('ann')?.phone === '2')
  expect(first.conflicts()).toEqual([])
})

it('a tab that has the profile to itself keeps others out, and is kept out by them', async () => {
  const origin = new FakeOrigin()
  const { sync } = await createIn(origin)
  const alone = { platform: origin.tab().platform, store: origin.tab().store, online: false, tabs: 'alone' as const }
  const held = { ...alone, platform: { ...alone.platform, lock: async () => undefined } }
  await expect(openAccount(held)).rejects.toMatchObject({ code: 'profile-in-use' })
  await sync.close()
  const later = await open(origin.tab())
  expect(later.status.unsent).toBe(0)
})

it('an account that is wiped in one tab is closed in the others', async () => {
  const origin = new FakeOrigin()
  const { sync } = await createIn(origin)
  const second = await open(origin.tab())
  const contacts = await second.open<Contact>('contacts')
  await contacts.add('ann', { name: 'Ann' })
  expect((await second.unsentEdits()).collections).toMatchObject([{ name: 'contacts', changes: [{ id: 'ann' }] }])
  const problems: string[] = []
  second.on((event) => event.type === 'error' && problems.push(event.error.code))
  await sync.wipe()
  await until(() => problems.includes('closed'))
  await expect(contacts.add('bob', { name: 'Bob' })).rejects.toMatchObject({ code: 'closed' })
})

it('what is typed in a text in any tab is among the unsent edits, and is taken in by any', async () => {
  const origin = new FakeOrigin()
  const { sync } = await createIn(origin)
  const first = await sync.open<Contact>('contacts', { texts: ['notes'] })
  await first.add('ann', { name: 'Ann' })
  const inFirst = await first.text('ann', 'notes')
  inFirst.replaceWithText('from school')
  const second = await open(origin.tab())
  const contacts = await second.open<Contact>('contacts', { texts: ['notes'] })
  await until(() => contacts.get('ann') !== undefined)
  const inSecond = await contacts.text('ann', 'notes')
  await until(() => inSecond.toText() === 'from school')
  inSecond.replaceWithText('from school\nplays chess')
  await until(() => inFirst.toText() === 'from school\nplays chess')
  const edits = JSON.stringify(await second.unsentEdits())
  expect(edits).toContain('plays chess')
  inFirst.replaceWithText('')
  await until(() => inSecond.toText() === '')
  const note = { element: 'paragraph', children: [{ text: [{ insert: 'plays go' }] }] }
  const change = { id: 'ann', kind: 'change', timeMs: 1, texts: { notes: { root: 'x', before: [], after: [note] } } }
  await second.importEdits({ ...JSON.parse(edits), collections: [{ name: 'contacts', changes: [change] }] })
  await until(() => inFirst.toText().includes('plays go'))
})

it('a follower is told of nothing that is not on disk: what it writes rests on it', async () => {
  const origin = new FakeOrigin()
  const { tab, sync } = await createIn(origin)
  const first = await sync.open<Contact>('contacts')
  await first.add('ann', { name: 'Ann' })
  const second = await open(origin.tab())
  const contacts = await second.open<Contact>('contacts')
  const letThrough = tab.holdCommits()
  const late = first.add('late', { name: 'Late' })
  // There and back, twice.
  for (let n = 0; n < 2; n++) await second.unconfirmedPhrase()
  const told = contacts.ids()
  letThrough()
  expect(told).toEqual(['ann'])
  await late
  await until(() => contacts.has('late'))
})

it('what a follower writes is said to be stored when it is on disk, and not before', async () => {
  const origin = new FakeOrigin()
  const { sync } = await createIn(origin)
  const first = await sync.open<Contact>('contacts')
  const tab = origin.tab()
  const second = await open(tab)
  const contacts = await second.open<Contact>('contacts')
  const letThrough = tab.holdCommits()
  let isSaid = false
  const stored = contacts.add('ann', { name: 'Ann' }).then(() => {
    isSaid = true
  })
  // There and back, twice.
  for (let n = 0; n < 2; n++) await second.unconfirmedPhrase()
  const early = [isSaid, first.has('ann')]
  letThrough()
  expect(early).toEqual([false, false])
  await stored
  await until(() => first.has('ann'))
})

it('a text that every tab types in is the same in all, and outlives the leader', async () => {
  const origin = new FakeOrigin()
  const { sync } = await createIn(origin)
  const second = await open(origin.tab())
  const third = await open(origin.tab())
  const documents = await Promise.all([sync, second, third].map((each) => textsOf(each)))
  const [leader, follower, other] = documents.map((document) => () => document().texts.getText('body'))
  leader!().insert(0, 'one ')
  await until(() => follower!().toString() === 'one ')
  follower!().insert(4, 'two ')
  await until(() => other!().toString() === 'one two ')
  other!().insert(8, 'three')
  await until(() => leader!().toString() === 'one two three')
  const bound = [follower!(), other!()]
  await sync.close()
  follower!().insert(0, 'zero ')
  await until(() => follower!().toString() === other!().toString() && second.status.unsent === 4)
  expect(other!().toString()).toBe('zero one two three')
  // Editors go on in what they are bound to.
  expect(follower!() === bound[0] && other!() === bound[1]).toBe(true)
})

it('what is typed while the lead changes hands is kept once, by whoever led and by whoever does', async () => {
  const origin = new FakeOrigin()
  const { tab, sync } = await createIn(origin)
  const second = await open(origin.tab())
  const [first, follower] = (await Promise.all([textsOf(sync), textsOf(second)])).map(
    (document) => () => document().texts.getText('body'),
  )
  first!().insert(0, 'one ')
  await until(() => follower!().toString() === 'one ')
  tab.stop()
  follower!().insert(4, 'two ')
  await until(() => second.status.unsent === 2)
  follower!().insert(8, 'three ')
  first!().insert(0, 'zero ')
  tab.resume()
  await until(() => first!().toString() === follower!().toString() && second.status.unsent === 4)
  expect(first!().toString()).toBe('zero one two three ')
})
