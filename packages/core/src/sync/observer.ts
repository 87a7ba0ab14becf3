// For a test harness that keeps its own account of what was written. It hangs on the platform, which such a harness makes
// anyway, so that nothing of it shows in what an app calls.
import type { DocumentId } from '@owlivion/sync-protocol'
import type { Registers, Transaction } from '../document'
import type { Platform } from '../platform'
import type { StoredTransaction } from './writing/outbox'

/** Is told of every transaction that a device writes, before it is sealed. */
export interface DocumentObserver {
  /** An edit became this transaction; `registers` has it already. */
  written(document: DocumentId, registers: Registers, transaction: Transaction): void
  /** Pending transactions were written again under new dots, one for one. */
  rewritten(
    document: DocumentId,
    registers: Registers,
    from: readonly StoredTransaction[],
    to: readonly Transaction[],
  ): void
  /** What was shown and nobody had signed is gone from the live document; what is pending was written again without it. */
  startedOver(document: DocumentId): void
}

const observers = new WeakMap<Platform, DocumentObserver>()

/** Tells `observer` of everything that accounts opened with this platform write from now on. */
export function observeDocuments(platform: Platform, observer: DocumentObserver): void {
  observers.set(platform, observer)
}

export function observerOf(platform: Platform): DocumentObserver | undefined {
  return observers.get(platform)
}
