// The data types of a mail client between devices: apart, of two versions, and each alone with its edits.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAccount, type Fields, joinAccount, openMemoryStore, type Sync } from '@owlivion/sync'
import {
  accountKey,
  type Contact,
  changePreferences,
  contactKey,
  type MailAccount,
  mailTypes,
  preferencesOf,
} from '@owlivion/sync/mail'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readProviderSettings } from '../../fixtures/provider-settings'
import { hasSharedData, sharedData } from '../../shared-data'
import { type PipeRelay, startPipeRelay } from '../../support/world'

let folder: string
let world: PipeRelay
let laptop: Sync
let phone: Sync

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'owlivion-'))
  world = startPipeRelay(folder)
  const options = { platform: world.platform, relay: 'ws://127.0.0.1:1' }
  const created = await createAccount({ ...options, store: openMemoryStore(), deviceName: 'laptop' })
  laptop = created.sync
  await laptop.flush()
  const { recoveryPhrase } = created
  phone = await joinAccount({ ...options, store: openMemoryStore(), deviceName: 'phone', recoveryPhrase })
})
afterEach(async () => {
  await laptop.close()
  await phone.close()
  await world.close()
  rmSync(folder, { recursive: true })
})

function goOffline(): void {
  laptop.goOffline()
  phone.goOffline()
}

interface Comparable {
  list(): (readonly [id: string, record: object])[]
  conflicts(): readonly object[]
  set(id: string, field: string): readonly string[]
  counter(id: string, field: string): number
  subscribe(listener: () => void): () => void
}

/** Everything that a collection of these tests shows, in an order of its own. */
function contentOf(collection: Comparable): string {
  const records = collection
    .list()
    .map(([id, record]) => [
      id,
      Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)),
      collection.set(id, 'priorityAccounts'),
      collection.counter(id, 'uses'),
    ])
  return JSON.stringify([records.sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1)), collection.conflicts()])
}

/** Both online, everything sent, and both collections equal. */
async function together(here: Comparable, there: Comparable): Promise<void> {
  for (const sync of [laptop, phone]) sync.goOnline()
  for (const sync of [laptop, phone]) await sync.flush()
  await new Promise<void>((resolve) => {
    const check = (): void => {
      if (contentOf(here) !== contentOf(there)) return
      for (const end of ends) end()
      resolve()
    }
    const ends = [here.subscribe(check), there.subscribe(check)]
    check()
  })
}

const ann: MailAccount = { email: 'ann@example.com', displayName: 'Ann' }

describe('two devices', () => {
  it('that add the same account and the same person offline have one of each', async () => {
    const onBoth = [await laptop.open(mailTypes.accounts), await phone.open(mailTypes.accounts)] as const
    const people = [await laptop.open(mailTypes.contacts), await phone.open(mailTypes.contacts)] as const
    goOffline()
    const accounts = [ann, { ...ann, email: ' Ann@Example.COM ', syncDays: 90 }]
    const contacts: Contact[] = [
      { name: 'Bob', emails: [{ value: 'bob@example.com' }], phones: [{ value: '1' }] },
      { name: 'Bob', emails: [{ value: 'BOB@example.com' }], notes: 'tall' },
    ]
    for (const index of [0, 1] as const) {
      const account = accounts[index] as MailAccount
      await onBoth[index].add(accountKey(account), account)
      const contact = contacts[index] as Contact
      await people[index].add(contactKey(contact), contact)
    }
    await together(...onBoth)
    await together(...people)
    for (const collection of onBoth) expect(collection.ids()).toEqual(['ann@example.com'])
    for (const collection of people) {
      expect(collection.ids()).toEqual(['bob@example.com'])
      // What only one of them knew is there; where they said it differently, both spellings are kept.
      expect(collection.get('bob@example.com')).toMatchObject({ phones: [{ value: '1' }], notes: 'tall' })
      expect(collection.conflicts().map(({ field }) => field)).toEqual(['emails'])
    }
  })

  it('that edit different fields of a record offline have both edits and no conflict', async () => {
    const [here, there] = [await laptop.open(mailTypes.accounts), await phone.open(mailTypes.accounts)]
    await here.add('ann@example.com', ann)
    await together(here, there)
    goOffline()
    await here.update('ann@example.com', { sentFolder: 'Gesendet', syncDays: 90 })
    await there.update('ann@example.com', { trashFolder: 'Papierkorb', displayName: 'Ann Lee' })
    await together(here, there)
    for (const collection of [here, there]) {
      const expected = {
        ...ann,
        displayName: 'Ann Lee',
        syncDays: 90,
        sentFolder: 'Gesendet',
        trashFolder: 'Papierkorb',
      }
      expect(collection.get('ann@example.com')).toEqual(expected)
      expect(collection.conflicts()).toEqual([])
    }
  })

  it('that choose settings for the first time offline have both choices', async () => {
    const [here, there] = [await laptop.open(mailTypes.preferences), await phone.open(mailTypes.preferences)]
    goOffline()
    await changePreferences(here, { theme: 'light', accountPrioritySettings: { 'a@x.example': true } })
    await changePreferences(there, { language: 'en', accountPrioritySettings: { 'b@x.example': true } })
    await together(here, there)
    for (const collection of [here, there]) {
      expect(preferencesOf(collection)).toMatchObject({
        theme: 'light',
        language: 'en',
        accountPrioritySettings: { 'a@x.example': true, 'b@x.example': true },
      })
      expect(collection.conflicts()).toEqual([])
    }
  })

  it('that use one template offline count both uses, and ask nobody which use was the last', async () => {
    const [here, there] = [await laptop.open(mailTypes.templates), await phone.open(mailTypes.templates)]
    await here.add('t', { name: 'Reminder', category: 'business', subject: 'Invoice', bodyHtml: '' })
    await together(here, there)
    goOffline()
    for (const [collection, lastUsedAt] of [
      [here, 1],
      [there, 2],
    ] as const) {
      await collection.increment('t', 'uses')
      await collection.update('t', { lastUsedAt })
    }
    await together(here, there)
    expect(here.get('t')?.lastUsedAt).toBe(there.get('t')?.lastUsedAt)
    for (const collection of [here, there]) {
      expect(collection.counter('t', 'uses')).toBe(2)
      expect(collection.conflicts()).toEqual([])
    }
  })
})

describe('an older version of the app', () => {
  it('carries fields and words of a newer one, and can change the rest of the record', async () => {
    const [older, newer] = [await laptop.open(mailTypes.accounts), await phone.open<Fields>('accounts')]
    const incoming = { protocol: 'imap', host: 'i.example', port: 993, security: 'quic', authentication: [], later: 1 }
    await newer.add('ann@example.com', { ...ann, incoming, badge: { colour: 'red' } })
    await together(older, newer)
    await older.update('ann@example.com', { displayName: 'Ann Lee' })
    await expect(older.update('ann@example.com', { syncDays: -1 })).rejects.toMatchObject({ code: 'invalid-record' })
    await together(older, newer)
    const expected = { ...ann, displayName: 'Ann Lee', incoming, badge: { colour: 'red' } }
    expect(older.get('ann@example.com')).toEqual(expected)
    expect(newer.get('ann@example.com')).toEqual(expected)
  })
})

describe.skipIf(!hasSharedData('ispdb'))('settings of real providers', () => {
  it('are accounts, and come to the other device as they are', async () => {
    const [here, there] = [await laptop.open(mailTypes.accounts), await phone.open(mailTypes.accounts)]
    const accounts = readProviderSettings(sharedData('ispdb')).map(({ id: _, ...account }) => account)
    expect(accounts.length).toBeGreaterThan(150)
    await here.addAll(accounts.map((account) => [accountKey(account), account]))
    await together(here, there)
    expect(new Map(there.list())).toEqual(new Map(accounts.map((account) => [accountKey(account), account])))
  })
})
