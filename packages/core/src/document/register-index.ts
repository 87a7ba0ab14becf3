// Which keys of the Y.Map belong to which record, and what is known about each record. Slots are parsed when a record is first
// read, so loading ten thousand records costs one pass over their keys; what was read is kept until one of its slots changes. Parsing all
// of them to count them was half of what opening a rebased book cost.
import type { Fields } from './json'
import {
  type Candidate,
  candidatesOf,
  deleteConflictsOf,
  elementsOf,
  emptySlots,
  fieldNames,
  fieldsOf,
  isConflict,
  onlyGroupOf,
  parseRecord,
  type RecordSlots,
  type Standing,
  standingOf,
} from './record'
import { looksLikeRow, recordOfKey } from './slot'

const noElements: readonly string[] = Object.freeze([])

interface Entry {
  readonly keys: string[]
  /** Counted as visible and free of conflicts by the look of its only slot, which is a row. Reading it says whether that is so. */
  isAssumed: boolean
  slots: RecordSlots | undefined
  fields: Fields | undefined
  /** By field. */
  readonly sets: Map<string, readonly string[]>
}

export class RegisterIndex {
  readonly #read: (key: string) => unknown
  readonly #entries = new Map<string, Entry>()
  /** Records whose place in the sets below is not known yet. */
  readonly #unsettled = new Set<string>()
  readonly #visible = new Set<string>()
  readonly #hidden = new Set<string>()
  readonly #conflicted = new Set<string>()
  readonly #deleteConflicted = new Set<string>()

  /** @param read answers the stored value of a key, undefined when there is none */
  constructor(read: (key: string) => unknown) {
    this.#read = read
  }

  /** Takes note that a key was set or removed. Returns the record it belongs to. */
  touch(key: string, isPresent: boolean): string | undefined {
    const record = recordOfKey(key)
    if (record === undefined) return undefined
    this.#unsettled.add(record)
    const entry = this.#entries.get(record)
    if (!entry) {
      if (isPresent) {
        const unread = { isAssumed: false, slots: undefined, fields: undefined, sets: new Map() }
        this.#entries.set(record, { keys: [key], ...unread })
      }
      return record
    }
    entry.isAssumed = false
    entry.slots = undefined
    entry.fields = undefined
    entry.sets.clear()
    const at = entry.keys.indexOf(key)
    if (isPresent && at < 0) entry.keys.push(key)
    if (!isPresent && at >= 0) entry.keys.splice(at, 1)
    if (entry.keys.length === 0) this.#entries.delete(record)
    return record
  }

  slots(record: string): RecordSlots {
    const entry = this.#entries.get(record)
    if (!entry) return emptySlots
    entry.slots ??= parseRecord(entry.keys, this.#read)
    if (entry.isAssumed) {
      entry.isAssumed = false
      this.#place(record, entry.slots)
    }
    return entry.slots
  }

  /** The fields of a visible record; the same object until the record changes. */
  fields(record: string): Fields | undefined {
    const entry = this.#entries.get(record)
    if (!entry || this.standing(record) !== 'visible') return undefined
    entry.fields ??= fieldsOf(this.slots(record))
    return entry.fields
  }

  /** The elements of a visible record's set; the same list until the record changes. */
  set(record: string, field: string): readonly string[] {
    const entry = this.#entries.get(record)
    if (!entry || this.standing(record) !== 'visible') return noElements
    const present = entry.sets.get(field)
    if (present) return present
    const elements = elementsOf(this.slots(record), field)
    entry.sets.set(field, elements)
    return elements
  }

  standing(record: string): Standing {
    return standingOf(this.slots(record))
  }

  visible(): ReadonlySet<string> {
    this.#settle()
    return this.#visible
  }

  hidden(): ReadonlySet<string> {
    this.#settle()
    return this.#hidden
  }

  /** Visible records with a field that is in conflict. */
  conflicted(): ReadonlySet<string> {
    this.#settle()
    return this.#conflicted
  }

  deleteConflicted(): ReadonlySet<string> {
    this.#settle()
    return this.#deleteConflicted
  }

  #settle(): void {
    for (const record of this.#unsettled) {
      const entry = this.#entries.get(record)
      if (entry !== undefined && entry.slots === undefined && this.#looksLikeOneRow(entry)) {
        entry.isAssumed = true
        this.#settleAs(record, 'visible', false, false)
      } else this.#place(record, this.slots(record))
    }
    this.#unsettled.clear()
  }

  #looksLikeOneRow({ keys }: Entry): boolean {
    const [key, other] = keys
    if (key === undefined || other !== undefined) return false
    const text = this.#read(key)
    return typeof text === 'string' && looksLikeRow(key, text)
  }

  #place(record: string, slots: RecordSlots): void {
    const standing = standingOf(slots)
    const isConflicted = standing === 'visible' && !conflictsOf(slots).next().done
    this.#settleAs(record, standing, isConflicted, deleteConflictsOf(slots).length > 0)
  }

  #settleAs(record: string, standing: Standing, isConflicted: boolean, isDeleteConflicted: boolean): void {
    place(this.#visible, record, standing === 'visible')
    place(this.#hidden, record, standing === 'hidden')
    place(this.#conflicted, record, isConflicted)
    place(this.#deleteConflicted, record, isDeleteConflicted)
  }
}

export interface FieldConflict {
  readonly field: string
  /** The winner first. */
  readonly candidates: readonly Candidate[]
}

export function* conflictsOf(slots: RecordSlots): Generator<FieldConflict, undefined> {
  if (onlyGroupOf(slots)) return
  for (const field of fieldNames(slots)) {
    const candidates = candidatesOf(slots, field)
    if (isConflict(candidates)) yield { field, candidates }
  }
}

function place(set: Set<string>, record: string, isMember: boolean): void {
  if (isMember) set.add(record)
  else set.delete(record)
}
