// A record's slots while a transaction works on them. Nothing reaches the document before every edit of the transaction has been
// accepted; then only the slots that differ are written.
import { FOLDED, type Writer } from './names'
import { type RecordSlots, rowGroups } from './record'
import {
  type CellSlot,
  type CounterSlot,
  cellKey,
  type Dot,
  encodeCell,
  encodeCounter,
  encodeMark,
  encodeRow,
  type GoneGroup,
  isReplacedBy,
  isSameDot,
  type MarkSlot,
  markKey,
  type RowGroup,
  type RowSlot,
  rowKey,
} from './slot'

/**
 * A slot as it was seen, by its dot. A later write to the same slot has another n, and a reference to the earlier one no longer finds
 * it. After a rebase the reference finds what the folded row holds of it.
 */
export type SlotReference =
  | (Dot & { readonly slot: 'row' | 'mark' })
  | (Dot & { readonly slot: 'cell'; readonly field: string })

/** `undefined` removes the slot. */
export type SlotChange = readonly [key: string, text: string | undefined]

export class RecordDraft implements RecordSlots {
  readonly record: string
  readonly before: RecordSlots
  readonly rows: Map<Writer, RowSlot>
  /** Those of a field are shared with `before` until the transaction touches them. */
  readonly cells: Map<string, ReadonlyMap<Writer, CellSlot>>
  readonly marks: Map<Writer, MarkSlot>
  readonly counters: Map<string, CounterSlot>
  /** What rows replaced of the folded row: those that are here, were here or were removed in this transaction. */
  readonly #gone: GoneGroup[] = []

  constructor(record: string, before: RecordSlots) {
    this.record = record
    this.before = before
    this.rows = new Map(before.rows)
    this.cells = new Map(before.cells)
    this.marks = new Map(before.marks)
    this.counters = new Map(before.counters)
    for (const row of this.rows.values()) {
      for (const gone of row[0]?.gone ?? []) if (!isNamed(this.#gone, gone)) this.#gone.push(gone)
    }
  }

  /** The field's cells, to be changed. */
  cellsOf(field: string): Map<Writer, CellSlot> {
    const present = this.cells.get(field)
    if (present !== undefined && present !== this.before.cells.get(field)) return present as Map<Writer, CellSlot>
    const cells = new Map(present)
    this.cells.set(field, cells)
    return cells
  }

  /** Removes the slot if it is still the one that was seen. */
  remove(reference: SlotReference): void {
    const { writer, n } = reference
    if (reference.slot === 'cell') {
      const { field } = reference
      const cell = this.cells.get(field)?.get(writer)
      if (cell?.n === n) {
        const cells = this.cellsOf(field)
        cells.delete(writer)
        if (cells.size === 0) this.cells.delete(field)
        this.#removeFolded((group) => Object.hasOwn(group.fields, field) && isReplacedBy(group, writer, cell))
      } else {
        this.#removeFolded((group) => !group.born && isSameDot(group, reference) && Object.hasOwn(group.fields, field))
      }
    } else if (reference.slot === 'row') {
      if (this.rows.get(writer)?.[0]?.n === n) this.rows.delete(writer)
      else this.#removeFolded((group) => group.born !== undefined && isSameDot(group, reference))
    } else if (this.marks.get(writer)?.n === n) {
      this.marks.delete(writer)
    }
  }

  /**
   * Only its own key makes a folded row go, and only as a whole. Until then the row that is written next names what it replaced, and
   * all that rows before it had: one of these may have been removed.
   */
  #removeFolded(isSeen: (group: RowGroup) => boolean): void {
    for (const group of this.rows.get(FOLDED) ?? []) {
      if (isSeen(group) && !this.#isGone(group)) this.#gone.push(goneOf(group))
    }
  }

  /** Writes the author's row over what was removed. */
  setRow(writer: Writer, [newest, ...kept]: RowSlot): void {
    const folded = this.rows.get(FOLDED)
    const rest = folded?.filter((group) => !this.#isGone(group))
    if (rest?.length === 0) this.rows.delete(FOLDED)
    const gone = rest && rest.length > 0 && this.#gone.length > 0 ? { gone: this.#gone } : {}
    this.rows.set(writer, [{ ...newest!, ...gone }, ...kept])
  }

  /**
   * What a purge removes beside values: counts that it had seen, and the folded row once nothing is left of it. What somebody else put into
   * that meanwhile keeps it as it is, for only a row can name what goes of it.
   */
  sweep(seen: ReadonlyMap<Writer, number>): void {
    if (this.rows.get(FOLDED)?.every((group) => this.#isGone(group))) this.rows.delete(FOLDED)
    for (const [key, { writer, n }] of this.counters) if (n <= (seen.get(writer) ?? 0)) this.counters.delete(key)
  }

  /** The row that a restore by the writer takes the place of, newest group first: its own, or what was folded of it. */
  ownRow(writer: Writer): readonly RowGroup[] {
    const own = this.rows.get(writer)
    if (own) return own
    const folded = this.rows.get(FOLDED) ? [...rowGroups(this)] : []
    return folded.filter((group) => group.writer === writer && group.born).sort((a, b) => b.t - a.t)
  }

  #isGone(group: RowGroup): boolean {
    return isNamed(this.#gone, goneOf(group))
  }

  /** References to every value and mark, for an operation that replaces the whole record. Counts stay: see counter.ts. */
  references(): SlotReference[] {
    const references: SlotReference[] = this.markReferences()
    for (const [writer, row] of this.rows) {
      if (writer === FOLDED) for (const group of row) references.push(...referencesTo(group))
      else references.push({ slot: 'row', writer, n: row[0]!.n })
    }
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
      encode: (slot: Slot, name: Name) => string,
    ) => {
      if (before) for (const name of before.keys()) if (!after?.has(name)) changes.push([keyOf(name), undefined])
      if (!after) return
      for (const [name, slot] of after) if (before?.get(name) !== slot) changes.push([keyOf(name), encode(slot, name)])
    }
    compare(this.before.marks, this.marks, (writer) => markKey(this.record, writer), encodeMark)
    compare(this.before.rows, this.rows, (writer) => rowKey(this.record, writer), encodeRow)
    const compareField = (field: string) => {
      const [before, after] = [this.before.cells.get(field), this.cells.get(field)]
      if (before !== after) compare(before, after, (writer) => cellKey(this.record, field, writer), encodeCell)
    }
    for (const field of this.before.cells.keys()) compareField(field)
    for (const field of this.cells.keys()) if (!this.before.cells.has(field)) compareField(field)
    compare(this.before.counters, this.counters, (key) => key, encodeCounter)
    return changes
  }
}

/** What was written as cells is named by its fields, as it was before it was folded. */
function referencesTo({ writer, n, fields, born }: RowGroup): SlotReference[] {
  if (born) return [{ slot: 'row', writer, n }]
  return Object.keys(fields).map((field) => ({ slot: 'cell', field, writer, n }))
}

function goneOf({ writer, n, born }: RowGroup): GoneGroup {
  return { writer, n, isRow: born !== undefined }
}

function isNamed(gone: readonly GoneGroup[], { writer, n, isRow }: GoneGroup): boolean {
  return gone.some((each) => each.n === n && each.writer === writer && each.isRow === isRow)
}
