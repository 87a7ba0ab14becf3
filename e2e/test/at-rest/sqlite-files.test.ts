import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createAccount, joinAccount, type Platform, type Sync } from '@owlivion/sync'
import { keyFileVault, openSqliteStore } from '@owlivion/sync/sqlite'
import { expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../../support/temporary-folder'
import { startPipeRelay } from '../../support/world'
import {
  type CanaryContact,
  canaryContacts,
  collectionName,
  deviceName,
  filesBelow,
  findSecrets,
  searchFor,
} from './canaries'

const KEY_BYTES = 32

/** The words that the keys of rows are made of. */
const kinds = new Set([
  ...['profile', 'at-relay', 'clock', 'phrase', 'keyring', 'keyring-checked', 'number'],
  ...['document', 'state', 'base', 'name', 'log', 'archive', 'held', 'pending', 'outbox', 'copies', 'off', 'schedule'],
  ...['generation', 'heard', 'lane', 'refill', 'snapshot'],
])

/** A platform that remembers every key that was drawn: of the device, of the account, of what seals one for the other. */
function rememberingKeys(platform: Platform, drawn: Uint8Array[]): Platform {
  const random = (length: number): Uint8Array => {
    const bytes = platform.random(length)
    if (length === KEY_BYTES) drawn.push(bytes.slice())
    return bytes
  }
  return { ...platform, random }
}

it('the files of a device on SQLite hold no text of its account and no key, open or closed, on either of two devices', async () => {
  const folder = temporaryFolder()
  const devices = temporaryFolder()
  const world = startPipeRelay(folder)
  onTestFinished(() => world.close())
  const keys: Uint8Array[] = []
  const platform = rememberingKeys(world.platform, keys)
  const relay = 'ws://127.0.0.1:1/canary-of-the-address'
  const contacts = canaryContacts(400)
  const late = canaryContacts(20)

  const a = await createAccount({
    platform,
    relay,
    deviceName,
    store: await openSqliteStore(join(devices, 'a.db')),
  })
  const ofA = await a.sync.open<CanaryContact>(collectionName)
  await ofA.addAll(contacts)
  await a.sync.flush()
  const { recoveryPhrase } = a
  const store = await openSqliteStore(join(devices, 'b.db'))
  const b = await joinAccount({ platform, relay, deviceName, recoveryPhrase, store })
  const ofB = await b.open<CanaryContact>(collectionName)
  await b.whenCaughtUp()
  expect(ofB.size).toBe(contacts.length)
  // What was not sent is in other rows than what was.
  for (const sync of [a.sync, b] as Sync[]) sync.goOffline()
  await Promise.all(late.slice(0, 10).map(([id, fields]) => ofA.add(id, fields)))
  await ofB.addAll(late.slice(10))

  // Ids, names and the phrase in every spelling; a phrase is recognised by any three of its words.
  const words = recoveryPhrase.split(' ')
  const texts = searchFor([
    contacts,
    late,
    collectionName,
    deviceName,
    'canary-of-the-address',
    words.slice(0, 3).join(' '),
  ])
  expect(keys.length).toBeGreaterThan(4)
  for (const name of ['a.db', 'b.db']) keys.push((await keyFileVault(join(devices, `${name}.key`)).read())!)
  const check = (): string[] =>
    filesBelow(devices).flatMap(({ name, content }) =>
      findSecrets(content, texts, name.endsWith('.key') ? [] : keys).map((found) => `${name}: ${found}`),
    )
  expect(
    filesBelow(devices)
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['a.db', 'a.db-wal', 'a.db.key', 'b.db', 'b.db-wal', 'b.db.key'])
  expect(check()).toEqual([])
  await a.sync.close()
  await b.close()
  expect(check()).toEqual([])

  // The same search finds them where they are in clear: in the rows, once they are opened.
  const opened = await openSqliteStore(join(devices, 'a.db'))
  const rows = await opened.list([])
  const inClear = rows.flatMap(([, value]) => findSecrets(Buffer.from(value), texts, keys))
  expect(inClear.some((found) => found.startsWith('canary-note-'))).toBe(true)
  expect(inClear.some((found) => found.startsWith('canary-of-the-address'))).toBe(true)
  expect(inClear.filter((found) => found.startsWith('key')).length).toBeGreaterThan(1)
  // And the keys of rows, which stay readable, say nothing: a kind, an opaque id, a number.
  const parts = new Set(rows.flatMap(([key]) => key.map((part) => (typeof part === 'number' ? 'number' : part))))
  const readable = [...parts].filter((part) => !/^[0-9a-f]{32}$/.test(part))
  expect(readable.filter((part) => !kinds.has(part))).toEqual([])
  await opened.close()
  expect(readFileSync(join(devices, 'a.db')).includes('at-rest')).toBe(true)
})
