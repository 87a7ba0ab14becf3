// What stood in the log and cannot stand there again as it was: another life of its author, put back to a backup together with the
// relay, has written something else in its place. A device that still has it writes it as an entry of its own, update for update.
import { roots } from '@owlivion/sync-protocol'
import type { StoreKey } from '../storage'
import { Y } from '../yjs'
import { tryOpenStored } from './base'
import type { DocumentState } from './document-state'
import type { PendingTransaction } from './outbox'
import { encodePending, rowKeys, type StoredEntry } from './rows'
import { writerFromBytes } from './writer-bytes'

/** A transaction that tells how far another writer has come, and nothing else. */
const emptyUpdate: Uint8Array = new Uint8Array([0, 0])

/** Makes pending what these entries wrote. @returns the rows to write */
export function writeAgain(state: DocumentState, entries: readonly StoredEntry[]): (readonly [StoreKey, Uint8Array])[] {
  const { context, document, outbox, own } = state
  const transactions = entries.flatMap((entry) => {
    const body = tryOpenStored(context, document, entry)?.body
    if (body === undefined) return []
    const updates = body.updates
      .filter(({ root }) => root === roots.registers)
      .map(({ format, bytes }) => (format === 2 ? Y.convertUpdateFormatV2ToV1(bytes) : bytes))
    const update = Y.mergeUpdates(updates).slice()
    return body.writers.map(({ writer, n }, i) => ({
      transaction: { writer: writerFromBytes(writer), n, operations: [], update: i === 0 ? update : emptyUpdate },
      // Stays as it is, and alone, whoever this device writes as. No entry of its own has this place.
      ...(i === 0 && { repairs: { incarnation: own.incarnation, sequence: 0 } }),
    }))
  })
  const [first] = outbox.pending
  // Before what was written meanwhile and may need it, if that is not sealed yet. The numbers before were given to what was sent.
  const isBefore = first !== undefined && outbox.pushes.length === 0 && first.order > transactions.length
  const firstOrder = isBefore ? first.order - transactions.length : outbox.nextOrder
  const items = transactions.map(
    (each, i): PendingTransaction => ({ order: firstOrder + i, isClockKnown: true, ...each }),
  )
  if (!isBefore) outbox.nextOrder += items.length
  outbox.pending = isBefore ? [...items, ...outbox.pending] : [...outbox.pending, ...items]
  return items.map((item) => [rowKeys.pending(document, item.order), encodePending(item)])
}
