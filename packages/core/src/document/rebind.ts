// Operations under new dots. A device that finds its history forked writes its pending transactions again under a new writer; what
// they had seen of each other moves to the new dots, what they had seen of the verified base stays as it was. Slots of the old
// writer that the pending transactions had not seen (another life of the device wrote them, with the same n's) match neither and
// stay as candidates.
import { isSameValue } from './json'
import type { Writer } from './names'
import type { KeptValue, SlotOperation } from './operation'
import type { RecordDraft, SlotReference } from './record-draft'
import { type SeenTimes, seenTimes } from './seen-times'
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

  /** @param draft the record as the operations before this one left it */
  apply(operation: SlotOperation, draft: RecordDraft): SlotOperation {
    const past = this.#past(operation.past, draft)
    const base = {
      record: operation.record,
      t: this.#shiftMs === 0 ? operation.t : Math.max(operation.t + this.#shiftMs, latestOf(past) + 1),
      past,
      removed: operation.removed.map(this.#reference),
    }
    switch (operation.kind) {
      case 'row': {
        const { fields, born } = operation
        const kept = operation.kept.map((each) => this.#kept(each, draft))
        return { ...base, kind: 'row', fields, kept, ...(born && { born: this.#dot(born) }) }
      }
      case 'cells': {
        const cells = operation.cells.map((cell) => ({ ...cell, seen: cell.seen.map(this.#dot) }))
        return { ...base, kind: 'cells', cells }
      }
      case 'mark':
        return { ...base, kind: 'mark', context: this.#context(operation.context) }
      case 'increment': {
        // What was counted before stays in the old writer's slot; this adds its own part to the new one's.
        const { field, by, row } = operation
        return { ...base, kind: 'increment', field, by, row: this.#dot(row) }
      }
    }
  }

  #dot = ({ writer, n }: Dot): Dot => (writer === this.#old ? this.#ownDot(n) : { writer, n })

  #ownDot(n: number): Dot {
    const newN = this.#newN.get(n)
    return newN === undefined ? { writer: this.#old, n } : { writer: this.#writer, n: newN }
  }

  #reference = (reference: SlotReference): SlotReference => ({ ...reference, ...this.#dot(reference) })

  /** What was seen of pending transactions has moved with them; times of the old writer's others stay as they were. */
  #past({ others, own }: SeenTimes, { before }: RecordDraft): SeenTimes {
    const stay = own.filter(({ n }) => !this.#newN.has(n))
    const moved = new Set(own.map(({ n }) => this.#newN.get(n)))
    const rewritten = seenTimes(before, this.#writer).own.filter(({ n }) => moved.has(n))
    return this.#writer === this.#old
      ? { others, own: [...stay, ...rewritten] }
      : { others: Math.max(others, ...stay.map(({ t }) => t)), own: rewritten }
  }

  /** A value kept from a pending row has moved in time with that row. */
  #kept(kept: KeptValue, draft: RecordDraft): KeptValue {
    const { n } = this.#ownDot(kept.n)
    const row = draft.rows.get(this.#writer) ?? []
    const source = row.find(
      (group) =>
        group.n === n && Object.hasOwn(group.fields, kept.field) && isSameValue(group.fields[kept.field], kept.value),
    )
    return source ? { ...kept, t: source.t, n } : kept
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

function latestOf({ others, own }: SeenTimes): number {
  return Math.max(others, ...own.map(({ t }) => t))
}
