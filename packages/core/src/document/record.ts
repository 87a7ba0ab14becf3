// What a record's slots mean: which values stand for a field, which of them wins, whether the record is visible. The same slots
// give the same answers on every device; nothing here knows who asks, when, or in which order the slots arrived.
import { canonicalJson, createFields, type Fields, isSameValue, type JsonValue } from './json'
import { FOLDED, type Writer } from './names'
import { isElementName, parseRegisterName } from './set-element'
import {
  type CellSlot,
  type CounterSlot,
  type Dot,
  decodeCell,
  decodeCounter,
  decodeMark,
  decodeRow,
  isReplacedBy,
  type MarkSlot,
  parseKey,
  type RowGroup,
  type RowSlot,
} from './slot'

/** A record's slots by writer. Set elements are among the fields, under their names. */
export interface RecordSlots {
  readonly rows: ReadonlyMap<Writer, RowSlot>
  readonly cells: ReadonlyMap<string, ReadonlyMap<Writer, CellSlot>>
  readonly marks: ReadonlyMap<Writer, MarkSlot>
  /** By key. They have no time and are no values: visibility, conflicts and deletes know nothing of them. */
  readonly counters: ReadonlyMap<string, CounterSlot>
}

/** A value that stands for a field until a write that has seen it replaces it. */
export interface Candidate extends Dot {
  /** Milliseconds; orders candidates, says nothing about what its writer had seen. */
  readonly t: number
  /** `undefined` when this write cleared the field. */
  readonly value: JsonValue | undefined
}

/** A candidate, and the field that it stands for. */
export interface FieldCandidate extends Candidate {
  readonly field: string
  /** Where the field is a set: the element that was put in (`value` is true) or taken out (`value` is undefined). */
  readonly element?: string
}

export const emptySlots: RecordSlots = { rows: new Map(), cells: new Map(), marks: new Map(), counters: new Map() }

/**
 * @param read answers the stored value of a key; what is no readable slot is left out
 * @param onUnread is told which keys were left out
 */
export function parseRecord(
  keys: readonly string[],
  read: (key: string) => unknown,
  onUnread?: (key: string) => void,
): RecordSlots {
  // Most records are one row; those share the empty maps.
  let { rows, cells, marks, counters } = emptySlots
  for (const key of keys) {
    const slot = decodeSlot(key, read(key))
    if (slot === undefined) onUnread?.(key)
    else if (slot.kind === 'cell') {
      const { field, writer, cell } = slot
      cells = withEntry(cells, field, withEntry(cells.get(field), writer, cell))
    } else if (slot.kind === 'row') rows = withEntry(rows, slot.writer, slot.row)
    else if (slot.kind === 'mark') marks = withEntry(marks, slot.writer, slot.mark)
    else counters = withEntry(counters, key, slot.counter)
  }
  return { rows, cells, marks, counters }
}

/**
 * The record after some of its slots changed: what `parseRecord` would read of all its keys, for the price of those.
 * @param changed keys that were set, changed or removed
 */
export function reparseRecord(
  slots: RecordSlots,
  changed: Iterable<string>,
  read: (key: string) => unknown,
): RecordSlots {
  let { rows, cells, marks, counters } = slots
  for (const key of changed) {
    const parsed = parseKey(key)
    if (parsed === undefined) continue
    const { writer } = parsed
    const slot = decodeSlot(key, read(key))
    if (parsed.slot === 'cell') {
      const { field } = parsed
      const ofField = replaced(cells.get(field) ?? new Map(), writer, slot?.kind === 'cell' ? slot.cell : undefined)
      cells = replaced(cells, field, ofField.size > 0 ? ofField : undefined)
    } else if (parsed.slot === 'row') rows = replaced(rows, writer, slot?.kind === 'row' ? slot.row : undefined)
    else if (parsed.slot === 'mark') marks = replaced(marks, writer, slot?.kind === 'mark' ? slot.mark : undefined)
    else counters = replaced(counters, key, slot?.kind === 'counter' ? slot.counter : undefined)
  }
  return { rows, cells, marks, counters }
}

/** A copy of the map in which the key has this value, or none. */
function replaced<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key, value: Value | undefined): Map<Key, Value> {
  const copy = new Map(map)
  if (value === undefined) copy.delete(key)
  else copy.set(key, value)
  return copy
}

type DecodedSlot =
  | { readonly kind: 'row'; readonly writer: Writer; readonly row: RowSlot }
  | { readonly kind: 'cell'; readonly field: string; readonly writer: Writer; readonly cell: CellSlot }
  | { readonly kind: 'mark'; readonly writer: Writer; readonly mark: MarkSlot }
  | { readonly kind: 'counter'; readonly counter: CounterSlot }

/** Undefined for what is no slot that can be read. */
function decodeSlot(key: string, text: unknown): DecodedSlot | undefined {
  const parsed = parseKey(key)
  if (typeof text !== 'string' || parsed === undefined) return undefined
  const { writer } = parsed
  switch (parsed.slot) {
    case 'cell': {
      const cell = decodeCell(text)
      return cell && { kind: 'cell', field: parsed.field, writer, cell }
    }
    case 'row': {
      const row = decodeRow(text, writer)
      return row && { kind: 'row', writer, row }
    }
    case 'mark': {
      const mark = decodeMark(text)
      return mark && { kind: 'mark', writer, mark }
    }
    case 'counter': {
      const counter = decodeCounter(text)
      return counter && { kind: 'counter', counter: { field: parsed.field, writer, row: parsed.row, ...counter } }
    }
  }
}

/** The map with the entry: a new one if `map` is empty and may be shared, the same one otherwise. */
function withEntry<Key, Value>(map: ReadonlyMap<Key, Value> | undefined, key: Key, value: Value): Map<Key, Value> {
  const own: Map<Key, Value> = map instanceof Map && map.size > 0 ? map : new Map()
  return own.set(key, value)
}

/** Names of fields and of set elements: everything that can have candidates. */
export function registerNames(slots: RecordSlots): ReadonlySet<string> {
  const names = new Set(slots.cells.keys())
  for (const group of rowGroups(slots)) for (const field of Object.keys(group.fields)) names.add(field)
  return names
}

/** Names of fields. */
export function fieldNames(slots: RecordSlots): readonly string[] {
  return [...registerNames(slots)].filter((name) => !isElementName(name))
}

/** Every value that stands for the field, the winner first. */
export function candidatesOf(slots: RecordSlots, field: string): readonly Candidate[] {
  const candidates: Candidate[] = []
  const cells = slots.cells.get(field)
  if (cells) for (const [writer, { t, n, value }] of cells) candidates.push({ writer, t, n, value })
  for (const group of rowGroups(slots)) {
    if (!Object.hasOwn(group.fields, field) || (cells && isReplaced(group, cells))) continue
    candidates.push({ writer: group.writer, t: group.t, n: group.n, value: group.fields[field] })
  }
  return candidates.length > 1 ? candidates.sort(laterFirst) : candidates
}

/** True when nobody has yet decided between different values. */
export function isConflict(candidates: readonly Candidate[]): boolean {
  return candidates.some(({ value }) => !isSameValue(value, candidates[0]!.value))
}

export function winnerOf(slots: RecordSlots, field: string): JsonValue | undefined {
  return candidatesOf(slots, field)[0]?.value
}

/** The winner of each of these names that has one. */
export function winnersOf(slots: RecordSlots, names: Iterable<string>): Fields {
  const winners = createFields()
  for (const name of names) {
    const value = winnerOf(slots, name)
    if (value !== undefined) winners[name] = value
  }
  return Object.freeze(winners)
}

/** What a record shows as its fields: the winners of all, found in one pass, since it is done for each record that a person sees. */
export function fieldsOf(slots: RecordSlots): Fields {
  const onlyGroup = onlyGroupOf(slots)
  if (onlyGroup && !Object.keys(onlyGroup.fields).some(isElementName))
    return Object.freeze(Object.assign(createFields(), onlyGroup.fields))
  const latest = new Map<string, Candidate>()
  const enter = (field: string, candidate: Candidate): void => {
    const present = latest.get(field)
    if (present === undefined || laterFirst(candidate, present) < 0) latest.set(field, candidate)
  }
  for (const [field, cells] of slots.cells) {
    if (isElementName(field)) continue
    for (const [writer, { t, n, value }] of cells) enter(field, { writer, t, n, value })
  }
  for (const group of rowGroups(slots)) {
    const { writer, t, n } = group
    for (const field of Object.keys(group.fields)) {
      if (isElementName(field)) continue
      const cells = slots.cells.get(field)
      if (!cells || !isReplaced(group, cells)) enter(field, { writer, t, n, value: group.fields[field] })
    }
  }
  const fields = createFields()
  for (const [field, { value }] of latest) if (value !== undefined) fields[field] = value
  return Object.freeze(fields)
}

/** The elements of a set, sorted by UTF-16 code unit. */
export function elementsOf(slots: RecordSlots, field: string): readonly string[] {
  const elements: string[] = []
  for (const name of registerNames(slots)) {
    const { field: of, element } = parseRegisterName(name)
    if (of !== field || element === undefined) continue
    if (candidatesOf(slots, name).some(({ value }) => value !== undefined)) elements.push(element)
  }
  return Object.freeze(elements.sort())
}

/** The sets that something was ever put into, sorted. */
export function setNames(slots: RecordSlots): readonly string[] {
  const elements = [...registerNames(slots)].map(parseRegisterName).filter(({ element }) => element !== undefined)
  return [...new Set(elements.map(({ field }) => field))].sort()
}

/** The group that is all of the record's values, as in a record nobody has changed since it was created. */
export function onlyGroupOf({ rows, cells }: RecordSlots): RowGroup | undefined {
  if (cells.size > 0 || rows.size !== 1) return undefined
  const [row] = rows.values()
  return row!.length === 1 ? row![0] : undefined
}

/** `hidden` records were deleted and can be restored; `absent` ones hold no value that can be read: at most, that they were purged. */
export type Standing = 'visible' | 'hidden' | 'absent'

export function standingOf(slots: RecordSlots): Standing {
  // Neither a row nor a field is here without a value of its own, and a folded row is passed over only for another row.
  if (slots.rows.size === 0 && slots.cells.size === 0) return 'absent'
  if (slots.marks.size === 0) return 'visible'
  let latest: { readonly t: number; readonly writer: Writer } | undefined
  for (const [writer, { t }] of slots.marks) if (!latest || isLater({ t, writer }, latest)) latest = { t, writer }
  for (const value of valueSlots(slots)) if (isLater(value, latest!)) return 'visible'
  return 'hidden'
}

/** Values that some delete of the record had not seen: nobody has decided whether they or the delete should stand. */
export function deleteConflictsOf(slots: RecordSlots): readonly FieldCandidate[] {
  if (slots.marks.size === 0) return []
  const marks = [...slots.marks.values()]
  const unseen: FieldCandidate[] = []
  for (const name of registerNames(slots)) {
    const register = parseRegisterName(name)
    for (const candidate of candidatesOf(slots, name)) {
      const isUnseen = marks.some(({ context }) => candidate.n > (context.get(candidate.writer) ?? 0))
      if (isUnseen) unseen.push({ ...register, ...candidate })
    }
  }
  return unseen
}

/** Everything in the record that has a time, as (t, dot). */
export function* allSlots(slots: RecordSlots): Iterable<Dot & { readonly t: number }> {
  yield* valueSlots(slots)
  for (const [writer, { t, n }] of slots.marks) yield { writer, t, n }
}

export function* valueSlots(slots: RecordSlots): Generator<Dot & { readonly t: number }, undefined> {
  yield* rowGroups(slots)
  for (const cells of slots.cells.values()) for (const [writer, { t, n }] of cells) yield { writer, t, n }
}

/** What stands of the rows: everything, except groups of the folded row that a later row replaced. */
export function* rowGroups({ rows }: Pick<RecordSlots, 'rows'>): Generator<RowGroup, undefined> {
  for (const [writer, row] of rows) {
    if (writer !== FOLDED || rows.size === 1) yield* row
    else for (const group of row) if (!isGone(rows, group)) yield group
  }
}

function isGone(rows: RecordSlots['rows'], { writer, n, born }: RowGroup): boolean {
  const isRow = born !== undefined
  for (const [row] of rows.values()) {
    if (row?.gone?.some((each) => each.writer === writer && each.n === n && each.isRow === isRow)) return true
  }
  return false
}

/** Those values of a row that no cell has replaced. */
export function liveFields(slots: Pick<RecordSlots, 'cells'>, group: RowGroup): Fields {
  if (slots.cells.size === 0) return group.fields
  const live = createFields()
  for (const name of Object.keys(group.fields)) {
    const cells = slots.cells.get(name)
    if (!cells || !isReplaced(group, cells)) live[name] = group.fields[name]!
  }
  return live
}

function isReplaced(group: RowGroup, cells: ReadonlyMap<Writer, CellSlot>): boolean {
  for (const [writer, cell] of cells) if (isReplacedBy(group, writer, cell)) return true
  return false
}

export interface Timed {
  readonly t: number
  readonly writer: Writer
}

/** The order of writes: by time, and by writer where two devices wrote in the same millisecond. */
export function isLater(a: Timed, b: Timed): boolean {
  return a.t > b.t || (a.t === b.t && a.writer > b.writer)
}

function laterFirst(a: Candidate, b: Candidate): number {
  if (isLater(a, b)) return -1
  if (isLater(b, a)) return 1
  // Only copies of one write get here; any order will do that is the same everywhere.
  if (a.n !== b.n) return b.n - a.n
  return textOf(a.value) < textOf(b.value) ? -1 : 1
}

function textOf(value: JsonValue | undefined): string {
  return value === undefined ? '' : canonicalJson(value)
}
