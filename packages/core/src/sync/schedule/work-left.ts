// What is left to be done on a connection, of the account as a whole: what decides whether a device that connects only now and then may go.
import { SyncError } from '../../errors'
import type { DocumentSync } from '../document/document-sync'
import type { WorkLeft } from './sync-run'

export interface WorkInput {
  /** Those that this device syncs. */
  readonly documents: Iterable<DocumentSync>
  /** The relay has the account. */
  readonly isAtRelay: boolean
  /** Tasks of the keyring, or calls, wait for an answer. */
  readonly isBusy: boolean
  readonly isKeyringForked: boolean
  readonly isKeyringHidden: boolean
}

export function workLeft({ documents, isAtRelay, isBusy, isKeyringForked, isKeyringHidden }: WorkInput): WorkLeft {
  let isDone = isAtRelay
  let isQuiet = !isBusy
  let refused: SyncError | undefined
  let number = 0
  let unsent = 0
  let settled = 0
  for (const document of documents) {
    const left = document.workLeft
    isDone &&= left.isDone
    isQuiet &&= left.isQuiet
    refused ??= left.refused
    number += document.cursor.number
    unsent += document.unsent
    if (left.isDone) settled++
  }
  return {
    isDone,
    isQuiet,
    refused,
    obstacle: refused ?? keyringObstacle(isKeyringForked, isKeyringHidden),
    mark: [number, unsent, settled, isAtRelay, isBusy].join(),
  }
}

function keyringObstacle(isForked: boolean, isHidden: boolean): SyncError | undefined {
  if (isForked) return new SyncError('keyring-fork', 'Two branches of the keyring exclude each other; nothing is sent.')
  if (isHidden)
    return new SyncError('keyring-hidden', 'The relay does not show a change of the account; nothing is sent.')
  return undefined
}
