import type { Collection, CollectionOptions, RecordFields, SyncError } from '@owlivion/sync'
import { useCallback, useSyncExternalStore } from 'react'
import { type RecordEntry, viewOfCollection } from './collection-view'
import { useSync } from './context'
import { type Opening, viewOfSync } from './sync-view'
import { useCollectionSnapshot } from './use-collection-snapshot'

/** A collection as a component sees it. `collection` is there, to write to, as soon as `ready` is true. */
export type CollectionResult<T extends RecordFields<T>> =
  | {
      readonly ready: true
      /** Every record with its id, ordered by id. The same list, and the same entries in it, until they change. */
      readonly records: readonly RecordEntry<T>[]
      readonly collection: Collection<T>
      readonly error: undefined
    }
  | {
      readonly ready: false
      readonly records: readonly RecordEntry<T>[]
      readonly collection: undefined
      /** Why the collection could not be read; undefined while it is being read. A new mount tries again. */
      readonly error: SyncError | undefined
    }

const noRecords: readonly never[] = []
const onServer: Opening = { collection: undefined, error: undefined }

/**
 * Opens a data type and draws the component again whenever a record of it changes, on this device or another.
 * While it is read from the disk, and on a server, `ready` is false and `records` empty.
 *
 * @param options as for `sync.open`: those of the first component that opens the collection count
 * @throws Error without a `SyncProvider` above
 *
 * @example
 * const { records, collection, ready } = useCollection<{ name: string }>('contacts')
 * if (!ready) return <p>Opening the address book …</p>
 * return (
 *   <ul onDoubleClick={() => collection.add('ann@example.com', { name: 'Ann' })}>
 *     {records.map(([id, { name }]) => <li key={id}>{name}</li>)}
 *   </ul>
 * )
 */
export function useCollection<T extends RecordFields<T>>(
  name: string,
  options: CollectionOptions<T> = {},
): CollectionResult<T> {
  const view = viewOfSync(useSync())
  const opening = useSyncExternalStore(
    // biome-ignore lint/correctness/useExhaustiveDependencies: options are mostly a new object at every render, and only the first one counts
    useCallback(
      (listener: () => void) => {
        const unsubscribe = view.onOpened(listener)
        view.open(name, options)
        return unsubscribe
      },
      [view, name],
    ),
    () => view.opening(name),
    () => onServer,
  )
  const collection = opening.collection as unknown as Collection<T> | undefined
  const records = useCollectionSnapshot<T, readonly RecordEntry<T>[]>(collection, entriesOf, noRecords)
  if (collection === undefined) return { ready: false, records, collection, error: opening.error }
  return { ready: true, records, collection, error: undefined }
}

function entriesOf<T extends RecordFields<T>>(collection: Collection<T>): readonly RecordEntry<T>[] {
  return viewOfCollection(collection).entries()
}
