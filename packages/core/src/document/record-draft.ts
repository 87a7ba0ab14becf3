// A record's slots while a transaction works on them. Nothing reaches the document before every edit of the transaction has been
// accepted; then only the slots that differ are written.
import { FOLDED, type Writer } from './names'
import type { RecordSlots } from './record'
import {
  type CellSlot,
  type CounterSlot,
  cellKey,
  type Dot,
  encodeCell,
  encodeCounter,
  encodeMark,
  encodeRow,
  type MarkSlot,
  markKey,
  type RowSlot,
  rowKey,
} from './slot'

/** A slot as it was seen. A later write to the same slot has another n, and a reference to the earlier one no longer finds it. */
export type SlotReference =
  | (Dot & { readonly slot: 'row' | 'mark' })
  | (Dot & { readonly slot: 'cell'; readonly field: string })

/** `undefined` removes the slot. */
export type SlotChange = readonly [key: string, text: string | undefined]

export class RecordDraft implements RecordSlots {
  readonly record: string
  readonly before: RecordSlots
  readonly rows: Map<Writer, RowSlot>
  readonly cells: Map<string, Map<Writer, CellSlot>>
  readonly marks: Map<Writer, MarkSlot>
  readonly counters: Map<string, CounterSlot>

  constructor(record: string, before: RecordSlots) {
    this.record = record
    this.before = before
    this.rows = new Map(before.rows)
    this.cells = new Map()
    for (const [field, cells] of before.cells) this.cells.set(field, new Map(cells))
    this.marks = new Map(before.marks)
    this.counters = new Map(before.counters)
  }

  cellsOf(field: string): Map<Writer, CellSlot> {
    const present = this.cells.get(field)
    if (present) return present
    const cells = new Map<Writer, CellSlot>()
    this.cells.set(field, cells)
    return cells
  }

  /** Removes the slot if it is still the one that was seen. */
  remove(reference: SlotReference): void {
    const { writer, n } = reference
    if (reference.slot === 'cell') {
      const cells = this.cells.get(reference.field)
      if (cells?.get(writer)?.n !== n) return
      cells.delete(writer)
      if (cells.size === 0) this.cells.delete(reference.field)
    } else if (reference.slot === 'row') {
      const row = this.rows.get(writer)
      if (row && isSeenRow(row, reference)) this.rows.delete(writer)
    } else if (this.marks.get(writer)?.n === n) {
      this.marks.delete(writer)
    }
  }

  /** References to every value and mark, for an operation that replaces the whole record. Counts stay: see counter.ts. */
  references(): SlotReference[] {
    const references: SlotReference[] = this.markReferences()
    for (const [writer, row] of this.rows) references.push({ slot: 'row', writer, n: row[0]!.n })
    for (const [field, cells] of this.cells) {
      for (const [writer, { n }] of cells) references.push({ slot: 'cell', field, writer, n })
    }
    return references
  }

  markReferences(): SlotReference[] {
    return Array.from(this.marks, ([writer, { n }]) => ({ slot: 'mark', writer, n }))
  }

  /** What the transaction has to write, in an order that depends on nothing but the slots. */
  changes(): SlotChange[] {
    const changes: SlotChange[] = []
    const compare = <Name, Slot>(
      before: ReadonlyMap<Name, Slot> | undefined,
      after: ReadonlyMap<Name, Slot> | undefined,
      keyOf: (name: Name) => string,
      encode: (slot: Slot) => string,
    ) => {
      if (before) for (const name of before.keys()) if (!after?.has(name)) changes.push([keyOf(name), undefined])
      if (!after) return
      for (const [name, slot] of after) if (before?.get(name) !== slot) changes.push([keyOf(name), encode(slot)])
    }
    compare(this.before.marks, this.marks, (writer) => markKey(this.record, writer), encodeMark)
    compare(this.before.rows, this.rows, (writer) => rowKey(this.record, writer), encodeRow)
    for (const field of new Set([...this.before.cells.keys(), ...this.cells.keys()])) {
      const keyOf = (writer: Writer) => cellKey(this.record, field, writer)
      compare(this.before.cells.get(field), this.cells.get(field), keyOf, encodeCell)
    }
    compare(this.before.counters, this.counters, (key) => key, encodeCounter)
    return changes
  }
}

/** A folded row is set once, with its document epoch, so its key alone says which row it is. */
function isSeenRow(row: RowSlot, { writer, n }: Dot): boolean {
  return writer === FOLDED || row[0]!.n === n
}
