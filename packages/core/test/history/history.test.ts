// Who changed what, when, on which device; and going back, while others go on.
import { applyImport, previewImport } from '@owlivion/sync/transfer'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { historyOf, openPoints } from '../../src/history'
import { settle } from '../sync/support/fake-platform'
import { type Contact, type Device, HistoryWorld } from './support'

let world: HistoryWorld
let laptop: Device
let phone: Device

beforeEach(async () => {
  world = await HistoryWorld.create(['laptop', 'phone'])
  ;[laptop, phone] = world.devices as [Device, Device]
})

afterEach(() => world.close())

const historyIn = ({ sync, contacts }: Device) => historyOf(sync, contacts)

const byId = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1)

async function pause(): Promise<number> {
  await world.platform.advance(1_000)
  return world.platform.now()
}

describe('the history of a collection', () => {
  it('says who changed what on which device, the newest first, also to a device that joined later', async () => {
    await laptop.contacts.add('ann', { name: 'Ann', phone: '1' })
    await world.upToDate()
    await phone.contacts.update('ann', { phone: '2' })
    await world.upToDate()
    await phone.contacts.addToSet('ann', 'tags', 'friend')
    await world.upToDate()
    await phone.contacts.increment('ann', 'uses', 3)
    await world.upToDate()
    await laptop.contacts.delete('ann')
    await world.upToDate()
    await laptop.contacts.restore('ann')
    await world.upToDate()
    const tablet = await world.join('tablet')
    const { changes, next, isWhole } = await historyIn(tablet).changes()
    expect(changes.map(({ device, kind }) => [device.name, kind])).toEqual([
      ['laptop', 'restored'],
      ['laptop', 'deleted'],
      ['phone', 'changed'],
      ['phone', 'changed'],
      ['phone', 'changed'],
      ['laptop', 'added'],
    ])
    expect(changes[4]?.fields).toEqual([{ field: 'phone', before: '1', after: '2' }])
    expect(changes[3]?.fields).toEqual([{ field: 'tags', element: 'friend', before: undefined, after: true }])
    expect(changes[2]?.counts).toEqual([{ field: 'uses', before: 0, after: 3 }])
    expect([next, isWhole]).toEqual([undefined, true])
  })

  it('has edits that wait to be sent, and gives the time at which they were made', async () => {
    phone.sync.goOffline()
    const madeAt = await pause()
    await phone.contacts.add('bob', { name: 'Bob' })
    expect((await historyIn(phone).changes()).changes).toMatchObject([{ id: 'bob', number: undefined, atMs: madeAt }])
    for (let hour = 0; hour < 2; hour++) await world.platform.advance(3_600_000)
    await world.upToDate()
    const [change] = (await historyIn(laptop).changes()).changes
    expect(change).toMatchObject({ id: 'bob', device: { name: 'phone' }, atMs: madeAt })
    expect(change?.number).toBeGreaterThan(0)
  })

  it('is read page by page, and record by record', async () => {
    for (let i = 0; i < 7; i++) {
      await laptop.contacts.add(`c${i % 3}`, { name: `Name ${i}` })
      await world.upToDate()
    }
    const history = historyIn(phone)
    const first = await history.changes({ id: 'c0', limit: 2 })
    expect(first.changes.map(({ fields }) => fields[0]?.after)).toEqual(['Name 6', 'Name 3'])
    const second = await history.changes({ id: 'c0', limit: 2, before: first.next! })
    expect(second.changes.map(({ fields }) => fields[0]?.after)).toEqual(['Name 0'])
    expect(second.next).toBeUndefined()
  })

  it('says of an overwritten value that came too late nothing: nobody saw it', async () => {
    await laptop.contacts.add('ann', { name: 'Ann' })
    await world.upToDate()
    phone.sync.goOffline()
    await phone.contacts.update('ann', { phone: 'earlier' })
    await pause()
    await laptop.contacts.update('ann', { phone: 'later' })
    await world.upToDate()
    const { changes } = await historyIn(laptop).changes()
    expect(changes.map(({ kind, fields }) => [kind, fields[0]?.after])).toEqual([
      ['changed', 'later'],
      ['added', 'Ann'],
    ])
  })

  it('ends with the account', async () => {
    const history = historyIn(phone)
    await phone.sync.close()
    await expect(history.changes()).rejects.toMatchObject({ code: 'closed' })
  })
})

describe('going back', () => {
  it('shows what differs before it does, does it in one step, and can be taken back', async () => {
    await laptop.contacts.add('ann', { name: 'Ann', phone: '1' })
    await laptop.contacts.add('bob', { name: 'Bob' })
    await laptop.contacts.addToSet('bob', 'tags', 'friend')
    await laptop.contacts.increment('bob', 'uses', 2)
    const points = await openPoints(laptop.sync)
    const before = await world.run(points.add('Before the mistake'))
    await laptop.contacts.update('ann', { name: 'Anna', phone: undefined })
    await laptop.contacts.delete('bob')
    await laptop.contacts.add('cid', { name: 'Cid' })
    const history = historyIn(laptop)
    const differences = await history.differencesAt(before)
    expect(differences.map(({ id, kind }) => [id, kind])).toEqual([
      ['ann', 'changed'],
      ['bob', 'missing'],
      ['cid', 'extra'],
    ])
    expect(differences[0]?.fields).toEqual([
      { field: 'name', atPoint: 'Ann', now: 'Anna' },
      { field: 'phone', atPoint: '1', now: undefined },
    ])
    const result = await world.run(history.restoreTo(before))
    expect(result.restored).toBe(3)
    expect(laptop.contacts.list().sort(byId)).toEqual([
      ['ann', { name: 'Ann', phone: '1' }],
      ['bob', { name: 'Bob' }],
    ])
    expect([laptop.contacts.set('bob', 'tags'), laptop.contacts.counter('bob', 'uses')]).toEqual([['friend'], 2])
    expect(points.list().map(({ name, isAutomatic }) => [name, isAutomatic])).toEqual([
      ['Before restoring contacts', true],
      ['Before the mistake', false],
    ])
    await world.run(history.restoreTo(result.before!))
    expect(laptop.contacts.list().sort(byId)).toEqual([
      ['ann', { name: 'Anna' }],
      ['cid', { name: 'Cid' }],
    ])
    await world.upToDate()
    expect(phone.contacts.list().sort(byId)).toEqual(laptop.contacts.list().sort(byId))
  })

  it('to a point that was named without a connection, when all of it was sent together', async () => {
    await laptop.contacts.add('ann', { name: 'Ann' })
    await world.upToDate()
    laptop.sync.goOffline()
    await laptop.contacts.update('ann', { phone: '1' })
    await laptop.contacts.add('bob', { name: 'Bob' })
    const { before } = await applyImport(
      laptop.contacts as never,
      await previewImport(laptop.contacts as never, {
        contacts: [{ name: 'Carl', emails: [{ value: 'c@example.com' }] }],
      }),
      { label: 'Import' },
    )
    await laptop.contacts.update('ann', { phone: '2' })
    await laptop.contacts.delete('bob')
    await world.upToDate()
    await world.run(historyIn(phone).restoreTo(before!))
    await world.upToDate()
    for (const { contacts } of world.devices)
      expect(contacts.list().sort(byId)).toEqual([
        ['ann', { name: 'Ann', phone: '1' }],
        ['bob', { name: 'Bob' }],
      ])
  })

  it('to a moment that is none is refused, and deletes nothing', async () => {
    await laptop.contacts.add('ann', { name: 'Ann' })
    const history = historyIn(laptop)
    for (const moment of [
      Number.NaN,
      Date.parse('yesterday'),
      Number.NEGATIVE_INFINITY,
      { number: Number.NaN, atMs: 0 },
    ])
      await expect(history.restoreTo(moment)).rejects.toMatchObject({ code: 'invalid-value' })
    expect(laptop.contacts.has('ann')).toBe(true)
  })

  it('takes only the records that are asked for, and does nothing where nothing differs', async () => {
    await laptop.contacts.addAll([
      ['ann', { name: 'Ann' }],
      ['bob', { name: 'Bob' }],
    ])
    const atMs = await pause()
    await world.platform.advance(1)
    for (const id of ['ann', 'bob']) await laptop.contacts.update(id, { name: 'Nobody' })
    const history = historyIn(laptop)
    expect((await world.run(history.restoreTo(atMs, { ids: ['bob'] }))).restored).toBe(1)
    expect(laptop.contacts.list().sort(byId)).toEqual([
      ['ann', { name: 'Nobody' }],
      ['bob', { name: 'Bob' }],
    ])
    expect(await world.run(history.restoreTo(atMs, { ids: ['bob'] }))).toEqual({ restored: 0, before: undefined })
  })

  it('leaves what another device writes at the same time', async () => {
    await laptop.contacts.add('ann', { name: 'Ann', phone: '1' })
    await world.upToDate()
    const atMs = await pause()
    await world.platform.advance(1)
    await laptop.contacts.update('ann', { name: 'Nobody' })
    await world.upToDate()
    phone.sync.goOffline()
    await phone.contacts.update('ann', { phone: '2' })
    await phone.contacts.add('dan', { name: 'Dan' })
    await world.run(historyIn(laptop).restoreTo(atMs))
    await world.upToDate()
    for (const { contacts } of world.devices)
      expect(contacts.list().sort(byId)).toEqual([
        ['ann', { name: 'Ann', phone: '2' }],
        ['dan', { name: 'Dan' }],
      ])
  })

  it('goes to what was right after a change, and brings back fields that were added and deleted with a record since as they were', async () => {
    await laptop.contacts.add('ann', { name: 'Ann' })
    await world.upToDate()
    const [added] = (await historyIn(laptop).changes()).changes
    await laptop.contacts.update('ann', { phone: '1' })
    await laptop.contacts.delete('ann')
    await world.upToDate()
    await world.run(historyIn(phone).restoreTo(added!))
    expect(phone.contacts.list()).toEqual([['ann', { name: 'Ann' } satisfies Contact]])
    await settle()
  })
})

describe('a text', () => {
  it('is in a history as one that was changed, without what the library keeps of it, and stays when something else goes back', async () => {
    const open = ({ sync }: Device) => sync.open<{ title: string }>('notes', { texts: ['body'] })
    const notes = await open(laptop)
    await notes.add('one', { title: 'Shopping' })
    await world.upToDate()
    const atMs = await pause()
    await world.platform.advance(1)
    const body = await world.run(notes.text('one', 'body'))
    body.replaceWithText('milk')
    await world.upToDate()
    await pause()
    await notes.update('one', { title: 'Errands' })
    await world.upToDate()
    const history = historyOf(laptop.sync, notes)
    const { changes } = await history.changes()
    expect(changes.map(({ kind, fields, isTextChanged }) => [kind, fields, isTextChanged])).toEqual([
      ['changed', [{ field: 'title', before: 'Shopping', after: 'Errands' }], false],
      ['changed', [], true],
      ['changed', [], true],
      ['added', [{ field: 'title', before: undefined, after: 'Shopping' }], false],
    ])
    expect((await history.differencesAt(atMs)).map(({ fields }) => fields)).toEqual([
      [{ field: 'title', atPoint: 'Shopping', now: 'Errands' }],
    ])
    await world.run(history.restoreTo(atMs))
    expect([notes.get('one'), body.toText()]).toEqual([{ title: 'Shopping' }, 'milk'])
    await world.upToDate()
    const elsewhere = await open(phone)
    await world.upToDate()
    expect((await world.run(elsewhere.text('one', 'body'))).toText()).toBe('milk')
    expect(await world.run(history.restoreTo(atMs))).toEqual({ restored: 0, before: undefined })
    const before = await pause()
    await world.platform.advance(1)
    await notes.delete('one')
    await world.run(history.restoreTo(before))
    expect((await world.run(notes.text('one', 'body'))).toText()).toBe('milk')
  })
})
