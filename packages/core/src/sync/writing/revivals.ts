// Watches over records of which this device has something to send that others may not have seen: an edit, or a purge. Where an edit and a
// purge did not know of each other, the edit counts, and the record comes back whole. Of two devices one has the other's in the log
// before its own: that one, which still knows what the record held, brings it back. So what was confirmed need not be remembered, and
// nothing is brought back twice, unless two devices have edits that a purge had not seen: then counts and texts may come back twice.
import {
  type Dot,
  hasRow,
  isPurge,
  purgesSince,
  type RecordSlots,
  revivingOperations,
  unseenByPurges,
} from '../../document'
import type { Y } from '../../yjs'
import type { DocumentState } from '../document/document-state'
import type { PlacedDots } from '../log/placed-dots'
import { copyTexts, type TextCopy } from '../purge/purged-texts'
import type { PendingTransaction, StoredTransaction } from './outbox'

/** What brings a record back, if fields or counts are to be, a transaction each; and its texts. */
export interface Revival {
  readonly plans: ReturnType<typeof revivingOperations>
  /** What its texts held, by the names of their roots. */
  readonly texts: ReadonlyMap<string, TextCopy>
}

interface Known {
  /** The record when it was last whole. */
  readonly slots: RecordSlots
  /** The last transaction of this device about it. */
  readonly order: number
  /** What its texts held before this device purged it. */
  readonly texts?: ReadonlyMap<string, TextCopy>
}

export class Revivals {
  private readonly known = new Map<string, Known>()
  /** By record: what its texts held before something was taken in. */
  private texts = new Map<string, ReadonlyMap<string, TextCopy>>()

  /** Transactions up to this one were looked at. */
  private looked = 0

  constructor(private readonly state: Pick<DocumentState, 'registers' | 'outbox' | 'texts'>) {}

  /**
   * This device purges the record.
   * @param before the record and the texts before that; as they are now when left out
   * @param order of the transaction; the next one when left out
   */
  purging(
    id: string,
    before: { readonly slots: RecordSlots; readonly texts: Y.Doc } = {
      slots: this.state.registers.slots(id),
      texts: this.state.texts,
    },
    order = this.state.outbox.nextOrder,
  ): void {
    if (!hasRow(before.slots)) return
    this.known.set(id, { slots: before.slots, order, texts: copyTexts(before.slots, before.texts) })
  }

  /** Call before texts of others are taken in: a purge may be among them. */
  keepTexts(): void {
    const { texts } = this.state
    this.texts = new Map()
    if (texts.share.size === 0) return
    for (const [id, known] of this.known) {
      const copies = known.texts === undefined ? copyTexts(known.slots, texts) : undefined
      if (copies !== undefined && copies.size > 0) this.texts.set(id, copies)
    }
  }

  /**
   * Call after every change of the live document. Costs what has changed, not what is pending.
   * @param changed ids of records, undefined when any may have
   * @param placed of entries, before those of this device leave the outbox: in which order they are in the log
   */
  after(changed: ReadonlySet<string> | undefined, placed?: PlacedDots): Revival[] {
    const { registers, outbox } = this.state
    if (placed !== undefined) this.forget()
    const edited = new Map<string, number>()
    for (let at = outbox.pending.length - 1; at >= 0; at--) {
      const item = outbox.pending[at]!
      if (changed !== undefined && item.order <= this.looked) break
      for (const id of editedIn(item)) edited.set(id, Math.max(item.order, edited.get(id) ?? 0))
    }
    this.looked = outbox.nextOrder - 1
    const revivals: Revival[] = []
    for (const id of changed ?? new Set([...this.known.keys(), ...edited.keys()])) {
      const known = this.known.get(id)
      const order = edited.get(id) ?? known?.order
      if (order === undefined) continue
      const slots = registers.slots(id)
      if (known !== undefined && this.isTurn(id, known.slots, slots, placed)) {
        const plans = revivingOperations(id, known.slots, slots, registers.now())
        const texts = known.texts ?? this.texts.get(id) ?? new Map()
        // It is done with these purges.
        this.known.set(id, { slots: { ...known.slots, marks: slots.marks }, order })
        if (plans.length > 0 || texts.size > 0) revivals.push({ plans, texts })
      } else if (hasRow(slots) || known !== undefined) {
        this.known.set(id, hasRow(slots) ? { slots, order } : { ...known!, order })
      }
    }
    this.texts = new Map()
    return revivals
  }

  /** Something of the record stands against a purge, and it is for this device to bring back the rest. */
  private isTurn(id: string, before: RecordSlots, now: RecordSlots, placed: PlacedDots | undefined): boolean {
    const purges = purgesSince(before, now)
    const unseen = purges.length > 0 ? unseenByPurges(before, now) : []
    if (unseen.length === 0) return false
    const own = new Set(this.state.outbox.pending.filter((item) => isAbout(item, id)).map(nameOf))
    // It was confirmed together with what this device reads only now, by a snapshot, which tells no order: rather twice than not at all.
    if (own.size === 0) return true
    const isOwn = (dot: Dot): boolean => own.has(nameOf({ transaction: dot }))
    // What is not placed of this device comes after all that is, and what was placed earlier of others before.
    const placeOf = (dot: Dot): number => placed?.(dot) ?? (isOwn(dot) ? Number.POSITIVE_INFINITY : 0)
    const isLater = (a: Dot, b: Dot): boolean => isOwn(a) && (isOwn(b) || placeOf(a) > placeOf(b))
    return purges.some((purge) => unseen.some((edit) => isLater(purge, edit) || isLater(edit, purge)))
  }

  /** What waits to be sent is the end of what was ever written. */
  private forget(): void {
    const first = this.state.outbox.pending[0]?.order ?? Number.POSITIVE_INFINITY
    for (const [id, { order }] of this.known) if (order < first) this.known.delete(id)
  }
}

function nameOf({ transaction: { writer, n } }: { readonly transaction: Dot }): string {
  return `${writer} ${n}`
}

function isAbout({ transaction }: PendingTransaction, id: string): boolean {
  return transaction.operations.some(({ record }) => record === id)
}

/** Ids of the records that these transactions purge. */
export function purgedIn({ operations }: Pick<StoredTransaction, 'operations'>): string[] {
  return operations.flatMap((each) => (isPurge(each) ? [each.record] : []))
}

function editedIn({ transaction }: PendingTransaction): string[] {
  return transaction.operations.flatMap((each) =>
    each.kind === 'cells' || each.kind === 'row' || isPurge(each) ? [each.record] : [],
  )
}
