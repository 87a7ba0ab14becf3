import type { DocumentCopy } from '@owlivion/sync'
import { useSyncStatus } from './use-sync-status'

/** What the account's other devices hold of a collection. */
export interface CopiesResult {
  /** One for each other device that said something of the collection; the same list until something in it changed. */
  readonly copies: readonly DocumentCopy[]
  /** No other device is known to hold everything that this one does. */
  readonly isOnlyCopy: boolean
}

const none: readonly never[] = []

/**
 * Which other devices hold a collection that is open, and whether this one has the only copy of it.
 *
 * @example
 * const { copies, isOnlyCopy } = useCopies('contacts')
 * if (isOnlyCopy) return <p>The address book is on this device only</p>
 * return <p>{copies.filter(({ isComplete }) => isComplete).length} other devices have all of it</p>
 */
export function useCopies(name: string): CopiesResult {
  const document = useSyncStatus().documents[name.normalize('NFC')]
  return { copies: document?.copies ?? none, isOnlyCopy: document?.isOnlyCopy ?? false }
}
