// Values as canonical JSON: one text for one value, so that devices which store equal values store equal bytes and "the same
// value" is a comparison of texts. Object keys are sorted by UTF-16 code unit, -0 is 0, strings are kept as they came.
import { SyncError } from '../errors'
import { MAX_FIELD_BYTES, MAX_VALUE_DEPTH } from './limits'

/** What a field may hold: at most 64 KB as JSON, numbers finite, objects plain. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/** Field values by name. Names may be anything, `__proto__` too: read with `Object.hasOwn`, build with `createFields`. */
export type Fields = { readonly [field: string]: JsonValue }

/** An object that inherits nothing, so that no field name means anything to JavaScript. */
export function createFields(): Record<string, JsonValue> {
  return Object.create(null)
}

// A surrogate without its partner has no UTF-8, so two devices would not agree on its bytes.
const loneSurrogate = /\p{Cs}/u

/**
 * The canonical JSON of a value that an app passed in.
 * @throws SyncError `invalid-value` for what JSON cannot carry exactly, `field-too-large` beyond 64 KB
 */
export function toCanonicalJson(value: unknown): string {
  let length = 0

  const count = (text: string): string => {
    // Counted on the way, so that a small value that mentions one large part many times is refused before it is written out.
    length += text.length
    if (length > MAX_FIELD_BYTES) throw tooLarge()
    return text
  }

  const writeText = (text: string): string => {
    if (loneSurrogate.test(text)) throw new SyncError('invalid-value', 'A string has half of a surrogate pair.')
    return count(JSON.stringify(text))
  }

  const write = (part: unknown, depth: number): string => {
    if (part === null || typeof part === 'boolean') return count(String(part))
    if (typeof part === 'string') return writeText(part)
    if (typeof part === 'number') {
      if (!Number.isFinite(part)) throw new SyncError('invalid-value', `${part} is not a finite number.`)
      return count(JSON.stringify(part))
    }
    if (typeof part !== 'object') throw new SyncError('invalid-value', `A ${typeof part} is not a JSON value.`)
    if (depth === MAX_VALUE_DEPTH) {
      throw new SyncError('invalid-value', `A value is nested deeper than ${MAX_VALUE_DEPTH} levels, or holds itself.`)
    }
    if (Array.isArray(part)) return `[${Array.from(part, (each) => write(each, depth + 1)).join(count(','))}]`
    if (!isPlainObject(part)) throw new SyncError('invalid-value', 'An object of a class is not a JSON value.')
    const members = Object.keys(part)
      .sort()
      .map((key) => `${writeText(key)}:${write(part[key], depth + 1)}`)
    return `{${members.join(count(','))}}`
  }

  const text = write(value, 0)
  if (text.length * 3 > MAX_FIELD_BYTES && utf8Length(text) > MAX_FIELD_BYTES) throw tooLarge()
  return text
}

/**
 * The value as it is stored: canonical, a copy, and nothing that anybody can change.
 * @throws SyncError as `toCanonicalJson`
 */
export function toStoredValue(value: unknown): JsonValue {
  // Most values are short texts; these need neither writing out nor parsing again.
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value === 0 ? 0 : value
  if (typeof value === 'string' && value.length <= alwaysFits && !loneSurrogate.test(value)) return value
  return parseFrozen(toCanonicalJson(value))!
}

/** JSON writes a character as six bytes at most (\u0000), within two quotes. */
const alwaysFits = (MAX_FIELD_BYTES - 2) / 6

/** The canonical JSON of a value that is known to be JSON. */
export function canonicalJson(value: JsonValue): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key]!)}`)
  return `{${members.join(',')}}`
}

/** True when both are the same value; `undefined` stands for a field that is absent. */
export function isSameValue(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  return canonicalJson(a) === canonicalJson(b)
}

/** JSON text as a value that nobody can change, or undefined when it is not JSON or nested too deeply to walk. */
export function parseFrozen(text: string): JsonValue | undefined {
  try {
    const value: JsonValue = JSON.parse(text)
    return freeze(value, 0) ? value : undefined
  } catch {
    // Text that is no JSON is an ordinary answer here: a newer version may store something else.
    return undefined
  }
}

/** In bytes of UTF-8, about as they are written. */
export function sizeOfFields(fields: Fields): number {
  return utf8Length(canonicalJson(fields))
}

export function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length
}

export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value)
}

export function isObject(value: JsonValue | undefined): value is { readonly [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A slot wraps a value in up to three levels of its own: the row, its older values and their fields. */
const slotLevels = 3

function freeze(value: JsonValue, depth: number): boolean {
  if (value === null || typeof value !== 'object') return true
  if (depth > MAX_VALUE_DEPTH + slotLevels) return false
  for (const key in value) {
    const member = (value as Fields)[key]!
    if (typeof member === 'object' && !freeze(member, depth + 1)) return false
  }
  Object.freeze(value)
  return true
}

function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(value)
  // The second comparison accepts plain objects of another frame or realm.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function tooLarge(): SyncError {
  return new SyncError('field-too-large', `A field is larger than ${MAX_FIELD_BYTES} bytes of JSON.`)
}
