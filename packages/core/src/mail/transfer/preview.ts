// What an import would do, before it does it: which records are new, which change and in which fields, which stay, what is refused.
import type { LeftOut, RefusalCode, RefusedEntry } from '../import-report'
import { canonicalText } from '../text'

/** One field that an import would change. A value is undefined where the field is not there. */
export interface FieldChange {
  readonly field: string
  readonly before: unknown
  readonly after: unknown
}

/** A record that an import would add. */
export interface NewRecord<T> {
  readonly id: string
  readonly record: T
}

/** A record that an import would change. */
export interface ChangedRecord<T> {
  readonly id: string
  /** What the file says. */
  readonly record: T
  /** What that changes in the record. */
  readonly changes: readonly FieldChange[]
}

/** Plain data: to leave a record out, take it off its list before it is applied. */
export interface ImportPreview<T> {
  readonly added: readonly NewRecord<T>[]
  readonly changed: readonly ChangedRecord<T>[]
  /** Ids of records that know all that the file says. */
  readonly same: readonly string[]
  /** What is not imported, with line and reason. */
  readonly refused: readonly ImportRefusal[]
  readonly leftOut: readonly LeftOut[]
}

/** Why a record, card or row is not imported. */
export interface ImportRefusal extends Omit<RefusedEntry, 'code'> {
  readonly code: RefusalCode | TransferRefusal
}

/**
 * `invalid-record`: the data type refuses it; `secret-field`: it holds a password or a token; the others are about the export file.
 */
export type TransferRefusal =
  | 'invalid-record'
  | 'secret-field'
  | 'not-an-export'
  | 'newer-export'
  | 'unknown-collection'

/** The fields in which `after` differs. */
export function fieldChanges(before: object, after: object): FieldChange[] {
  const [old, changed] = [new Map(Object.entries(before)), new Map(Object.entries(after))]
  return [...new Set([...old.keys(), ...changed.keys()])].flatMap((field) => {
    const change = { field, before: old.get(field), after: changed.get(field) }
    return canonicalText([change.before]) === canonicalText([change.after]) ? [] : [change]
  })
}
