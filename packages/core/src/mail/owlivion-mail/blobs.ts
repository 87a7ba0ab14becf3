// What Owlivion Mail kept on its server: one sealed document for each data type. AES-256-GCM under a key that HKDF makes of the master password.
import { createDecipheriv, hkdfSync } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { MAX_FILE_BYTES } from '../limits'
import { accountFileText, type MigratedData, Migration } from './migration'
import {
  accountRecords,
  contactRecords,
  isYes,
  noSetting,
  preferenceRecords,
  type Source,
  signatureRecord,
} from './records'
import { secretsInDocument } from './secrets'

/** The four types that its server held. */
export type OwlivionBlobType = 'accounts' | 'contacts' | 'preferences' | 'signatures'

/** What is needed to open them. */
export interface OwlivionBlobs {
  readonly masterPassword: string
  /** The 32 bytes of `master_key_salt`. */
  readonly salt: Uint8Array
  /** As the server has them: `encrypted_blob`, base64 undone. */
  readonly blobs: Readonly<Partial<Record<OwlivionBlobType, Uint8Array>>>
}

const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES = 32

/**
 * Opens the sealed documents of an account on Owlivion Mail's server. One that does not open, for a wrong password, a wrong salt or damage,
 * is in `leftOut`; the others are read.
 *
 * @example
 * const { leftOut } = readOwlivionBlobs({ masterPassword: 'guess', salt: new Uint8Array(32), blobs: { contacts: new Uint8Array(40) } })
 * leftOut.length // 1
 */
export function readOwlivionBlobs({ masterPassword, salt, blobs }: OwlivionBlobs): MigratedData {
  const master = hkdf(new TextEncoder().encode(masterPassword), salt, 'owlivion-mail-sync-master-key-v1')
  const migration = new Migration()
  for (const [type, blob] of Object.entries(blobs) as [OwlivionBlobType, Uint8Array][]) {
    try {
      const document = open(blob, hkdf(master, new Uint8Array(KEY_BYTES), `${type}-v1`))
      secretsInDocument(type, document, migration.secrets)
      take(type, document, migration)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : 'unknown'
      migration.leaveOut(
        type,
        undefined,
        `It does not open: the master password or the salt is another, or it is damaged (${reason}).`,
      )
    }
  }
  return accountFileText(migration)
}

function take(type: OwlivionBlobType, document: Source, migration: Migration): void {
  const items = (list: unknown) =>
    Array.isArray(list) ? (list as Source[]).filter((item) => !isYes(item.deleted)) : []
  switch (type) {
    case 'accounts':
      for (const [at, item] of items(document.accounts).entries()) {
        migration.row(type)
        const [account, signature] = accountRecords(item) ?? []
        const leaveOut = (reason: string) => migration.leaveOut(type, at + 1, reason)
        if (account === undefined) leaveOut('It has no e-mail address.')
        else migration.addAccount(account, signature, leaveOut)
      }
      break
    case 'contacts':
      migration.row(type, items(document.contacts).length)
      for (const contact of contactRecords(items(document.contacts), (reason, _, at) =>
        migration.leaveOut(type, at + 1, reason),
      ))
        migration.add('contacts', contact, (reason) =>
          migration.leaveOut(type, undefined, `“${contact.fields.name}”: ${reason}`),
        )
      break
    case 'preferences':
      migration.row(type)
      for (const record of preferenceRecords(document, (name) => migration.leaveOut(type, undefined, noSetting(name))))
        migration.add('preferences', record, (reason) => migration.leaveOut(type, undefined, reason))
      break
    case 'signatures':
      for (const [email, html] of Object.entries((document.signatures ?? {}) as Source)) {
        migration.row(type)
        const signature = signatureRecord(email.trim().toLowerCase(), html)
        const leaveOut = (reason: string) => migration.leaveOut(type, undefined, `${email}: ${reason}`)
        if (signature !== undefined) migration.add('signatures', signature, leaveOut)
      }
  }
}

function open(blob: Uint8Array, key: Uint8Array): Source {
  const sealed = inflated(blob)
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES))
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
  const body = sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES)
  const document: unknown = JSON.parse(Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8'))
  return typeof document === 'object' && document !== null ? (document as Source) : {}
}

/** It was compressed after it was sealed. A few bytes may claim to be gigabytes; then it is not one of these. */
function inflated(blob: Uint8Array): Uint8Array {
  if (blob[0] !== 0x1f || blob[1] !== 0x8b) return blob
  return gunzipSync(blob, { maxOutputLength: MAX_FILE_BYTES })
}

function hkdf(secret: Uint8Array, salt: Uint8Array, info: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, info, KEY_BYTES))
}
