// What one edit did to a record's slots, and everything it had seen of what it replaced. Execution works from this alone, so the
// same operation can be executed again on another state of the document, under another writer, and still replaces only what its
// author had seen. A device whose history was forked, or restored from a backup, needs exactly that.
import { clampCount } from './counter'
import { createFields, type Fields, type JsonValue } from './json'
import type { Writer } from './names'
import type { RecordDraft, SlotReference } from './record-draft'
import type { SeenTimes } from './seen-times'
import { type CellSlot, counterKey, type Dot, isReplacedBy, isSameDot, type RowGroup } from './slot'

interface OperationBase {
  readonly record: string
  /** Milliseconds; greater than any t its author had seen in the record. */
  readonly t: number
  readonly past: SeenTimes
  /** Slots that give way to this operation. */
  readonly removed: readonly SlotReference[]
}

/**
 * Writes the author's row: a creation, which removes every slot it has seen, or a restore, which removes the marks and takes the
 * place of the author's row.
 */
export interface RowOperation extends OperationBase {
  readonly kind: 'row'
  readonly fields: Fields
  /** Values of the replaced own row, of transaction n, that had lost a conflict. */
  readonly kept: readonly KeptValue[]
  /** The row that this one stands in for. */
  readonly born?: Dot
}

export interface KeptValue {
  readonly field: string
  readonly value: JsonValue
  readonly t: number
  readonly n: number
}

/** Writes fields and set elements. */
export interface CellsOperation extends OperationBase {
  readonly kind: 'cells'
  readonly cells: readonly CellWrite[]
}

export interface CellWrite {
  readonly field: string
  /** `undefined` clears the field. */
  readonly value: JsonValue | undefined
  /** Every cell and row that held a value of the field. */
  readonly seen: readonly Dot[]
}

/** Deletes the record; where it removes values too, it purges it. */
export interface MarkOperation extends OperationBase {
  readonly kind: 'mark'
  /** By writer, the greatest n seen in the record, counts among it. */
  readonly context: readonly Dot[]
}

/** Counts. It says how much was added, not the sum, so that it can be added again under another writer. */
export interface IncrementOperation extends OperationBase {
  readonly kind: 'increment'
  readonly field: string
  readonly by: number
  /** The row that it counts for, by the dot it was born with. */
  readonly row: Dot
}

export type SlotOperation = RowOperation | CellsOperation | MarkOperation | IncrementOperation

/** True when it removes the values that it has seen. */
export function isPurge({ kind, removed }: SlotOperation): boolean {
  return kind === 'mark' && removed.some(({ slot }) => slot !== 'mark')
}

/** Changes the draft as `author` (the operation's writer and the n of its transaction). */
export function execute(draft: RecordDraft, operation: SlotOperation, author: Dot): void {
  // Whoever deletes what was purged says so, too: others may have edits to send that show it.
  const hadPurge = Array.from(draft.marks.values()).some(({ isPurge }) => isPurge)
  for (const reference of operation.removed) draft.remove(reference)
  switch (operation.kind) {
    case 'row':
      if (!operation.born) forgetCounts(draft, author)
      draft.setRow(author.writer, rowOf(operation, author))
      return
    case 'cells':
      for (const cell of operation.cells) writeCell(draft, cell, operation.t, author)
      return
    case 'mark': {
      const context = new Map(operation.context.map(({ writer, n }) => [writer, n]))
      const removes = isPurge(operation)
      const purge = (removes || hadPurge) && { isPurge: true as const }
      draft.marks.set(author.writer, { t: operation.t, n: author.n, context, ...purge })
      if (removes) draft.sweep(context)
      return
    }
    case 'increment':
      count(draft, operation, author)
  }
}

function count(draft: RecordDraft, { field, by, row }: IncrementOperation, { writer, n }: Dot): void {
  const key = counterKey(draft.record, { field, writer, row })
  const sum = clampCount((draft.counters.get(key)?.sum ?? 0) + by)
  draft.counters.set(key, { field, writer, row, sum, n })
}

/** A record created twice in one transaction has one dot for both rows. What was counted in between goes with the first. */
function forgetCounts(draft: RecordDraft, author: Dot): void {
  for (const [key, { row }] of draft.counters) if (isSameDot(row, author)) draft.counters.delete(key)
}

function rowOf({ t, fields, kept, born }: RowOperation, { writer, n }: Dot): RowGroup[] {
  const group = { writer, n, born: born ?? { writer, n } }
  return [{ ...group, t, fields }, ...kept.map((each) => ({ ...group, t: each.t, fields: onlyField(each) }))]
}

function onlyField({ field, value }: KeptValue): Fields {
  const fields = createFields()
  fields[field] = value
  return fields
}

function writeCell(draft: RecordDraft, { field, value, seen }: CellWrite, t: number, { writer, n }: Dot): void {
  const isSeen = (dot: Dot) => seen.some((each) => isSameDot(each, dot))
  const cells = draft.cellsOf(field)
  const replaced: (readonly [Writer, CellSlot])[] = []
  for (const [other, cell] of cells) {
    if (other === writer || isSeen({ writer: other, n: cell.n })) replaced.push([other, cell])
  }
  for (const [other] of replaced) cells.delete(other)

  const covers = new Map<string, Dot>()
  for (const row of draft.rows.values()) {
    for (const group of row) {
      // The writer's own rows need no mention: a cell with a larger n replaces them.
      if (group.writer === writer || !Object.hasOwn(group.fields, field)) continue
      if (!isSeen(group) && !replaced.some(([other, cell]) => isReplacedBy(group, other, cell))) continue
      covers.set(`${group.writer} ${group.n}`, { writer: group.writer, n: group.n })
    }
  }

  // A row and a cell of one transaction have the same n, which would make both stand. The row gives the field up.
  const own = draft.rows.get(writer)
  if (own?.[0]?.n === n) draft.rows.set(writer, withoutField(own, field))
  cells.set(writer, { t, n, covers: [...covers.values()], value })
}

function withoutField([newest, ...kept]: readonly RowGroup[], field: string): RowGroup[] {
  const rest = createFields()
  for (const name of Object.keys(newest!.fields)) if (name !== field) rest[name] = newest!.fields[name]!
  return [{ ...newest!, fields: rest }, ...kept.filter((group) => !Object.hasOwn(group.fields, field))]
}
