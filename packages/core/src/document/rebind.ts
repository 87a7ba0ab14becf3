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

/** Transactions of one writer that another writes again. */
interface Rebound {
  /** May be the old one. */
  readonly writer: Writer
  /** n of the first pending transaction; all earlier ones are in the base. */
  readonly firstPending: number
  readonly newN: Map<number, number>
}

export class Rebinding {
  readonly #rebound = new Map<Writer, Rebound>()
  readonly #shiftMs: number

  constructor(shiftMs: number) {
    this.#shiftMs = shiftMs
  }

  /** Names who writes a pending transaction again; its operations may follow. Transactions of one writer come in their order. */
  bind(old: Dot, author: Dot): void {
    let rebound = this.#rebound.get(old.writer)
    if (rebound === undefined) {
      rebound = { writer: author.writer, firstPending: old.n, newN: new Map() }
      this.#rebound.set(old.writer, rebound)
    }
    rebound.newN.set(old.n, author.n)
  }

  /** Who writes again what `old` wrote, and how far; undefined when nothing of it was. */
  endOf(old: Writer): { readonly writer: Writer; readonly lastN: number } | undefined {
    const rebound = this.#rebound.get(old)
    return rebound && { writer: rebound.writer, lastN: Math.max(...rebound.newN.values()) }
  }

  /** True when the operation speaks of something that is under another dot now. */
  concerns(operation: SlotOperation): boolean {
    const isMoved = ({ writer, n }: Dot): boolean => this.#rebound.get(writer)?.newN.has(n) ?? false
    if (operation.removed.some(isMoved)) return true
    switch (operation.kind) {
      case 'row':
        return operation.born !== undefined && isMoved(operation.born)
      case 'cells':
        return operation.cells.some(({ seen }) => seen.some(isMoved))
      case 'mark':
        return operation.context.some(isMoved)
      case 'increment':
        return isMoved(operation.row)
    }
  }

  /**
   * @param draft the record as the operations before this one left it
   * @param old who wrote the operation; its transaction is bound
   */
  apply(operation: SlotOperation, draft: RecordDraft, old: Writer): SlotOperation {
    const past = this.#past(operation.past, draft, old)
    const base = {
      record: operation.record,
      t: this.#shiftMs === 0 ? operation.t : Math.max(operation.t + this.#shiftMs, latestOf(past) + 1),
      past,
      removed: operation.removed.map(this.#reference),
    }
    switch (operation.kind) {
      case 'row': {
        const { fields, born } = operation
        const kept = operation.kept.map((each) => this.#kept(each, draft, old))
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

  #dot = (dot: Dot): Dot => {
    const rebound = this.#rebound.get(dot.writer)
    const n = rebound?.newN.get(dot.n)
    return rebound === undefined || n === undefined ? { writer: dot.writer, n: dot.n } : { writer: rebound.writer, n }
  }

  #reference = (reference: SlotReference): SlotReference => ({ ...reference, ...this.#dot(reference) })

  /** What was seen of pending transactions has moved with them; times of the old writer's others stay as they were. */
  #past({ others, own }: SeenTimes, { before }: RecordDraft, old: Writer): SeenTimes {
    const { writer, newN } = this.#rebound.get(old)!
    const stay = own.filter(({ n }) => !newN.has(n))
    const moved = new Set(own.map(({ n }) => newN.get(n)))
    const rewritten = seenTimes(before, writer).own.filter(({ n }) => moved.has(n))
    return writer === old
      ? { others, own: [...stay, ...rewritten] }
      : { others: Math.max(others, ...stay.map(({ t }) => t)), own: rewritten }
  }

  /** A value kept from a pending row has moved in time with that row. */
  #kept(kept: KeptValue, draft: RecordDraft, old: Writer): KeptValue {
    const { writer, n } = this.#dot({ writer: old, n: kept.n })
    const row = draft.rows.get(this.#rebound.get(old)?.writer ?? writer) ?? []
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
      const seenOfBase = (this.#rebound.get(dot.writer)?.firstPending ?? 1) - 1
      return seenOfBase > 0 ? [{ writer: dot.writer, n: seenOfBase }, moved] : moved
    })
  }
}

function latestOf({ others, own }: SeenTimes): number {
  return Math.max(others, ...own.map(({ t }) => t))
}
