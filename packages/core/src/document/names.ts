// Names that become parts of a slot's key. A control character separates the parts, so a name that holds none cannot be read
// as two; NFC gives what looks equal to a person one key on every device.
import { SyncError } from '../errors'
import { utf8Length } from './json'
import { MAX_NAME_BYTES, WRITER_BYTES } from './limits'

declare const writerBrand: unique symbol

/**
 * Who set a slot: 48 random bits as 8 characters of base64url, held by one lane of one device at a time. Nobody ever sets
 * another writer's slot.
 */
export type Writer = string & { readonly [writerBrand]: true }

/** The reserved writer of rows that a rebase folded. Its slots are written with a new document epoch and never set afterwards. */
export const FOLDED = '*' as Writer

/** @param random draws bytes from the platform's random source */
export function createWriter(random: (length: number) => Uint8Array): Writer {
  const bytes = random(WRITER_BYTES)
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_') as Writer
}

const writerPattern = /^[A-Za-z0-9_-]{8}$/

export function isWriter(text: unknown): text is Writer {
  return typeof text === 'string' && writerPattern.test(text)
}

/** @throws SyncError `invalid-id` unless `id` is NFC text of 1 to 256 bytes without control characters or lone surrogates */
export function checkRecordId(id: unknown): asserts id is string {
  if (!isName(id)) throw new SyncError('invalid-id', `${describe(id)} cannot be a record id.`)
}

/** @throws SyncError `invalid-field` unless `field` is NFC text of 1 to 256 bytes without control characters or lone surrogates */
export function checkFieldName(field: unknown): asserts field is string {
  if (!isName(field)) throw new SyncError('invalid-field', `${describe(field)} cannot be a field name.`)
}

const refusedCharacter = /[\p{Cc}\p{Cs}]/u
const printableAscii = /^[ -~]+$/

function isName(name: unknown): boolean {
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME_BYTES) return false
  if (printableAscii.test(name)) return true
  return !refusedCharacter.test(name) && name.normalize('NFC') === name && utf8Length(name) <= MAX_NAME_BYTES
}

function describe(name: unknown): string {
  return typeof name === 'string' ? JSON.stringify(name.slice(0, 64)) : `A value of type ${typeof name}`
}
