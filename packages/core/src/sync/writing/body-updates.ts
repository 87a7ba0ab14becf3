// What an entry did, when it is written once more: one update for each of the two documents, whatever it was made of.
import { type Body, roots } from '@owlivion/sync-protocol'
import { Y } from '../../yjs'
import type { BaseDocs } from '../log/base'
import type { PendingTransaction } from './outbox'

/** A transaction that tells how far another writer has come, and nothing else. */
export const emptyUpdate: Uint8Array = new Uint8Array([0, 0])

/** Yjs updates in format 1. */
export interface DocumentUpdates {
  readonly registers: Uint8Array
  /** Undefined when the texts were not touched. */
  readonly texts: Uint8Array | undefined
}

export function updatesOf({ updates }: Pick<Body, 'updates'>): DocumentUpdates {
  const of = (wanted: number): Uint8Array | undefined => {
    const found = updates
      .filter(({ root }) => root === wanted)
      .map(({ format, bytes }) => (format === 2 ? Y.convertUpdateFormatV2ToV1(bytes) : bytes))
    return found.length === 0 ? undefined : Y.mergeUpdates(found).slice()
  }
  return { registers: of(roots.registers) ?? emptyUpdate, texts: of(roots.texts) }
}

export function applyUpdates(docs: BaseDocs, { transaction }: PendingTransaction): void {
  Y.applyUpdate(docs.registers, transaction.update)
  if (transaction.texts !== undefined) Y.applyUpdate(docs.texts, transaction.texts)
}
