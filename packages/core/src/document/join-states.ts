// One state from two that grew apart, by what each knows: a value survives if both have it, or if one has it and the other has never
// seen its write. What one of them has seen and no longer has was replaced or removed there. By times alone, one superseded value in
// thirteen came back.
import { encodeRecord, foldRecord } from './fold-record'
import { canonicalJson, createFields, type JsonValue } from './json'
import { FOLDED, type Writer } from './names'
import { emptySlots, parseRecord, type RecordSlots } from './record'
import type { RegisterContext, RegisterState } from './register-state'
import { type CellSlot, type CounterSlot, type Dot, isSameDot, type MarkSlot, type RowGroup, recordOfKey } from './slot'

/** A state, and the writes that it knows. */
export interface KnownState {
  readonly state: RegisterState
  readonly context: RegisterContext
}

export function joinStates(a: KnownState, b: KnownState): KnownState {
  const context = new Map(a.context)
  for (const [writer, n] of b.context) context.set(writer, Math.max(n, context.get(writer) ?? 0))

  const state = new Map<string, unknown>()
  const [slotsOfA, slotsOfB] = [byRecord(a.state, state), byRecord(b.state, state)]
  for (const record of new Set([...slotsOfA.keys(), ...slotsOfB.keys()])) {
    const joined = joinRecords(
      { slots: slotsOfA.get(record) ?? emptySlots, context: a.context },
      { slots: slotsOfB.get(record) ?? emptySlots, context: b.context },
    )
    for (const [key, text] of encodeRecord(record, foldRecord(joined))) state.set(key, text)
  }
  return { state, context }
}

/** What `state` lacks of `all`: every value, mark and count that is in one and not in the other. */
export function leftOut(all: RegisterState, state: RegisterState): RegisterState {
  const [lacking, unreadOfState] = [new Map<string, unknown>(), new Map<string, unknown>()]
  const [slotsOfAll, slotsOfState] = [byRecord(all, lacking), byRecord(state, unreadOfState)]
  for (const key of unreadOfState.keys()) lacking.delete(key)
  for (const [record, slots] of slotsOfAll) {
    const present = slotsOfState.get(record) ?? emptySlots
    const lackingItems = <Item extends { readonly name: string }>(itemsOf: (of: RecordSlots) => Iterable<Item>) => {
      const names = new Set(Array.from(itemsOf(present), ({ name }) => name))
      return [...itemsOf(slots)].filter(({ name }) => !names.has(name))
    }
    const counters = [...slots.counters].filter(([key, { n }]) => n > (present.counters.get(key)?.n ?? 0))
    const rest = slotsOf(lackingItems(valuesOf), lackingItems(clearedOf), lackingItems(marksOf), new Map(counters))
    for (const [key, text] of encodeRecord(record, rest)) lacking.set(key, text)
  }
  return lacking
}

/**
 * What `other` lacks of a state although it knows more writes: of records in which it holds none of those. Whatever replaces or removes
 * something leaves a later write in its record, so these were not replaced.
 */
export function vanished({ state, context }: KnownState, other: RegisterState): RegisterState {
  const [own, unread] = [new Map<string, unknown>(), new Map<string, unknown>()]
  byRecord(state, own)
  const slotsOfOther = byRecord(other, unread)
  const unreadRecords = new Set([...unread.keys()].map(recordOfKey))
  const hasNews = (record: string): boolean => {
    const slots = slotsOfOther.get(record) ?? emptySlots
    return [...valuesOf(slots), ...clearedOf(slots), ...marksOf(slots)].some(
      ({ writer, n }) => n > (context.get(writer) ?? 0),
    )
  }
  const isVanished = (key: string): boolean => {
    const record = recordOfKey(key)
    return record !== undefined && !own.has(key) && !unreadRecords.has(record) && !hasNews(record)
  }
  return new Map([...leftOut(state, other)].filter(([key]) => isVanished(key)))
}

/** The state with everything of `more`, whether or not it was replaced: for what went missing and nobody had replaced. */
export function withAll(state: RegisterState, more: RegisterState): RegisterState {
  return joinStates({ state, context: new Map() }, { state: more, context: new Map() }).state
}

/** What cannot be read is in the joined state if either side has it: nobody here can tell whether it was replaced. */
function byRecord(state: RegisterState, unread: Map<string, unknown>): Map<string, RecordSlots> {
  const keysByRecord = new Map<string, string[]>()
  for (const [key, value] of state) {
    const record = recordOfKey(key)
    if (record === undefined) keepUnread(unread, key, value)
    else keysByRecord.set(record, [...(keysByRecord.get(record) ?? []), key])
  }
  const slots = new Map<string, RecordSlots>()
  for (const [record, keys] of keysByRecord) {
    const onUnread = (key: string) => keepUnread(unread, key, state.get(key))
    slots.set(
      record,
      parseRecord(keys, (key) => state.get(key), onUnread),
    )
  }
  return slots
}

/** Of two values the one with the greater text, so that both sides choose the same. */
function keepUnread(unread: Map<string, unknown>, key: string, value: unknown): void {
  if (!unread.has(key) || String(unread.get(key)) < String(value)) unread.set(key, value)
}

interface Side {
  readonly slots: RecordSlots
  readonly context: RegisterContext
}

function joinRecords(a: Side, b: Side): RecordSlots {
  const [rows, cleared, marks] = [surviving(a, b, valuesOf), surviving(a, b, clearedOf), surviving(a, b, marksOf)]
  return slotsOf(rows, cleared, marks, joinCounters(a, b))
}

function slotsOf(
  rows: readonly FoldedItem[],
  cleared: readonly ClearedItem[],
  marks: readonly MarkItem[],
  counters: RecordSlots['counters'],
): RecordSlots {
  const cells = new Map<string, Map<Writer, CellSlot>>()
  for (const { field, writer, cell } of cleared) {
    cells.set(field, (cells.get(field) ?? new Map<Writer, CellSlot>()).set(writer, cell))
  }
  return {
    rows: new Map(rows.length > 0 ? [[FOLDED, groupsOf(rows)]] : []),
    cells,
    marks: new Map(marks.map(({ writer, mark }) => [writer, mark])),
    counters,
  }
}

function surviving<Item extends Dot & { readonly name: string }>(
  a: Side,
  b: Side,
  itemsOf: (slots: RecordSlots) => Iterable<Item>,
): Item[] {
  const [itemsOfA, itemsOfB] = [new Map<string, Item>(), new Map<string, Item>()]
  for (const item of itemsOf(a.slots)) itemsOfA.set(item.name, item)
  for (const item of itemsOf(b.slots)) itemsOfB.set(item.name, item)
  const isUnknownTo = ({ writer, n }: Dot, { context }: Side) => n > (context.get(writer) ?? 0)
  return [
    ...[...itemsOfA.values()].filter((item) => itemsOfB.has(item.name) || isUnknownTo(item, b)),
    ...[...itemsOfB.values()].filter((item) => !itemsOfA.has(item.name) && isUnknownTo(item, a)),
  ]
}

/** A row itself, or one value of a row or of what was written as cells. */
interface FoldedItem extends Dot {
  readonly name: string
  readonly group: RowGroup
  readonly field?: string
  readonly value?: JsonValue
}

function* valuesOf({ rows }: RecordSlots): Generator<FoldedItem, undefined> {
  for (const group of rows.get(FOLDED) ?? []) {
    const { writer, t, n, fields, born } = group
    const name = JSON.stringify([writer, n, t, born && [born.writer, born.n]])
    if (born) yield { name, writer, n, group }
    for (const field of Object.keys(fields)) {
      const value = fields[field]!
      yield { name: `${name} ${JSON.stringify(field)} ${canonicalJson(value)}`, writer, n, group, field, value }
    }
  }
}

/** Kept values of one row may have one time and one field; each then has a group of its own. */
function groupsOf(items: readonly FoldedItem[]): RowGroup[] {
  const groups: (RowGroup & { readonly fields: Record<string, JsonValue> })[] = []
  for (const { group, field, value } of items) {
    let own = groups.find((each) => isOneWrite(each, group) && !(field && Object.hasOwn(each.fields, field)))
    if (!own) {
      const { writer, t, n, born } = group
      own = { writer, t, n, fields: createFields(), born }
      groups.push(own)
    }
    if (field !== undefined) own.fields[field] = value!
  }
  return groups
}

function isOneWrite(a: RowGroup, b: RowGroup): boolean {
  if (!isSameDot(a, b) || a.t !== b.t) return false
  return a.born && b.born ? isSameDot(a.born, b.born) : a.born === b.born
}

interface ClearedItem extends Dot {
  readonly name: string
  readonly field: string
  readonly cell: CellSlot
}

function* clearedOf({ cells }: RecordSlots): Generator<ClearedItem, undefined> {
  for (const [field, byWriter] of cells) {
    for (const [writer, cell] of byWriter) {
      yield { name: JSON.stringify([field, writer, cell.n]), writer, n: cell.n, field, cell }
    }
  }
}

interface MarkItem extends Dot {
  readonly name: string
  readonly mark: MarkSlot
}

function* marksOf({ marks }: RecordSlots): Generator<MarkItem, undefined> {
  for (const [writer, mark] of marks) yield { name: `${writer} ${mark.n}`, writer, n: mark.n, mark }
}

/** A writer's sum only ever grows by its own increments, so the later of two has the earlier in it. Only a purge removes one. */
function joinCounters(a: Side, b: Side): Map<string, CounterSlot> {
  const joined = new Map<string, CounterSlot>()
  const take = ({ slots: { counters } }: Side, { slots: other, context }: Side) => {
    for (const [key, counter] of counters) {
      const known = other.counters.get(key)?.n
      const stays = known === undefined ? counter.n > (context.get(counter.writer) ?? 0) : counter.n >= known
      if (stays) joined.set(key, counter)
    }
  }
  take(a, b)
  take(b, a)
  return joined
}
