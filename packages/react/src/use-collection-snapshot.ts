import type { Collection, RecordFields } from '@owlivion/sync'
import { useCallback, useSyncExternalStore } from 'react'

/**
 * A value drawn from a collection, anew after every change of it.
 * @param read answers the same object until the value changed
 * @param serverValue the answer on a server, which holds no records
 */
export function useCollectionSnapshot<T extends RecordFields<T>, Value>(
  collection: Collection<T> | undefined,
  read: (collection: Collection<T>) => Value,
  serverValue: Value,
): Value {
  const getServerValue = () => serverValue
  return useSyncExternalStore(
    useCallback((listener: () => void) => collection?.subscribe(listener) ?? (() => {}), [collection]),
    () => (collection === undefined ? serverValue : read(collection)),
    getServerValue,
  )
}
