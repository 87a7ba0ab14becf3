// One and the same behaviour, of y-websocket's provider at its own server and of ours at a relay: what works with the one works with the other.
import { beforeEach, describe, expect, test } from 'vitest'
import { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { until } from './until'
import { type AnyProvider, type ProviderOptions, type ProviderWorld, worlds } from './worlds'

describe.each(worlds)('the provider of $name', ({ open }) => {
  let world: ProviderWorld
  beforeEach(async () => {
    world = await open()
  })

  interface Place {
    readonly doc: Y.Doc
    readonly text: Y.Text
    readonly provider: AnyProvider
    readonly told: unknown[]
  }

  function provide(place: 0 | 1, name = 'note', options: ProviderOptions = {}): Place {
    const doc = new Y.Doc()
    const provider = world.provide(place, doc, name, options)
    const told: unknown[] = []
    provider.on('status', ({ status }: { status: string }) => told.push(status))
    provider.on('synced', (isSynced: boolean) => told.push('synced', isSynced))
    provider.on('sync', (isSynced: boolean) => told.push('sync', isSynced))
    provider.on('connection-close', (_: unknown, of: unknown) => told.push('connection-close', of === provider))
    return { doc, text: doc.getText('body'), provider, told }
  }

  /** Both have settled: each has what the other wrote. */
  async function untilEqual(...places: readonly Place[]): Promise<string> {
    const [first, ...others] = places
    const stateOf = ({ doc }: Place): string => Y.encodeStateVector(doc).join()
    await until(() => others.every((each) => stateOf(each) === stateOf(first!)))
    for (const { text } of others) expect(text.toString()).toBe(first!.text.toString())
    return first!.text.toString()
  }

  test('joins what two have written, before and after they are connected, at once and in turn', async () => {
    const a = provide(0, 'note', { connect: false })
    a.text.insert(0, 'before ')
    a.provider.connect()
    const b = provide(1)
    await until(() => b.text.toString() === 'before ')
    a.text.insert(7, 'one')
    b.text.insert(7, 'two')
    expect([...(await untilEqual(a, b))].sort().join('')).toBe([...'before onetwo'].sort().join(''))
    b.text.delete(0, 7)
    await until(() => a.text.length === 6)
  })

  test('gives everything to one who comes when the others are gone, and nothing of another name', async () => {
    const a = provide(0)
    const c = provide(0, 'other')
    a.text.insert(0, 'kept')
    c.text.insert(0, 'elsewhere')
    const first = provide(1)
    await until(() => first.text.toString() === 'kept')
    first.provider.destroy()
    a.provider.destroy()
    const b = provide(1)
    await until(() => b.provider.synced && b.text.length > 0)
    expect(b.text.toString()).toBe('kept')
    expect(b.provider.roomname).toBe('note')
  })

  test('is the origin of what comes from elsewhere and of nothing else, so that undo takes back what was written here', async () => {
    const a = provide(0)
    const b = provide(1)
    await until(() => a.provider.synced && b.provider.synced)
    const undo = new Y.UndoManager(a.text)
    const origins: unknown[] = []
    a.doc.on('update', (_: Uint8Array, origin: unknown) => origins.push(origin))
    a.text.insert(0, 'here ')
    await untilEqual(a, b)
    b.text.insert(5, 'there')
    await until(() => a.text.toString() === 'here there')
    expect(origins).toEqual([null, a.provider])
    undo.undo()
    await until(() => b.text.toString() === 'there')
    expect(a.text.toString()).toBe('there')
  })

  test('tells where it stands, in the order in which a binding waits for it', async () => {
    const { provider, told } = provide(0, 'note', { connect: false })
    expect(provider).toMatchObject({ shouldConnect: false, wsconnected: false, wsconnecting: false, synced: false })
    expect(told).toEqual([])
    provider.connect()
    expect(provider).toMatchObject({ shouldConnect: true, wsconnected: false, wsconnecting: true })
    await until(() => provider.synced && told.length >= 6)
    expect(told).toEqual(['connecting', 'connected', 'synced', true, 'sync', true])
    expect(provider).toMatchObject({ wsconnected: true, wsconnecting: false })
    told.splice(0)
    provider.disconnect()
    await until(() => told.includes('disconnected') && told.includes('sync') && told.includes('connection-close'))
    expect(provider).toMatchObject({ shouldConnect: false, wsconnected: false, wsconnecting: false, synced: false })
    const ofKind = (kind: unknown): unknown[] => told.filter((_, i) => told[i - 1] === kind)
    expect([ofKind('synced'), ofKind('sync'), ofKind('connection-close')]).toEqual([[false], [false], [true]])
  })

  test('may be connected and disconnected at will, as React does in its strict mode, and is in step after all of it', async () => {
    const a = provide(0)
    const b = provide(1)
    await until(() => a.provider.synced && b.provider.synced)
    for (let i = 0; i < 3; i++) {
      a.provider.connect()
      a.provider.connect()
      a.provider.disconnect()
      a.provider.disconnect()
    }
    // What is written meanwhile goes nowhere, and is brought together afterwards.
    a.text.insert(0, 'here')
    b.text.insert(0, 'there')
    expect(b.text.toString()).toBe('there')
    expect(a.text.toString()).toBe('here')
    a.provider.connect()
    expect((await untilEqual(a, b)).length).toBe(9)
    await until(() => a.provider.synced)
  })

  test('tells a listener for as long as it listens', async () => {
    const { provider } = provide(0, 'note', { connect: false })
    const told: unknown[] = []
    const removed = (): unknown => told.push('removed')
    provider.once('synced', (isSynced: boolean) => told.push(isSynced))
    provider.on('synced', removed)
    provider.off('synced', removed)
    provider.connect()
    await until(() => provider.synced && told.length > 0)
    provider.disconnect()
    provider.connect()
    await until(() => provider.synced)
    expect(told).toEqual([true])
  })

  test('lets go of a document that goes on without it', async () => {
    const a = provide(0)
    const b = provide(1)
    a.text.insert(0, 'together')
    await untilEqual(a, b)
    a.provider.destroy()
    a.provider.destroy()
    a.text.insert(0, 'alone ')
    b.text.insert(0, 'still ')
    const c = provide(1)
    await until(() => c.text.toString() === 'still together')
    expect(a.text.toString()).toBe('alone together')
    expect(b.text.toString()).toBe('still together')
  })

  test('shows who is there: what each says of itself, when that changes, and when it goes', async () => {
    const a = provide(0)
    const b = provide(1)
    const seenBy = ({ provider }: Place, { doc }: Place) => provider.awareness.getStates().get(doc.clientID)
    const changes: unknown[] = []
    b.provider.awareness.on('change', (_: unknown, origin: unknown) => changes.push(origin))
    a.provider.awareness.setLocalStateField('user', { name: 'Ann', color: '#a03060' })
    b.provider.awareness.setLocalStateField('user', { name: 'Bob' })
    await until(() => seenBy(b, a)?.user !== undefined && seenBy(a, b)?.user !== undefined)
    expect(seenBy(b, a)).toEqual({ user: { name: 'Ann', color: '#a03060' } })
    expect(changes).toContain(b.provider)
    a.provider.awareness.setLocalStateField('cursor', { anchor: 1, head: 4 })
    await until(() => seenBy(b, a)?.cursor !== undefined)
    expect(seenBy(b, a)).toEqual({ user: { name: 'Ann', color: '#a03060' }, cursor: { anchor: 1, head: 4 } })
    a.provider.awareness.setLocalState(null)
    await until(() => seenBy(b, a) === undefined)
    expect(seenBy(a, b)).toEqual({ user: { name: 'Bob' } })
  })

  test('takes those who are gone off the screen on both sides, and brings them back', async () => {
    const a = provide(0)
    const b = provide(1)
    const sees = ({ provider }: Place, { doc }: Place) => provider.awareness.getStates().has(doc.clientID)
    const show = (): void => {
      for (const { provider } of [a, b]) provider.awareness.setLocalStateField('at', Math.sqrt(2))
    }
    show()
    await until(() => sees(a, b) && sees(b, a))
    a.provider.disconnect()
    await until(() => !sees(a, b) && !sees(b, a))
    a.provider.connect()
    show()
    await until(() => sees(a, b) && sees(b, a))
    b.provider.destroy()
    await until(() => !sees(a, b))
  })

  test('works with an Awareness that the app made itself', async () => {
    const doc = new Y.Doc()
    const awareness = new Awareness(doc)
    const provider = world.provide(0, doc, 'note', { awareness })
    expect(provider.awareness).toBe(awareness)
    const b = provide(1)
    awareness.setLocalStateField('user', { name: 'Ann' })
    await until(() => b.provider.awareness.getStates().get(awareness.clientID)?.user !== undefined)
    provider.destroy()
    awareness.destroy()
  })
})
