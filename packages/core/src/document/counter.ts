// What a record's counter slots mean. A counter is the sum of what every writer has added, and each sum counts for one row: the
// record as it was created then. So two devices that count at once are both counted, and a record that was deleted and created again
// starts at zero although nobody removes what others have counted.
import { isLater, type RecordSlots, rowGroups } from './record'
import { type Dot, isSameDot, type RowGroup } from './slot'

/** Sums stay exact up to here, in both directions. */
const LARGEST = Number.MAX_SAFE_INTEGER

/**
 * What the counter stands at: everything counted for a row that the record still has. Of a record that two devices created, the rows
 * of both count.
 */
export function countOf(slots: RecordSlots, field: string): number {
  // In big integers, or the order of the slots would show in a sum that leaves the exact range on its way.
  let total = 0n
  for (const slot of slots.counters.values()) {
    if (slot.field === field && hasRow(slots, slot.row)) total += BigInt(slot.sum)
  }
  return clampCount(Number(total))
}

/** The counters that anything was ever counted in, sorted. */
export function counterNames({ counters }: RecordSlots): readonly string[] {
  return [...new Set([...counters.values()].map(({ field }) => field))].sort()
}

/**
 * The row that an increment counts for, by the dot it was born with, which a restore keeps. Of several rows it is the newest: a device
 * that creates the record again without having seen this increment has seen that row least likely. Undefined when no row can be read.
 */
export function rowToCountFor(slots: RecordSlots): Dot | undefined {
  let newest: RowGroup | undefined
  for (const group of rowGroups(slots)) if (group.born && (!newest || isNewer(group, newest))) newest = group
  return newest?.born
}

/** Concurrent increments may go beyond what a number holds exactly; the count then stays at the end. */
export function clampCount(count: number): number {
  return Math.max(-LARGEST, Math.min(count, LARGEST))
}

function hasRow(slots: RecordSlots, row: Dot): boolean {
  for (const { born } of rowGroups(slots)) if (born && isSameDot(born, row)) return true
  return false
}

function isNewer(a: RowGroup, b: RowGroup): boolean {
  return isLater(a, b) || (a.t === b.t && a.writer === b.writer && a.n > b.n)
}
