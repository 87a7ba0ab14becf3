// What one data type of a mail client is, in one value: what a collection of it checks, and how its records are named so that two devices
// that add the same thing while offline write one record.
import { digestId } from './record-id'
import type { RecordSchema } from './schema'
import { canonicalText } from './text'

/**
 * A data type: the name of its collection, and all that `sync.open` wants to know about it.
 *
 * @example
 * const contacts = await sync.open(mailTypes.contacts)
 * await contacts.add(mailTypes.contacts.key({ name: 'Ann' }), { name: 'Ann' })
 */
export interface MailType<T> {
  readonly name: string
  /** Refuses what a client could not use; fields that it does not know pass. */
  readonly schema: RecordSchema<T>
  /** Names of fields that may not be synced, besides those that say so by themselves, like `password`. */
  readonly secret?: readonly string[]
  /** Counters of a record: `collection.increment(id, name)`. */
  readonly counters: readonly string[]
  /** Sets of a record: `collection.addToSet(id, name, …)`. */
  readonly sets: readonly string[]
  /** Texts of a record, which several people edit at once: `collection.text(id, name)`. */
  readonly texts?: readonly string[]
  /** Fields in which the later value counts and nobody is asked: see `CollectionOptions.latestWins`. */
  readonly latestWins: readonly (keyof T & string)[]
  /**
   * The record id that belongs to this content. Where a thing has a name of its own (an address), it is that. Elsewhere it is a digest,
   * right for what is imported, where two devices that read one file must end with one record; what a person makes anew is better
   * named at random, for two people's empty templates are two templates.
   * @throws SyncError `invalid-id` when the name cannot be an id
   */
  key(record: T): string
}

/** An id from all that a record says, without the fields in `apart`. */
export function contentKey(kind: string, record: object, apart: readonly string[] = []): string {
  return digestId(
    kind,
    canonicalText(Object.fromEntries(Object.entries(record).filter(([name]) => !apart.includes(name)))),
  )
}
