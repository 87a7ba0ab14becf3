// All that is known about one record, for views of conflicts and history.
import {
  type Candidate,
  candidatesOf,
  deleteConflictsOf,
  type FieldCandidate,
  fieldNames,
  type RecordSlots,
  type Standing,
  standingOf,
} from './record'
import { conflictsOf } from './register-index'
import type { Dot } from './slot'

/** One writer's nth transaction wrote this mark. */
export interface DeleteMark extends Dot {
  readonly t: number
}

export interface InspectedField {
  /** The winner first. */
  readonly candidates: readonly Candidate[]
  readonly winner: Candidate
  readonly isConflict: boolean
}

/** All that is known about a record, for conflict and history views. */
export interface InspectedRecord {
  readonly standing: Exclude<Standing, 'absent'>
  readonly fields: ReadonlyMap<string, InspectedField>
  readonly marks: readonly DeleteMark[]
  /** Values that a delete of this record had not seen. */
  readonly deleteConflict: readonly FieldCandidate[]
}

export function inspectRecord(slots: RecordSlots): InspectedRecord | undefined {
  const standing = standingOf(slots)
  if (standing === 'absent') return undefined
  const conflicts = new Set(Array.from(conflictsOf(slots), ({ field }) => field))
  const fields = new Map<string, InspectedField>()
  for (const field of fieldNames(slots)) {
    const candidates = candidatesOf(slots, field)
    fields.set(field, { candidates, winner: candidates[0]!, isConflict: conflicts.has(field) })
  }
  const marks = Array.from(slots.marks, ([writer, { t, n }]) => ({ writer, t, n }))
  return { standing, fields, marks, deleteConflict: deleteConflictsOf(slots) }
}
