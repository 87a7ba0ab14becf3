// What was not sent, in words, and taken in again.
import { beforeEach, describe, expect, it } from 'vitest'
import { type Collection, createAccount, openMemoryStore, type Sync, type UnsentEdits } from '../../src'
import { FakePlatform, settle } from './support/fake-platform'

interface Contact {
  readonly name?: string
  readonly phone?: string
  readonly __proto__?: string
}

let platform: FakePlatform

beforeEach(() => {
  platform = new FakePlatform(6)
})

async function open(): Promise<{ sync: Sync; contacts: Collection<Contact> }> {
  const options = { platform, store: openMemoryStore(), relay: 'wss://relay.example', deviceName: 'x', online: false }
  const { sync } = await createAccount(options)
  return { sync, contacts: await sync.open<Contact>('contacts') }
}

/** Of everything that can be done to a record. */
async function busy(): Promise<Awaited<ReturnType<typeof open>> & { edits: UnsentEdits }> {
  const { sync, contacts } = await open()
  await contacts.add('ann', { name: 'Ann', phone: '1' })
  await contacts.update('ann', { name: 'Anna', phone: undefined })
  await contacts.increment('ann', 'uses', 3)
  await contacts.addToSet('ann', 'labels', 'friend', 'work')
  await contacts.removeFromSet('ann', 'labels', 'work')
  await contacts.add('bob', { name: 'Bob' })
  await contacts.delete('bob')
  await contacts.add('eve', { name: 'Eve' })
  await contacts.addToSet('eve', 'labels', 'x')
  await contacts.delete('eve')
  await contacts.restore('eve')
  const notes = await sync.open<{ text: string }>('notes')
  await notes.add('1', JSON.parse('{"__proto__":"a field like any other","text":"hello"}'))
  return { sync, contacts, edits: await sync.unsentEdits() }
}

describe('unsent edits', () => {
  it('say what was done to each record, in order, with times and the names of collections', async () => {
    const { sync, edits } = await busy()
    const timeMs = platform.now()
    expect(edits).toMatchObject({ account: sync.accountId, device: sync.deviceId })
    expect(edits.collections.map(({ name }) => name)).toEqual(['contacts', 'notes'])
    const changes = edits.collections[0]!.changes
    expect(changes.map(({ timeMs: _, ...change }) => change)).toEqual([
      { id: 'ann', kind: 'create', fields: { name: 'Ann', phone: '1' } },
      { id: 'ann', kind: 'change', fields: { name: 'Anna' }, cleared: ['phone'] },
      { id: 'ann', kind: 'count', counted: { uses: 3 } },
      { id: 'ann', kind: 'change', added: { labels: ['friend', 'work'] } },
      { id: 'ann', kind: 'change', removed: { labels: ['work'] } },
      { id: 'bob', kind: 'create', fields: { name: 'Bob' } },
      { id: 'bob', kind: 'delete' },
      { id: 'eve', kind: 'create', fields: { name: 'Eve' } },
      { id: 'eve', kind: 'change', added: { labels: ['x'] } },
      { id: 'eve', kind: 'delete' },
      { id: 'eve', kind: 'create', fields: { name: 'Eve' }, added: { labels: ['x'] } },
    ])
    for (const change of changes) expect(Math.abs(change.timeMs - timeMs)).toBeLessThan(100)
    expect(Object.entries(edits.collections[1]!.changes[0]!.fields!).sort()).toEqual([
      ['__proto__', 'a field like any other'],
      ['text', 'hello'],
    ])
    await sync.close()
  })

  it('come back as edits of another account, through a file', async () => {
    const { sync, edits } = await busy()
    const other = await open()
    const result = await other.sync.importEdits(JSON.parse(JSON.stringify(edits)))
    expect(result).toEqual({ applied: 12, skipped: [] })
    expect(other.contacts.list().sort(([a], [b]) => (a < b ? -1 : 1))).toEqual([
      ['ann', { name: 'Anna' }],
      ['eve', { name: 'Eve' }],
    ])
    expect([other.contacts.counter('ann', 'uses'), other.contacts.set('ann', 'labels')]).toEqual([3, ['friend']])
    expect(other.contacts.set('eve', 'labels')).toEqual(['x'])
    expect(other.contacts.deletedIds()).toEqual(['bob'])
    const notes = await other.sync.open<{ text: string }>('notes')
    expect(Object.entries(notes.get('1')!).length).toBe(2)
    await sync.close()
    await other.sync.close()
  })

  it('are told while the collection is open, which keeps its listeners', async () => {
    const { sync, contacts } = await open()
    const heard: unknown[] = []
    contacts.subscribe((changed) => heard.push([...(changed ?? [])]))
    const changes = [{ id: 'ann', kind: 'create', timeMs: 1, fields: { name: 'Ann' } }]
    await sync.importEdits(exportOf(changes))
    expect(heard).toEqual([['ann']])
    await sync.close()
  })

  it('do not bring back what was deleted, and make what never was', async () => {
    const { sync, contacts } = await open()
    await contacts.add('gone', { name: 'Gone' })
    await contacts.delete('gone')
    const change = (id: string) => ({ id, kind: 'change', timeMs: 1, fields: { name: 'New' } })
    const count = (id: string) => ({ id, kind: 'count', timeMs: 1, counted: { uses: 1 } })
    const clear = { id: 'absent', kind: 'change', timeMs: 1, cleared: ['name'] }
    const edits = exportOf([change('gone'), count('gone'), clear, count('absent'), change('absent'), count('absent')])
    const { applied, skipped } = await sync.importEdits(edits)
    expect(applied).toBe(2)
    expect(skipped.map(({ collection, change: { id, kind }, reason }) => [collection, id, kind, reason])).toEqual([
      ['contacts', 'gone', 'change', 'record-deleted'],
      ['contacts', 'gone', 'count', 'record-deleted'],
      ['contacts', 'absent', 'change', 'record-missing'],
      ['contacts', 'absent', 'count', 'record-missing'],
    ])
    expect(contacts.list()).toEqual([['absent', { name: 'New' }]])
    expect(contacts.counter('absent', 'uses')).toBe(1)
    await sync.close()
  })

  it('that cannot be counted are skipped, and the rest is taken in', async () => {
    const { sync, contacts } = await open()
    await contacts.add('ann', { name: 'Ann' })
    await contacts.increment('ann', 'uses', Number.MAX_SAFE_INTEGER)
    const { skipped } = await sync.importEdits(
      exportOf([
        { id: 'ann', kind: 'count', timeMs: 1, counted: { uses: 1 } },
        { id: 'ann', kind: 'change', timeMs: 1, fields: { name: 'Anna' } },
      ]),
    )
    expect(skipped.map(({ reason }) => reason)).toEqual(['invalid-value'])
    expect(contacts.get('ann')).toEqual({ name: 'Anna' })
    await sync.close()
  })
})

function exportOf(changes: unknown, more: object = {}): unknown {
  return {
    format: 'owlivion-unsent-edits',
    version: 1,
    account: '0'.repeat(64),
    device: '0'.repeat(32),
    collections: [{ name: 'contacts', changes }],
    ...more,
  }
}

describe('what is no export of unsent edits', () => {
  const good = { id: 'ann', kind: 'create', timeMs: 1, fields: { name: 'Ann' } }
  it.each([
    ['nothing', undefined],
    ['a text', 'owlivion-unsent-edits'],
    ['a list', [good]],
    ['another format', exportOf([good], { format: 'vcard' })],
    ['another version', exportOf([good], { version: 2 })],
    ['another account id', exportOf([good], { account: 'x'.repeat(64) })],
    ['no device', exportOf([good], { device: undefined })],
    ['more than there is', exportOf([good], { extra: 1 })],
    ['a collection without a name', exportOf([good], { collections: [{ name: '', changes: [] }] })],
    ['changes that are no list', exportOf({ 0: good })],
    ['a kind that is none', exportOf([{ ...good, kind: 'toString' }])],
    ['a time that is none', exportOf([{ ...good, timeMs: '1' }])],
    ['a record id that is none', exportOf([{ ...good, id: 'a\u0001b' }])],
    ['a field name that is none', exportOf([{ ...good, fields: { 'a\u0001': 1 } }])],
    ['a value that is none', exportOf([{ ...good, fields: { name: 'x'.repeat(70_000) } }])],
    ['fields that are a list', exportOf([{ ...good, fields: ['Ann'] }])],
    ['a part of another kind', exportOf([{ ...good, cleared: ['name'] }])],
    ['a delete with fields', exportOf([{ ...good, kind: 'delete' }])],
    ['a cleared field that is none', exportOf([{ id: 'ann', kind: 'change', timeMs: 1, cleared: [1] }])],
    ['a set that is none', exportOf([{ ...good, added: { labels: 'friend' } }])],
    ['an element that is none', exportOf([{ ...good, removed: { labels: [1] } }])],
    ['a count that is none', exportOf([{ id: 'ann', kind: 'count', timeMs: 1, counted: { uses: 1.5 } }])],
  ])('is refused whole: %s', async (_, value) => {
    const { sync, contacts } = await open()
    await expect(sync.importEdits(value)).rejects.toMatchObject({ name: 'SyncError' })
    const both = exportOf([good], {
      collections: [
        { name: 'contacts', changes: [good] },
        { name: 'b', changes: [value] },
      ],
    })
    await expect(sync.importEdits(both)).rejects.toMatchObject({ name: 'SyncError' })
    await settle()
    expect(contacts.size).toBe(0)
    await sync.close()
  })

  it.each(['fields', 'counted', 'added'])('or holds a secret among its %s, is refused whole', async (part) => {
    const { sync, contacts } = await open()
    const values = { fields: { password: 'x' }, counted: { password: 1 }, added: { password: ['x'] } }
    const kind = part === 'counted' ? 'count' : 'change'
    const secret = { id: 'ann', kind, timeMs: 1, [part]: values[part as keyof typeof values] }
    await expect(sync.importEdits(exportOf([good, secret]))).rejects.toMatchObject({ code: 'secret-field' })
    expect(contacts.size).toBe(0)
    await sync.close()
  })
})
