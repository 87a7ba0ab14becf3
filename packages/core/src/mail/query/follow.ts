// Indexes that follow a collection: filled once, then told of each change.
import { type IndexOptions, RecordIndex, type RecordSource } from './record-index'

/** An index of a collection. Its answers are as of the last change; reading makes nothing anew. */
export interface FollowingIndex {
  /** The ids of records with this key, in order; at most `limit`. */
  find(key: string, limit?: number): string[]
  /** The ids of records with a key that begins with `prefix`, each once, in no particular order. */
  startingWith(prefix: string): Set<string>
  /** All keys that begin with `prefix`, in order of their UTF-16 code units; without one, all. */
  keys(prefix?: string): string[]
  /** Ends following: what is read afterwards is as of now. */
  close(): void
}

/**
 * Makes an index of a collection that follows its changes. Only records that changed are looked at again.
 * @param collection of any type
 *
 * @example
 * const filters = await sync.open(mailTypes.filters)
 * const byAccount = createIndex(filters, { keysOf: ({ account }) => (account === undefined ? [] : [account]) })
 * byAccount.find('ann@example.com')
 * byAccount.close()
 */
export function createIndex<T, Order = undefined>(
  collection: RecordSource<T>,
  options: IndexOptions<T, Order>,
): FollowingIndex {
  const index = new RecordIndex(options)
  const close = follow(collection, {
    fill: (records) => index.fill(records),
    update: (id, record) => index.update(id, record),
  })
  return {
    find: (key, limit) => index.find(key, limit),
    startingWith: (prefix) => index.startingWith(prefix),
    keys: (prefix) => index.keys(prefix),
    close,
  }
}

/** What is told of records: all at the start, then each that may have changed. */
interface Follower<T> {
  fill(records: Iterable<readonly [id: string, record: T]>): void
  update(id: string, record: T | undefined): void
}

/**
 * @param beyond something of a record that is not in its object (a counter), so that a record that is the same object is still looked at when
 * this is another
 * @returns a function that ends it
 */
export function follow<T>(
  collection: RecordSource<T>,
  follower: Follower<T>,
  beyond: (id: string) => unknown = () => undefined,
): () => void {
  const seen = new Map<string, { readonly record: T; readonly beyond: unknown }>()
  const records: (readonly [string, T])[] = []
  for (const id of collection.ids()) {
    const record = collection.get(id)
    if (record === undefined) continue
    seen.set(id, { record, beyond: beyond(id) })
    records.push([id, record])
  }
  follower.fill(records)

  const look = (id: string): void => {
    const record = collection.get(id)
    const before = seen.get(id)
    if (record === undefined) {
      if (!seen.delete(id)) return
    } else {
      // A record is the same object until it changes, so that a change of anything at all is found without reading fields.
      const now = { record, beyond: beyond(id) }
      if (before?.record === record && before.beyond === now.beyond) return
      seen.set(id, now)
    }
    follower.update(id, record)
  }
  return collection.subscribe((changed) => {
    for (const id of changed ?? new Set([...seen.keys(), ...collection.ids()])) look(id)
  })
}
