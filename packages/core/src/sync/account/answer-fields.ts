// What a relay's answer to a call must be made of. Written by hand: the answers are few, and a schema library would be on every
// page of every app.
import { base64urlToBytes, HASH_BYTES, type Hash } from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'

type Fields = Readonly<Record<string, unknown>>

export function misbehaved(what: string): SyncError {
  return new SyncError('relay-misbehaved', `The relay’s answer is not what was asked for: ${what}.`, {
    retryable: false,
  })
}

export function fieldsOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null) throw misbehaved('something is no object')
  return value as Fields
}

export function listIn(fields: Fields, name: string, maxItems: number): readonly unknown[] {
  const value = fields[name]
  if (!Array.isArray(value) || value.length > maxItems) throw misbehaved(`${name} is no list, or a longer one`)
  return value
}

export function textIn(fields: Fields, name: string, pattern: RegExp): string {
  const value = fields[name]
  if (typeof value !== 'string' || !pattern.test(value)) throw misbehaved(`${name} is not such a text`)
  return value
}

export function countIn(fields: Fields, name: string): number {
  const value = fields[name]
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw misbehaved(`${name} is no whole number`)
  return value as number
}

export function bytesOf(value: unknown, what: string): Uint8Array {
  try {
    if (typeof value === 'string') return base64urlToBytes(value)
  } catch {
    // Said below, as for everything that is no text at all.
  }
  throw misbehaved(`${what} is no base64url`)
}

export function hashIn(fields: Fields, name: string): Hash {
  const bytes = bytesOf(fields[name], name)
  if (bytes.length !== HASH_BYTES) throw misbehaved(`${name} is no hash`)
  return bytes as Hash
}
