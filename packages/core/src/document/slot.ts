// What a slot of the Y.Map is called and holds: the stored format of registers.
//
// | slot  | key                              | value (canonical JSON, as one string)                     |
// |-------|----------------------------------|-----------------------------------------------------------|
// | row   | record U+0001 writer             | [t, n, {field: value}] or [t, n, {…}, kept, born]         |
// | cell  | record U+0001 field U+0001 writer| [t, n, covers, value], or [t, n, covers] for absent       |
// | mark  | record U+0001 U+0001 writer      | [t, n, {writer: n}]                                       |
// | folded| record U+0001 *                  | [[writer, t, n, {field: value}], …] with `born` as a fifth|
// | count | record U+0001 field U+0001 writer| [sum, n], what the writer has added for one row           |
// |       |   U+0001 row writer U+0001 row n |                                                           |
//
// A field may also be an element of a set: see set-element.ts.
//
// t is in milliseconds and decides order, (writer, n) is the dot that decides causality. covers is [writer, n, writer, n, …] or 0.
// kept is [t, {field: value}, …] or 0: values of the writer's replaced row that had lost a conflict nobody has decided yet; they
// share the row's n. born is the dot of the row that this one stands in for, when a restore replaced it: n, or [writer, n] when it was
// another writer's; otherwise the row's own dot, which is left out. A count names its row by that dot.
//
// A string a slot costs Yjs one item and the reader nothing until the record is read. A key or value of another shape comes from a
// newer version: it stays in the document and is not read.
import { canonicalJson, createFields, type Fields, isList, isObject, type JsonValue, parseFrozen } from './json'
import { FOLDED, isWriter, type Writer } from './names'

/** One writer's nth transaction: which write a value comes from. */
export interface Dot {
  readonly writer: Writer
  readonly n: number
}

/** Fields written together. A row is one group; a folded row and a row with kept values are several. */
export interface RowGroup extends Dot {
  readonly t: number
  readonly fields: Fields
  readonly born: Dot
}

/** The newest group first. */
export type RowSlot = readonly RowGroup[]

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

export function encodeRow([newest, ...kept]: RowSlot): string {
  const { writer, t, n, fields, born } = newest!
  const parts: (string | number)[] = [t, n, canonicalJson(fields)]
  const isBornHere = isSameDot(born, newest!)
  if (kept.length > 0) parts.push(`[${kept.map((group) => `${group.t},${canonicalJson(group.fields)}`).join(',')}]`)
  else if (!isBornHere) parts.push(0)
  if (!isBornHere) parts.push(born.writer === writer ? born.n : encodeDots([born]))
  return `[${parts.join(',')}]`
}

export function decodeRow(text: string, writer: Writer): RowSlot | undefined {
  const parts = parseFrozen(text)
  if (!isList(parts)) return undefined
  if (writer === FOLDED) return decodeFolded(parts)
  const newest = decodeGroup(writer, [parts[0], parts[1], parts[2], parts[4]])
  const kept = parts[3] ?? 0
  if (!newest || parts.length > 5) return undefined
  if (kept === 0) return [newest]
  if (!isList(kept) || kept.length % 2 !== 0) return undefined
  const groups = [newest]
  for (let at = 0; at < kept.length; at += 2) {
    const t = kept[at]
    const fields = kept[at + 1]
    if (!isTime(t) || !isObject(fields)) return undefined
    groups.push({ ...newest, t, fields })
  }
  return groups
}

function decodeFolded(parts: readonly JsonValue[]): RowSlot | undefined {
  const groups: RowGroup[] = []
  for (const part of parts) {
    if (!isList(part) || part.length > 5 || !isWriter(part[0])) return undefined
    const group = decodeGroup(part[0], part.slice(1))
    if (!group) return undefined
    groups.push(group)
  }
  return groups.length > 0 ? groups : undefined
}

function decodeGroup(writer: Writer, parts: readonly (JsonValue | undefined)[]): RowGroup | undefined {
  const [t, n, fields, birth] = parts
  if (!isTime(t) || !isCount(n) || !isObject(fields)) return undefined
  const born = birth === undefined ? { writer, n } : isCount(birth) ? { writer, n: birth } : decodeDots(birth)?.[0]
  return born && { writer, t, n, fields, born }
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

export function encodeMark({ t, n, context }: MarkSlot): string {
  const entries = createFields()
  for (const [writer, seen] of context) entries[writer] = seen
  return `[${t},${n},${canonicalJson(entries)}]`
}

export function decodeMark(text: string): MarkSlot | undefined {
  const parts = parseFrozen(text)
  if (!isList(parts) || parts.length !== 3) return undefined
  const [t, n, entries] = parts
  if (!isTime(t) || !isCount(n) || !isObject(entries)) return undefined
  const context = new Map<Writer, number>()
  for (const [writer, seen] of Object.entries(entries)) {
    if (!isWriter(writer) || !isCount(seen)) return undefined
    context.set(writer, seen)
  }
  return { t, n, context }
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

export function isSameDot(a: Dot, b: Dot): boolean {
  return a.n === b.n && a.writer === b.writer
}

function encodeDots(dots: readonly Dot[]): string {
  const sorted = [...dots].sort((a, b) => (a.writer === b.writer ? a.n - b.n : a.writer < b.writer ? -1 : 1))
  return JSON.stringify(sorted.flatMap(({ writer, n }) => [writer, n]))
}

function decodeDots(list: JsonValue | undefined): Dot[] | undefined {
  if (!isList(list) || list.length % 2 !== 0) return undefined
  const dots: Dot[] = []
  for (let at = 0; at < list.length; at += 2) {
    const writer = list[at]
    const n = list[at + 1]
    if (!isWriter(writer) || !isCount(n)) return undefined
    dots.push({ writer, n })
  }
  return dots
}

function isTime(value: JsonValue | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isCount(value: JsonValue | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1
}
