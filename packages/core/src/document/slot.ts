// What a slot of the Y.Map is called and holds: the stored format of registers.
//
// | slot  | key                              | value (canonical JSON, as one string)                     |
// |-------|----------------------------------|-----------------------------------------------------------|
// | row   | record U+0001 writer             | [t, n, {field: value}] or [t, n, {…}, kept, born, gone]   |
// | cell  | record U+0001 field U+0001 writer| [t, n, covers, value], or [t, n, covers] for absent       |
// | mark  | record U+0001 U+0001 writer      | [t, n, {writer: n}], or [t, n, {writer: n}, 1] of a purge |
// | folded| record U+0001 *                  | see folded-row.ts                                         |
// | count | record U+0001 field U+0001 writer| [sum, n], what the writer has added for one row           |
// |       |   U+0001 row writer U+0001 row n |                                                           |
//
// A field may also be an element of a set: see set-element.ts.
//
// t is in milliseconds and decides order, (writer, n) is the dot that decides causality. covers is [writer, n, writer, n, …] or 0.
// kept is [t, {field: value}, …] or 0: values of the writer's replaced row that had lost a conflict nobody has decided yet; they
// share the row's n. born is the dot of the row that this one stands in for, when a restore replaced it: n, or [writer, n] when it was
// another writer's; otherwise the row's own dot, which is left out. A count names its row by that dot. gone is [writer, n, …]: what
// this row replaced of the record's folded row, which stays where it is: n of a row, -n of what was written as cells.
//
// A string a slot costs Yjs one item and the reader nothing until the record is read. A key or value of another shape comes from a
// newer version: it stays in the document and is not read.
import { type Dot, decodeDots, encodeDots, isCount, isSameDot, isTime } from './dot'
import { decodeFolded, encodeFolded } from './folded-row'
import { canonicalJson, createFields, isList, isObject, type JsonValue, parseFrozen } from './json'
import { FOLDED, isWriter, type Writer } from './names'
import { decodeOwnRow, encodeOwnRow, type RowSlot } from './own-row'

export { type Dot, isSameDot } from './dot'
export type { GoneGroup, RowGroup, RowSlot } from './own-row'

export interface CellSlot {
  readonly t: number
  readonly n: number
  /** Rows of other writers whose value of this field the cell replaced. */
  readonly covers: readonly Dot[]
  /** `undefined` when the field was cleared. */
  readonly value: JsonValue | undefined
}

export interface MarkSlot {
  readonly t: number
  readonly n: number
  /** By writer, the greatest n the delete had seen in the record. */
  readonly context: ReadonlyMap<Writer, number>
  /** All that it had seen was removed. */
  readonly isPurge?: true
}

/** What one writer has added to a counter while the record was the one that `row` created. */
export interface CounterSlot {
  readonly field: string
  readonly writer: Writer
  /** The dot that the row was born with. */
  readonly row: Dot
  readonly sum: number
  /** The writer's transaction that counted last. */
  readonly n: number
}

export type SlotKey =
  | { readonly slot: 'row' | 'mark'; readonly record: string; readonly writer: Writer }
  | { readonly slot: 'cell'; readonly record: string; readonly field: string; readonly writer: Writer }
  | ({ readonly slot: 'counter'; readonly record: string } & Pick<CounterSlot, 'field' | 'writer' | 'row'>)

const separator = '\u0001'

export function rowKey(record: string, writer: Writer): string {
  return record + separator + writer
}

/** An empty field is the delete mark, since no field name is empty. */
export function cellKey(record: string, field: string, writer: Writer): string {
  return record + separator + field + separator + writer
}

export function markKey(record: string, writer: Writer): string {
  return cellKey(record, '', writer)
}

export function counterKey(
  record: string,
  { field, writer, row }: Pick<CounterSlot, 'field' | 'writer' | 'row'>,
): string {
  return [record, field, writer, row.writer, row.n].join(separator)
}

/** The record a key belongs to, or undefined for a key of another shape. Cheap: it runs for every slot at load. */
export function recordOfKey(key: string): string | undefined {
  const end = key.indexOf(separator)
  return end > 0 ? key.slice(0, end) : undefined
}

export function parseKey(key: string): SlotKey | undefined {
  const [record, second, third, ...rest] = key.split(separator)
  if (!record || second === undefined) return undefined
  if (rest.length > 0) return parseCounterKey(record, second, third, rest)
  if (third === undefined) {
    if (second === FOLDED) return { slot: 'row', record, writer: FOLDED }
    return isWriter(second) ? { slot: 'row', record, writer: second } : undefined
  }
  if (!isWriter(third)) return undefined
  return second === ''
    ? { slot: 'mark', record, writer: third }
    : { slot: 'cell', record, field: second, writer: third }
}

function parseCounterKey(
  record: string,
  field: string,
  writer: string | undefined,
  [rowWriter, rowN, ...rest]: readonly string[],
): SlotKey | undefined {
  const n = Number(rowN)
  // One dot has one spelling, or a count would have two slots.
  if (field === '' || rest.length > 0 || !isCount(n) || String(n) !== rowN) return undefined
  if (!isWriter(writer) || !isWriter(rowWriter)) return undefined
  return { slot: 'counter', record, field, writer, row: { writer: rowWriter, n } }
}

export function encodeRow(row: RowSlot, writer: Writer): string {
  return writer === FOLDED ? encodeFolded(row) : encodeOwnRow(row)
}

export function decodeRow(text: string, writer: Writer): RowSlot | undefined {
  const parts = parseFrozen(text)
  if (!isList(parts)) return undefined
  return writer === FOLDED ? decodeFolded(parts) : decodeOwnRow(parts, writer)
}

/**
 * Whether the slot is one of the record's rows or cells, by its name and how its text begins and ends. Text that is neither may look the same:
 * cheap, and right for everything that this package ever wrote.
 */
export function looksLikeValue(key: string, record: string, text: unknown): boolean {
  return typeof text === 'string' && text.startsWith('[') && text.endsWith(']') && recordOfValue(key) === record
}

/** The record that a key is a row or a cell of; undefined for other keys. As cheap as `recordOfKey`. */
export function recordOfValue(key: string): string | undefined {
  const end = key.indexOf(separator)
  if (end <= 0) return undefined
  const second = key.indexOf(separator, end + 1)
  const isValue = second < 0 || (second > end + 1 && key.indexOf(separator, second + 1) < 0)
  return isValue ? key.slice(0, end) : undefined
}

export function isMarkKey(key: string, record: string): boolean {
  return key.startsWith(separator + separator, record.length)
}

export function encodeCell({ t, n, covers, value }: CellSlot): string {
  const list = covers.length === 0 ? '0' : encodeDots(covers)
  return value === undefined ? `[${t},${n},${list}]` : `[${t},${n},${list},${canonicalJson(value)}]`
}

export function decodeCell(text: string): CellSlot | undefined {
  const parts = parseFrozen(text)
  if (!isList(parts) || parts.length > 4) return undefined
  const [t, n, list, value] = parts
  if (!isTime(t) || !isCount(n)) return undefined
  const covers = list === 0 ? [] : decodeDots(list)
  return covers && { t, n, covers, value }
}

export function encodeMark({ t, n, context, isPurge }: MarkSlot): string {
  const entries = createFields()
  for (const [writer, seen] of context) entries[writer] = seen
  return `[${t},${n},${canonicalJson(entries)}${isPurge ? ',1' : ''}]`
}

export function decodeMark(text: string): MarkSlot | undefined {
  const parts = parseFrozen(text)
  if (!isList(parts) || parts.length < 3 || parts.length > 4) return undefined
  const [t, n, entries, isPurge = 0] = parts
  if (!isTime(t) || !isCount(n) || !isObject(entries) || (parts.length === 4 && isPurge !== 1)) return undefined
  const context = new Map<Writer, number>()
  for (const [writer, seen] of Object.entries(entries)) {
    if (!isWriter(writer) || !isCount(seen)) return undefined
    context.set(writer, seen)
  }
  return { t, n, context, ...(isPurge === 1 && { isPurge: true as const }) }
}

export function encodeCounter({ sum, n }: CounterSlot): string {
  return `[${sum},${n}]`
}

export function decodeCounter(text: string): Pick<CounterSlot, 'sum' | 'n'> | undefined {
  const parts = parseFrozen(text)
  if (!isList(parts) || parts.length !== 2) return undefined
  const [sum, n] = parts
  return Number.isSafeInteger(sum) && isCount(n) ? { sum: sum as number, n } : undefined
}

/**
 * True when the cell replaced the row's value of its field: it names the dot, or is a later one of the row's writer. Whoever sees the
 * cell has seen what it replaced, so that must not come back when the cell goes. In the document in which a write is planned the dots
 * it has seen say so already; in one that was rebased since, the earlier cells of a field have become part of the folded row.
 */
export function isReplacedBy(row: Dot, writer: Writer, { n, covers }: CellSlot): boolean {
  return (row.writer === writer && row.n < n) || covers.some((dot) => isSameDot(dot, row))
}
