// What this device has written and the relay has not confirmed. A pure machine with two queues: transactions that may still
// be merged, and pushes that are sealed and are sent, byte for byte the same, until the relay says what became of them.
import { bytesEqual, type Hash } from '@owlivion/sync-protocol'
import type { Transaction } from '../../document'
import type { LineageMap } from '../device-map'

/** What a transaction did to the texts of a document, which have their own Yjs document. */
export interface TextPart {
  /** A Yjs update in format 1, undefined when the texts were not touched. Texts cannot be put in other words. */
  readonly texts?: Uint8Array
}

/** What is kept of a transaction until the relay confirms it. One that writes in the texts has a number of its writer's, too. */
export type StoredTransaction = Pick<Transaction, 'writer' | 'n' | 'operations' | 'update'> & TextPart

/** A transaction as it was made. */
export type WrittenTransaction = Transaction & TextPart

export interface PendingTransaction {
  /** Position in the device's own order of edits in this document; never reused. */
  readonly order: number
  readonly transaction: StoredTransaction
  /** False when its times are of this device's own clock, which may be off by years. */
  readonly isClockKnown: boolean
  /**
   * The entry that this one is to stand for: it was sent before, and sealed under a key that does not count. The update is written as it
   * is, and alone.
   */
  readonly repairs?: { readonly incarnation: number; readonly sequence: number }
  /** Is in no entry with what was written before it. */
  readonly startsEntry?: true
}

export interface SealedEntry {
  readonly sequence: number
  readonly envelope: Uint8Array
  readonly previous: Hash
  readonly hash: Hash
  readonly envelopeHash: Hash
  /** The last pending transaction that is inside. */
  readonly lastOrder: number
  readonly writers: readonly { readonly writer: Uint8Array; readonly n: number }[]
}

export interface SealedPush {
  readonly incarnation: number
  readonly entries: readonly SealedEntry[]
  readonly signature: Uint8Array
  /** What the author's entries up to this push have told of its seen vector and keyring, for the next delta. */
  readonly announced: Announced
}

export interface Announced {
  readonly seen: LineageMap<number>
  readonly keyringLength: number
}

export class Outbox {
  /** Everything not confirmed, in order; the front may be sealed already. */
  pending: PendingTransaction[] = []
  pushes: SealedPush[] = []
  nextOrder = 1
  private isEnded = false

  add(transaction: StoredTransaction, { isClockKnown }: { readonly isClockKnown: boolean }): PendingTransaction {
    const startsEntry = this.isEnded && this.pending.length > 0
    this.isEnded = false
    const item = { order: this.nextOrder++, transaction, isClockKnown, ...(startsEntry && { startsEntry }) }
    this.pending.push(item)
    return item
  }

  /** What comes from now on is another entry than what is here: an entry has one time, and the history must tell the two apart. */
  endEntry(): void {
    this.isEnded = true
  }

  get lastSealedOrder(): number {
    return this.pushes.at(-1)?.entries.at(-1)?.lastOrder ?? 0
  }

  /** Transactions that are in no sealed push. */
  unsealed(): readonly PendingTransaction[] {
    const sealedThrough = this.lastSealedOrder
    return this.pending.filter((item) => item.order > sealedThrough)
  }

  /** Our sealed entry with this place and hash, if it is one. */
  find(incarnation: number, sequence: number, hash?: Hash): SealedEntry | undefined {
    for (const push of this.pushes) {
      if (push.incarnation !== incarnation) continue
      const entry = push.entries.find((candidate) => candidate.sequence === sequence)
      if (entry !== undefined) return hash === undefined || bytesEqual(entry.hash, hash) ? entry : undefined
    }
    return undefined
  }

  /** The push whose last entry has this place. */
  findPush(incarnation: number, lastSequence: number): SealedPush | undefined {
    return this.pushes.find(
      (push) => push.incarnation === incarnation && push.entries.at(-1)?.sequence === lastSequence,
    )
  }

  /** Takes out what is in the verified log now; answers the rows that may go. */
  confirm(incarnation: number, sequence: number): { readonly orders: number[]; readonly push: SealedPush | undefined } {
    const entry = this.find(incarnation, sequence)
    if (entry === undefined) return { orders: [], push: undefined }
    const confirmed = this.pending.filter((item) => item.order <= entry.lastOrder)
    this.pending = this.pending.filter((item) => item.order > entry.lastOrder)
    const push = this.pushes.find((candidate) => candidate.entries.at(-1) === entry)
    if (push !== undefined) this.pushes = this.pushes.filter((candidate) => candidate !== push)
    return { orders: confirmed.map((item) => item.order), push }
  }

  /** Forgets all sealed bytes: their transactions will be sealed anew. Answers the rows that may go. */
  unseal(): readonly SealedPush[] {
    const dropped = this.pushes
    this.pushes = []
    return dropped
  }
}
