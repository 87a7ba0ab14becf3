// Texts that were typed and not sent, in words, and taken in again.
import { beforeEach, describe, expect, it } from 'vitest'
import {
  type Collection,
  contentToText,
  createAccount,
  openMemoryStore,
  type RecordChange,
  type Sync,
  type TextContent,
  type UnsentEdits,
} from '../../src'
import { Y } from '../../src/yjs'
import { FakePlatform } from './support/fake-platform'

interface Note {
  readonly title: string
}

let platform: FakePlatform

beforeEach(() => {
  platform = new FakePlatform(6)
})

async function open(store = openMemoryStore()): Promise<{ sync: Sync; notes: Collection<Note> }> {
  const options = { platform, store, relay: 'wss://relay.example', deviceName: 'x', online: false }
  const { sync } = await createAccount(options)
  return { sync, notes: await sync.open<Note>('notes', { texts: ['body'] }) }
}

const throughFile = (edits: UnsentEdits): unknown => JSON.parse(JSON.stringify(edits))

function changesIn(edits: UnsentEdits): readonly RecordChange[] {
  return edits.collections.find(({ name }) => name === 'notes')?.changes ?? []
}

function linesOf(edits: UnsentEdits): string[] {
  return changesIn(edits).flatMap(({ texts }) =>
    texts === undefined ? [] : Object.values(texts).map(({ after }) => contentToText(after)),
  )
}

const paragraph = (...runs: object[]): TextContent => [{ element: 'paragraph', children: [{ text: runs }] }] as never

describe('a text that was not sent', () => {
  it('is among the unsent edits as it stands, beside the fields of its record, and nothing of its machinery is', async () => {
    const { sync, notes } = await open()
    await notes.add('shopping', { title: 'Shopping' })
    const body = await notes.text('shopping', 'body')
    await platform.advance(600_000)
    body.replaceWithText('milk\nbread')
    const edits = await sync.unsentEdits()
    expect(linesOf(edits)).toEqual(['milk\nbread'])
    const [created, begun, typed] = changesIn(edits)
    expect(changesIn(edits).length).toBe(3)
    expect(created).toMatchObject({ id: 'shopping', kind: 'create', fields: { title: 'Shopping' } })
    expect(begun).toMatchObject({ id: 'shopping', kind: 'change', fields: { body: body.rootName } })
    expect(typed).toMatchObject({
      id: 'shopping',
      kind: 'change',
      texts: { body: { root: body.rootName, before: [] } },
    })
    expect(Math.abs(typed!.timeMs - platform.now())).toBeLessThan(100)
    expect(JSON.stringify(edits)).not.toContain('touched')
    await sync.close()
  })

  it('that was typed and taken back is none', async () => {
    const { sync, notes } = await open()
    await notes.add('shopping', { title: 'Shopping' })
    const body = await notes.text('shopping', 'body')
    body.replaceWithText('milk')
    body.root.delete(0, body.root.length)
    expect(linesOf(await sync.unsentEdits())).toEqual([])
    await sync.close()
  })

  it('in a document that cannot be read is left out and reported, and its records are there', async () => {
    const store = openMemoryStore()
    const { sync, notes } = await open(store)
    const codes: string[] = []
    sync.on((event) => event.type === 'error' && codes.push(event.error.code))
    await notes.add('shopping', { title: 'Shopping' })
    ;(await notes.text('shopping', 'body')).replaceWithText('milk')
    await sync.unsentEdits()
    const [[key] = []] = await store.list(['document'])
    await store.commit({ put: [[['document', key![1]!, 'base'], new Uint8Array([1, 2, 3])]] })
    expect(changesIn(await sync.unsentEdits()).map(({ kind, fields }) => [kind, Object.keys(fields ?? {})])).toEqual([
      ['create', ['title']],
      ['change', ['body']],
    ])
    expect(codes).toEqual(['profile-damaged'])
    await sync.close()
  })

  it('comes back in another account with its formatting, and what is embedded in it', async () => {
    const { sync, notes } = await open()
    await notes.add('letter', { title: 'Letter' })
    const { root } = await notes.text('letter', 'body')
    const [heading, line] = [new Y.XmlElement('heading'), new Y.XmlElement('paragraph')]
    heading.setAttribute('level', 2 as never)
    heading.insert(0, [new Y.XmlText('Dear Eve')])
    const text = new Y.XmlText()
    text.applyDelta([{ insert: 'so ' }, { insert: 'bold 😀', attributes: { bold: {} } }, { insert: { image: 'x' } }])
    line.insert(0, [text, new Y.XmlElement('hardBreak')])
    root.insert(0, [heading, line])
    const other = await open()
    const file = throughFile(await sync.unsentEdits())
    expect(await other.sync.importEdits(file)).toEqual({ applied: 3, skipped: [] })
    const there = await other.notes.text('letter', 'body')
    expect(there.root.toString()).toBe(root.toString())
    expect((there.root.get(1) as Y.XmlElement).get(0)).toMatchObject({ length: text.length })
    expect(((there.root.get(1) as Y.XmlElement).get(0) as Y.XmlText).toDelta()).toEqual(text.toDelta())
    for (const each of [sync, other.sync]) await each.close()
  })

  it('comes back once, however often the file is taken in', async () => {
    const { sync, notes } = await open()
    await notes.add('shopping', { title: 'Shopping' })
    const body = await notes.text('shopping', 'body')
    body.replaceWithText('milk\nbread')
    const file = throughFile(await sync.unsentEdits())
    const other = await open()
    for (let i = 0; i < 3; i++) await other.sync.importEdits(file)
    await sync.importEdits(file)
    expect((await other.notes.text('shopping', 'body')).toText()).toBe('milk\nbread')
    expect(body.toText()).toBe('milk\nbread')
    expect(other.notes.conflicts()).toEqual([])
    for (const each of [sync, other.sync]) await each.close()
  })

  it('whose record has begun another text meanwhile stands behind that, and neither is out of sight', async () => {
    const { sync, notes } = await open()
    const other = await open()
    for (const each of [notes, other.notes]) await each.add('shopping', { title: 'Shopping' })
    ;(await notes.text('shopping', 'body')).replaceWithText('milk')
    const there = await other.notes.text('shopping', 'body')
    there.replaceWithText('bread')
    await other.sync.importEdits(throughFile(await sync.unsentEdits()))
    expect(there.toText()).toBe('bread\nmilk')
    expect((await other.notes.text('shopping', 'body')).toText()).toBe('bread\nmilk')
    for (const each of [sync, other.sync]) await each.close()
  })

  it('that was opened and left empty hides no text of the account', async () => {
    const { sync, notes } = await open()
    const other = await open()
    for (const each of [notes, other.notes]) await each.add('shopping', { title: 'Shopping' })
    await notes.text('shopping', 'body')
    const there = await other.notes.text('shopping', 'body')
    there.replaceWithText('bread')
    await other.sync.importEdits(throughFile(await sync.unsentEdits()))
    expect((await other.notes.text('shopping', 'body')).toText()).toBe('bread')
    for (const each of [sync, other.sync]) await each.close()
  })

  it('of a record that was deleted is skipped and said so, and of one that the account never had makes it', async () => {
    const other = await open()
    await other.notes.add('gone', { title: 'Gone' })
    await other.notes.delete('gone')
    const typed = (id: string) => ({
      ...{ id, kind: 'change', timeMs: 1 },
      texts: { body: { root: 'any', before: paragraph({ insert: 'mil' }), after: paragraph({ insert: 'milk' }) } },
    })
    const { applied, skipped } = await other.sync.importEdits(exportOf([typed('gone'), typed('new')]))
    expect(applied).toBe(1)
    expect(skipped).toMatchObject([{ collection: 'notes', change: { id: 'gone' }, reason: 'record-deleted' }])
    expect(other.notes.deletedIds()).toEqual(['gone'])
    expect((await other.notes.text('new', 'body')).toText()).toBe('milk')
    await other.sync.close()
  })
})

function exportOf(changes: unknown): unknown {
  return {
    format: 'owlivion-unsent-edits',
    version: 1,
    account: '0'.repeat(64),
    device: '0'.repeat(32),
    collections: [{ name: 'notes', changes }],
  }
}

describe('what is no text of an export', () => {
  const deep = (depth: number): unknown => (depth === 0 ? [] : [{ element: 'list', children: deep(depth - 1) }])
  const letters = (run: unknown): unknown => [{ element: 'paragraph', children: [{ text: [run] }] }]
  it.each<[string, unknown]>([
    ['no object', 'milk'],
    ['without what was there before', { root: 'x', after: [] }],
    ['more than there is', { root: 'x', before: [], after: [], update: 'AAA' }],
    ['a name that is none', { root: 1, before: [], after: [] }],
    ['content that is no list', { root: 'x', before: [], after: { length: 1 } }],
    ['a block that is none', { root: 'x', before: [], after: ['milk'] }],
    ['a block without a name', { root: 'x', before: [], after: [{ element: '' }] }],
    ['a block with more than there is', { root: 'x', before: [], after: [{ element: 'p', update: [0] }] }],
    ['blocks without end', { root: 'x', before: [], after: deep(101) }],
    ['attributes that are a list', { root: 'x', before: [], after: [{ element: 'p', attributes: ['x'] }] }],
    [
      'an attribute that is a function',
      { root: 'x', before: [], after: [{ element: 'p', attributes: { x: () => 1 } }] },
    ],
    ['letters that are none', { root: 'x', before: letters({ insert: 1 }), after: [] }],
    ['letters with more than there is', { root: 'x', before: [], after: letters({ insert: 'x', retain: 1 }) }],
  ])('is refused whole: %s', async (_, body) => {
    const { sync, notes } = await open()
    await notes.add('shopping', { title: 'Shopping' })
    const change = { id: 'shopping', kind: 'change', timeMs: 1, fields: { title: 'x' }, texts: { body } }
    await expect(sync.importEdits(exportOf([change]))).rejects.toMatchObject({ code: 'invalid-value' })
    expect(notes.get('shopping')).toEqual({ title: 'Shopping' })
    await sync.close()
  })

  it('or has the name of a secret, is refused whole', async () => {
    const { sync } = await open()
    const texts = { password: { root: 'x', before: [], after: [] } }
    const change = { id: 'shopping', kind: 'change', timeMs: 1, texts }
    await expect(sync.importEdits(exportOf([change]))).rejects.toMatchObject({ code: 'secret-field' })
    await sync.close()
  })
})
