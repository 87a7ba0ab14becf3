// A whole account into a file and back into another.
import { historyOf, openPoints } from '@owlivion/sync/history'
import { htmlOfText, writeHtml } from '@owlivion/sync/html'
import { type Contact, mailTypes } from '@owlivion/sync/mail'
import { applyAccountImport, exportAccount, previewAccountImport } from '@owlivion/sync/transfer'
import { parseVCards } from '@owlivion/sync/vcard'
import { afterEach, describe, expect, it } from 'vitest'
import { createAccount, createUndo, openMemoryStore, type Sync } from '../../../src'
import { nodePlatform } from '../../../src/platform/node'
import { samples } from '../samples'

const open: Sync[] = []
async function newAccount(): Promise<Sync> {
  const options = {
    platform: nodePlatform(),
    store: openMemoryStore(),
    relay: 'ws://127.0.0.1:1',
    deviceName: 'laptop',
  }
  const { sync } = await createAccount({ ...options, online: false })
  open.push(sync)
  return sync
}
afterEach(async () => {
  for (const sync of open.splice(0)) await sync.close()
})

/** One record of every data type, a counter and a set. */
async function fullAccount(): Promise<Sync> {
  const sync = await newAccount()
  for (const [name, type] of Object.entries(mailTypes)) {
    const collection = await sync.open<Record<string, string>>(type.name, type as never)
    await collection.add(`${name}-1`, samples[name as keyof typeof samples] as never)
  }
  await (await sync.open(mailTypes.templates)).increment('templates-1', 'uses', 3)
  await (await sync.open(mailTypes.preferences)).addToSet(
    'preferences-1',
    'priorityAccounts',
    'a@example.com',
    'b@example.com',
  )
  return sync
}

const file = (collections: object, head = {}) =>
  JSON.stringify({ format: 'owlivion-sync-account', version: 1, ...head, collections }, null, 2)

describe('the export of an account', () => {
  it('holds every record of every data type, and the address book as cards', async () => {
    const sync = await fullAccount()
    const { json, vcards } = await exportAccount(sync)
    const { collections } = JSON.parse(json)
    expect(Object.keys(collections)).toEqual(Object.values(mailTypes).map(({ name }) => name))
    for (const [name, type] of Object.entries(mailTypes)) {
      expect(collections[type.name]).toMatchObject([{ id: `${name}-1`, fields: samples[name as keyof typeof samples] }])
    }
    expect(collections.templates[0].counters).toEqual({ uses: 3 })
    expect(collections.preferences[0].sets).toEqual({ priorityAccounts: ['a@example.com', 'b@example.com'] })
    const { lastUsedAt: _, ...contact } = samples.contacts as Contact
    expect(parseVCards(vcards).contacts.map(({ name, emails }) => [name, emails])).toEqual([
      [contact.name, contact.emails],
    ])
    expect((await exportAccount(sync)).json).toBe(json)
  })

  it('imported into another account makes it the same, and imported twice changes nothing more', async () => {
    const { json } = await exportAccount(await fullAccount())
    const other = await newAccount()
    const steps: number[] = []
    const onProgress = ({ done, total }: { readonly done: number; readonly total: number }) => steps.push(done / total)
    const result = await applyAccountImport(other, await previewAccountImport(other, json), { onProgress })
    expect(result).toEqual({
      added: Object.keys(mailTypes).length,
      changed: 0,
      unchanged: 0,
      refused: [],
      isCancelled: false,
      before: expect.objectContaining({ name: 'Before: Import' }),
    })
    expect(steps.at(-1)).toBe(1)
    expect((await exportAccount(other)).json).toBe(json)

    const again = await previewAccountImport(other, new TextEncoder().encode(json))
    expect(again.collections.map(({ added, changed, beside }) => [added, changed, beside])).toEqual(
      Object.keys(mailTypes).map(() => [[], [], []]),
    )
    await applyAccountImport(other, again)
    expect((await exportAccount(other)).json).toBe(json)
  })

  it('has what only a newer version of the app counts and gathers, and brings it back', async () => {
    const sync = await newAccount()
    const templates = await sync.open(mailTypes.templates)
    await templates.add('t', samples.templates)
    await templates.increment('t', 'stars', 3)
    await templates.addToSet('t', 'moods', 'glad', 'calm')
    await templates.addToSet('t', 'emptied', 'once')
    await templates.removeFromSet('t', 'emptied', 'once')
    expect(templates.besideNames('t')).toEqual({ counters: ['stars'], sets: ['emptied', 'moods'] })
    expect(templates.besideNames('nobody')).toEqual({ counters: [], sets: [] })
    const { json } = await exportAccount(sync)
    expect(JSON.parse(json).collections.templates[0]).toMatchObject({
      counters: { stars: 3 },
      sets: { moods: ['calm', 'glad'] },
    })
    const other = await newAccount()
    await applyAccountImport(other, await previewAccountImport(other, json))
    expect((await exportAccount(other)).json).toBe(json)
  })

  it('imported over a changed record shows which fields change, and keeps those that it does not mention', async () => {
    const sync = await newAccount()
    const labels = await sync.open(mailTypes.labels)
    await labels.add('label:1', { name: 'Home', colour: '#112233' })
    const preview = await previewAccountImport(sync, file({ labels: [{ id: 'label:1', fields: { name: 'House' } }] }))
    expect(preview.collections[0]?.changed).toEqual([
      { id: 'label:1', record: { name: 'House' }, changes: [{ field: 'name', before: 'Home', after: 'House' }] },
    ])
    await applyAccountImport(sync, preview)
    expect(labels.get('label:1')).toEqual({ name: 'House', colour: '#112233' })
  })

  it('imported by mistake is gone back from, also when it cannot be undone any more: what was before it has a name', async () => {
    const sync = await newAccount()
    const labels = await sync.open(mailTypes.labels)
    await labels.add('label:1', { name: 'Home' })
    const records = [1, 2].map((n) => ({ id: `label:${n}`, fields: { name: `Label ${n}` } }))
    const preview = await previewAccountImport(sync, file({ labels: records }))
    const { before } = await applyAccountImport(sync, preview, { label: 'Old labels' })
    const points = await openPoints(sync)
    expect(points.list()).toEqual([{ ...before, name: 'Before: Old labels', isAutomatic: true }])
    await historyOf(sync, labels).restoreTo(before!)
    expect(labels.list()).toEqual([['label:1', { name: 'Home' }]])
    // The restore has named what was before it, too; an import of nothing names nothing.
    const nothing = await applyAccountImport(sync, await previewAccountImport(sync, file({})))
    expect([nothing.before, points.list().length]).toEqual([undefined, 2])
  })

  it('imported never counts twice or back', async () => {
    const sync = await newAccount()
    const templates = await sync.open(mailTypes.templates)
    await templates.add('t', samples.templates)
    await templates.increment('t', 'uses', 5)
    const of = (uses: number) => file({ templates: [{ id: 't', fields: samples.templates, counters: { uses } }] })
    for (const uses of [2, 7, 7]) await applyAccountImport(sync, await previewAccountImport(sync, of(uses)))
    expect(templates.counter('t', 'uses')).toBe(7)
  })

  it('is imported as far as it got when it is cancelled, and says so', async () => {
    const sync = await newAccount()
    const records = Array.from({ length: 250 }, (_, n) => ({ id: `label:${n}`, fields: { name: `Label ${n}` } }))
    const controller = new AbortController()
    const preview = await previewAccountImport(
      sync,
      file({ labels: records, templates: [{ id: 't', fields: samples.templates }] }),
    )
    const result = await applyAccountImport(sync, preview, {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    })
    expect(result).toMatchObject({ added: 100, isCancelled: true })
    expect((await sync.open(mailTypes.templates)).size).toBe(0)
  })

  it('of an undecided field names all values', async () => {
    const { json } = await exportAccount({
      open: async ({ name }) => ({
        list: () => (name === 'labels' ? [['label:1', { name: 'A' }]] : []),
        conflicts: () =>
          name === 'labels'
            ? [{ id: 'label:1', field: 'name', candidates: [{ value: 'A' }, { value: undefined }] }]
            : [],
        get: () => undefined,
        has: () => false,
        counter: () => 0,
        set: () => [],
        addAll: async () => {},
        update: async () => {},
        increment: async () => {},
        addToSet: async () => {},
      }),
    })
    expect(JSON.parse(json).collections.labels[0].undecided).toEqual({ name: ['A', null] })
  })
})

describe('the texts of an account', () => {
  const html = '<p>Dear <strong>Bob</strong>,</p><ul><li><p>the plan</p></li></ul>'

  async function accountWithText(): Promise<{ sync: Sync; json: string }> {
    const sync = await fullAccount()
    const body = await (await sync.open(mailTypes.drafts)).text('drafts-1', 'body')
    writeHtml(body, html)
    body.close()
    // One that was opened and left is none.
    const empty = await (await sync.open(mailTypes.signatures)).text('signatures-1', 'body')
    empty.close()
    return { sync, json: (await exportAccount(sync)).json }
  }

  async function bodyIn(sync: Sync): Promise<string> {
    const body = await (await sync.open(mailTypes.drafts)).text('drafts-1', 'body')
    body.close()
    return htmlOfText(body)
  }

  it('are in its export, and in the account that it is imported into, with their formatting', async () => {
    const { json } = await accountWithText()
    const { drafts, signatures } = JSON.parse(json).collections
    expect(JSON.stringify(drafts[0].texts.body)).toContain('the plan')
    expect(signatures[0]).not.toHaveProperty('texts')

    const other = await newAccount()
    const preview = await previewAccountImport(other, json)
    expect(preview.collections.flatMap(({ texts }) => texts.map(({ id, field }) => [id, field]))).toEqual([
      ['drafts-1', 'body'],
    ])
    await applyAccountImport(other, preview)
    expect(await bodyIn(other)).toBe(html)
    expect((await exportAccount(other)).json).toBe(json)
    const again = await previewAccountImport(other, json)
    expect(again.collections.flatMap(({ texts, leftOut }) => [...texts, ...leftOut])).toEqual([])
  })

  it('are begun where nobody has written, stay where somebody has, and go when the import is undone', async () => {
    const { json } = await accountWithText()
    const other = await fullAccount()
    const drafts = await other.open(mailTypes.drafts)
    const undo = createUndo([drafts])
    await applyAccountImport(other, await previewAccountImport(other, json))
    expect(await bodyIn(other)).toBe(html)
    await undo.undo()
    expect(await bodyIn(other)).toBe('')
    undo.close()

    const body = await drafts.text('drafts-1', 'body')
    body.replaceWithText('What I write now')
    const preview = await previewAccountImport(other, json)
    const line = json.slice(0, json.indexOf('"drafts-1"')).split('\n').length
    expect(preview.collections.flatMap(({ leftOut }) => leftOut)).toMatchObject([
      { line, property: 'body', code: 'text-differs' },
    ])
    await applyAccountImport(other, preview)
    expect(body.toText()).toBe('What I write now')
    body.close()
  })

  it('that are none are refused with their record', async () => {
    const sync = await newAccount()
    const { account, composeType } = samples.drafts
    const fields = { account, composeType }
    const preview = await previewAccountImport(
      sync,
      file({ drafts: [{ id: 'd', fields, texts: { body: [{ element: 7 }] } }] }),
    )
    expect(preview.refused.map(({ code }) => code)).toEqual(['invalid-record'])
  })

  it('with something in them that is too large to travel are refused before anything is written', async () => {
    const { account, composeType } = samples.drafts
    const fields = { account, composeType }
    const withPicture = (id: string, bytes: number) => ({
      id,
      fields,
      texts: { body: [{ element: 'image', attributes: { src: 'x'.repeat(bytes) } }] },
    })
    const drafts = [withPicture('small', 129_000), withPicture('large', 132_000)]
    const { refused, collections } = await previewAccountImport(await newAccount(), file({ drafts }))
    expect(refused.map(({ reason }) => reason)).toEqual([expect.stringMatching(/“large”.*128 KB/)])
    expect(collections[0]?.texts.map(({ id }) => id)).toEqual(['small'])
  })
})

describe('a file that is no export, or a damaged one', () => {
  const refusals = async (input: Uint8Array | string) =>
    (await previewAccountImport(await newAccount(), input)).refused.map(({ line, code }) => [line, code])

  it('is refused with line and reason', async () => {
    expect(await refusals('{\n  "format": 1,\n  oops')).toEqual([[3, 'not-an-export']])
    for (const text of ['', 'null', '[]', '{}', file([]), `${'['.repeat(200_000)}`]) {
      expect(await refusals(text)).toEqual([[1, 'not-an-export']])
    }
    expect(await refusals(file({}, { version: 2 }))).toEqual([[1, 'newer-export']])
    expect(await refusals(Uint8Array.of(0x1f, 0x8b, 8))).toEqual([[1, 'file-compressed']])
    expect(await refusals(new Uint8Array(200_000_000))).toEqual([[1, 'file-too-large']])
  })

  it('loses what is wrong in it, each with its line, and nothing else', async () => {
    const sync = await newAccount()
    const text = file({
      labels: [
        { id: 'label:1', fields: { name: 'Good' } },
        { id: 'label:2', fields: { name: 7 } },
        { id: 'label:3', fields: { name: 'Key', apiKey: 'x' } },
        { id: 'label:4', fields: { name: 'Half \ud800' } },
        { id: 'label:5' },
        { id: 'label:\u0000', fields: { name: 'Name' } },
        { id: 'label:6', fields: { name: 'Last' }, sets: { a: 'b' } },
        { id: 'label:7', fields: { name: 'Long', note: 'x'.repeat(1_000_000) } },
        { id: 'label:8', fields: { name: 'Tagged' }, sets: { a: ['x'.repeat(2_000)] } },
        { id: 'label:1', fields: { name: 'Once more' } },
      ],
      spells: [],
    })
    const preview = await previewAccountImport(sync, text)
    const lineOf = (part: string) => text.slice(0, text.indexOf(part)).split('\n').length
    expect(preview.refused.map(({ line, code }) => [line, code])).toEqual([
      [lineOf('"label:2"'), 'invalid-record'],
      [lineOf('"label:3"'), 'secret-field'],
      [lineOf('"label:5"'), 'invalid-record'],
      [lineOf(String.raw`"label:\u0000"`), 'invalid-record'],
      [lineOf('"label:6"'), 'invalid-record'],
      [lineOf('"label:7"'), 'invalid-record'],
      [lineOf('"label:8"'), 'invalid-record'],
      [lineOf('"label:8"') + 11, 'invalid-record'],
      [lineOf('"spells"'), 'unknown-collection'],
    ])
    const result = await applyAccountImport(sync, preview)
    expect([result.added, result.refused]).toEqual([2, []])
    const labels = await sync.open(mailTypes.labels)
    expect(
      labels
        .list()
        .map(([, { name }]) => name)
        .sort(),
    ).toEqual(['Good', 'Half \ufffd'])
  })

  it('with names like the insides of an object changes no object', async () => {
    const sync = await newAccount()
    const text =
      '{"format":"owlivion-sync-account","version":1,"__proto__":{"polluted":1},"collections":{"__proto__":[{"id":"x","fields":{}}],"labels":[{"id":"__proto__","fields":{"name":"Odd","__proto__":{"polluted":1},"constructor":"c"},"counters":{"__proto__":1}}]}}'
    await applyAccountImport(sync, await previewAccountImport(sync, text))
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
    const labels = await sync.open(mailTypes.labels)
    expect(labels.get('__proto__')).toMatchObject({ name: 'Odd', constructor: 'c' })
    expect((labels.get('__proto__') as { polluted?: unknown } | undefined)?.polluted).toBeUndefined()
  })
})
