import type { Collection, RecordFields } from '@owlivion/sync'
import { viewOfCollection } from './collection-view'
import { useCollectionSnapshot } from './use-collection-snapshot'

const none: readonly never[] = []

/**
 * Ids of deleted records that `collection.restore` can bring back, ordered by id.
 *
 * @param collection from `useCollection`; while it is undefined there are none
 *
 * @example
 * const { collection } = useCollection<{ name: string }>('contacts')
 * const deletedIds = useDeletedIds(collection)
 * return deletedIds.map((id) => <button key={id} onClick={() => collection?.restore(id)}>Restore {id}</button>)
 */
export function useDeletedIds<T extends RecordFields<T>>(collection: Collection<T> | undefined): readonly string[] {
  return useCollectionSnapshot<T, readonly string[]>(collection, deletedIdsOf, none)
}

function deletedIdsOf<T extends RecordFields<T>>(collection: Collection<T>): readonly string[] {
  return viewOfCollection(collection).deletedIds()
}
