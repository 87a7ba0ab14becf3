// A text of a record as an app has it: who begins it, who edits it, and what becomes of the record meanwhile.
import { beforeEach, describe, expect, it } from 'vitest'
import { Collection } from '../../src/collection'
import { TOUCHED } from '../../src/sync'
import { Y } from '../../src/yjs'
import type { TestDevice } from './support/device'
import { RebaseWorld } from './support/rebase-world'

type Note = { title: string }

let world: RebaseWorld
let ann: TestDevice
let bob: TestDevice

beforeEach(async () => {
  world = await RebaseWorld.create()
  ann = await world.open(0)
  bob = await world.open(1)
})

function notesOf(device: TestDevice, texts: readonly string[] = ['body']): Collection<Note> {
  const { platform } = device.context
  const notes = new Collection<Note>(
    'notes',
    () => device.sync,
    { texts },
    {
      deviceName: (id) => id,
      deviceId: Buffer.from(device.context.device).toString('hex'),
      now: () => platform.now(),
      random: (length) => platform.random(length),
      namePoint: () => Promise.reject(new Error('not here')),
    },
  )
  device.onChange = (changed) => notes.changed(changed)
  return notes
}

/** Who writes as another from now on, as after a fork. */
const writeAgain = (device: TestDevice): Promise<void> =>
  (device.sync as unknown as { ownWriter: { takeNewWriter(): Promise<void> } }).ownWriter.takeNewWriter()

describe('a text field', () => {
  it('is begun by who opens it first, and is the same text on every device', async () => {
    const [annNotes, bobNotes] = [notesOf(ann), notesOf(bob)]
    await annNotes.add('one', { title: 'One' })
    const annBody = await annNotes.text('one', 'body')
    annBody.replaceWithText('Dear Eve')
    await world.rest(ann, bob)
    const bobBody = await bobNotes.text('one', 'body')
    expect(bobBody.rootName).toBe(annBody.rootName)
    expect(bobBody.toText()).toBe('Dear Eve')
    let told = 0
    annBody.subscribe(() => told++)
    bobBody.replaceWithText('Dear Eve,\nhello')
    await world.rest(ann, bob)
    expect(annBody.toText()).toBe('Dear Eve,\nhello')
    expect(told).toBeGreaterThan(0)
    expect(annNotes.conflicts()).toEqual([])
  })

  it('is no field of the record, neither to read nor to write', async () => {
    const notes = notesOf(ann)
    await notes.add('one', { title: 'One' })
    const body = await notes.text('one', 'body')
    body.replaceWithText('text')
    expect(notes.get('one')).toEqual({ title: 'One' })
    expect(notes.list()).toEqual([['one', { title: 'One' }]])
    expect(notes.get('one')).toBe(notes.get('one'))
    const fields = { body: 'x' } as unknown as Note
    await expect(notes.update('one', fields)).rejects.toMatchObject({ code: 'invalid-field' })
    await expect(notes.add('two', fields)).rejects.toMatchObject({ code: 'invalid-field' })
    await expect(notes.update('one', { [TOUCHED]: 1 } as never)).rejects.toMatchObject({ code: 'invalid-field' })
    await expect(notes.text('one', 'title')).rejects.toMatchObject({ code: 'invalid-field' })
    await expect(notes.text('two', 'body')).rejects.toMatchObject({ code: 'record-missing' })
    await notes.delete('one')
    await expect(notes.text('one', 'body')).rejects.toMatchObject({ code: 'record-deleted' })
    await notes.restore('one')
    expect((await notes.text('one', 'body')).toText()).toBe('text')
  })

  it('that two begin without knowing of each other keeps both texts, until somebody decides', async () => {
    const [annNotes, bobNotes] = [notesOf(ann), notesOf(bob)]
    await annNotes.add('one', { title: 'One' })
    await world.rest(ann, bob)
    for (const device of [ann, bob]) await device.disconnect()
    const annBody = await annNotes.text('one', 'body')
    const bobBody = await bobNotes.text('one', 'body')
    annBody.replaceWithText('by Ann')
    bobBody.replaceWithText('by Bob')
    for (const device of [ann, bob]) await device.connect()
    await world.rest(ann, bob)
    for (const notes of [annNotes, bobNotes]) {
      const [conflict, ...others] = notes.conflicts()
      expect(others).toEqual([])
      expect(conflict).toMatchObject({ id: 'one', field: 'body' })
      const texts = await Promise.all(
        conflict!.candidates.map(({ value }) => notes.text('one', 'body', { root: value as string })),
      )
      expect(texts.map((text) => text.toText()).sort()).toEqual(['by Ann', 'by Bob'])
    }
    let replaced = 0
    annBody.onReplaced(() => replaced++)
    await expect(bobNotes.resolve('one', 'body' as never, { value: 'x' })).rejects.toMatchObject({
      code: 'invalid-value',
    })
    await bobNotes.resolve('one', 'body' as never, { value: bobBody.rootName })
    await world.rest(ann, bob)
    for (const notes of [annNotes, bobNotes]) expect(notes.conflicts()).toEqual([])
    expect(replaced).toBe(1)
    expect(annBody.toText()).toBe('by Bob')
  })

  it('that one of two has opened and left empty is no conflict: the written one is shown', async () => {
    const [annNotes, bobNotes] = [notesOf(ann), notesOf(bob)]
    await annNotes.add('one', { title: 'One' })
    await world.rest(ann, bob)
    for (const device of [ann, bob]) await device.disconnect()
    const annBody = await annNotes.text('one', 'body')
    annBody.replaceWithText('written')
    await bob.context.platform.advance(5_000)
    const bobBody = await bobNotes.text('one', 'body')
    for (const device of [ann, bob]) await device.connect()
    await world.rest(ann, bob)
    for (const notes of [annNotes, bobNotes]) {
      expect(notes.conflicts()).toEqual([])
      expect((await notes.text('one', 'body')).toText()).toBe('written')
      expect(await notes.resolveAllToNewest()).toBe(0)
    }
    expect(bobBody.rootName).not.toBe(annBody.rootName)
  })

  it('counts as a change of the record that a delete elsewhere has not seen', async () => {
    const [annNotes, bobNotes] = [notesOf(ann), notesOf(bob)]
    await annNotes.add('one', { title: 'One' })
    const annBody = await annNotes.text('one', 'body')
    annBody.replaceWithText('before')
    await world.rest(ann, bob)
    await ann.disconnect()
    await bobNotes.delete('one')
    await world.rest(bob)
    await ann.context.platform.advance(61_000)
    annBody.replaceWithText('after')
    await ann.connect()
    await world.rest(ann, bob)
    for (const notes of [annNotes, bobNotes])
      expect(notes.deleteConflicts()).toMatchObject([{ id: 'one', unseen: [{ field: TOUCHED }] }])
    await bobNotes.resolveDelete('one', 'keep')
    await world.rest(ann, bob)
    for (const notes of [annNotes, bobNotes]) {
      expect(notes.get('one')).toEqual({ title: 'One' })
      expect((await notes.text('one', 'body')).toText()).toBe('after')
      expect(notes.conflicts()).toEqual([])
    }
  })

  it('writes in the record once a minute at most, however much is typed', async () => {
    const notes = notesOf(ann)
    await notes.add('one', { title: 'One' })
    const body = await notes.text('one', 'body')
    const text = new Y.XmlText()
    const touches: unknown[] = []
    body.root.insert(0, [text])
    for (let i = 0; i < 200; i++) {
      text.insert(i, 'x')
      await ann.context.platform.advance(1_000)
      const touch = ann.sync.registers.get('one')?.[TOUCHED]
      if (touches.at(-1) !== touch) touches.push(touch)
    }
    expect(touches.length).toBe(4)
    expect(body.toText()).toBe('x'.repeat(200))
  })

  it('goes on while its device becomes another writer, and when it is closed nobody is told', async () => {
    const notes = notesOf(ann)
    await notes.add('one', { title: 'One' })
    const body = await notes.text('one', 'body')
    body.replaceWithText('before')
    const { root } = body
    await writeAgain(ann)
    expect(body.root).toBe(root)
    body.replaceWithText('before and after')
    await world.rest(ann, bob)
    expect((await notesOf(bob).text('one', 'body')).toText()).toBe('before and after')
    let told = 0
    body.subscribe(() => told++)
    body.close()
    root.delete(0, root.length)
    expect(told).toBe(0)
  })
})
