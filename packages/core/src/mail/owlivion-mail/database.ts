// What Owlivion Mail kept on a device: one SQLite file. It is opened to read, and only the columns that are named here are read: passwords,
// tokens and the mail itself stay where they are.
import Database from 'better-sqlite3'
import { SyncError } from '../../errors'
import type { MailAccount } from '../account'
import { mailTypes } from '../mail-types'
import type { FileRecord } from '../transfer/account-file'
import { accountFileText, type MigratedData, Migration } from './migration'
import {
  accountRecords,
  contactRecords,
  isYes,
  noSetting,
  preferenceRecords,
  present,
  type Source,
  textOf,
  timeOf,
} from './records'
import { secretsInDatabase } from './secrets'

const accountColumns = [
  'id,email,display_name,imap_host,imap_port,imap_security,imap_username,smtp_host,smtp_port,smtp_security,smtp_username',
  'oauth_provider,is_active,is_default,signature,sync_days',
].join(',')

/** Columns of each table that hold what a person would miss. An older file lacks some; others are never asked for. */
const columns = {
  accounts: accountColumns,
  folders: 'id,account_id,remote_name,folder_type',
  contacts: 'id,email,name,avatar_url,company,phone,notes,is_favorite,email_count,last_emailed_at',
  trusted_senders: 'id,email,domain,trusted_at',
  drafts:
    'id,account_id,to_addresses,cc_addresses,bcc_addresses,subject,body_text,body_html,reply_to_email_id,forward_email_id,compose_type',
  draft_attachments: 'id,draft_id,filename,content_type,size',
  email_filters:
    'id,account_id,name,description,is_enabled,priority,match_logic,conditions,actions,matched_count,last_matched_at',
  email_templates:
    'id,account_id,name,description,category,subject_template,body_html_template,body_text_template,tags,is_enabled,is_favorite,usage_count,last_used_at',
} as const

type Table = keyof typeof columns

/**
 * Reads the database that Owlivion Mail keeps in its data folder: accounts with their folders, contacts, settings, signatures,
 * filters with their labels, templates, drafts and trusted senders. The file is not changed; close the program first.
 * @throws SyncError `storage-failed` when the file cannot be opened, is no database, or is another program's
 *
 * @example
 * const { json, rows, records, leftOut } = readOwlivionMail('owlivion.db')
 * const preview = await previewAccountImport(sync, json)
 * console.log(rows, records, leftOut, preview.refused)
 */
export function readOwlivionMail(path: string): MigratedData {
  let database: Database.Database | undefined
  try {
    database = new Database(path, { readonly: true, fileMustExist: true })
    return accountFileText(new DatabaseReader(database).read())
  } catch (cause) {
    if (cause instanceof SyncError) throw cause
    throw new SyncError('storage-failed', 'The file cannot be read as a database of Owlivion Mail.', { cause })
  } finally {
    database?.close()
  }
}

class DatabaseReader {
  readonly #migration = new Migration()
  readonly #accountById = new Map<unknown, string>()
  readonly #folderById = new Map<unknown, string>()

  constructor(private readonly database: Database.Database) {}

  read(): Migration {
    if (this.#columnsOf('accounts').length === 0) {
      throw new SyncError('storage-failed', 'The database has no accounts: it is not one of Owlivion Mail.')
    }
    this.#migration.secrets = secretsInDatabase(this.database)
    this.#accounts()
    const leaveOut = (reason: string, row: Source) => this.#leaveOut('contacts', row, reason)
    for (const contact of contactRecords(this.#rows('contacts'), leaveOut))
      this.#migration.add('contacts', contact, (reason) =>
        this.#leaveOut('contacts', {}, `“${contact.fields.name}”: ${reason}`),
      )
    this.#settings()
    this.#trustedSenders()
    this.#drafts()
    this.#filters()
    this.#templates()
    return this.#migration
  }

  #columnsOf(table: string): string[] {
    return (this.database.pragma(`table_info(${table})`) as { readonly name: string }[]).map(({ name }) => name)
  }

  #rows(table: Table, isCounted = true): Source[] {
    const there = this.#columnsOf(table)
    const wanted = columns[table].split(',').filter((column) => there.includes(column))
    if (wanted.length === 0) return []
    const rows = this.database.prepare(`SELECT ${wanted.join(',')} FROM ${table} ORDER BY id`).all() as Source[]
    if (isCounted) this.#migration.row(table, rows.length)
    return rows
  }

  #accounts(): void {
    const folders = this.#rows('folders', false)
    for (const { id, remote_name } of folders) {
      const name = textOf(remote_name)
      if (name !== undefined) this.#folderById.set(id, name)
    }
    for (const row of this.#rows('accounts')) {
      const [account, signature] =
        accountRecords(row, mapping(folders.filter(({ account_id }) => account_id === row.id))) ?? []
      if (account === undefined) {
        this.#leaveOut('accounts', row, 'Its e-mail address cannot serve as one.')
        continue
      }
      this.#accountById.set(row.id, account.id)
      this.#migration.addAccount(account, signature, (reason) => this.#leaveOut('accounts', row, reason))
    }
  }

  #settings(): void {
    if (!this.#columnsOf('settings').includes('value')) return
    const names = preferenceNames()
    const marks = names.map(() => '?').join(',')
    const rows = this.database
      .prepare(`SELECT key, value FROM settings WHERE key IN (${marks})`)
      .all(...names) as Source[]
    this.#migration.row('settings', rows.length)
    const leaveOut = (reason: string) => this.#migration.leaveOut('settings', undefined, reason)
    const values = Object.fromEntries(rows.map(({ key, value }) => [key, json(value)]))
    for (const record of preferenceRecords(values, (name) => leaveOut(noSetting(name))))
      this.#migration.add('preferences', record, leaveOut)
  }

  #trustedSenders(): void {
    for (const row of this.#rows('trusted_senders')) {
      const [domain, email] = [textOf(row.domain), textOf(row.email)]
      const isWithin = domain !== undefined && email?.toLowerCase().endsWith(`@${domain.toLowerCase()}`)
      // A row may trust a whole domain, and somebody elsewhere besides.
      const senders = [...(domain === undefined ? [] : [{ domain }]), ...(email && !isWithin ? [{ email }] : [])]
      for (const whom of senders) {
        const sender = present({ ...whom, trustedAt: timeOf(row.trusted_at) })
        this.#record('trustedSenders', 'trusted_senders', row, sender, (type) => type.key(sender as never))
      }
      if (senders.length === 0) this.#leaveOut('trusted_senders', row, 'It has neither an address nor a domain.')
    }
  }

  #drafts(): void {
    const attachments = this.#rows('draft_attachments', false)
    for (const row of this.#rows('drafts')) {
      const files = attachments.filter(({ draft_id }) => draft_id === row.id)
      const draft = present({
        account: this.#accountById.get(row.account_id),
        composeType: row.compose_type === 'replyAll' ? 'reply_all' : row.compose_type,
        to: recipients(row.to_addresses),
        cc: recipients(row.cc_addresses),
        bcc: recipients(row.bcc_addresses),
        subject: textOf(row.subject),
        bodyText: textOf(row.body_text),
        bodyHtml: textOf(row.body_html),
        inReplyTo: this.#messageId(row.reply_to_email_id),
        forwardOf: this.#messageId(row.forward_email_id),
        attachments:
          files.length === 0
            ? undefined
            : files.map(({ filename, content_type, size }) => ({
                filename,
                contentType: content_type,
                sizeBytes: size,
              })),
      })
      this.#record('drafts', 'drafts', row, draft, (type) => type.key(draft as never))
    }
  }

  #filters(): void {
    for (const row of this.#rows('email_filters')) {
      const actions = list(row.actions).flatMap((action) => this.#action(row, action as Source))
      const filter = present({
        name: row.name,
        description: textOf(row.description),
        account: this.#accountById.get(row.account_id),
        isEnabled: row.is_enabled === 0 ? false : undefined,
        priority: row.priority === 0 ? undefined : (row.priority ?? undefined),
        match: row.match_logic,
        conditions: list(row.conditions).map((condition) => {
          const { field, operator, value } = condition as Source
          return { field, operator, value: String(value ?? '') }
        }),
        actions,
        lastMatchedAt: timeOf(row.last_matched_at),
      })
      const matches =
        typeof row.matched_count === 'number' && row.matched_count > 0 ? { matches: row.matched_count } : undefined
      this.#record('filters', 'email_filters', row, filter, (type) => type.key(filter as never), { counters: matches })
    }
  }

  /** Folders and labels were named by numbers and words of one device. */
  #action(row: Source, action: Source): object[] {
    const kind = action.type ?? action.action
    if (kind === 'move_to_folder') {
      const folder = this.#folderById.get(action.folder_id)
      if (folder !== undefined) return [{ type: kind, folder }]
      this.#leaveOut(
        'email_filters',
        row,
        'The folder into which it moves mail is not there; the filter came without that.',
      )
      return []
    }
    if (kind !== 'add_label') return [{ type: kind }]
    const name = textOf(action.label)
    if (name === undefined) return []
    const label = mailTypes.labels.key({ name })
    const leaveOut = (reason: string) => this.#leaveOut('email_filters', row, `Its label: ${reason}`)
    if (!this.#migration.add('labels', { id: label, fields: { name } }, leaveOut)) return []
    return [{ type: kind, label }]
  }

  #templates(): void {
    for (const row of this.#rows('email_templates')) {
      const template = present({
        name: row.name,
        description: textOf(row.description),
        account: this.#accountById.get(row.account_id),
        category: row.category,
        subject: row.subject_template ?? '',
        bodyHtml: row.body_html_template ?? '',
        bodyText: textOf(row.body_text_template),
        isEnabled: row.is_enabled === 0 ? false : undefined,
        favourite: isYes(row.is_favorite) ? true : undefined,
        lastUsedAt: timeOf(row.last_used_at),
      })
      const uses = typeof row.usage_count === 'number' && row.usage_count > 0 ? { uses: row.usage_count } : undefined
      const tags = list(row.tags).flatMap((tag) => textOf(tag) ?? [])
      const beside = { counters: uses, sets: tags.length === 0 ? undefined : { tags } }
      this.#record('templates', 'email_templates', row, template, (type) => type.key(template as never), beside)
    }
  }

  /** Checks it against its data type here, where the row is known that it came from. */
  #record<Name extends keyof typeof mailTypes>(
    name: Name,
    table: Table,
    row: Source,
    fields: object,
    keyOf: (type: (typeof mailTypes)[Name]) => string,
    beside: { readonly counters?: object | undefined; readonly sets?: object | undefined } = {},
  ): void {
    const result = mailTypes[name].schema['~standard'].validate(fields)
    const [issue] = 'issues' in result ? (result.issues ?? []) : []
    if (issue !== undefined) this.#leaveOut(table, row, `${issue.path?.map(String).join('.') ?? ''}: ${issue.message}.`)
    else {
      const record = present({ id: keyOf(mailTypes[name]), fields, ...beside }) as unknown as FileRecord
      this.#migration.add(name, record, (reason) => this.#leaveOut(table, row, reason))
    }
  }

  #messageId(id: unknown): string | undefined {
    if (id === null || id === undefined || !this.#columnsOf('emails').includes('message_id')) return undefined
    const row = this.database.prepare('SELECT message_id FROM emails WHERE id = ?').get(id) as Source | undefined
    return textOf(row?.message_id)
  }

  #leaveOut(table: Table, row: Source, reason: string): void {
    this.#migration.leaveOut(table, typeof row.id === 'number' ? row.id : undefined, reason)
  }
}

const folderFields: Readonly<Record<string, keyof MailAccount>> = {
  inbox: 'inboxFolder',
  sent: 'sentFolder',
  drafts: 'draftsFolder',
  archive: 'archiveFolder',
  spam: 'junkFolder',
  trash: 'trashFolder',
}

/** The first folder of each kind. */
function mapping(folders: readonly Source[]): Partial<MailAccount> {
  const entries = folders.flatMap(({ folder_type, remote_name }) => {
    const field = folderFields[String(folder_type)]
    return field === undefined || textOf(remote_name) === undefined ? [] : [[field, remote_name] as const]
  })
  return Object.fromEntries(entries.reverse())
}

function preferenceNames(): string[] {
  return [
    ...['theme', 'language', 'notifications_enabled', 'notification_sound', 'notification_badge', 'auto_mark_read'],
    ...[
      'auto_mark_read_delay',
      'confirm_delete',
      'confirm_send',
      'signature_position',
      'reply_position',
      'ai_auto_summarize',
    ],
    ...['ai_reply_tone', 'keyboard_shortcuts_enabled', 'compact_list_view', 'show_avatars', 'conversation_view'],
  ]
}

function recipients(value: unknown): object[] | undefined {
  const found = list(value).flatMap((each) => {
    const { email, name } = (typeof each === 'string' ? { email: each } : each) as Source
    return textOf(email) === undefined ? [] : [present({ email, name: textOf(name) })]
  })
  return found.length === 0 ? undefined : found
}

function list(value: unknown): unknown[] {
  const parsed = json(value)
  return Array.isArray(parsed) ? parsed.filter((each) => each !== null && each !== undefined) : []
}

function json(value: unknown): unknown {
  try {
    return typeof value === 'string' ? JSON.parse(value) : undefined
  } catch {
    return undefined // A cell that somebody edited by hand says nothing.
  }
}
