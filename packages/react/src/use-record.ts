import type { Collection, RecordFields } from '@owlivion/sync'
import { useCallback, useSyncExternalStore } from 'react'

/**
 * One record, as it changes; undefined when there is none, it is deleted, or the collection is not ready yet. A change of another
 * record does not draw the component again.
 *
 * @param collection from `useCollection`
 *
 * @example
 * const { collection } = useCollection<{ name: string }>('contacts')
 * const ann = useRecord(collection, 'ann@example.com')
 * return <h1>{ann?.name}</h1>
 */
export function useRecord<T extends RecordFields<T>>(
  collection: Collection<T> | undefined,
  id: string,
): ReturnType<Collection<T>['get']> {
  return useSyncExternalStore(
    useCallback(
      (listener: () => void) =>
        collection?.subscribe((changed) => {
          if (changed === undefined || changed.has(id)) listener()
        }) ?? (() => {}),
      [collection, id],
    ),
    () => collection?.get(id),
    () => undefined,
  )
}
