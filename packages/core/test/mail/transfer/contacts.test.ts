// Files into an address book: shown first, then written, each person once.
import { readdirSync, readFileSync } from 'node:fs'
import { type Contact, mailTypes } from '@owlivion/sync/mail'
import { applyImport, previewImport } from '@owlivion/sync/transfer'
import { formatVCards, parseVCards } from '@owlivion/sync/vcard'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { hasSharedData, sharedData } from '../../../../../e2e/shared-data'
import { type Collection, createAccount, openMemoryStore, type Sync } from '../../../src'
import { nodePlatform } from '../../../src/platform/node'
import { anyContact } from '../any-contact'

const open: Sync[] = []
async function addressBook(contacts: readonly Contact[] = []): Promise<Collection<Contact>> {
  const options = {
    platform: nodePlatform(),
    store: openMemoryStore(),
    relay: 'ws://127.0.0.1:1',
    deviceName: 'laptop',
  }
  const { sync } = await createAccount({ ...options, online: false })
  open.push(sync)
  const book = await sync.open(mailTypes.contacts)
  await book.addAll(contacts.map((contact) => [mailTypes.contacts.key(contact), contact]))
  return book
}
afterEach(async () => {
  for (const sync of open.splice(0)) await sync.close()
})

const ann: Contact = {
  name: 'Ann',
  emails: [{ value: 'ann@work.example' }, { value: 'ann@home.example' }],
  title: 'Chief',
}

describe('the preview of an import', () => {
  it('says what is new, what changes and in which fields, and what stays, and writes nothing', async () => {
    const book = await addressBook([ann, { name: 'Bob', emails: [{ value: 'bob@example.com' }] }])
    const preview = await previewImport(book, {
      contacts: [
        { name: 'Ann', emails: [{ value: 'ANN@home.example' }], phones: [{ value: '1' }] },
        { name: 'Bob', emails: [{ value: 'bob@example.com' }] },
        { name: 'Cleo' },
      ],
      refused: [{ line: 9, code: 'card-empty', reason: 'nothing' }],
    })
    expect(preview).toEqual({
      added: [{ id: mailTypes.contacts.key({ name: 'Cleo' }), record: { name: 'Cleo' } }],
      changed: [
        {
          id: 'ann@work.example',
          record: { name: 'Ann', emails: [{ value: 'ANN@home.example' }], phones: [{ value: '1' }] },
          changes: [{ field: 'phones', before: undefined, after: [{ value: '1' }] }],
        },
      ],
      same: ['bob@example.com'],
      refused: [{ line: 9, code: 'card-empty', reason: 'nothing' }],
      leftOut: [],
    })
    expect(book.size).toBe(2)
  })

  it('joins the cards of one person, also when it is a third one that shows they are', async () => {
    const book = await addressBook()
    const { added } = await previewImport(book, {
      contacts: [
        { name: 'Ann', emails: [{ value: 'a@example.com' }] },
        { name: 'Ann', emails: [{ value: 'b@example.com' }, { value: 'a@example.com' }] },
        { name: 'Ann', emails: [{ value: 'b@example.com' }], notes: 'hello' },
      ],
    })
    expect(added).toEqual([
      {
        id: 'a@example.com',
        record: { name: 'Ann', emails: [{ value: 'a@example.com' }, { value: 'b@example.com' }], notes: 'hello' },
      },
    ])
  })

  it('keeps apart what would not fit into one record', async () => {
    const long = (letter: string): Contact => ({
      name: 'Ann',
      emails: [{ value: 'a@example.com' }],
      notes: letter.repeat(40_000),
    })
    const book = await addressBook([long('a')])
    const preview = await previewImport(book, { contacts: [long('b'), long('a')] })
    expect([preview.added.length, preview.changed.length, preview.same]).toEqual([1, 0, ['a@example.com']])
    expect((await applyImport(book, preview)).added).toBe(1)
    expect(
      book
        .list()
        .map(([, { notes }]) => notes?.[0])
        .sort(),
    ).toEqual(['a', 'b'])
  })

  it('stops when it is asked to', async () => {
    const contacts = Array.from({ length: 1_000 }, (_, n) => ({ name: `Person ${n}` }))
    await expect(previewImport(await addressBook(), { contacts }, { signal: AbortSignal.abort() })).rejects.toThrow(
      /abort/i,
    )
  })
})

describe('an import', () => {
  it('of the same file twice writes it once, whatever the file says', async () => {
    const book = await addressBook()
    await fc.assert(
      fc.asyncProperty(fc.array(anyContact, { maxLength: 6 }), async (contacts) => {
        const first = await applyImport(book, await previewImport(book, { contacts }))
        expect(first.refused).toEqual([])
        const again = await previewImport(book, { contacts })
        expect([again.added, again.changed]).toEqual([[], []])
      }),
      { numRuns: 60, seed: 20_240_601 },
    )
  })

  it('of 10,000 cards tells how far it is and lets other tasks run', async () => {
    const people = Array.from({ length: 10_000 }, (_, n) => ({
      name: `Person ${n}`,
      emails: [{ value: `p${n}@example.com` }],
    }))
    const book = await addressBook()
    const preview = await previewImport(book, parseVCards(formatVCards(people)))
    expect(preview.added).toHaveLength(10_000)
    const steps: number[] = []
    let ticks = 0
    const ticking = setInterval(() => ticks++, 0)
    const result = await applyImport(book, preview, { onProgress: ({ done }) => steps.push(done) })
    clearInterval(ticking)
    expect(result).toEqual({
      added: 10_000,
      changed: 0,
      unchanged: 0,
      refused: [],
      isCancelled: false,
      before: result.before,
    })
    expect(result.before?.name).toBe('Before: Import')
    expect([book.size, steps.at(-1), steps.length]).toEqual([10_000, 10_000, 100])
    expect(ticks).toBeGreaterThan(10)
  }, 120_000)

  it('that is cancelled keeps what it wrote, says so, and goes on when it is applied again', async () => {
    const contacts = Array.from({ length: 450 }, (_, n) => ({ name: `Person ${n}` }))
    const book = await addressBook()
    const preview = await previewImport(book, { contacts })
    const controller = new AbortController()
    const onProgress = ({ done }: { readonly done: number }) => {
      if (done >= 200) controller.abort()
    }
    const result = await applyImport(book, preview, { signal: controller.signal, onProgress })
    expect(result).toMatchObject({ added: 200, isCancelled: true })
    expect(book.size).toBe(200)
    const rest = await applyImport(book, await previewImport(book, { contacts }))
    expect(rest).toMatchObject({ added: 250, isCancelled: false })
    expect(book.size).toBe(450)
  })

  it('joins with what the record says by then, and leaves deleted what was deleted in the meantime', async () => {
    const bob: Contact = { name: 'Bob', emails: [{ value: 'bob@example.com' }] }
    const book = await addressBook([ann, bob])
    const preview = await previewImport(book, {
      contacts: [
        { ...ann, notes: 'from the file' },
        { ...bob, notes: 'from the file' },
      ],
    })
    await book.update('ann@work.example', { notes: 'typed', title: 'Boss' })
    await book.delete('bob@example.com')
    expect(await applyImport(book, preview)).toMatchObject({ added: 0, changed: 1, unchanged: 1 })
    expect(book.get('ann@work.example')).toMatchObject({ title: 'Boss', notes: 'typed\n\nfrom the file' })
    expect(book.has('bob@example.com')).toBe(false)
  })

  it('writes what was left on the lists of the preview, and nothing else', async () => {
    const book = await addressBook()
    const preview = await previewImport(book, { contacts: [{ name: 'Ann' }, { name: 'Bob' }] })
    await applyImport(book, { ...preview, added: preview.added.filter(({ record }) => record.name === 'Bob') })
    expect(book.list().map(([, { name }]) => name)).toEqual(['Bob'])
  })

  it('names a record that the address book refuses, and writes the others', async () => {
    const book = await addressBook()
    const odd = { name: 'Odd', password: 'x' } as Contact
    const wrong = { name: 7 } as unknown as Contact
    const half = { name: 'Half \ud800' }
    const contacts = [{ name: 'Ann' }, odd, half, { name: 'Bob' }]
    const preview = await previewImport(book, { contacts })
    const result = await applyImport(book, { ...preview, added: [...preview.added, { id: 'wrong', record: wrong }] })
    expect(result.added).toBe(2)
    expect(result.refused.map(({ code }) => code)).toEqual(['secret-field', 'invalid-record', 'invalid-record'])
    expect(
      book
        .list()
        .map(([, { name }]) => name)
        .sort(),
    ).toEqual(['Ann', 'Bob'])
  })
})

describe.skipIf(!hasSharedData('vcards'))('the address books of real programs', () => {
  it('imported one after the other leave one record a person that says all of it', async () => {
    const folder = sharedData('vcards')
    const book = await addressBook()
    const files = readdirSync(folder).filter((file) => file.endsWith('.vcf'))
    for (const file of files)
      await applyImport(book, await previewImport(book, parseVCards(readFileSync(`${folder}/${file}`))))
    const held = JSON.stringify(book.list())
    for (const file of files) {
      const { contacts } = parseVCards(readFileSync(`${folder}/${file}`))
      const again = await previewImport(book, { contacts })
      expect([again.added, again.changed]).toEqual([[], []])
      for (const { name, emails = [], phones = [], notes = '' } of contacts) {
        for (const value of [name, notes.trim(), ...phones.map((phone) => phone.value)])
          expect(held).toContain(JSON.stringify(value).slice(1, -1))
        for (const { value } of emails) expect(held.toLowerCase()).toContain(value.toLowerCase())
      }
    }
  })
})
