// From the predecessor's files into an account: nothing is lost, and no secret comes along.
import { copyFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { htmlOfText } from '@owlivion/sync/html'
import { mailTypes } from '@owlivion/sync/mail'
import { readOwlivionBlobs, readOwlivionMail } from '@owlivion/sync/owlivion-mail'
import { applyAccountImport, exportAccount, previewAccountImport } from '@owlivion/sync/transfer'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { contentToText, createAccount, openMemoryStore, type Sync } from '../../../src'
import { nodePlatform } from '../../../src/platform/node'
import { compressed, SECRET, sealBlob, writePredecessorDatabase } from './predecessor'

const folder = mkdtempSync(join(tmpdir(), 'predecessor-'))
const path = join(folder, 'owlivion.db')
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
beforeAll(() => writePredecessorDatabase(path))
afterAll(async () => {
  for (const sync of open) await sync.close()
  rmSync(folder, { recursive: true, force: true })
})

describe("the predecessor's database", () => {
  it('comes over with every row that is somebody’s, counted', async () => {
    const { json, rows, records, leftOut } = readOwlivionMail(path)
    expect(rows).toEqual({
      ...{ accounts: 2, contacts: 4, settings: 4, trusted_senders: 2, drafts: 2, email_filters: 3, email_templates: 1 },
    })
    // Three rows are of one person, two are left out, and what is a default was never chosen.
    expect(records).toEqual({
      ...{
        accounts: 2,
        signatures: 1,
        contacts: 2,
        preferences: 1,
        trustedSenders: 2,
        drafts: 1,
        filters: 2,
        labels: 1,
        templates: 1,
      },
    })
    expect(leftOut.map(({ source, row }) => [source, row])).toEqual([
      ['settings', undefined],
      ['drafts', 2],
      ['email_filters', 2],
      ['email_filters', 3],
    ])

    const sync = await newAccount()
    const preview = await previewAccountImport(sync, json)
    expect(preview.refused).toEqual([])
    const { added } = await applyAccountImport(sync, preview)
    expect(added).toBe(Object.values(records).reduce((sum, count) => sum + count))
    expect(
      (await previewAccountImport(sync, json)).collections.flatMap((each) => [...each.added, ...each.changed]),
    ).toEqual([])
  })

  it('says what it said, in stable names instead of row numbers', async () => {
    const sync = await newAccount()
    await applyAccountImport(sync, await previewAccountImport(sync, readOwlivionMail(path).json))
    const accounts = await sync.open(mailTypes.accounts)
    const signatures = await sync.open(mailTypes.signatures)
    const [signature] = signatures.ids()
    expect(accounts.get('ann@example.com')).toEqual({
      email: 'Ann@Example.com',
      displayName: 'Ann',
      incoming: {
        protocol: 'imap',
        host: 'imap.example.com',
        port: 993,
        security: 'tls',
        username: 'Ann@Example.com',
        authentication: ['password-cleartext'],
      },
      outgoing: {
        protocol: 'smtp',
        host: 'smtp.example.com',
        port: 587,
        security: 'starttls',
        username: 'ann-out',
        authentication: ['password-cleartext'],
      },
      sentFolder: 'Gesendet',
      defaultSignature: signature,
      syncDays: 90,
      isDefault: true,
    })
    expect(accounts.get('ann@gmail.example')).toMatchObject({
      oauthProvider: 'gmail',
      isActive: false,
      outgoing: { security: 'none' },
    })
    expect(signatures.get(signature ?? '')).toEqual({
      account: 'ann@example.com',
      name: 'Signature',
      html: '<p>Ann</p>',
    })

    const contacts = await sync.open(mailTypes.contacts)
    expect(contacts.get('bob@example.com')).toEqual({
      name: 'Bob',
      emails: [{ value: 'bob@example.com' }],
      organisation: 'Acme',
      phones: [{ value: '+49 1' }, { value: '+49 2' }],
      notes: 'Chess',
      favourite: true,
      lastUsedAt: Date.UTC(2025, 2, 1, 10),
      extra: [['FN', 'Bob Ray']],
    })
    expect(contacts.counter('bob@example.com', 'uses')).toBe(5)
    expect(contacts.get('cleo@example.com')?.name).toBe('cleo@example.com')

    expect((await sync.open(mailTypes.preferences)).get('preferences')).toEqual({
      theme: 'light',
      autoMarkReadDelay: 10,
    })
    expect((await sync.open(mailTypes.trustedSenders)).ids().sort()).toEqual(['bank.example', 'news@example.com'])
    const drafts = await sync.open(mailTypes.drafts)
    expect(drafts.list().map(([, draft]) => draft)).toEqual([
      {
        account: 'ann@example.com',
        composeType: 'reply_all',
        to: [{ email: 'bob@example.com', name: 'Bob' }],
        subject: 'Re: Lunch',
        bodyHtml: '<p>Yes</p>',
        inReplyTo: '<7@example.com>',
        attachments: [{ filename: 'a.pdf', contentType: 'application/pdf', sizeBytes: 12 }],
      },
    ])
    const filters = await sync.open(mailTypes.filters)
    const [id, news] = filters.list().find(([, { name }]) => name === 'News') ?? []
    expect(news).toEqual({
      name: 'News',
      account: 'ann@example.com',
      isEnabled: false,
      priority: 2,
      match: 'any',
      conditions: [{ field: 'from', operator: 'contains', value: 'news@' }],
      actions: [
        { type: 'move_to_folder', folder: 'INBOX/News' },
        { type: 'add_label', label: mailTypes.labels.key({ name: 'Reading' }) },
        { type: 'mark_as_read' },
      ],
    })
    expect(filters.counter(id ?? '', 'matches')).toBe(6)
    const templates = await sync.open(mailTypes.templates)
    const [template = ''] = templates.ids()
    expect([templates.counter(template, 'uses'), templates.set(template, 'tags')]).toEqual([3, ['money', 'monthly']])
  })

  it('keeps a contact without an address, and names one that says nothing', () => {
    const other = join(folder, 'no-address.db')
    copyFileSync(path, other)
    const database = new Database(other)
    database.exec(`INSERT INTO contacts (id, account_id, email, name, phone) VALUES (8, 1, '', 'Dora', '+49 8')`)
    database.exec(`INSERT INTO contacts (id, account_id, email) VALUES (9, 2, '')`)
    database.close()
    const { json, records, leftOut } = readOwlivionMail(other)
    expect(records.contacts).toBe(3)
    expect(JSON.parse(json).collections.contacts).toContainEqual(
      expect.objectContaining({ fields: { name: 'Dora', phones: [{ value: '+49 8' }] } }),
    )
    expect(leftOut.filter(({ source }) => source === 'contacts').map(({ row }) => row)).toEqual([9])
  })

  it('says which setting has a value that it cannot have, and trusts somebody beside a domain', () => {
    const other = join(folder, 'other-senders.db')
    copyFileSync(path, other)
    const database = new Database(other)
    database.exec(
      `INSERT INTO trusted_senders (id, email, domain) VALUES (7, 'x@other.example', 'bank2.example'), (8, NULL, NULL)`,
    )
    database.close()
    const { json, leftOut } = readOwlivionMail(other)
    const ids = JSON.parse(json).collections.trustedSenders.map(({ id }: { id: string }) => id)
    expect(ids.sort()).toEqual(['bank.example', 'bank2.example', 'news@example.com', 'x@other.example'])
    expect(leftOut.find(({ source }) => source === 'settings')?.reason).toContain('reply_position')
    expect(leftOut.filter(({ source }) => source === 'trusted_senders').map(({ row }) => row)).toEqual([8])
  })

  it('brings bodies that are longer than a field as texts, and names what has no room', async () => {
    const other = join(folder, 'long.db')
    copyFileSync(path, other)
    const logo = `data:image/png;base64,${'QUJD'.repeat(30_000)}`
    const photo = logo + 'QUJD'.repeat(10_000)
    const html = `<p>Ann <strong>Lee</strong></p><img src="${logo}"/>`
    const quoted = `<p>Yes</p>${'<blockquote><p>what was said before</p></blockquote>'.repeat(2_000)}`
    const lines = `first\n\n${'a line of a long letter\n'.repeat(4_000)}last`
    const database = new Database(other)
    database.prepare('UPDATE accounts SET signature = ? WHERE id = 1').run(`${html}<img src="${photo}">`)
    const draft = database.prepare(
      'INSERT INTO drafts (id, account_id, subject, body_html, body_text) VALUES (?, 1, ?, ?, ?)',
    )
    draft.run(11, 'as HTML', quoted, 'Yes')
    draft.run(12, 'as lines', null, lines)
    database.prepare('UPDATE email_templates SET body_html_template = ? WHERE id = 1').run('x'.repeat(70_000))
    database.prepare('UPDATE contacts SET notes = ? WHERE id = 4').run('x'.repeat(70_000))
    database.close()
    const { json, records, leftOut } = readOwlivionMail(other)
    expect(records).toMatchObject({ signatures: 1, drafts: 3, contacts: 2 })
    expect(leftOut.filter(({ reason }) => reason.includes('65536')).map(({ source, row }) => [source, row])).toEqual([
      ['contacts', 4],
      ['email_templates', 1],
    ])
    expect(leftOut.filter(({ reason }) => reason.includes('128 KB')).map(({ source, row }) => [source, row])).toEqual([
      ['accounts', 1],
    ])
    expect(records.templates).toBeUndefined()
    const sync = await newAccount()
    const preview = await previewAccountImport(sync, json)
    expect(preview.refused).toEqual([])
    await applyAccountImport(sync, preview)
    const accounts = await sync.open(mailTypes.accounts)
    const signatures = await sync.open(mailTypes.signatures)
    const [id = ''] = signatures.ids()
    expect(accounts.get('ann@example.com')?.defaultSignature).toBe(id)
    expect(signatures.get(id)).toMatchObject({ html: '', name: 'Signature' })
    const body = await signatures.text(id, 'body')
    expect(htmlOfText(body) === html.replace('/>', ' />')).toBe(true)
    const drafts = await sync.open(mailTypes.drafts)
    const bySubject = (subject: string) => drafts.list().find(([, each]) => each.subject === subject)!
    const [asHtml, htmlDraft] = bySubject('as HTML')
    expect(htmlDraft.bodyHtml).toBeUndefined()
    expect(htmlOfText(await drafts.text(asHtml, 'body'))).toBe(quoted)
    const [asLines] = bySubject('as lines')
    expect(contentToText(drafts.textContent(asLines, 'body')!)).toBe(lines)
  })

  it('gives no secret away, and stays as it is', async () => {
    const before = statSync(path)
    const { json } = readOwlivionMail(path)
    expect(json).not.toContain(SECRET)
    const sync = await newAccount()
    await applyAccountImport(sync, await previewAccountImport(sync, json))
    expect((await exportAccount(sync)).json).not.toContain(SECRET)
    expect([statSync(path).mtimeMs, statSync(path).size]).toEqual([before.mtimeMs, before.size])
  })

  it('that is none, or not there, is an error that says so', () => {
    const other = join(folder, 'other.db')
    writeFileSync(other, 'Dear Ida, all is well.'.repeat(100))
    for (const file of [other, join(folder, 'missing.db')]) {
      expect(() => readOwlivionMail(file)).toThrow(expect.objectContaining({ code: 'storage-failed' }))
    }
  })
})

describe("the documents on the predecessor's server", () => {
  const salt = new Uint8Array(32).fill(9)
  const seal = (type: string, document: unknown) => sealBlob('correct horse', salt, type, document)
  const blobs = {
    accounts: seal('accounts', {
      accounts: [
        {
          email: 'ann@example.com',
          display_name: 'Ann',
          imap_host: 'i.example',
          imap_port: 993,
          imap_security: 'SSL',
          smtp_host: 's.example',
          smtp_port: 465,
          smtp_security: 'SSL',
          signature: '<p>Ann</p>',
          sync_days: 30,
          is_default: true,
          deleted: false,
        },
        { email: 'gone@example.com', deleted: true },
      ],
    }),
    contacts: compressed(
      seal('contacts', { contacts: [{ email: 'bob@example.com', name: 'Bob', is_favorite: true, deleted: false }] }),
    ),
    preferences: seal('preferences', { theme: 'light', gemini_api_key: SECRET, confirm_send: false }),
    signatures: seal('signatures', { signatures: { 'ann@example.com': '<p>Ann</p>' } }),
  }

  it('are opened and come over, the same signature once', async () => {
    const { json, rows, records, leftOut } = readOwlivionBlobs({ masterPassword: 'correct horse', salt, blobs })
    expect([rows, records, leftOut]).toEqual([
      { accounts: 1, contacts: 1, preferences: 1, signatures: 1 },
      { accounts: 1, contacts: 1, preferences: 1, signatures: 1 },
      [],
    ])
    expect(json).not.toContain(SECRET)
    const sync = await newAccount()
    const preview = await previewAccountImport(sync, json)
    expect(preview.refused).toEqual([])
    await applyAccountImport(sync, preview)
    expect((await sync.open(mailTypes.contacts)).get('bob@example.com')).toEqual({
      name: 'Bob',
      emails: [{ value: 'bob@example.com' }],
      favourite: true,
    })
    expect((await sync.open(mailTypes.preferences)).get('preferences')).toEqual({ theme: 'light' })
  })

  it('that do not open are named, and the others are read', () => {
    const damaged = new Uint8Array(blobs.contacts).fill(0, 12, 20)
    const bomb = compressed(new Uint8Array(200_000_000))
    const { leftOut, records } = readOwlivionBlobs({
      masterPassword: 'correct horse',
      salt,
      blobs: { ...blobs, contacts: damaged, signatures: bomb, preferences: new Uint8Array(3) },
    })
    expect(leftOut.map(({ source }) => source)).toEqual(['contacts', 'preferences', 'signatures'])
    expect(records.accounts).toBe(1)
    const wrong = readOwlivionBlobs({ masterPassword: 'wrong', salt, blobs })
    expect(wrong.leftOut).toHaveLength(4)
    expect(wrong.records).toEqual({})
  })
})
