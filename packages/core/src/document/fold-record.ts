// One record without its past: every value that stands, in one folded row, each under the dot and the time it was written with. What
// is replaced is left out, and with it what said that it is replaced. A cleared field stays a cell, since a row cannot say "absent".
//
// Values in conflict are folded too. A writer can have two of one field (it restored a record in which it had lost), and as cells they
// would be one slot.
import { createFields, type JsonValue } from './json'
import { FOLDED, type Writer } from './names'
import { liveFields, type RecordSlots, rowGroups } from './record'
import {
  type CellSlot,
  cellKey,
  encodeCell,
  encodeCounter,
  encodeMark,
  encodeRow,
  isSameDot,
  markKey,
  type RowGroup,
  type RowSlot,
  rowKey,
} from './slot'

export function foldRecord(slots: RecordSlots): RecordSlots {
  const groups = [...foldedRows(slots), ...foldedCells(slots)]
  const rows = new Map<Writer, RowSlot>()
  if (groups.length > 0) rows.set(FOLDED, groups)
  return { rows, cells: clearedCells(slots), marks: slots.marks, counters: slots.counters }
}

/** A row stays when none of its values does: the record exists by it, and counters count for it. */
function* foldedRows(slots: RecordSlots): Generator<RowGroup, undefined> {
  const groups = [...rowGroups(slots)]
  for (const { writer, t, n, fields, born } of groups) {
    const group = { writer, t, n, fields: liveFields(slots, { writer, t, n, fields, born }), born }
    if (Object.keys(group.fields).length > 0 || (born && isNewestOf(group, groups))) yield group
  }
}

/** Kept values share the dot of their row and are older than it. */
function isNewestOf(group: RowGroup, groups: readonly RowGroup[]): boolean {
  return !groups.some((each) => each.born && isSameDot(each, group) && each.t > group.t)
}

function foldedCells({ cells }: RecordSlots): Iterable<RowGroup> {
  const groups = new Map<string, RowGroup & { readonly fields: Record<string, JsonValue> }>()
  for (const [field, byWriter] of cells) {
    for (const [writer, { t, n, value }] of byWriter) {
      if (value === undefined) continue
      const key = `${writer} ${n} ${t}`
      const group = groups.get(key) ?? { writer, t, n, fields: createFields(), born: undefined }
      group.fields[field] = value
      groups.set(key, group)
    }
  }
  return groups.values()
}

function clearedCells({ cells }: RecordSlots): Map<string, Map<Writer, CellSlot>> {
  const cleared = new Map<string, Map<Writer, CellSlot>>()
  for (const [field, byWriter] of cells) {
    for (const [writer, { t, n, value }] of byWriter) {
      if (value !== undefined) continue
      const present = cleared.get(field) ?? new Map<Writer, CellSlot>()
      cleared.set(field, present.set(writer, { t, n, covers: [], value }))
    }
  }
  return cleared
}

/** The keys and texts of a record's slots. */
export function* encodeRecord(
  record: string,
  { rows, cells, marks, counters }: RecordSlots,
): Generator<readonly [key: string, text: string], undefined> {
  for (const [writer, row] of rows) yield [rowKey(record, writer), encodeRow(row, writer)]
  for (const [field, byWriter] of cells) {
    for (const [writer, cell] of byWriter) yield [cellKey(record, field, writer), encodeCell(cell)]
  }
  for (const [writer, mark] of marks) yield [markKey(record, writer), encodeMark(mark)]
  for (const [key, counter] of counters) yield [key, encodeCounter(counter)]
}
