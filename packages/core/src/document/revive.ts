// A record that was purged while somebody had edits of it that the purge had not seen. They stand, and would be all of it: so it gets back
// what the purge took, in a row of whoever knows what that was. Where they hide behind the delete it stays hidden, and whole.
import { rowToCountFor } from './counter'
import { createFields, type Fields, isSameValue, sizeOfFields } from './json'
import { MAX_EDIT_BYTES } from './limits'
import type { CellsOperation, IncrementOperation, KeptValue, RowOperation, SlotOperation } from './operation'
import { candidatesOf, type RecordSlots, registerNames, rowGroups, standingOf, valueSlots } from './record'
import { greatestTime, seenTimes } from './seen-times'
import { isElementName } from './set-element'
import { type CounterSlot, type Dot, isSameDot, type MarkSlot } from './slot'

/** It was created, and not purged since. */
export function hasRow(slots: RecordSlots): boolean {
  for (const { born } of rowGroups(slots)) if (born !== undefined) return true
  return false
}

/** Nothing of it is left but that it was purged. */
export function isPurged(slots: RecordSlots): boolean {
  return standingOf(slots) === 'absent' && [...slots.marks.values()].some(({ isPurge }) => isPurge)
}

/** Purges that the record has now and had not before. */
export function purgesSince(before: RecordSlots, now: RecordSlots): Dot[] {
  return newPurges(before, now).map(({ writer, n }) => ({ writer, n }))
}

/** What stands in the record, and a purge of it had not seen. */
export function unseenByPurges(before: RecordSlots, now: RecordSlots): Dot[] {
  const purges = newPurges(before, now)
  return [...valueSlots(now)].filter((slot) => purges.some((purge) => !hasSeen(purge, slot)))
}

/**
 * What brings back what purges took, a transaction each: one, or several where the record held more than travels at once.
 * @param before the record when it was whole
 * @param nowMs in milliseconds since 1970
 * @returns none where nothing is to be brought back: nothing was taken, or nothing is left that stands against it
 */
export function revivingOperations(
  record: string,
  before: RecordSlots,
  now: RecordSlots,
  nowMs: number,
): readonly ((author: Dot) => readonly SlotOperation[])[] {
  const purges = newPurges(before, now)
  const standing = standingOf(now)
  if (purges.length === 0 || standing === 'absent') return []
  const isTaken = (slot: Dot): boolean => purges.some((purge) => hasSeen(purge, slot))
  const counted = rowToCountFor(now) ?? rowToCountFor(before)
  const lost = lostCounts(before, now, counted, isTaken)
  const needsRow = !hasRow(now)
  // A restore of a large record writes anew only what fits. What somebody creates anew has nothing of what was before.
  const isWhole = !needsRow && !livesOf(now).some((life) => livesOf(before).some((each) => isSameDot(life, each)))
  const { fields, kept } = isWhole ? { fields: createFields(), kept: [] } : takenValues(before, now, isTaken)
  if (!needsRow && lost.size === 0 && Object.keys(fields).length === 0) return []

  const latestMark = Math.max(...Array.from(now.marks.values(), ({ t }) => t))
  const rising = Math.max(Math.floor(nowMs), greatestTime(now) + 1, greatestTime(before) + 1)
  const t = standing === 'visible' ? rising : Math.max(0, latestMark - 1)
  const [first = createFields(), ...rest] = inParts(fields, needsRow ? kept : [])
  const baseOf = (author: Dot) => ({ record, t, past: seenTimes(now, author.writer), removed: [] })
  const rowOf = (author: Dot): RowOperation => ({
    ...{ ...baseOf(author), kind: 'row', fields: first, kept: kept.map((each) => ({ ...each, n: author.n })) },
    ...(counted && { born: counted }),
  })
  const countsOf = (author: Dot) =>
    [...lost].map(
      ([field, by]): IncrementOperation => ({
        ...baseOf(author),
        kind: 'increment',
        field,
        by,
        row: counted ?? author,
      }),
    )
  const cellsOf = (part: Fields, author: Dot): CellsOperation[] => {
    const cells = Object.entries(part).map(([field, value]) => ({ field, value, seen: [] }))
    return cells.length > 0 ? [{ ...baseOf(author), kind: 'cells', cells }] : []
  }
  return [
    (author) => [...(needsRow ? [rowOf(author)] : cellsOf(first, author)), ...countsOf(author)],
    ...rest.map((part) => (author: Dot) => cellsOf(part, author)),
  ]
}

/** Each as much as travels at once, the first together with `kept`. */
function inParts(fields: Fields, kept: readonly KeptValue[]): Fields[] {
  const first = createFields()
  const parts = [first]
  let sizeBytes = kept.reduce((sum, { field, value }) => sum + sizeOfFields({ [field]: value }), 0)
  for (const [field, value] of Object.entries(fields)) {
    const bytes = sizeOfFields({ [field]: value })
    // A row of no field would not stand.
    if (sizeBytes + bytes > MAX_EDIT_BYTES && Object.keys(first).length > 0) {
      parts.push(createFields())
      sizeBytes = 0
    }
    parts.at(-1)![field] = value
    sizeBytes += bytes
  }
  return parts
}

type Purge = Dot & MarkSlot

function newPurges(before: RecordSlots, now: RecordSlots): Purge[] {
  return Array.from(now.marks, ([writer, mark]) => ({ writer, ...mark })).filter(
    ({ writer, n, isPurge }) => isPurge && before.marks.get(writer)?.n !== n,
  )
}

function hasSeen({ context }: Purge, { writer, n }: Dot): boolean {
  return n <= (context.get(writer) ?? 0)
}

/** Of names that nothing stands for any more. What had lost a conflict that nobody has decided is among it. */
function takenValues(
  before: RecordSlots,
  now: RecordSlots,
  isTaken: (dot: Dot) => boolean,
): { readonly fields: RowOperation['fields']; readonly kept: readonly KeptValue[] } {
  const fields = createFields()
  const kept: KeptValue[] = []
  for (const name of registerNames(before)) {
    if (candidatesOf(now, name).length > 0) continue
    const values = candidatesOf(before, name).filter((each) => each.value !== undefined && isTaken(each))
    const [winner, ...losers] = values
    if (winner === undefined) continue
    fields[name] = winner.value!
    // An element is in its set or not.
    for (const { value, t, n } of isElementName(name) ? [] : losers)
      if (!values.some((each) => each.t > t && isSameValue(each.value, value)))
        kept.push({ field: name, value: value!, t, n })
  }
  return { fields, kept }
}

/** By field: what counted before, and will not with the row that there is then. */
function lostCounts(
  before: RecordSlots,
  now: RecordSlots,
  counted: Dot | undefined,
  isTaken: (dot: Dot) => boolean,
): ReadonlyMap<string, number> {
  const [livesBefore, livesNow] = [livesOf(before), livesOf(now)]
  if (counted !== undefined) livesNow.push(counted)
  const isOf = ({ row }: CounterSlot, lives: readonly Dot[]) => lives.some((life) => isSameDot(life, row))
  const lost = new Map<string, number>()
  for (const [key, counter] of before.counters) {
    if (!isOf(counter, livesBefore)) continue
    const present = now.counters.get(key)
    const isLost = present === undefined ? isTaken(counter) : !isOf(present, livesNow)
    if (!isLost) continue
    const sum = (lost.get(counter.field) ?? 0) + (present ?? counter).sum
    if (Number.isSafeInteger(sum)) lost.set(counter.field, sum)
  }
  return new Map([...lost].filter(([, sum]) => sum !== 0))
}

function livesOf(slots: RecordSlots): Dot[] {
  return [...rowGroups(slots)].flatMap(({ born }) => born ?? [])
}
