// Records on their way into another account: what stands in each, with its time, and nothing of how it came about. Written by one
// writer into an empty document, they are concurrent with whatever the other account holds under the same ids, so no value of either
// side is lost: where both have a field, the later one shows and the other stays beside it.
import { createFields, isSameValue, type JsonValue } from './json'
import type { CellsOperation, KeptValue, RowOperation, SlotOperation } from './operation'
import { candidatesOf, type RecordSlots, registerNames, valueSlots } from './record'
import { isElementName } from './set-element'
import type { Dot } from './slot'

/** A value, and when it was written. */
export interface CarriedValue {
  /** Of a field or of a set's element. */
  readonly name: string
  readonly value: JsonValue
  readonly t: number
  /** False for a value that lost against another one of its field. */
  readonly wins: boolean
}

export interface CarriedRecord {
  readonly id: string
  /** When the record was last written, in ms. */
  readonly t: number
  readonly values: readonly CarriedValue[]
  readonly counts: readonly { readonly field: string; readonly sum: number }[]
}

/** A part of a document's values. */
export interface CarriedPart {
  isWanted(dot: Dot): boolean
  count(id: string, field: string): number
}

/**
 * What stands in a record.
 * @param slots of a visible record
 * @param count what a counter stands at
 * @param isWanted leaves values out by who wrote them; default: all are wanted
 * @returns undefined when nothing in it is wanted
 */
export function carriedOf(
  id: string,
  slots: RecordSlots,
  count: (field: string) => number,
  isWanted: (dot: Dot) => boolean = () => true,
): CarriedRecord | undefined {
  const values: CarriedValue[] = []
  for (const name of registerNames(slots)) {
    const candidates = candidatesOf(slots, name)
    // A field shows the latest of its candidates, a set has an element that any candidate puts into it.
    const winner = isElementName(name) ? candidates.find(({ value }) => value !== undefined) : candidates[0]
    if (winner?.value === undefined) continue
    if (isWanted(winner)) values.push({ name, value: winner.value, t: winner.t, wins: true })
    for (const other of isElementName(name) ? [] : candidates) {
      if (other === winner || other.value === undefined || !isWanted(other)) continue
      if (values.some((each) => each.name === name && isSameValue(each.value, other.value))) continue
      // Of one writer nothing else than the time says which of two values won.
      values.push({ name, value: other.value, t: Math.max(0, Math.min(other.t, winner.t - 1)), wins: false })
    }
  }
  let t = 0
  let hasWanted = values.length > 0
  for (const slot of valueSlots(slots)) {
    if (!isWanted(slot)) continue
    hasWanted = true
    t = Math.max(t, slot.t)
  }
  const counted = new Set(Array.from(slots.counters.values(), ({ field }) => field))
  const counts = Array.from(counted, (field) => ({ field, sum: count(field) })).filter(({ sum }) => sum !== 0)
  return hasWanted ? { id, t, values, counts } : undefined
}

/** Nothing was seen before, and nothing gives way. */
const unseen = { past: { others: 0, own: [] }, removed: [] }

/** The operations that write the record; those of one inner list are for one transaction, which must not be larger. */
export function carryingOperations(
  record: CarriedRecord,
  sizeLimitBytes: number,
): readonly ((author: Dot) => SlotOperation[])[] {
  const [first = [], ...rest] = inChunks(record.values, sizeLimitBytes)
  return [
    (author) => [rowOf(record, first, author), ...countsOf(record, author)],
    // A row is written once; what is too much for one entry follows as cells, which hold one value for each field.
    ...rest.map((values) => () => cellsOf(record, values)),
  ]
}

/** The latest values are the row's own; the others are kept beside it, each with its time. */
function rowOf({ id, t }: CarriedRecord, values: readonly CarriedValue[], author: Dot): RowOperation {
  const fields = createFields()
  const kept: KeptValue[] = []
  for (const { name, value, t: writtenAt, wins } of values) {
    if (wins && writtenAt === t) fields[name] = value
    else kept.push({ field: name, value, t: writtenAt, n: author.n })
  }
  return { ...unseen, record: id, t, kind: 'row', fields, kept }
}

function countsOf({ id, t, counts }: CarriedRecord, author: Dot): SlotOperation[] {
  return counts.map(({ field, sum }) => ({ ...unseen, record: id, t, kind: 'increment', field, by: sum, row: author }))
}

function cellsOf({ id }: CarriedRecord, values: readonly CarriedValue[]): CellsOperation[] {
  const winners = values.filter(({ wins }) => wins)
  return winners.map(({ name, value, t }) => ({
    ...unseen,
    record: id,
    t,
    kind: 'cells',
    cells: [{ field: name, value, seen: [] }],
  }))
}

/** What a value costs beside its name and itself: writer, time, number, and what Yjs adds. */
const SLOT_BYTES = 96

/** About as many bytes as the value takes in an entry. */
function sizeOf({ name, value }: CarriedValue): number {
  return SLOT_BYTES + 3 * name.length + new TextEncoder().encode(JSON.stringify(value)).length
}

export function sizeOfCarried(record: CarriedRecord): number {
  const counts = record.counts.reduce((sum, { field }) => sum + SLOT_BYTES + 3 * field.length, 0)
  return record.values.reduce((sum, value) => sum + sizeOf(value), SLOT_BYTES + 3 * record.id.length + counts)
}

function* inChunks(values: readonly CarriedValue[], limitBytes: number): Generator<readonly CarriedValue[]> {
  let chunk: CarriedValue[] = []
  let sizeBytes = 0
  for (const value of values) {
    const size = sizeOf(value)
    if (chunk.length > 0 && sizeBytes + size > limitBytes) {
      yield chunk
      chunk = []
      sizeBytes = 0
    }
    chunk.push(value)
    sizeBytes += size
  }
  yield chunk
}
