// What edits of this device changed in one record, in values, and the edits that take it back. Values and not slots: a slot that is
// written again under its old time would bring back what others have replaced since. So what is taken back is written anew, and only
// where nobody else has written meanwhile.
import { rowToCountFor } from './counter'
import { isSameValue, type JsonValue } from './json'
import type { Writer } from './names'
import type { Edit } from './plan'
import { candidatesOf, type RecordSlots, registerNames, rowGroups, standingOf, winnerOf } from './record'
import { PRESENT, parseRegisterName } from './set-element'
import { isSameDot } from './slot'

/** What a field, or an element of a set, came to. */
interface ValueChange {
  readonly before: JsonValue | undefined
  readonly after: JsonValue | undefined
  /** Values of others that stood beside it then, by dot: whatever comes later is news. */
  readonly others: ReadonlySet<string>
}

/** What became of one record, by one edit or by several that count as one. */
export interface RecordChanges {
  readonly wasVisible: boolean
  readonly isVisible: boolean
  /** By name of a field or of a set's element: what differs; of a record that was not visible before, all that there is. */
  readonly values: ReadonlyMap<string, ValueChange>
  /** By counter. */
  readonly counts: ReadonlyMap<string, number>
  /** Rows of others that were in it afterwards, by dot. */
  readonly rows: ReadonlySet<string>
  /** What it held when it was deleted. */
  readonly lost: ReadonlyMap<string, JsonValue>
  /** The record was purged since: what it held is not known any more, and cannot be taken back. */
  readonly isPurged?: true
}

const nobody: ReadonlySet<string> = new Set()
const nothing: ReadonlyMap<string, JsonValue> = new Map()

/** What is left of changes whose record was purged. */
export const purgedChanges: RecordChanges = {
  ...{ wasVisible: false, isVisible: false, values: new Map(), counts: new Map(), rows: nobody, lost: nothing },
  isPurged: true,
}

/**
 * What one transaction of this device did to a record.
 * @param edits of the transaction, those of other records too
 * @returns undefined when that is nothing
 */
export function changeBetween(
  id: string,
  before: RecordSlots,
  after: RecordSlots,
  edits: readonly Edit[],
  isOurs: (writer: Writer) => boolean,
): RecordChanges | undefined {
  if (before === after) return undefined
  const [wasVisible, isVisible] = [standingOf(before) === 'visible', standingOf(after) === 'visible']
  const values = new Map<string, ValueChange>()
  for (const name of new Set([...registerNames(before), ...registerNames(after)])) {
    const [old, now] = [wasVisible ? shownValue(before, name) : undefined, shownValue(after, name)]
    if (wasVisible && isSameValue(old, now)) continue
    values.set(name, { before: old, after: now, others: othersIn(after, name, isOurs) })
  }
  const counts = new Map<string, number>()
  for (const edit of edits)
    if (edit.kind === 'increment' && edit.id === id) counts.set(edit.field, (counts.get(edit.field) ?? 0) + edit.by)
  const lost = wasVisible && !isVisible ? contentOf(before) : nothing
  return { wasVisible, isVisible, values, counts, rows: rowsOfOthers(after, isOurs), lost }
}

/** Both as one: the second was done later. */
export function withChange(first: RecordChanges | undefined, second: RecordChanges): RecordChanges {
  if (first === undefined || first.isPurged) return second
  const values = new Map(first.values)
  for (const [name, change] of second.values) {
    const { before } = first.values.get(name) ?? (second.wasVisible ? change : { before: first.lost.get(name) })
    values.set(name, { ...change, before })
  }
  // It was deleted and made anew.
  if (first.wasVisible && !second.wasVisible && second.isVisible)
    for (const [name, before] of first.lost)
      if (!values.has(name)) values.set(name, { before, after: undefined, others: nobody })
  const counts = new Map(first.counts)
  for (const [field, by] of second.counts) counts.set(field, (counts.get(field) ?? 0) + by)
  const lost = second.lost.size > 0 ? second.lost : first.lost
  return { wasVisible: first.wasVisible, isVisible: second.isVisible, values, counts, rows: second.rows, lost }
}

interface Skipped {
  readonly field?: string
  readonly reason: 'changed-since' | 'deleted-since'
}

/** What is to be written, and what must stay as it is: there, somebody else was. */
export interface TakenBack {
  readonly edits: readonly Edit[]
  readonly skipped: readonly Skipped[]
}

/** @param slots of the record as it is now */
export function takeBack(
  id: string,
  { wasVisible, isVisible, values, counts, rows, lost, isPurged }: RecordChanges,
  slots: RecordSlots,
  isOurs: (writer: Writer) => boolean,
): TakenBack {
  if (isPurged) return { edits: [], skipped: [{ reason: 'deleted-since' }] }
  const standing = standingOf(slots)
  // Nobody else has made the record anew, in which no trace is left of what was there.
  const isAlone = [...rowsOfOthers(slots, isOurs)].every((dot) => rows.has(dot))
  const isUntouched = (name: string, { after, others }: ValueChange): boolean => {
    const candidates = candidatesOf(slots, name)
    return (
      (isAlone || candidates.some(({ writer }) => isOurs(writer))) &&
      candidates.every(({ writer, n }) => isOurs(writer) || others.has(dotOf(writer, n))) &&
      isSameValue(shownValue(slots, name), after)
    )
  }
  if (!wasVisible && !isVisible) return { edits: [], skipped: [] }
  if (!wasVisible) {
    if (standing !== 'visible') return { edits: [], skipped: [{ reason: 'deleted-since' }] }
    const names = new Set([...registerNames(slots), ...values.keys()])
    const isSame = [...names].every((name) => {
      const change = values.get(name)
      // What this device has put in since and taken out again.
      const isOurNothing = () => shownValue(slots, name) === undefined && othersIn(slots, name, isOurs).size === 0
      return change === undefined ? isOurNothing() : isUntouched(name, change)
    })
    return isAlone && isSame
      ? { edits: [{ kind: 'delete', id }], skipped: [] }
      : { edits: [], skipped: [{ reason: 'changed-since' }] }
  }
  if (!isVisible) {
    // Somebody has purged it meanwhile, with more than what is known here.
    if (standing === 'absent') return { edits: [], skipped: [{ reason: 'deleted-since' }] }
    const content = contentBefore(lost, values)
    const isOurDelete = slots.marks.size > 0 && [...slots.marks.keys()].every(isOurs)
    const back = isOurDelete && [undeleted(id, content, slots, isOurs), uncounted(id, counts, slots, isOurs)]
    return back
      ? { edits: back.flatMap(({ edits }) => edits), skipped: back.flatMap(({ skipped }) => skipped) }
      : { edits: [], skipped: [{ reason: standing === 'hidden' ? 'deleted-since' : 'changed-since' }] }
  }
  if (standing !== 'visible') return { edits: [], skipped: [{ reason: 'deleted-since' }] }

  const skipped: Skipped[] = []
  const back = new Map<string, JsonValue | undefined>()
  for (const [name, change] of values) {
    if (isSameValue(change.before, change.after)) continue
    if (isUntouched(name, change)) back.set(name, change.before)
    else skipped.push({ field: parseRegisterName(name).field, reason: 'changed-since' })
  }
  const uncount = uncounted(id, counts, slots, isOurs)
  return { edits: [...writesOf(id, back), ...uncount.edits], skipped: [...skipped, ...uncount.skipped] }
}

function uncounted(
  id: string,
  counts: RecordChanges['counts'],
  slots: RecordSlots,
  isOurs: (writer: Writer) => boolean,
): TakenBack {
  const edits: Edit[] = []
  const skipped: Skipped[] = []
  for (const [field, by] of counts) {
    if (by === 0) continue
    if (hasCounted(slots, field, isOurs)) edits.push({ kind: 'increment', id, field, by: -by })
    else skipped.push({ field, reason: 'changed-since' })
  }
  return { edits, skipped }
}

/** Fields in one edit, and elements in one for each set and direction. */
function writesOf(id: string, values: ReadonlyMap<string, JsonValue | undefined>): Edit[] {
  const fields: [string, JsonValue | undefined][] = []
  const [added, removed] = [new Map<string, string[]>(), new Map<string, string[]>()]
  for (const [name, value] of values) {
    const { field, element } = parseRegisterName(name)
    if (element === undefined) fields.push([field, value])
    else {
      const elements = value === PRESENT ? added : removed
      elements.set(field, [...(elements.get(field) ?? []), element])
    }
  }
  return [
    ...(fields.length > 0 ? [{ kind: 'update' as const, id, fields: Object.fromEntries(fields) }] : []),
    ...Array.from(added, ([field, elements]) => ({ kind: 'set-add' as const, id, field, elements })),
    ...Array.from(removed, ([field, elements]) => ({ kind: 'set-remove' as const, id, field, elements })),
  ]
}

function contentBefore(
  lost: RecordChanges['lost'],
  changes: RecordChanges['values'],
): ReadonlyMap<string, JsonValue | undefined> {
  const content = new Map<string, JsonValue | undefined>(lost)
  for (const [name, { before }] of changes) content.set(name, before)
  return content
}

/** It is there again as it was, also when this device had made it anew meanwhile; what others wrote to it stays. */
function undeleted(
  id: string,
  content: ReadonlyMap<string, JsonValue | undefined>,
  slots: RecordSlots,
  isOurs: (writer: Writer) => boolean,
): TakenBack {
  const back = new Map<string, JsonValue | undefined>()
  const skipped: Skipped[] = []
  for (const name of new Set([...content.keys(), ...registerNames(slots)])) {
    if (isSameValue(shownValue(slots, name), content.get(name))) continue
    if (othersIn(slots, name, isOurs).size === 0) back.set(name, content.get(name))
    else skipped.push({ field: parseRegisterName(name).field, reason: 'changed-since' })
  }
  return { edits: [{ kind: 'restore', id }, ...writesOf(id, back)], skipped }
}

function contentOf(slots: RecordSlots): ReadonlyMap<string, JsonValue> {
  const content = new Map<string, JsonValue>()
  for (const name of registerNames(slots)) {
    const value = shownValue(slots, name)
    if (value !== undefined) content.set(name, value)
  }
  return content
}

/** Of an element: whether it is in its set. */
function shownValue(slots: RecordSlots, name: string): JsonValue | undefined {
  if (parseRegisterName(name).element === undefined) return winnerOf(slots, name)
  return candidatesOf(slots, name).some(({ value }) => value === PRESENT) ? PRESENT : undefined
}

function othersIn(slots: RecordSlots, name: string, isOurs: (writer: Writer) => boolean): ReadonlySet<string> {
  const others = candidatesOf(slots, name).filter(({ writer }) => !isOurs(writer))
  return others.length === 0 ? nobody : new Set(others.map(({ writer, n }) => dotOf(writer, n)))
}

function rowsOfOthers(slots: RecordSlots, isOurs: (writer: Writer) => boolean): ReadonlySet<string> {
  const others = [...rowGroups(slots)].filter(({ writer, born }) => born !== undefined && !isOurs(writer))
  return others.length === 0 ? nobody : new Set(others.map(({ writer, n }) => dotOf(writer, n)))
}

function dotOf(writer: Writer, n: number): string {
  return `${writer} ${n}`
}

/** Whether this device has counted for what the record is now: somebody may have deleted it and made it anew. */
function hasCounted(slots: RecordSlots, field: string, isOurs: (writer: Writer) => boolean): boolean {
  if (rowToCountFor(slots) === undefined) return false
  const rows = [...rowGroups(slots)]
  return [...slots.counters.values()].some(
    (counter) =>
      counter.field === field &&
      isOurs(counter.writer) &&
      rows.some(({ born }) => born !== undefined && isSameDot(born, counter.row)),
  )
}
