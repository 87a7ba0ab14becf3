// The times a transaction had seen in a record. What a device has seen always orders before what it writes, also when its pending
// transactions move to a corrected clock.
import type { Writer } from './names'
import { allSlots, type RecordSlots, rowGroups } from './record'

/** The greatest t that is stored. Beyond it a number would no longer be exact. */
export const latestTime = Number.MAX_SAFE_INTEGER

/** The times an author had seen in a record before the transaction. */
export interface SeenTimes {
  /** The greatest t of other writers, 0 when there was none. */
  readonly others: number
  /** The greatest t of each own transaction. */
  readonly own: readonly OwnTime[]
}

export interface OwnTime {
  readonly n: number
  readonly t: number
}

/** The greatest t of the slots, 0 when there is none. */
export function greatestTime(slots: RecordSlots): number {
  let greatest = 0
  for (const { t } of allSlots(slots)) if (t > greatest) greatest = t
  return greatest
}

export function seenTimes(slots: RecordSlots, writer: Writer): SeenTimes {
  let others = 0
  const own = new Map<number, number>()
  // No generator over all slots: this runs for every edit.
  const see = (by: Writer, n: number, t: number): void => {
    if (by !== writer) others = Math.max(others, t)
    else own.set(n, Math.max(t, own.get(n) ?? 0))
  }
  for (const group of rowGroups(slots)) see(group.writer, group.n, group.t)
  for (const cells of slots.cells.values()) for (const [by, { n, t }] of cells) see(by, n, t)
  for (const [by, { n, t }] of slots.marks) see(by, n, t)
  return { others, own: Array.from(own, ([n, t]) => ({ n, t })) }
}

/** The greatest of all that was seen, 0 when there was nothing. */
export function greatestOf({ others, own }: SeenTimes): number {
  let greatest = others
  for (const { t } of own) if (t > greatest) greatest = t
  return greatest
}
