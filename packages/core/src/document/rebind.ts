// Operations under new dots. A device that finds its history forked writes its pending transactions again under a new writer; what
// they had seen of each other moves to the new dots, what they had seen of the verified base stays as it was. Slots of the old
// writer that the pending transactions had not seen (another life of the device wrote them, with the same n's) match neither and
// stay as candidates.
import { isSameValue } from './json'
import type { Writer } from './names'
import type { KeptValue, SlotOperation } from './operation'
import { greatestTime, type RecordDraft, type SlotReference } from './record-draft'
import type { Dot } from './slot'

export class Rebinding {
  readonly #old: Writer
  readonly #firstPending: number
  readonly #writer: Writer
  readonly #shiftMs: number
  readonly #newN = new Map<number, number>()

  /**
   * @param old who wrote the pending transactions; all its earlier ones are in the base
   * @param firstPending n of the first pending transaction
   * @param writer who writes them again; may be `old`
   */
  constructor(old: Writer, firstPending: number, writer: Writer, shiftMs: number) {
    this.#old = old
    this.#firstPending = firstPending
    this.#writer = writer
    this.#shiftMs = shiftMs
  }

  /** Names the new n of a pending transaction; its operations may follow. */
  bind(n: number, newN: number): void {
    this.#newN.set(n, newN)
  }

  /** The operation's t, moved but still after everything its author had seen in the record. `draft` is the record before the transaction. */
  timestamp(operation: SlotOperation, draft: RecordDraft): number {
    if (this.#shiftMs === 0) return operation.t
    const own = greatestTime(
      draft.before,
      ({ writer, n }) => (writer === this.#old && n < this.#firstPending) || this.#isRewritten({ writer, n }),
    )
    return Math.max(operation.t + this.#shiftMs, operation.past + 1, own + 1)
  }

  apply(operation: SlotOperation, draft: RecordDraft, t: number): SlotOperation {
    const base = { record: operation.record, t, past: operation.past, removed: operation.removed.map(this.#reference) }
    switch (operation.kind) {
      case 'row': {
        const born = operation.born === undefined ? undefined : this.#ownDot(operation.born)
        return {
          ...base,
          kind: 'row',
          fields: operation.fields,
          kept: this.#kept(operation.kept, draft),
          ...(born?.writer === this.#writer && { born: born.n }),
        }
      }
      case 'cells': {
        const cells = operation.cells.map((cell) => ({ ...cell, seen: cell.seen.map(this.#dot) }))
        return { ...base, kind: 'cells', cells }
      }
      case 'mark':
        return { ...base, kind: 'mark', context: this.#context(operation.context) }
    }
  }

  #dot = ({ writer, n }: Dot): Dot => (writer === this.#old ? this.#ownDot(n) : { writer, n })

  #ownDot(n: number): Dot {
    const newN = this.#newN.get(n)
    return newN === undefined ? { writer: this.#old, n } : { writer: this.#writer, n: newN }
  }

  #reference = (reference: SlotReference): SlotReference => ({ ...reference, ...this.#dot(reference) })

  #isRewritten({ writer, n }: Dot): boolean {
    return writer === this.#writer && (writer !== this.#old || n >= this.#firstPending)
  }

  /** A row of the old writer in the base is not replaced by the new writer's, so its values stay where they are. */
  #kept(kept: readonly KeptValue[], draft: RecordDraft): KeptValue[] {
    const own = draft.rows.get(this.#writer) ?? []
    return kept.flatMap((each) => {
      const present = own.find(
        ({ fields }) => Object.hasOwn(fields, each.field) && isSameValue(fields[each.field], each.value),
      )
      if (present) return { ...each, t: present.t, n: present.n }
      return this.#writer === this.#old ? each : []
    })
  }

  /** All the old writer's transactions before the first pending one were seen; of the others, those that are pending and named. */
  #context(context: readonly Dot[]): Dot[] {
    return context.flatMap((dot) => {
      const moved = this.#dot(dot)
      if (moved.writer === dot.writer) return moved
      const seenOfBase = this.#firstPending - 1
      return seenOfBase > 0 ? [{ writer: this.#old, n: seenOfBase }, moved] : moved
    })
  }
}
