// What stood in the log and cannot stand there again as it was: another life of its author, put back to a backup together with the
// relay, has written something else in its place. A device that still has it writes it as an entry of its own, update for update.
import type { StoreKey } from '../../storage'
import type { DocumentState } from '../document/document-state'
import { encodePending, rowKeys, type StoredEntry } from '../document/rows'
import type { HealingRow } from '../healing/healing-row'
import { type BaseDocs, tryOpenStored } from '../log/base'
import { missingFrom } from '../snapshot/snapshot-adopt'
import { writerFromBytes } from '../writer-bytes'
import { type DocumentUpdates, emptyUpdate, updatesOf } from './body-updates'
import type { PendingTransaction } from './outbox'

/** This device's chain in the log ends before what it had of it. */
export function isChainShort({ context, own, replica }: DocumentState, { had }: HealingRow): boolean {
  const lineage = { device: context.device, incarnation: own.incarnation }
  return (replica.state.chains.get(lineage)?.sequence ?? 0) < (had.get(lineage)?.sequence ?? 0)
}

type Rewritten = Omit<PendingTransaction, 'order' | 'isClockKnown'>

/** Makes pending what these entries wrote. @returns the rows to write */
export function writeAgain(state: DocumentState, entries: readonly StoredEntry[]): (readonly [StoreKey, Uint8Array])[] {
  const { context, document } = state
  return makePending(
    state,
    entries.flatMap((entry) => {
      const body = tryOpenStored(context, document, entry)?.body
      if (body === undefined) return []
      const writers = body.writers.map(({ writer, n }) => [writerFromBytes(writer), n] as const)
      return rewrittenOf(state, updatesOf(body), writers)
    }),
  )
}

/**
 * Makes pending what a document has and its log has not.
 * @param log the document as the log alone makes it
 * @returns the rows to write
 */
export function writeMissing(state: DocumentState, log: BaseDocs, own: BaseDocs): (readonly [StoreKey, Uint8Array])[] {
  const missing = missingFrom(log, own)
  if (missing === undefined) return []
  const context = state.returning?.before.context ?? new Map<string, number>()
  const known = state.replica.state.context
  const writers = [...context].filter(([writer, n]) => n > (known.get(writer) ?? 0))
  const { writer, lastN } = state.registers
  return makePending(state, rewrittenOf(state, missing, writers.length > 0 ? (writers as never) : [[writer, lastN]]))
}

function rewrittenOf(
  { own }: DocumentState,
  { registers, texts }: DocumentUpdates,
  writers: readonly (readonly [writer: Rewritten['transaction']['writer'], n: number])[],
): Rewritten[] {
  return writers.map(([writer, n], i) => ({
    transaction: {
      ...{ writer, n, operations: [] },
      ...(i === 0 ? { update: registers, ...(texts && { texts }) } : { update: emptyUpdate }),
    },
    // Stays as it is, and alone, whoever this device writes as. No entry of its own has this place.
    ...(i === 0 && { repairs: { incarnation: own.incarnation, sequence: 0 } }),
  }))
}

function makePending(
  { document, outbox }: DocumentState,
  transactions: readonly Rewritten[],
): (readonly [StoreKey, Uint8Array])[] {
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
