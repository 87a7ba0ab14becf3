// The command that brings the predecessor's data over, as a person runs it: a process, a real relay, and another device that has it all then.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type RelayServer, startRelayServer } from '@owlivion/relay'
import { joinAccount, openMemoryStore, type Sync } from '@owlivion/sync'
import { mailTypes } from '@owlivion/sync/mail'
import { nodePlatform } from '@owlivion/sync/node'
import { exportAccount } from '@owlivion/sync/transfer'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SECRET, sealBlob, writePredecessorDatabase } from '../../../packages/core/test/mail/owlivion-mail/predecessor'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const salt = new Uint8Array(32).fill(9)

let folder: string
let database: string
let relay: RelayServer
const opened: Sync[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'owlivion-migrate-'))
  database = join(folder, 'owlivion.db')
  writePredecessorDatabase(database)
  relay = await startRelayServer({ data: join(folder, 'relay'), port: 0 })
})
afterEach(async () => {
  for (const sync of opened.splice(0)) await sync.close()
  await relay.stop()
  rmSync(folder, { recursive: true })
})

const url = () => relay.url.replace('http', 'ws')

interface Outcome {
  readonly code: number | null
  readonly lines: readonly string[]
  readonly errors: string
}

/** Runs `owlivion-sync` with these words and variables. */
function run(words: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const source = ['--conditions=@owlivion/source', '--import', 'tsx', 'packages/core/src/command-line/main.ts']
  const child = spawn(process.execPath, [...source, ...words], { cwd: root, env: { ...process.env, ...environment } })
  let [output, errors] = ['', '']
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (errors += chunk))
  return new Promise((resolve) =>
    child.on('close', (code) => resolve({ code, lines: output.split('\n').filter(Boolean), errors })),
  )
}

/** The numbers that stand below a heading, by the name before them. */
function below(lines: readonly string[], heading: string): Record<string, string> {
  const from = lines.indexOf(heading) + 1
  const to = lines.findIndex((line, at) => at >= from && !line.startsWith('  '))
  return Object.fromEntries(lines.slice(from, to === -1 ? undefined : to).map((line) => line.trim().split(': ')))
}

async function joinAsPhone(recoveryPhrase: string): Promise<Sync> {
  const sync = await joinAccount({
    platform: nodePlatform(),
    store: openMemoryStore(),
    relay: url(),
    deviceName: 'phone',
    recoveryPhrase,
  })
  opened.push(sync)
  return sync
}

/** What this account holds, when it is all here. */
async function everythingIn(sync: Sync): Promise<{ readonly counts: Record<string, number>; readonly text: string }> {
  const counts: Record<string, number> = {}
  const collections = await Promise.all(Object.values(mailTypes).map(({ name }) => sync.open(name)))
  await sync.whenCaughtUp()
  for (const { name, size } of collections) counts[name] = size
  const { json, vcards } = await exportAccount(sync)
  return { counts, text: json + vcards }
}

const documents = () =>
  JSON.stringify({
    contacts: {
      encrypted_blob: Buffer.from(
        sealBlob('correct horse', salt, 'contacts', {
          contacts: [
            { email: 'dora@example.com', name: 'Dora', api_token: `${SECRET}-blob` },
            { email: 'bob@example.com', name: 'Bobby' },
          ],
        }),
      ).toString('base64'),
    },
    preferences: Buffer.from(
      sealBlob('correct horse', salt, 'preferences', { theme: 'system', gemini_api_key: `${SECRET}-key` }),
    ).toString('base64'),
  })

describe('owlivion-sync migrate', () => {
  it('brings database and sealed documents into a new account, counted, which another device reads', async () => {
    const file = join(folder, 'documents.json')
    writeFileSync(file, documents())
    const profile = join(folder, 'profile.db')
    const { code, lines, errors } = await run(
      [
        ...['migrate', '--database', database, '--documents', file, '--salt', Buffer.from(salt).toString('hex')],
        ...['--profile', profile, '--relay', url(), '--new', '--device-name', 'desktop'],
      ],
      { OWLIVION_MASTER_PASSWORD: 'correct horse' },
    )
    expect([code, errors]).toEqual([0, ''])

    const before = below(lines, 'Records of the account, before and after')
    const recoveryPhrase = lines[lines.findIndex((line) => line.startsWith('Recovery phrase')) + 1] ?? ''
    const phone = await joinAsPhone(recoveryPhrase.trim())
    const { counts, text } = await everythingIn(phone)
    expect(counts).toEqual({
      ...{ accounts: 2, signatures: 1, contacts: 3, preferences: 1, trustedSenders: 2, drafts: 1, filters: 2 },
      ...{ labels: 1, templates: 1, identities: 0, savedSearches: 0 },
    })
    expect(before).toEqual(Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, `0 ${count}`])))

    // The database is newer than what the server has.
    const contacts = await phone.open(mailTypes.contacts)
    expect(contacts.get('bob@example.com')?.name).not.toBe('Bobby')
    expect(contacts.get('dora@example.com')?.name).toBe('Dora')
    expect((await phone.open(mailTypes.preferences)).get('preferences')).toMatchObject({ theme: 'light' })

    expect(below(lines, 'Secrets, which stay where they are')).toEqual({
      'accounts.oauth_access_token': '1',
      'accounts.oauth_refresh_token': '1',
      'accounts.password_encrypted': '1',
      'settings.gemini_api_key': '1',
    })
    expect(lines.join('\n') + text).not.toContain(SECRET)
    for (const name of readdirSync(folder).filter((each) => each.startsWith('profile')))
      expect(readFileSync(join(folder, name)).includes(SECRET)).toBe(false)
  })

  it('joins an account by its phrase, and adds nothing when it is run again', async () => {
    const first = join(folder, 'first.db')
    const made = await run(['migrate', '--database', database, '--profile', first, '--relay', url(), '--new'])
    const phrase = made.lines[made.lines.findIndex((line) => line.startsWith('Recovery phrase')) + 1] ?? ''
    const second = join(folder, 'second.db')
    const into = ['migrate', '--database', database, '--profile', second]
    const joined = await run([...into, '--relay', url()], { OWLIVION_RECOVERY_PHRASE: phrase.trim() })
    expect([joined.code, joined.errors]).toEqual([0, ''])
    const again = await run(into)
    expect(again.code).toBe(0)
    expect(below(again.lines, 'Records of the account, before and after').contacts).toBe('2 2')
    expect(again.lines.at(-1)).toBe('Everything is on the relay’s disk.')
  })

  it('without an account says what there is and writes what an app imports, and nothing else', async () => {
    const out = join(folder, 'account.json')
    const { code, lines } = await run(['migrate', '--database', database, '--out', out])
    expect(code).toBe(0)
    expect(below(lines, `Read from ${database}`)).toMatchObject({ accounts: '2', contacts: '4' })
    expect(below(lines, 'Records that came of it')).toMatchObject({ accounts: '2', contacts: '2' })
    expect(lines.filter((line) => line.startsWith('  email_filters, row '))).toHaveLength(2)
    const text = readFileSync(out, 'utf8')
    expect(Object.keys(JSON.parse(text).collections)).toContain('trustedSenders')
    expect(text).not.toContain(SECRET)
    expect(readdirSync(folder).sort()).toEqual(['account.json', 'owlivion.db', 'relay'])
  })

  it('that is not understood, or has nothing to open, does nothing and says why', async () => {
    const profile = join(folder, 'profile.db')
    const refused = await run(['migrate', '--profile', profile])
    expect([refused.code, refused.errors.split('\n')[0]]).toEqual([
      2,
      'Say with --database or --documents what is to be read.',
    ])
    expect(existsSync(profile)).toBe(false)
    const missing = await run(['migrate', '--database', join(folder, 'nowhere.db')])
    expect([missing.code, missing.lines]).toEqual([1, []])
    expect(missing.errors).toContain('cannot be read as a database of Owlivion Mail')
    const nobody = await run(['migrate', '--database', database, '--profile', profile])
    expect(nobody.code).toBe(1)
    expect(nobody.errors).toContain('holds no account')
    const help = await run(['--help'])
    expect([help.code, help.lines[0]]).toEqual([0, 'Usage: owlivion-sync migrate [options]'])
  })

  it('counts what the relay has not yet as not done', async () => {
    const { code, lines } = await run(
      [
        ...['migrate', '--database', database, '--profile', join(folder, 'profile.db')],
        ...['--relay', 'ws://127.0.0.1:1', '--new', '--wait', '0.5'],
      ],
      {},
    )
    expect(code).toBe(1)
    expect(lines.at(-1)).toMatch(/^On this device’s disk, and [1-9]\d* changes are not at the relay yet/)
  })
})
