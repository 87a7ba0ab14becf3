import type { Collection, Conflict, RecordFields } from '@owlivion/sync'
import { viewOfCollection } from './collection-view'
import { useCollectionSnapshot } from './use-collection-snapshot'

const none: readonly never[] = []

/**
 * Fields that were changed on two devices which did not know of each other, with every value, the winner first. An entry goes
 * away when somebody writes the field.
 *
 * @param collection from `useCollection`; while it is undefined there are no conflicts
 *
 * @example
 * const { collection } = useCollection<{ name: string }>('contacts')
 * const [conflict] = useConflicts(collection)
 * if (!conflict) return null
 * return conflict.candidates.map((candidate) => (
 *   <button onClick={() => collection?.resolve(conflict.id, conflict.field, candidate)}>
 *     Keep {String(candidate.value)} of {candidate.device?.name}
 *   </button>
 * ))
 */
export function useConflicts<T extends RecordFields<T>>(collection: Collection<T> | undefined): readonly Conflict<T>[] {
  return useCollectionSnapshot<T, readonly Conflict<T>[]>(collection, conflictsOf, none)
}

function conflictsOf<T extends RecordFields<T>>(collection: Collection<T>): readonly Conflict<T>[] {
  return viewOfCollection(collection).conflicts()
}
