// A record that was purged while this device had edits of it which nobody had seen. They make it visible again, and would be all of it: so
// it gets a row of this device with everything that it held, and what was counted of it.
import { countOf, rowToCountFor } from './counter'
import { createFields } from './json'
import type { IncrementOperation, SlotOperation } from './operation'
import { candidatesOf, type RecordSlots, registerNames, rowGroups, standingOf, winnerOf } from './record'
import type { Registers } from './registers'
import { greatestTime, seenTimes } from './seen-times'
import type { Dot } from './slot'

/** It is shown, and nothing says that it was ever created. */
export function lacksRow(slots: RecordSlots): boolean {
  return standingOf(slots) === 'visible' && !hasRow(slots)
}

/** It was created and not purged since: what it holds now may be needed when it is. */
export function hasRow(slots: RecordSlots): boolean {
  for (const { born } of rowGroups(slots)) if (born !== undefined) return true
  return false
}

/** @param before the record when it was whole */
export function revivingOperations(
  registers: Pick<Registers, 'slots' | 'now'>,
  record: string,
  before: RecordSlots,
): (author: Dot) => SlotOperation[] {
  const slots = registers.slots(record)
  const fields = createFields()
  for (const name of registerNames(before)) {
    const value = winnerOf(before, name)
    // What stands in it was not purged.
    if (value !== undefined && candidatesOf(slots, name).length === 0) fields[name] = value
  }
  const born = rowToCountFor(before)
  const t = Math.max(Math.floor(registers.now()), greatestTime(slots) + 1, greatestTime(before) + 1)
  return (author) => {
    const base = { record, t, past: seenTimes(slots, author.writer), removed: [] }
    const row: SlotOperation = { ...base, kind: 'row', fields, kept: [], ...(born && { born }) }
    const withRow: RecordSlots = {
      ...slots,
      rows: new Map([[author.writer, [{ ...author, t, fields, born: born ?? author }]]]),
    }
    const counted = new Set([...before.counters.values()].map(({ field }) => field))
    const counts = [...counted].flatMap((field): IncrementOperation[] => {
      const by = countOf(before, field) - countOf(withRow, field)
      return by === 0 || !Number.isSafeInteger(by)
        ? []
        : [{ ...base, kind: 'increment', field, by, row: born ?? author }]
    })
    return [row, ...counts]
  }
}
