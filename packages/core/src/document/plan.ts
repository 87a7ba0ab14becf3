// From what an app asks to what happens to slots: which fields really change, what gives way, what is refused. An edit is planned
// on the record as the device sees it now; the operation it becomes carries that view with it.
import { SyncError } from '../errors'
import { countOf, rowToCountFor } from './counter'
import { createFields, type Fields, isSameValue, type JsonValue, sizeOfFields, toStoredValue } from './json'
import { MAX_EDIT_BYTES } from './limits'
import { checkFieldName, checkRecordId, type Writer } from './names'
import type { CellWrite, KeptValue, SlotOperation } from './operation'
import {
  allSlots,
  candidatesOf,
  deleteConflictsOf,
  isConflict,
  type RecordSlots,
  registerNames,
  type Standing,
  standingOf,
  winnerOf,
  winnersOf,
} from './record'
import type { RecordDraft } from './record-draft'
import { greatestTime, latestTime, type SeenTimes } from './seen-times'
import { checkElement, elementName, PRESENT } from './set-element'
import { counterKey, type Dot, rowKey } from './slot'

/**
 * A change an app asks for.
 * - `add` creates a record; on a visible one it writes the fields that differ. A value of `undefined` counts as not given.
 * - `update` writes fields of a visible record; `undefined` clears one. A field in conflict is written even when its winner has
 *   the value already: that decides the conflict.
 * - `delete` hides a record. On one that is hidden or absent it does nothing, unless an edit that the delete had not seen is
 *   still undecided: then it decides for the delete.
 * - `purge` removes every value and count of a deleted record that the device has seen, and leaves a mark in their place; nothing while
 *   the record is visible, or an edit that the delete had not seen is undecided. Whoever asks decides whether it is safe.
 * - `restore` brings back a hidden record as it was; on a visible one it decides a delete conflict for the record.
 * - `increment` adds an integer, of either sign, to a counter of a visible record.
 * - `set-add` and `set-remove` change which texts are in a set of a visible record. They are updates of the elements, so adding
 *   one that is there does nothing, unless another device removed it at the same time: that is then decided.
 *
 * Fields, counters and sets of one name are three different things.
 */
export type Edit =
  | { readonly kind: 'add'; readonly id: string; readonly fields: FieldChanges }
  | { readonly kind: 'update'; readonly id: string; readonly fields: FieldChanges }
  | { readonly kind: 'delete'; readonly id: string }
  | { readonly kind: 'restore' | 'purge'; readonly id: string }
  | { readonly kind: 'increment'; readonly id: string; readonly field: string; readonly by: number }
  | {
      readonly kind: 'set-add' | 'set-remove'
      readonly id: string
      readonly field: string
      readonly elements: readonly string[]
    }

export type FieldChanges = { readonly [field: string]: JsonValue | undefined }

/** An edit whose names and values were accepted; the values are copies that nobody can change. Set edits have become updates. */
export type CheckedEdit =
  | {
      readonly kind: 'add' | 'update'
      readonly id: string
      readonly fields: ReadonlyMap<string, JsonValue | undefined>
    }
  | { readonly kind: 'delete' | 'restore' | 'purge'; readonly id: string }
  | { readonly kind: 'increment'; readonly id: string; readonly field: string; readonly by: number }

/** @throws SyncError `invalid-id`, `invalid-field`, `invalid-value` or `field-too-large` */
export function checkEdit(edit: Edit): CheckedEdit {
  checkRecordId(edit.id)
  switch (edit.kind) {
    case 'delete':
    case 'restore':
    case 'purge':
      return edit
    case 'increment':
      return checkIncrement(edit)
    case 'set-add':
    case 'set-remove':
      return checkSetEdit(edit)
    case 'add':
    case 'update':
      return checkFields(edit)
  }
}

function checkFields(edit: Extract<Edit, { kind: 'add' | 'update' }>): CheckedEdit {
  const fields = new Map<string, JsonValue | undefined>()
  for (const [field, value] of Object.entries(edit.fields)) {
    checkFieldName(field)
    if (value !== undefined) fields.set(field, toStoredValue(value))
    else if (edit.kind === 'update') fields.set(field, undefined)
  }
  return { kind: edit.kind, id: edit.id, fields }
}

function checkIncrement({ kind, id, field, by }: Extract<Edit, { kind: 'increment' }>): CheckedEdit {
  checkFieldName(field)
  if (!Number.isSafeInteger(by))
    throw new SyncError('invalid-value', `A counter is changed by an integer, not by ${by}.`)
  return { kind, id, field, by }
}

function checkSetEdit({ kind, id, field, elements }: Extract<Edit, { kind: 'set-add' | 'set-remove' }>): CheckedEdit {
  checkFieldName(field)
  const fields = new Map<string, JsonValue | undefined>()
  for (const element of elements) {
    checkElement(element)
    fields.set(elementName({ field, element }), kind === 'set-add' ? PRESENT : undefined)
  }
  return { kind: 'update', id, fields }
}

/** The times of the transaction in this record; all its edits of one record share them. */
export interface PlanTimes {
  readonly t: number
  readonly past: SeenTimes
}

/**
 * The operation that the edit amounts to, or undefined when it changes nothing.
 * @throws SyncError `record-missing`, `record-deleted`, or `invalid-value` for a count that would not be exact
 */
export function planEdit(
  edit: CheckedEdit,
  draft: RecordDraft,
  writer: Writer,
  { t, past }: PlanTimes,
): SlotOperation | undefined {
  const base = { record: draft.record, t, past }
  const standing = standingOf(draft)
  switch (edit.kind) {
    case 'add': {
      if (standing !== 'visible') {
        const fields = createFields()
        for (const [field, value] of edit.fields) fields[field] = value!
        return { ...base, kind: 'row', fields, kept: [], removed: draft.references() }
      }
      const cells = cellWrites(draft, edit.fields, (field, value) => !isSameValue(winnerOf(draft, field), value))
      return cells.length > 0 ? { ...base, kind: 'cells', cells, removed: draft.markReferences() } : undefined
    }
    case 'update': {
      requireVisible(edit.id, standing)
      const cells = cellWrites(draft, edit.fields, (field, value) => {
        const candidates = candidatesOf(draft, field)
        return !isSameValue(candidates[0]?.value, value) || isConflict(candidates)
      })
      return cells.length > 0 ? { ...base, kind: 'cells', cells, removed: draft.markReferences() } : undefined
    }
    case 'delete': {
      if (standing === 'absent') return undefined
      if (standing === 'hidden' && deleteConflictsOf(draft).length === 0) return undefined
      // The new mark has seen all that the earlier ones had, so it stands for them too.
      return { ...base, kind: 'mark', context: contextOf(draft), removed: draft.markReferences() }
    }
    case 'purge': {
      if (standing !== 'hidden' || deleteConflictsOf(draft).length > 0) return undefined
      return { ...base, t: timeOfPurge(draft), kind: 'mark', context: contextOf(draft), removed: draft.references() }
    }
    case 'restore': {
      if (standing === 'absent') throw new SyncError('record-missing', `There is no record ${quote(edit.id)}.`)
      if (draft.marks.size === 0) return undefined
      const fields = restoredFields(draft, writer)
      const [own] = draft.ownRow(writer)
      return {
        ...base,
        kind: 'row',
        fields,
        kept: keptValues(draft, writer, fields),
        ...(own?.born && { born: own.born }),
        removed: [...draft.markReferences(), ...(own ? [{ slot: 'row' as const, writer, n: own.n }] : [])],
      }
    }
    case 'increment': {
      const { id, field, by } = edit
      requireVisible(id, standing)
      if (by === 0) return undefined
      const row = rowToCountFor(draft)
      if (!row) throw new SyncError('record-missing', `The row of ${quote(id)} cannot be read by this version.`)
      const ownSum = draft.counters.get(counterKey(id, { field, writer, row }))?.sum ?? 0
      if (!Number.isSafeInteger(ownSum + by) || !Number.isSafeInteger(countOf(draft, field) + by))
        throw new SyncError('invalid-value', `The counter ${quote(field)} of ${quote(id)} would not be exact any more.`)
      return { ...base, kind: 'increment', field, by, row, removed: [] }
    }
  }
}

function requireVisible(id: string, standing: Standing): void {
  if (standing === 'absent') throw new SyncError('record-missing', `There is no record ${quote(id)}.`)
  if (standing === 'hidden') throw new SyncError('record-deleted', `The record ${quote(id)} is deleted.`)
}

function cellWrites(
  slots: RecordSlots,
  fields: ReadonlyMap<string, JsonValue | undefined>,
  differs: (field: string, value: JsonValue | undefined) => boolean,
): CellWrite[] {
  const writes: CellWrite[] = []
  for (const [field, value] of fields) {
    if (differs(field, value)) writes.push({ field, value, seen: dotsOfField(slots, field) })
  }
  return writes
}

/** Every slot that holds the field, candidates or not: a row that a cell replaces must stay replaced when that cell goes. */
function dotsOfField(slots: RecordSlots, field: string): Dot[] {
  const dots = new Map<string, Dot>()
  const add = (writer: Writer, n: number) => dots.set(rowKey(String(n), writer), { writer, n })
  for (const [writer, { n }] of slots.cells.get(field) ?? []) add(writer, n)
  for (const row of slots.rows.values()) {
    for (const { writer, n, fields } of row) if (Object.hasOwn(fields, field)) add(writer, n)
  }
  return [...dots.values()]
}

function contextOf(slots: RecordSlots): Dot[] {
  const greatest = new Map<Writer, number>()
  for (const { writer, n } of [...allSlots(slots), ...slots.counters.values()])
    greatest.set(writer, Math.max(n, greatest.get(writer) ?? 0))
  return Array.from(greatest, ([writer, n]) => ({ writer, n }))
}

/**
 * That of the delete, or what little later orders behind all that was seen: an edit which nobody had seen stands against the delete as it
 * did before.
 */
function timeOfPurge(draft: RecordDraft): number {
  const marks = Array.from(draft.marks.values(), ({ t }) => t)
  return Math.min(latestTime, Math.max(greatestTime(draft.before) + 1, ...marks))
}

/**
 * What a restore writes anew, so that a purge which had not seen it leaves the record whole: every winner while they fit into one edit, and
 * at least one, by which the record stands. The rest of a larger record stays as it stands in other slots, or moves along as `kept`.
 */
function restoredFields(slots: RecordDraft, writer: Writer): Fields {
  const winners = winnersOf(slots, registerNames(slots))
  const own = slots.ownRow(writer)
  // What the own row holds comes along either way.
  let sizeBytes = own.reduce((sum, { fields }) => sum + sizeOfFields(fields), 0)
  const added = Object.entries(winners).map(([field, value]) => {
    const isOwn = own.some(({ fields }) => isSameValue(fields[field], value))
    return { field, value, bytes: isOwn ? 0 : sizeOfFields({ [field]: value }) }
  })
  if (added.reduce((sum, { bytes }) => sum + bytes, sizeBytes) <= MAX_EDIT_BYTES) return winners
  const fields = createFields()
  for (const { field, value, bytes } of added.sort((a, b) => a.bytes - b.bytes)) {
    if (sizeBytes + bytes > MAX_EDIT_BYTES && Object.keys(fields).length > 0) break
    fields[field] = value
    sizeBytes += bytes
  }
  return Object.freeze(fields)
}

/**
 * Restoring replaces the writer's own row by one that holds the winners. A value that had lost a conflict there would vanish
 * although nobody decided against it, so it moves along with its own time.
 */
function keptValues(slots: RecordDraft, writer: Writer, winners: Fields): KeptValue[] {
  const own = slots.ownRow(writer)
  const kept: KeptValue[] = []
  for (const field of registerNames({ ...slots, rows: new Map([[writer, own]]), cells: new Map() })) {
    const winner = Object.hasOwn(winners, field) ? winners[field] : undefined
    const live = candidatesOf(slots, field)
    for (const { n, t, fields } of own) {
      if (!Object.hasOwn(fields, field)) continue
      const value = fields[field]!
      const isLive = live.some((each) => each.writer === writer && each.n === n && each.t === t && each.value === value)
      const isKnown =
        isSameValue(value, winner) || kept.some((each) => each.field === field && isSameValue(each.value, value))
      if (isLive && !isKnown) kept.push({ field, value, t, n })
    }
  }
  return kept
}

function quote(id: string): string {
  return JSON.stringify(id)
}
