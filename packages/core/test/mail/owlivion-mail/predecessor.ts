// A database and sealed documents as the predecessor leaves them, with secrets that must not come along.
import { createCipheriv, hkdfSync } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import Database from 'better-sqlite3'

/** Wherever the predecessor keeps a secret, one of these stands. */
export const SECRET = 'CANARY-SECRET'

const tables = `
  CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT UNIQUE, display_name TEXT, imap_host TEXT, imap_port INTEGER, imap_security TEXT,
    imap_username TEXT, smtp_host TEXT, smtp_port INTEGER, smtp_security TEXT, smtp_username TEXT, password_encrypted TEXT,
    oauth_provider TEXT, oauth_access_token TEXT, oauth_refresh_token TEXT, oauth_expires_at INTEGER, is_active INTEGER DEFAULT 1,
    is_default INTEGER DEFAULT 0, signature TEXT DEFAULT '', sync_days INTEGER DEFAULT 30);
  CREATE TABLE folders (id INTEGER PRIMARY KEY, account_id INTEGER, name TEXT, remote_name TEXT, folder_type TEXT);
  CREATE TABLE emails (id INTEGER PRIMARY KEY, account_id INTEGER, folder_id INTEGER, message_id TEXT, subject TEXT, body_text TEXT);
  CREATE TABLE contacts (id INTEGER PRIMARY KEY, account_id INTEGER, email TEXT, name TEXT, avatar_url TEXT, company TEXT, phone TEXT,
    notes TEXT, is_favorite INTEGER DEFAULT 0, email_count INTEGER DEFAULT 0, last_emailed_at TEXT, UNIQUE(account_id, email));
  CREATE TABLE trusted_senders (id INTEGER PRIMARY KEY, email TEXT UNIQUE, domain TEXT, trusted_at TEXT);
  CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT);
  CREATE TABLE drafts (id INTEGER PRIMARY KEY, account_id INTEGER, to_addresses TEXT DEFAULT '[]', cc_addresses TEXT DEFAULT '[]',
    bcc_addresses TEXT DEFAULT '[]', subject TEXT DEFAULT '', body_text TEXT, body_html TEXT, reply_to_email_id INTEGER,
    forward_email_id INTEGER, compose_type TEXT DEFAULT 'new');
  CREATE TABLE draft_attachments (id INTEGER PRIMARY KEY, draft_id INTEGER, filename TEXT, content_type TEXT, size INTEGER, local_path TEXT);
  CREATE TABLE email_filters (id INTEGER PRIMARY KEY, account_id INTEGER, name TEXT, description TEXT, is_enabled INTEGER DEFAULT 1,
    priority INTEGER DEFAULT 0, match_logic TEXT DEFAULT 'all', conditions TEXT, actions TEXT, matched_count INTEGER DEFAULT 0, last_matched_at TEXT);
  CREATE TABLE email_templates (id INTEGER PRIMARY KEY, account_id INTEGER, name TEXT, description TEXT, category TEXT, subject_template TEXT,
    body_html_template TEXT, body_text_template TEXT, tags TEXT DEFAULT '[]', is_enabled INTEGER DEFAULT 1, is_favorite INTEGER DEFAULT 0,
    usage_count INTEGER DEFAULT 0, last_used_at TEXT);
`

type Row = Readonly<Record<string, string | number | null>>

const rows: Readonly<Record<string, readonly Row[]>> = {
  accounts: [
    {
      ...{
        id: 1,
        email: 'Ann@Example.com',
        display_name: 'Ann',
        imap_host: 'imap.example.com',
        imap_port: 993,
        imap_security: 'SSL',
      },
      ...{ smtp_host: 'smtp.example.com', smtp_port: 587, smtp_security: 'STARTTLS', smtp_username: 'ann-out' },
      ...{ password_encrypted: SECRET, is_default: 1, signature: '<p>Ann</p>', sync_days: 90 },
    },
    {
      ...{
        id: 2,
        email: 'ann@gmail.example',
        display_name: 'Ann G',
        imap_host: 'imap.gmail.example',
        imap_port: 993,
        imap_security: 'TLS',
      },
      ...{
        smtp_host: 'smtp.gmail.example',
        smtp_port: 465,
        smtp_security: 'NONE',
        oauth_provider: 'gmail',
        is_active: 0,
      },
      ...{
        oauth_access_token: `${SECRET}-access`,
        oauth_refresh_token: `${SECRET}-refresh`,
        oauth_expires_at: 1_700_000_000,
      },
    },
  ],
  folders: [
    { id: 1, account_id: 1, name: 'Sent', remote_name: 'Gesendet', folder_type: 'sent' },
    { id: 2, account_id: 1, name: 'Sent 2', remote_name: 'Sent Items', folder_type: 'sent' },
    { id: 3, account_id: 1, name: 'News', remote_name: 'INBOX/News', folder_type: 'custom' },
  ],
  emails: [
    { id: 7, account_id: 1, folder_id: 1, message_id: '<7@example.com>', subject: 's', body_text: `${SECRET}-mail` },
  ],
  contacts: [
    {
      ...{
        id: 1,
        account_id: null,
        email: 'bob@example.com',
        name: 'Bob',
        company: 'Acme',
        phone: '+49 1',
        notes: 'Chess',
      },
      ...{ is_favorite: 1, email_count: 4, last_emailed_at: '2025-03-01 10:00:00' },
    },
    // What its sync did to contacts without an account: once more each time.
    { id: 2, account_id: null, email: 'bob@example.com', name: 'Bob', email_count: 5 },
    { id: 3, account_id: null, email: 'Bob@Example.com', name: 'Bob Ray', phone: '+49 2' },
    { id: 4, account_id: 1, email: 'cleo@example.com', name: null, avatar_url: 'https://example.com/c.png' },
  ],
  trusted_senders: [
    { id: 1, email: 'news@example.com', domain: null, trusted_at: '2025-01-01 00:00:00' },
    { id: 2, email: 'a@bank.example', domain: 'bank.example', trusted_at: '2025-01-02 00:00:00' },
  ],
  settings: [
    { key: 'theme', value: '"light"' },
    { key: 'language', value: '"tr"' },
    { key: 'auto_mark_read_delay', value: '10' },
    { key: 'gemini_api_key', value: `"${SECRET}-api"` },
    { key: 'reply_position', value: '"sideways"' },
    { key: 'scheduler_config', value: '{}' },
  ],
  drafts: [
    {
      ...{ id: 1, account_id: 1, to_addresses: '[{"email":"bob@example.com","name":"Bob"}]', subject: 'Re: Lunch' },
      ...{ body_html: '<p>Yes</p>', reply_to_email_id: 7, compose_type: 'replyAll' },
    },
    { id: 2, account_id: 99, subject: 'Of nobody' },
  ],
  draft_attachments: [
    { id: 1, draft_id: 1, filename: 'a.pdf', content_type: 'application/pdf', size: 12, local_path: 'C:\\Mail\\a.pdf' },
  ],
  email_filters: [
    {
      ...{ id: 1, account_id: 1, name: 'News', is_enabled: 0, priority: 2, match_logic: 'any', matched_count: 6 },
      conditions: '[{"field":"from","operator":"contains","value":"news@"}]',
      actions:
        '[{"action":"move_to_folder","folder_id":3},{"action":"add_label","label":"Reading"},{"action":"mark_as_read"}]',
    },
    {
      ...{ id: 2, account_id: 1, name: 'Lost folder', match_logic: 'all' },
      conditions: '[{"field":"subject","operator":"equals","value":"x"}]',
      actions: '[{"type":"move_to_folder","folder_id":44},{"type":"archive"}]',
    },
    { id: 3, account_id: 1, name: 'Odd', match_logic: 'some', conditions: '[]', actions: 'not json' },
  ],
  email_templates: [
    {
      ...{ id: 1, account_id: null, name: 'Invoice', category: 'business', subject_template: 'Invoice {{date}}' },
      ...{ body_html_template: '<p>Dear</p>', tags: '["money","monthly"]', is_favorite: 1, usage_count: 3 },
    },
  ],
}

export function writePredecessorDatabase(path: string): void {
  const database = new Database(path)
  database.exec(tables)
  for (const [table, entries] of Object.entries(rows)) {
    for (const row of entries) {
      const names = Object.keys(row)
      database.prepare(`INSERT INTO ${table} (${names}) VALUES (${names.map(() => '?')})`).run(...Object.values(row))
    }
  }
  database.close()
}

const key = (secret: Uint8Array, salt: Uint8Array, info: string) =>
  new Uint8Array(hkdfSync('sha256', secret, salt, info, 32))

/** Nonce, sealed JSON and tag, as the predecessor uploads it. */
export function sealBlob(password: string, salt: Uint8Array, type: string, document: unknown): Uint8Array {
  const master = key(Buffer.from(password), salt, 'owlivion-mail-sync-master-key-v1')
  const nonce = Buffer.alloc(12, 3)
  const cipher = createCipheriv('aes-256-gcm', key(master, new Uint8Array(32), `${type}-v1`), nonce)
  const sealed = Buffer.concat([cipher.update(JSON.stringify(document)), cipher.final()])
  return new Uint8Array(Buffer.concat([nonce, sealed, cipher.getAuthTag()]))
}

export const compressed = (blob: Uint8Array) => new Uint8Array(gzipSync(blob))
