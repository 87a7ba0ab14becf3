// A file that claims to be the unsent edits of a device. Whoever made it may have made up anything.
import type { UnsentEdits } from '@owlivion/sync'
import { describe, expect, it } from 'vitest'
import { KeyWorld } from '../../support/key-world'

const good = {
  format: 'owlivion-unsent-edits',
  version: 1,
  account: 'ab'.repeat(32),
  device: 'cd'.repeat(16),
  collections: [
    { name: 'notes', changes: [{ id: 'new', kind: 'create', timeMs: 1_700_000_000_000, fields: { text: 'new' } }] },
  ],
}

/** The same with its first change altered. */
const withChange = (change: object): unknown => ({
  ...good,
  collections: [good.collections[0], { name: 'notes', changes: [{ ...good.collections[0]?.changes[0], ...change }] }],
})

function nested(depth: number): unknown {
  let value: unknown = 'x'
  for (let i = 0; i < depth; i++) value = [value]
  return value
}

describe('edits from a file', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', 'owlivion-unsent-edits'],
    ['another format', { ...good, format: 'backup' }],
    ['another version', { ...good, version: 2 }],
    ['more than an export has', { ...good, run: 'this' }],
    ['no account', { ...good, account: 'somebody' }],
    ['collections that are no list', { ...good, collections: { length: 1e9 } }],
    ['a collection without a name', { ...good, collections: [...good.collections, { name: '', changes: [] }] }],
    ['an unknown kind', withChange({ kind: 'execute' })],
    ['a kind that every object has', withChange({ kind: 'constructor' })],
    ['an id with a control character', withChange({ id: 'a\u0001b' })],
    ['an id that is too long', withChange({ id: 'x'.repeat(257) })],
    ['a field that is called like a secret', withChange({ fields: { password: 'x' } })],
    ['a field that is too large', withChange({ fields: { text: 'x'.repeat(70_000) } })],
    ['a value without end', withChange({ fields: { text: nested(5_000) } })],
    ['a time that is none', withChange({ timeMs: 'now' })],
    ['fields that are a list', withChange({ fields: ['text'] })],
  ])('that are not what an export makes are refused whole, and write nothing: %s', async (_, edits) => {
    const world = new KeyWorld()
    const laptop = await world.create('laptop')
    await laptop.notes.add('1', { text: 'kept' })
    await world.until(() => laptop.sync.status.isGreen)
    const before = await laptop.rows.list([])
    await expect(laptop.sync.importEdits(edits as UnsentEdits)).rejects.toMatchObject({ name: 'SyncError' })
    expect(laptop.texts).toEqual(['kept'])
    expect(laptop.sync.status.unsent).toBe(0)
    expect((await laptop.rows.list([])).length).toBe(before.length)
  })

  it('with names that mean something to JavaScript change records and nothing else', async () => {
    const world = new KeyWorld()
    const laptop = await world.create('laptop')
    const fields = JSON.parse('{"__proto__": {"isAdmin": true}, "constructor": "x", "text": "new"}')
    const change = { ...good.collections[0]?.changes[0], id: '__proto__', fields }
    const edits = { ...good, collections: [{ name: 'notes', changes: [change] }] } as unknown as UnsentEdits
    const outcome = await laptop.sync.importEdits(edits).catch((error) => error.code)
    expect(outcome).toEqual({ applied: 1, skipped: [] })
    expect(Object.entries(laptop.notes.list()[0]?.[1] ?? {}).length).toBe(3)
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined()
  })
})
