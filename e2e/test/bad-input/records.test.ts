// What an app may not write. Each is refused at the call, and afterwards memory, disk and relay are as they were.
import {
  type Collection,
  createAccount,
  type Fields,
  isSyncError,
  openMemoryStore,
  type Store,
  type Sync,
} from '@owlivion/sync'
import { nodePlatform } from '@owlivion/sync/node'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'

let sync: Sync
let store: Store
let accounts: Collection<Fields>
let rows: unknown

beforeEach(async () => {
  store = openMemoryStore()
  const options = { platform: nodePlatform(), store, relay: 'ws://127.0.0.1:1', deviceName: 'strict', online: false }
  sync = (await createAccount(options)).sync
  onTestFinished(() => sync.close())
  accounts = await sync.open<Fields>('accounts', { secret: ['pin'] })
  await accounts.add('ann@example.com', { displayName: 'Ann', incoming: { host: 'imap.example.com', port: 993 } })
  rows = await store.list([])
})

/** The code by which a write is refused, after it was made sure that it left no trace. */
async function refusalOf(write: () => Promise<void>): Promise<string> {
  let code = 'accepted'
  let changes = 0
  const unsubscribe = accounts.subscribe(() => changes++)
  try {
    await write()
  } catch (error) {
    if (!isSyncError(error)) throw error
    code = error.code
    expect(error.retryable).toBe(false)
  }
  unsubscribe()
  expect(changes).toBe(0)
  expect(accounts.list()).toEqual([
    ['ann@example.com', { displayName: 'Ann', incoming: { host: 'imap.example.com', port: 993 } }],
  ])
  expect(await store.list([])).toEqual(rows)
  expect(sync.status.unsent).toBe(1)
  return code
}

/** Refused in the same way by every call that writes fields, also when good records stand around it. */
async function refusalOfFields(fields: Fields): Promise<string> {
  const codes = [
    await refusalOf(() => accounts.add('new', fields)),
    await refusalOf(() => accounts.update('ann@example.com', fields)),
    await refusalOf(() =>
      accounts.addAll([
        ['good', { displayName: 'Good' }],
        ['new', fields],
        ['good too', { displayName: 'Good' }],
      ]),
    ),
  ]
  expect(new Set(codes).size).toBe(1)
  return codes[0] as string
}

const nested = (depth: number): Fields => {
  let value: Fields = { end: true }
  for (let i = 0; i < depth; i++) value = { in: value }
  return value
}

const circular: Record<string, never> = {}
Object.assign(circular, { itself: circular })

describe('a field that holds a secret', () => {
  it.each<[string, Fields]>([
    ['password', { password: 'hunter2' }],
    ['imapPassword', { imapPassword: 'hunter2' }],
    ['smtp_password', { smtp_password: 'hunter2' }],
    ['PASSWORD', { PASSWORD: 'hunter2' }],
    ['app-password', { 'app-password': 'hunter2' }],
    ['token', { token: 'eyJhbGciOi' }],
    ['accessToken inside oauth', { oauth: { accessToken: 'ya29' } }],
    ['refresh_token in a list', { logins: [{ user: 'ann' }, { user: 'bob', refresh_token: '1//0' }] }],
    ['clientSecret three levels down', { oauth: { google: { client: { clientSecret: 's' } } } }],
    ['an empty password', { password: '' }],
    ['a field the app declared', { pin: '1234' }],
    ['a declared field inside', { incoming: { host: 'imap.example.com', pin: '1234' } }],
  ])('is refused at the call: %s', async (_, fields) => {
    expect(await refusalOfFields(fields)).toBe('secret-field')
  })

  it('is told by its name, and its value is in no message', async () => {
    const error = await accounts.add('new', { oauth: { accessToken: 'ya29-secret' } }).catch((error: Error) => error)
    expect((error as Error).message).toContain('oauth.accessToken')
    expect((error as Error).message).not.toContain('ya29')
  })

  it('is not confused with a field that speaks of passwords', async () => {
    await accounts.add('bob@example.com', { authentication: ['password-cleartext'], passwordHint: 'none', tokens: 3 })
    expect(accounts.has('bob@example.com')).toBe(true)
  })
})

describe('an id that cannot be one', () => {
  it.each<[string, unknown]>([
    ['empty', ''],
    ['longer than 256 bytes', 'é'.repeat(129)],
    ['with a control character', 'ann\u0001bob'],
    ['with a line break', 'ann\n'],
    ['with half a surrogate pair', 'ann\ud800'],
    ['not in NFC', 'Ame\u0301lie'],
    ['a number', 7],
    ['nothing', undefined],
  ])('is refused by every call: %s', async (_, id) => {
    for (const write of [
      () => accounts.add(id as string, { displayName: 'X' }),
      () => accounts.update(id as string, { displayName: 'X' }),
      () => accounts.delete(id as string),
      () => accounts.restore(id as string),
    ])
      expect(await refusalOf(write)).toBe('invalid-id')
  })
})

describe('a field or value that cannot be one', () => {
  it.each<[string, string, unknown]>([
    ['a field without a name', 'invalid-field', { '': 1 }],
    ['a field name over 256 bytes', 'invalid-field', { ['x'.repeat(257)]: 1 }],
    ['a field name with a control character', 'invalid-field', { 'a\u0001b': 1 }],
    ['not a number', 'invalid-value', { value: Number.NaN }],
    ['infinity', 'invalid-value', { value: [1, Number.POSITIVE_INFINITY] }],
    ['a big integer', 'invalid-value', { value: 1n }],
    ['a function', 'invalid-value', { value: () => 1 }],
    ['a date', 'invalid-value', { value: new Date(0) }],
    ['a map', 'invalid-value', { value: new Map() }],
    ['bytes', 'invalid-value', { value: new Uint8Array(3) }],
    ['half a surrogate pair', 'invalid-value', { value: 'a\udc00' }],
    ['undefined inside', 'invalid-value', { value: { inner: undefined } }],
    ['65 levels', 'invalid-value', { value: nested(65) }],
    ['itself', 'invalid-value', { value: circular }],
    ['more than 64 KB of text', 'field-too-large', { value: 'x'.repeat(65_536) }],
    ['more than 64 KB in other characters', 'field-too-large', { value: '€'.repeat(21_845) }],
    ['more than 64 KB in parts', 'field-too-large', { value: Array.from({ length: 20_000 }, (_, i) => i) }],
  ])('is refused at the call: %s', async (_, code, fields) => {
    expect(await refusalOfFields(fields as Fields)).toBe(code)
  })

  it('just fits when it is as large as it may be', async () => {
    await accounts.add('large', { value: 'x'.repeat(65_534) })
    expect(accounts.get('large')).toEqual({ value: 'x'.repeat(65_534) })
  })
})

describe('an edit of a record that is not there', () => {
  it('is refused: there is none, or it is deleted', async () => {
    expect(await refusalOf(() => accounts.update('nobody', { displayName: 'X' }))).toBe('record-missing')
    expect(await refusalOf(() => accounts.restore('nobody'))).toBe('record-missing')
    await accounts.delete('ann@example.com')
    await expect(accounts.update('ann@example.com', { displayName: 'X' })).rejects.toMatchObject({
      code: 'record-deleted',
    })
  })
})
