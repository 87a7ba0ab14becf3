// What Owlivion Mail kept, as the records of today's data types. Secrets are never among the fields that are read here: neither the keychain's
// passwords and tokens, nor the API key among its settings.
import { accountKey, type ConnectionSecurity, type MailAccount } from '../account'
import { type Contact, contactKey } from '../contact'
import { fitsField, fitText } from '../field-size'
import { MAX_FIELD_BYTES } from '../limits'
import { mailTypes } from '../mail-types'
import { contactsByKey } from '../merge-contacts'
import { type ChosenPreferences, preferenceDefaults } from '../preferences'
import { emailId } from '../record-id'
import type { FileRecord } from '../transfer/account-file'

/** Values by column or member name, as SQLite or JSON gives them. */
export type Source = Readonly<Record<string, unknown>>

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}

/** SQLite has 0 and 1 for no and yes. */
export function isYes(value: unknown): boolean {
  return value === true || value === 1
}

/** `2026-01-31 12:00:00`, which is UTC, in milliseconds since 1970. */
export function timeOf(value: unknown): number | undefined {
  const text = textOf(value)
  if (text === undefined) return undefined
  const time = Date.parse(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text) ? `${text.replace(' ', 'T')}Z` : text)
  return Number.isNaN(time) || time < 0 ? undefined : time
}

/** Without the members that are undefined. */
export function present<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T
}

function integerOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined
}

// SSL and TLS were two words for one thing. An unknown word is read as the safe one, never as `none`.
const securities: Readonly<Record<string, ConnectionSecurity>> = {
  SSL: 'tls',
  TLS: 'tls',
  STARTTLS: 'starttls',
  NONE: 'none',
}
const securityOf = (value: unknown) => securities[String(value).toUpperCase()] ?? 'tls'

/** An account and its signature, which was a field of it; undefined without a usable address. */
export function accountRecords(
  source: Source,
  folders: Partial<MailAccount> = {},
): readonly [FileRecord, FileRecord?] | undefined {
  const email = textOf(source.email)?.trim()
  if (email === undefined || emailId(email) === undefined) return undefined
  const id = accountKey({ email })
  const oauthProvider = textOf(source.oauth_provider)
  const authentication = [oauthProvider === undefined ? 'password-cleartext' : 'OAuth2'] as const
  const server = (kind: 'imap' | 'smtp') => ({
    host: textOf(source[`${kind}_host`])?.trim() ?? '',
    port: integerOf(source[`${kind}_port`]) ?? 0,
    security: securityOf(source[`${kind}_security`]),
    username: textOf(source[`${kind}_username`]) ?? email,
    authentication,
  })
  const signature = signatureRecord(id, source.signature)
  const account: MailAccount = present({
    email,
    displayName: textOf(source.display_name) ?? email,
    incoming: { protocol: 'imap' as const, ...server('imap') },
    outgoing: { protocol: 'smtp' as const, ...server('smtp') },
    ...folders,
    defaultSignature: signature?.id,
    syncDays: integerOf(source.sync_days),
    isDefault: isYes(source.is_default) ? true : undefined,
    isActive: source.is_active === 0 || source.is_active === false ? false : undefined,
    oauthProvider,
  }) as MailAccount
  const record: FileRecord = { id, fields: account as unknown as FileRecord['fields'] }
  return signature === undefined ? [record] : [record, signature]
}

export function signatureRecord(account: string, html: unknown): FileRecord | undefined {
  const text = textOf(html)
  if (text === undefined) return undefined
  const signature = { account, name: 'Signature', html: text }
  return { id: mailTypes.signatures.key(signature), fields: signature }
}

/** Why a row of contacts is left out. */
const NOBODY = 'It has no name, address, number or note.'

/**
 * Rows of one person, of which the predecessor made many, are one record. A row without an address is somebody all the same.
 * @param leaveOut told of rows that say nothing about anybody, and of those with notes that are longer than a field
 */
export function contactRecords(
  sources: readonly Source[],
  leaveOut: (reason: string, row: Source, at: number) => void,
): FileRecord[] {
  const uses = new Map<string, number>()
  const contacts = sources.flatMap((source, at): Contact[] => {
    const email = textOf(source.email)?.trim()
    const phone = textOf(source.phone)
    const company = textOf(source.company)
    const avatar = textOf(source.avatar_url)
    const name = textOf(source.name)?.trim() ?? email ?? company ?? phone ?? ''
    if (name === '' && textOf(source.notes) === undefined) {
      leaveOut(NOBODY, source, at)
      return []
    }
    const notes = textOf(source.notes)
    if (notes !== undefined && !fitsField(notes))
      leaveOut(
        `Its notes are longer than the ${MAX_FIELD_BYTES} bytes of a field; it came with their beginning.`,
        source,
        at,
      )
    const contact = present({
      name,
      emails: email === undefined ? undefined : [{ value: email }],
      organisation: company,
      phones: phone === undefined ? undefined : [{ value: phone }],
      notes: notes === undefined ? undefined : fitText(notes),
      favourite: isYes(source.is_favorite) ? true : undefined,
      lastUsedAt: timeOf(source.last_emailed_at),
      extra: avatar === undefined ? undefined : [['PHOTO', avatar] as const],
    }) as Contact
    const key = contactKey(contact)
    // Copies of a row count the same mails.
    uses.set(key, Math.max(uses.get(key) ?? 0, integerOf(source.email_count) ?? 0))
    return [contact]
  })
  return [...contactsByKey(contacts)].map(([id, contact]) => {
    const count = uses.get(id) ?? 0
    return {
      id,
      fields: contact as unknown as FileRecord['fields'],
      ...(count > 0 ? { counters: { uses: count } } : {}),
    }
  })
}

/** Why a setting is left out. */
export const noSetting = (name: string): string => `${name} has a value that it cannot have; its default counts.`

/**
 * What differs from the defaults: the predecessor stored all of them, chosen or not.
 * @param leaveOut told of settings whose value is none that they can have
 */
export function preferenceRecords(source: Source, leaveOut: (name: string) => void): FileRecord[] {
  const chosen = Object.entries(preferenceDefaults).flatMap(([name, standard]) => {
    const named = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    const value = source[named]
    // Null is how the predecessor wrote that nothing was chosen.
    if (value === undefined || value === null || value === standard) return []
    const fields = { [name]: value } as ChosenPreferences
    const result = mailTypes.preferences.schema['~standard'].validate(fields)
    const isValid = !(result instanceof Promise) && result.issues === undefined
    if (!isValid) leaveOut(named)
    return isValid ? [[name, value] as const] : []
  })
  if (chosen.length === 0) return []
  return [{ id: mailTypes.preferences.key({}), fields: Object.fromEntries(chosen) as FileRecord['fields'] }]
}
