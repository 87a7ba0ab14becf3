// Every data type as an app meets it: through a collection that was opened with it.
import { type MailType, mailTypes } from '@owlivion/sync/mail'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Collection, createAccount, type Fields, openMemoryStore, type Sync } from '../../src'
import { nodePlatform } from '../../src/platform/node'
import { samples } from './samples'

type AnyType = MailType<Fields>
const types = Object.entries(mailTypes) as unknown as [keyof typeof samples, AnyType][]
const sampleOf = (name: keyof typeof samples) => samples[name] as unknown as Fields

let sync: Sync
beforeAll(async () => {
  const options = {
    platform: nodePlatform(),
    store: openMemoryStore(),
    relay: 'ws://127.0.0.1:1',
    deviceName: 'laptop',
  }
  sync = (await createAccount({ ...options, online: false })).sync
})
afterAll(() => sync.close())

/** Changes that make a record one that a client could not use. */
const broken: Record<keyof typeof samples, readonly Fields[]> = {
  accounts: [
    { email: 'ann' },
    { email: '@' },
    { displayName: 1 },
    { incoming: { ...samples.accounts.incoming, port: 0 } },
    { incoming: { ...samples.accounts.incoming, port: 65_536 } },
    { incoming: { ...samples.accounts.incoming, host: 'two words' } },
    { incoming: { ...samples.accounts.incoming, security: 'SSL' } },
    { incoming: { ...samples.accounts.incoming, protocol: 'smtp' } },
    { outgoing: { ...samples.accounts.outgoing, authentication: ['guess'] } },
    { outgoingAlternatives: {} },
    { syncDays: 0.5 },
    { isDefault: 1 },
    { sentFolder: ' ' },
  ],
  contacts: [
    { name: null },
    { emails: [] },
    { emails: [{ label: 'work' }] },
    { emails: [{ value: 'a', preferred: false }] },
    { groups: ['a', 1] },
    { favourite: 'yes' },
    { photo: { type: 'image/svg+xml', data: 'iVBORw0KGgo=' } },
    { photo: { type: 'image/png', data: 'not base64!' } },
    { photo: { type: 'image/png', data: 'A'.repeat(64_004) } },
    { extra: [['NAME']] },
    { lastUsedAt: -1 },
  ],
  preferences: [
    { theme: 'sepia' },
    { language: 'de' },
    { confirmSend: 'true' },
    { autoMarkReadDelay: -1 },
    { autoSyncInterval: 0 },
    { autoSyncInterval: 61 },
    { notificationSoundType: 'silence' },
  ],
  signatures: [{ account: 'Ann@example.com' }, { name: '' }, { html: null }],
  filters: [
    { match: 'some' },
    { priority: 1.5 },
    { conditions: [{ field: 'cc', operator: 'equals', value: '' }] },
    { conditions: [{ field: 'to', operator: 'matches', value: '' }] },
    { actions: [{ type: 'forward' }] },
    { actions: [{ type: 'constructor' }] },
    { actions: [{ type: 'move_to_folder' }] },
    { actions: [{ type: 'add_label', label: '' }] },
    { actions: ['delete'] },
  ],
  templates: [{ category: 'spam' }, { subject: 1 }, { favourite: null }],
  labels: [{ name: '\n' }, { colour: 'red' }, { colour: '#d03030;background:url(//x)' }, { position: 1e9 }],
  identities: [{ account: '' }, { email: 'sales' }, { replyTo: 'orders' }],
  trustedSenders: [{ email: 'bob' }, { domain: 'example.com' }, { trustedAt: '2026' }],
  savedSearches: [{ name: '' }, { filters: [] }, { filters: { isRead: 1 } }, { filters: { dateFrom: '1.1.2026' } }],
  drafts: [
    { account: 'Ann' },
    { composeType: 'replyAll' },
    { to: ['bob@example.com'] },
    { attachments: [{ filename: 'a', contentType: 'b', sizeBytes: -1 }] },
  ],
}

describe.each(types)('a record of %s', (name, type) => {
  let collection: Collection<Fields>
  beforeAll(async () => {
    collection = await sync.open(type)
  })

  it('comes back as it was written', async () => {
    expect(collection.name).toBe(name)
    const id = type.key(sampleOf(name))
    await collection.add(id, sampleOf(name))
    expect(collection.get(id)).toEqual(sampleOf(name))
    for (const counter of type.counters) await collection.increment(id, counter)
    for (const set of type.sets) await collection.addToSet(id, set, 'x')
    expect(type.counters.map((counter) => collection.counter(id, counter))).toEqual(type.counters.map(() => 1))
    await collection.delete(id)
  })

  it('has an id that depends on nothing but what it says', () => {
    const sample = sampleOf(name)
    const reordered = Object.fromEntries(Object.entries(sample).reverse())
    expect(type.key(reordered)).toBe(type.key(sample))
    const later = type.latestWins.map((field) => [field, 1])
    expect(type.key({ ...sample, ...Object.fromEntries(later) })).toBe(type.key(sample))
  })

  it.each(broken[name].map((change) => [JSON.stringify(change).slice(0, 80), change] as const))(
    'is refused with %s, at the field',
    async (_, change) => {
      const [field = ''] = Object.keys(change)
      const refused = collection.add('x', { ...sampleOf(name), ...change })
      await expect(refused).rejects.toMatchObject({ code: 'invalid-record' })
      if (name !== 'trustedSenders' || field !== 'domain')
        await expect(refused).rejects.toThrow(new RegExp(`not valid at ${field}[:.]`))
      expect(collection.has('x')).toBe(false)
    },
  )

  it('is refused when it is no record', () => {
    for (const value of [undefined, null, 'x', 1, [], [sampleOf(name)]]) {
      expect(type.schema['~standard'].validate(value)).toEqual({
        issues: [{ message: 'an object is expected', path: [] }],
      })
    }
  })

  it.each(['password', 'smtpPassword', 'accessToken', 'refresh_token', 'secret', 'gemini_api_key', 'geminiApiKey'])(
    'may not hold a %s',
    async (secret) => {
      const refused = collection.add('x', { ...sampleOf(name), [secret]: 'x' })
      await expect(refused).rejects.toMatchObject({ code: 'secret-field' })
    },
  )

  it('keeps fields that only a newer version knows, at every depth', async () => {
    const deeper = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(deeper)
      if (typeof value !== 'object' || value === null) return value
      return { ...Object.fromEntries(Object.entries(value).map(([key, each]) => [key, deeper(each)])), fromLater: [1] }
    }
    const newer = deeper(sampleOf(name)) as Fields
    await collection.add('newer', newer)
    const [field = '', value] = Object.entries(sampleOf(name))[0] ?? []
    await collection.update('newer', { [field]: value })
    expect(collection.get('newer')).toEqual(newer)
    await collection.delete('newer')
  })
})

describe('names that mean something to JavaScript', () => {
  it('are fields like others, and change nothing else', async () => {
    const labels = await sync.open(mailTypes.labels)
    const poisoned = JSON.parse('{"name":"x","__proto__":{"colour":"red"},"constructor":"y"}')
    await labels.add('x', poisoned)
    expect(Object.hasOwn(labels.get('x') ?? {}, '__proto__')).toBe(true)
    expect(labels.get('x')?.colour).toBeUndefined()
    expect(({} as { colour?: string }).colour).toBeUndefined()
  })

  it('do not stand in for fields that are missing', () => {
    const { issues } = mailTypes.labels.schema['~standard'].validate(JSON.parse('{"__proto__":{"name":"x"}}'))
    expect(issues).toEqual([{ message: 'text is expected', path: ['name'] }])
  })
})
