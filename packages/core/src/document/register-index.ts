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
  reparseRecord,
  type Standing,
  standingOf,
} from './record'
import { isMarkKey, looksLikeValue, recordOfKey } from './slot'

const noElements: readonly string[] = Object.freeze([])
/** Shared by all records that are as they were read. */
const unchanged = new Set<string>()

interface Entry {
  readonly keys: string[]
  /** Counted as visible by the look of its slots. Reading them says whether that is so. */
  isAssumed: boolean
  slots: RecordSlots | undefined
  /** Keys that changed since `slots` were read. */
  changed: Set<string>
  fields: Fields | undefined
  /** By field; undefined while nobody has asked for any. */
  sets: Map<string, readonly string[]> | undefined
}

const unreadEntry = (key: string): Entry => ({
  keys: [key],
  isAssumed: false,
  slots: undefined,
  changed: unchanged,
  fields: undefined,
  sets: undefined,
})

const isRead = ({ slots, changed }: Entry): boolean => slots !== undefined && changed.size === 0

export class RegisterIndex {
  readonly #read: (key: string) => unknown
  readonly #entries = new Map<string, Entry>()
  /** Records of which it is not known yet whether they are visible. */
  readonly #unsettled = new Set<string>()
  readonly #visible = new Set<string>()
  readonly #hidden = new Set<string>()
  /** Records of which it is not known yet whether they hold conflicts. */
  readonly #unexamined = new Set<string>()
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
    this.#unexamined.add(record)
    const entry = this.#entries.get(record)
    if (!entry) {
      if (isPresent) this.#entries.set(record, unreadEntry(key))
      return record
    }
    entry.isAssumed = false
    if (entry.slots !== undefined)
      entry.changed = (entry.changed === unchanged ? new Set<string>() : entry.changed).add(key)
    entry.fields = undefined
    entry.sets = undefined
    const at = entry.keys.indexOf(key)
    if (isPresent && at < 0) entry.keys.push(key)
    if (!isPresent && at >= 0) entry.keys.splice(at, 1)
    if (entry.keys.length === 0) this.#entries.delete(record)
    return record
  }

  slots(record: string): RecordSlots {
    const entry = this.#entries.get(record)
    if (!entry) return emptySlots
    if (entry.slots === undefined) entry.slots = parseRecord(entry.keys, this.#read)
    else if (entry.changed.size > 0) entry.slots = reparseRecord(entry.slots, entry.changed, this.#read)
    entry.changed = unchanged
    if (entry.isAssumed) {
      entry.isAssumed = false
      this.#place(record, standingOf(entry.slots))
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
    entry.sets ??= new Map()
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
    this.#examine()
    return this.#conflicted
  }

  deleteConflicted(): ReadonlySet<string> {
    this.#examine()
    return this.#deleteConflicted
  }

  #settle(): void {
    for (const record of this.#unsettled) {
      const entry = this.#entries.get(record)
      if (entry !== undefined && !isRead(entry) && this.#looksVisible(record, entry)) {
        entry.isAssumed = true
        this.#place(record, 'visible')
      } else this.#place(record, this.standing(record))
    }
    this.#unsettled.clear()
  }

  #examine(): void {
    for (const record of this.#unexamined) {
      const slots = this.slots(record)
      const isConflicted = standingOf(slots) === 'visible' && !conflictsOf(slots).next().done
      place(this.#conflicted, record, isConflicted)
      place(this.#deleteConflicted, record, deleteConflictsOf(slots).length > 0)
    }
    this.#unexamined.clear()
  }

  /** There are values and no delete. */
  #looksVisible(record: string, { keys }: Entry): boolean {
    let hasValue = false
    for (const key of keys) {
      if (isMarkKey(key, record)) return false
      hasValue ||= looksLikeValue(key, record, this.#read(key))
    }
    return hasValue
  }

  #place(record: string, standing: Standing): void {
    place(this.#visible, record, standing === 'visible')
    place(this.#hidden, record, standing === 'hidden')
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
