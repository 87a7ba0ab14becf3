// What a collection is opened with, and what its schema says of a record.
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Fields, JsonValue } from './document'
import { SyncError } from './errors'

/** Anything whose fields are JSON values; an interface or a type alias. */
export type RecordFields<T> = { readonly [K in keyof T]: JsonValue | undefined }

/** What a collection checks before it writes. The options of the first `open` of a name count. */
export interface CollectionOptions<T> {
  /** Checks a whole record before it is written: zod, valibot, arktype or anything that speaks Standard Schema. */
  readonly schema?: StandardSchemaV1<unknown, T>
  /** Names of fields that hold secrets, besides those that are recognised by name: they may not be synced. */
  readonly secret?: readonly string[]
  /** Fields in which the later value simply counts, like the time of the last use: `conflicts` does not speak of them. */
  readonly latestWins?: readonly (keyof T & string)[]
  /**
   * Names of fields that are texts, which people edit at once: `collection.text(id, name)`. They are no part of what `get` answers and of
   * what `add` and `update` take.
   */
  readonly texts?: readonly string[]
}

/** A data type in one value: the name of its collection and what that checks. Those of `mailTypes` are such. */
export interface CollectionType<T> extends CollectionOptions<T> {
  readonly name: string
}

/**
 * @param concerned fields whose issues count, besides those of the record as a whole; default all
 * @returns the fields that are to be written
 * @throws SyncError `invalid-record`
 */
export function validRecord(
  collection: string,
  schema: StandardSchemaV1 | undefined,
  fields: object,
  concerned?: readonly string[],
): Fields {
  if (schema === undefined) return withoutUndefined(fields)
  const result = schema['~standard'].validate(fields)
  if (result instanceof Promise) {
    throw new SyncError(
      'invalid-record',
      `The schema of ${collection} answers later; a write needs one that answers at once.`,
    )
  }
  if (result.issues === undefined) return withoutUndefined(result.value as object)
  for (const { path, message } of result.issues) {
    const names = path?.map((part) => String(typeof part === 'object' ? part.key : part)) ?? []
    if (names[0] !== undefined && concerned?.includes(names[0]) === false) continue
    const place = names.length > 0 ? ` at ${names.join('.')}` : ''
    throw new SyncError('invalid-record', `A record of ${collection} is not valid${place}: ${message}.`)
  }
  return withoutUndefined(fields)
}

function withoutUndefined(fields: object): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields
}
