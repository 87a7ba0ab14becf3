// Undo and redo on one device: what is one step, and what comes back.
import { joinContacts, mailTypes } from '@owlivion/sync/mail'
import {
  applyAccountImport,
  applyImport,
  exportAccount,
  previewAccountImport,
  previewImport,
} from '@owlivion/sync/transfer'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type Collection, createAccount, createUndo, EditStep, openMemoryStore, type Sync, type Undo } from '../../src'
import { FakePlatform } from '../sync/support/fake-platform'

interface Contact {
  readonly name?: string
  readonly phone?: string
}

let platform: FakePlatform
let sync: Sync
let contacts: Collection<Contact>
let undo: Undo

beforeEach(async () => {
  platform = new FakePlatform(6)
  const options = { platform, store: openMemoryStore(), relay: 'wss://relay.example', deviceName: 'x', online: false }
  sync = (await createAccount(options)).sync
  onTestFinished(() => sync.close())
  contacts = await sync.open<Contact>('contacts')
  undo = createUndo([contacts], { captureMs: 0 })
})

/** All that the collection shows. */
const shown = (collection: Collection<Contact> = contacts) =>
  Object.fromEntries(
    collection
      .ids()
      .map((id) => [
        id,
        { ...collection.get(id), uses: collection.counter(id, 'uses'), labels: collection.set(id, 'labels') },
      ]),
  )

describe('undo', () => {
  it('takes back in one step what was too large for one entry, and writes it again', async () => {
    const wide = contacts as unknown as Collection<{ readonly [field: string]: string }>
    const fieldsOf = (text: string) => Object.fromEntries([...'abcdef'].map((name) => [name, text.repeat(20_000)]))
    await wide.add('ann', fieldsOf('one'))
    await wide.update('ann', fieldsOf('two'))
    await undo.undo()
    expect(wide.get('ann')).toEqual(fieldsOf('one'))
    await undo.undo()
    expect(wide.get('ann')).toBeUndefined()
    await undo.redo()
    await undo.redo()
    expect(wide.get('ann')).toEqual(fieldsOf('two'))
  })

  it('takes back every kind of edit, one by one, and redo does them again', async () => {
    await contacts.add('old', { name: 'Old' })
    await contacts.addToSet('old', 'labels', 'a')
    undo.clear()
    const edits: (() => Promise<void>)[] = [
      () => contacts.add('ann', { name: 'Ann', phone: '1' }),
      () => contacts.update('ann', { name: 'Anna' }),
      () => contacts.update('ann', { phone: undefined }),
      () => contacts.increment('ann', 'uses', 3),
      () => contacts.addToSet('ann', 'labels', 'friend', 'work'),
      () => contacts.removeFromSet('ann', 'labels', 'work'),
      () => contacts.delete('ann'),
      () => contacts.restore('ann'),
      () => contacts.update('old', { phone: '2' }),
      () => contacts.delete('old'),
      () => contacts.add('old', { name: 'Anew' }),
      () =>
        contacts.addAll([
          ['bob', { name: 'Bob' }],
          ['ann', { phone: '5' }],
        ]),
    ]
    const states = [shown()]
    for (const edit of edits) {
      await edit()
      states.push(shown())
    }
    for (const state of states.slice(0, -1).reverse()) {
      expect((await undo.undo())?.skipped).toEqual([])
      expect(shown()).toEqual(state)
    }
    expect(undo.canUndo).toBe(false)
    for (const state of states.slice(1)) {
      expect((await undo.redo())?.skipped).toEqual([])
      expect(shown()).toEqual(state)
    }
    expect(undo.canRedo).toBe(false)
    for (const state of states.slice(0, -1).reverse()) {
      await undo.undo()
      expect(shown()).toEqual(state)
    }
    expect(await undo.undo()).toBeUndefined()
  })

  it('is not possible any more for what was undone once something else is written', async () => {
    await contacts.add('ann', { name: 'Ann' })
    await undo.undo()
    expect(undo.canRedo).toBe(true)
    await contacts.add('bob', { name: 'Bob' })
    expect(undo.canRedo).toBe(false)
    expect(await undo.redo()).toBeUndefined()
  })

  it('joins what follows within half a second, and tells when there is something to undo', async () => {
    const typing = createUndo([contacts])
    const heard: boolean[] = []
    typing.subscribe(() => heard.push(typing.canUndo))
    await contacts.add('ann', { name: 'A' })
    await contacts.update('ann', { name: 'An' })
    await platform.advance(400)
    await contacts.update('ann', { name: 'Ann' })
    await platform.advance(600)
    await contacts.update('ann', { name: 'Ann L' })
    await typing.undo()
    expect(contacts.get('ann')).toEqual({ name: 'Ann' })
    await typing.undo()
    expect(contacts.has('ann')).toBe(false)
    await typing.redo()
    expect(contacts.get('ann')).toEqual({ name: 'Ann' })
    expect(heard).toContain(true)
    expect(heard).toContain(false)
    typing.close()
    await contacts.update('ann', { name: 'X' })
    expect(typing.canUndo).toBe(false)
  })

  it('forgets the oldest steps beyond its limit', async () => {
    const short = createUndo([contacts], { captureMs: 0, limit: 2 })
    for (const name of ['1', '2', '3']) await contacts.add('ann', { name })
    await short.undo()
    await short.undo()
    expect([await short.undo(), contacts.get('ann')]).toEqual([undefined, { name: '1' }])
  })
})

describe('a step', () => {
  it('is everything that is written through what it is given, however long it takes, and nothing else', async () => {
    await contacts.add('bob', { name: 'Bob' })
    await contacts.asOneStep('Import', async (step) => {
      await step.addAll([['ann', { name: 'Ann' }]])
      await platform.advance(5_000)
      await contacts.update('bob', { phone: 'by hand' })
      await step.update('ann', { phone: '1' })
      // A step in a step is the same step.
      await step.asOneStep('inner', (inner) => inner.increment('ann', 'uses'))
    })
    await contacts.update('bob', { name: 'Bob B.' })
    await undo.undo()
    expect(undo.undoLabel).toBeUndefined()
    await undo.undo()
    expect([contacts.get('bob'), undo.undoLabel]).toEqual([{ name: 'Bob' }, 'Import'])
    const result = await undo.undo()
    expect(result).toEqual({ label: 'Import', records: 1, skipped: [] })
    expect([contacts.has('ann'), undo.redoLabel]).toEqual([false, 'Import'])
    await undo.redo()
    expect(shown().ann).toEqual({ name: 'Ann', phone: '1', uses: 1, labels: [] })
  })

  it('may go over several collections', async () => {
    const groups = await sync.open<Contact>('groups')
    const both = createUndo([contacts, groups])
    const step = new EditStep('Move')
    await contacts.within(step).add('ann', { name: 'Ann' })
    await groups.within(step).add('friends', { name: 'Friends' })
    expect(await both.undo()).toEqual({ label: 'Move', records: 2, skipped: [] })
    expect([contacts.size, groups.size]).toEqual([0, 0])
    await both.redo()
    expect([contacts.size, groups.size]).toEqual([1, 1])
  })

  it('that deletes a record and makes it anew gives the old one back', async () => {
    await contacts.add('ann', { name: 'Ann', phone: '1' })
    await contacts.asOneStep('Anew', async (step) => {
      await step.delete('ann')
      await step.add('ann', { name: 'Anew' })
    })
    await undo.undo()
    expect(contacts.get('ann')).toEqual({ name: 'Ann', phone: '1' })
    await contacts.asOneStep('And back', async (step) => {
      await step.delete('ann')
      await step.restore('ann')
      await step.update('ann', { phone: '2' })
      await step.increment('ann', 'uses', 2)
      await step.delete('ann')
    })
    await undo.undo()
    expect(shown()).toEqual({ ann: { name: 'Ann', phone: '1', uses: 0, labels: [] } })
    await undo.redo()
    expect(shown()).toEqual({})
  })

  it('of thousands of records is taken back, too', async () => {
    const many = Array.from({ length: 3_000 }, (_, i) => [`r${i}`, { name: `${i}` }] as const)
    await contacts.asOneStep('Import', (step) => step.addAll(many))
    expect(await undo.undo()).toMatchObject({ records: 3_000, skipped: [] })
    expect(contacts.size).toBe(0)
    await undo.redo()
    expect(contacts.size).toBe(3_000)
  })
})

it('deleted records are listed with what was in them, the latest first', async () => {
  await contacts.add('ann', { name: 'Ann', phone: '1' })
  await contacts.update('ann', { phone: undefined })
  await contacts.add('bob', { name: 'Bob' })
  await contacts.delete('ann')
  await platform.advance(60_000)
  await contacts.delete('bob')
  const device = { id: sync.deviceId, name: 'x' }
  const [bob, ann] = contacts.recentlyDeleted()
  expect([bob, ann]).toMatchObject([
    { id: 'bob', fields: { name: 'Bob' }, device },
    { id: 'ann', fields: { name: 'Ann' }, device },
  ])
  expect(Object.keys(ann!.fields)).toEqual(['name'])
  expect(bob!.deletedAtMs - ann!.deletedAtMs).toBeGreaterThan(50_000)
  await contacts.restore('ann')
  expect(contacts.recentlyDeleted().map(({ id }) => id)).toEqual(['bob'])
})

it('an undo that cannot be written stays', async () => {
  await contacts.add('ann', { name: 'Ann' })
  await sync.close()
  await expect(undo.undo()).rejects.toMatchObject({ code: 'closed' })
  expect(undo.canUndo).toBe(true)
})

describe('is one step', () => {
  it('an import of contacts, and one of a whole account', async () => {
    const book = await sync.open(mailTypes.contacts)
    const labels = await sync.open(mailTypes.labels)
    const imports = createUndo([book, labels], { captureMs: 0 })
    const people = Array.from({ length: 250 }, (_, i) => ({ name: `${i}`, emails: [{ value: `${i}@example.com` }] }))
    await applyImport(book, await previewImport(book, { contacts: people }), { label: 'Import address book' })
    expect(imports.undoLabel).toBe('Import address book')
    await labels.add('work', { name: 'Work' })
    const { json } = await exportAccount(sync)
    for (const id of book.ids()) await book.delete(id)
    await labels.delete('work')
    imports.clear()
    await applyAccountImport(sync, await previewAccountImport(sync, json))
    expect([book.size, labels.size, imports.undoLabel]).toEqual([250, 1, 'Import'])
    expect(await imports.undo()).toMatchObject({ records: 251, skipped: [] })
    expect([book.size, labels.size, imports.canUndo]).toEqual([0, 0, false])
  })

  it('joining two contacts', async () => {
    const book = await sync.open(mailTypes.contacts)
    const both = createUndo([book], { captureMs: 0 })
    await book.add('a', { name: 'Ann', emails: [{ value: 'a@example.com' }] })
    await book.add('b', { name: 'Ann', emails: [{ value: 'b@example.com' }, { value: 'a@example.com' }] })
    await book.increment('a', 'uses', 2)
    await book.increment('b', 'uses', 3)
    const before = shown(book as never)
    await joinContacts(book, 'a', 'b')
    expect(book.ids()).toEqual(['a'])
    expect([book.counter('a', 'uses'), both.undoLabel]).toEqual([5, 'Join contacts'])
    expect((await both.undo())?.skipped).toEqual([])
    expect(shown(book as never)).toEqual(before)
  })
})
