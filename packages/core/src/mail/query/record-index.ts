// Which records a key leads to, kept up to date record by record. Made once from a whole collection; afterwards a change costs what the
// changed record has of keys, whatever the size of the book.
import { SortedKeys } from './sorted-keys'

/** Of a collection what an index reads; a `Collection` is one. */
export interface RecordSource<T> {
  get(id: string): T | undefined
  ids(): readonly string[]
  /** The listener gets the ids of changed records, or undefined when any may have changed. */
  subscribe(listener: (changed: ReadonlySet<string> | undefined) => void): () => void
}

/** How records are found. */
export interface IndexOptions<T, Order> {
  /** Texts under which the record is found; repeats count once. */
  keysOf(record: T, id: string): Iterable<string>
  /** What the records of one key are ordered by; default their ids. */
  readonly order?: {
    of(record: T, id: string): Order
    /** Below 0 when `a` comes first. Equal ones are ordered by id. */
    compare(a: Order, b: Order): number
  }
}

interface Entry<Order> {
  readonly id: string
  readonly order: Order
  /** Each once. */
  readonly keys: readonly string[]
}

/** An index that somebody else keeps up to date, by telling it of each record that may have changed. */
export class RecordIndex<T, Order = undefined> {
  private readonly entryById = new Map<string, Entry<Order>>()
  private readonly bucketByKey = new Map<string, Entry<Order>[]>()
  private readonly sortedKeys = new SortedKeys((key) => this.bucketByKey.has(key))

  constructor(private readonly options: IndexOptions<T, Order>) {}

  /** The ids of records with this key, in order. */
  find(key: string, limit = Number.POSITIVE_INFINITY): string[] {
    const bucket = this.bucketByKey.get(key) ?? []
    return (limit < bucket.length ? bucket.slice(0, limit) : bucket).map(({ id }) => id)
  }

  /** The ids of the first `limit` records with this key of which `fits` is true, in order. */
  first(key: string, limit: number, fits: (id: string) => boolean): string[] {
    const ids: string[] = []
    for (const { id } of this.bucketByKey.get(key) ?? []) {
      if (ids.length >= limit) break
      if (fits(id)) ids.push(id)
    }
    return ids
  }

  /** The ids of records with a key that begins with `prefix`, each once, in no particular order; at most `limit`. */
  startingWith(prefix: string, limit = Number.POSITIVE_INFINITY): Set<string> {
    const ids = new Set<string>()
    for (const key of this.sortedKeys.startingWith(prefix))
      for (const { id } of this.bucketByKey.get(key) ?? []) {
        if (ids.size >= limit) return ids
        ids.add(id)
      }
    return ids
  }

  /** All keys, in order of their UTF-16 code units. */
  keys(prefix = ''): string[] {
    return [...this.sortedKeys.startingWith(prefix)]
  }

  /** True when this id has a key that begins with `prefix`. */
  hasPrefix(id: string, prefix: string): boolean {
    for (const key of this.entryById.get(id)?.keys ?? []) if (key.startsWith(prefix)) return true
    return false
  }

  /** Takes in what is to be found from the start: as `update` for each, faster. */
  fill(records: Iterable<readonly [id: string, record: T]>): void {
    const grown = new Set<Entry<Order>[]>()
    for (const [id, record] of records) {
      const entry = this.entryOf(id, record)
      this.entryById.set(id, entry)
      for (const key of entry.keys) {
        const bucket = this.bucketOf(key)
        // Most keys lead to one record: an address, a rare name.
        if (bucket.push(entry) === 2) grown.add(bucket)
      }
    }
    for (const bucket of grown) bucket.sort((a, b) => this.compare(a, b))
  }

  /** The record as it is now, undefined when it is gone. */
  update(id: string, record: T | undefined): void {
    const before = this.entryById.get(id)
    const after = record === undefined ? undefined : this.entryOf(id, record)
    const staysInPlace = before !== undefined && after !== undefined && this.compare(before, after) === 0
    for (const key of before?.keys ?? [])
      if (!(staysInPlace && after.keys.includes(key))) this.remove(key, before as Entry<Order>)
    for (const key of after?.keys ?? []) {
      if (staysInPlace && before.keys.includes(key)) this.replace(key, before, after as Entry<Order>)
      else this.insert(key, after as Entry<Order>)
    }
    if (after === undefined) this.entryById.delete(id)
    else this.entryById.set(id, after)
  }

  private entryOf(id: string, record: T): Entry<Order> {
    const order = this.options.order?.of(record, id) as Order
    return { id, order, keys: [...new Set(this.options.keysOf(record, id))] }
  }

  private bucketOf(key: string): Entry<Order>[] {
    let bucket = this.bucketByKey.get(key)
    if (bucket === undefined) {
      bucket = []
      this.bucketByKey.set(key, bucket)
      this.sortedKeys.add(key)
    }
    return bucket
  }

  private insert(key: string, entry: Entry<Order>): void {
    const bucket = this.bucketOf(key)
    bucket.splice(this.placeIn(bucket, entry), 0, entry)
  }

  private remove(key: string, entry: Entry<Order>): void {
    const bucket = this.bucketOf(key)
    if (bucket.length === 1) {
      this.bucketByKey.delete(key)
      this.sortedKeys.removed()
    } else bucket.splice(this.placeIn(bucket, entry), 1)
  }

  private replace(key: string, before: Entry<Order>, after: Entry<Order>): void {
    const bucket = this.bucketOf(key)
    bucket[this.placeIn(bucket, before)] = after
  }

  /** Where the entry stands, or belongs. */
  private placeIn(bucket: readonly Entry<Order>[], entry: Entry<Order>): number {
    let low = 0
    let high = bucket.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.compare(bucket[middle] as Entry<Order>, entry) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  private compare(a: Entry<Order>, b: Entry<Order>): number {
    const byOrder = this.options.order?.compare(a.order, b.order) ?? 0
    if (byOrder !== 0) return byOrder
    return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
  }
}
