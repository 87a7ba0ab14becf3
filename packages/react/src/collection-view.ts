// What a collection answers to React: lists that stay the same object until something in them changed, with the entries of
// untouched records the same objects too, so that a memoised row is not drawn again. A change costs a copy of the list and a
// look-up for each changed record, never a walk through every record.
import type { Collection, Conflict, RecordFields } from '@owlivion/sync'

/** A record and its id. */
export type RecordEntry<T> = readonly [id: string, record: T]

export class CollectionView<T extends RecordFields<T>> {
  readonly #collection: Collection<T>
  #entries: readonly RecordEntry<T>[] | undefined
  /** Ids changed since `#entries` was made. */
  readonly #changed = new Set<string>()
  #conflicts: readonly Conflict<T>[] | undefined
  #deletedIds: readonly string[] | undefined

  constructor(collection: Collection<T>) {
    this.#collection = collection
    // Never taken back: a view that listened only while somebody looks would answer the next one with what was.
    collection.subscribe((ids) => {
      if (ids === undefined) this.#entries = undefined
      else for (const id of ids) this.#changed.add(id)
      this.#conflicts = undefined
      this.#deletedIds = undefined
    })
  }

  /** Every record, by id: the same order on every device. */
  entries(): readonly RecordEntry<T>[] {
    if (this.#entries === undefined) {
      this.#entries = this.#collection.list().sort(([a], [b]) => compareText(a, b))
    } else if (this.#changed.size > 0) {
      this.#entries = this.#patched(this.#entries)
    }
    this.#changed.clear()
    return this.#entries
  }

  conflicts(): readonly Conflict<T>[] {
    this.#conflicts ??= this.#collection.conflicts()
    return this.#conflicts
  }

  deletedIds(): readonly string[] {
    this.#deletedIds ??= this.#collection.deletedIds().sort(compareText)
    return this.#deletedIds
  }

  #patched(before: readonly RecordEntry<T>[]): readonly RecordEntry<T>[] {
    const changed = [...this.#changed].sort(compareText)
    const after: RecordEntry<T>[] = []
    let position = 0
    for (const id of changed) {
      const found = positionOf(before, id, position)
      for (; position < found; position++) after.push(before[position]!)
      const old = before[position]?.[0] === id ? before[position++] : undefined
      const record = this.#collection.get(id)
      if (record !== undefined) after.push(old?.[1] === record ? old : [id, record])
    }
    for (; position < before.length; position++) after.push(before[position]!)
    const isSame = after.length === before.length && after.every((entry, index) => entry === before[index])
    return isSame ? before : after
  }
}

const viewByCollection = new WeakMap<Collection<never>, CollectionView<never>>()

export function viewOfCollection<T extends RecordFields<T>>(collection: Collection<T>): CollectionView<T> {
  const key = collection as unknown as Collection<never>
  let view = viewByCollection.get(key) as unknown as CollectionView<T> | undefined
  if (view === undefined) {
    view = new CollectionView(collection)
    viewByCollection.set(key, view as unknown as CollectionView<never>)
  }
  return view
}

/** Where the id stands or would stand, at `from` or behind it. */
function positionOf(entries: readonly RecordEntry<unknown>[], id: string, from: number): number {
  let low = from
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareText(entries[middle]![0], id) < 0) low = middle + 1
    else high = middle
  }
  return low
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
