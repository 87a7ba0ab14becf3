// An independent account of what registers must answer: causal multi-value registers with creation, deletion and re-creation. It
// works from operations and what each had seen, with sets and plain loops; it knows no slots, dots, keys or Yjs. Slow on purpose:
// each rule is one readable condition, and nothing is remembered between questions except the operations.
import type { JsonValue } from '../document'

/** What a user did, as the registers under test were told it. */
export type OracleEdit =
  | { readonly kind: 'add'; readonly id: string; readonly fields: { readonly [field: string]: JsonValue | undefined } }
  | {
      readonly kind: 'update'
      readonly id: string
      readonly fields: { readonly [field: string]: JsonValue | undefined }
    }
  | { readonly kind: 'delete'; readonly id: string }
  | { readonly kind: 'restore'; readonly id: string }

/**
 * What an edit turned out to do, given what its author saw.
 * - `create` replaces everything seen in the record.
 * - `write` replaces the seen values of its fields, and seen deletes.
 * - `delete` replaces seen deletes and hides what is earlier.
 * - `restore` replaces seen deletes and what its own writer had created or restored, and asserts the winners anew; of the replaced
 *   values those that differ from the winner are asserted again with their old time.
 */
export type OracleEffect =
  | { readonly kind: 'create' | 'write'; readonly fields: ReadonlyMap<string, JsonValue | undefined> }
  | { readonly kind: 'delete' }
  | {
      readonly kind: 'restore'
      readonly fields: ReadonlyMap<string, JsonValue | undefined>
      /** Ids of the creations and restores of the same writer that it stands in for. */
      readonly replaced: ReadonlySet<string>
    }

/** An edit that was carried out, with everything that its writer had seen. */
export interface OracleOperation {
  /** Unique among all operations. */
  readonly id: string
  /** Who wrote it, as the registers under test name writers: it breaks ties of time. */
  readonly writer: string
  /** Milliseconds, as the registers under test chose it. */
  readonly t: number
  /** Ids of all operations that the device had when it wrote this one; closed under what those had seen. */
  readonly seen: ReadonlySet<string>
  readonly record: string
  readonly effect: OracleEffect
}

export interface OracleCandidate {
  readonly operation: string
  readonly writer: string
  readonly t: number
  /** `undefined` when the field was cleared. */
  readonly value: JsonValue | undefined
}

/** What a record has to look like. */
export interface OracleRecord {
  readonly isVisible: boolean
  /** By field: the candidates, winner first; of equal values only the latest. */
  readonly fields: ReadonlyMap<string, readonly OracleCandidate[]>
  /** Fields with more than one value. */
  readonly conflicts: ReadonlySet<string>
  /** Values that a standing delete had not seen, by field, of equal values only the latest. */
  readonly deleteConflicts: ReadonlyMap<string, readonly OracleCandidate[]>
}

/** How the registers under test should answer an edit. */
export type OracleDecision = OracleEffect | 'nothing' | 'record-missing' | 'record-deleted'

interface Value extends OracleCandidate {
  readonly field: string
}

type ValueOperation = OracleOperation & { readonly effect: Exclude<OracleEffect, { kind: 'delete' }> }

/** Says what records must look like, from the operations alone: slow and plain, and written apart from the registers that it judges. */
export class RegisterOracle {
  readonly #byRecord = new Map<string, OracleOperation[]>()
  /** By restore: the replaced values it asserted again. */
  readonly #reasserted = new Map<string, readonly Value[]>()

  /** Takes an operation. Everything it had seen must have been taken before. */
  take(operation: OracleOperation): void {
    if (operation.effect.kind === 'restore') {
      const { id, effect } = operation
      const before = this.#liveValues(this.#seenOperations(operation.record, operation.seen))
      const isLoser = ({ field, value }: Value) => textOf(value) !== textOf(effect.fields.get(field))
      const losers = before.filter((value) => effect.replaced.has(value.operation) && isLoser(value))
      this.#reasserted.set(
        id,
        losers.map((value) => ({ ...value, operation: id, writer: operation.writer })),
      )
    }
    const present = this.#byRecord.get(operation.record)
    if (present) present.push(operation)
    else this.#byRecord.set(operation.record, [operation])
  }

  /** Every record that was ever created. */
  recordIds(): readonly string[] {
    return [...this.#byRecord.keys()]
  }

  /** The record on a device that has the operations in `seen`; undefined when it has never seen it. */
  view(record: string, seen: ReadonlySet<string>): OracleRecord | undefined {
    const operations = this.#seenOperations(record, seen)
    if (operations.length === 0) return undefined
    const values = this.#liveValues(operations)
    const deletes = operations.filter(isDelete).filter((each) => !isDeleteReplaced(each, operations))
    // A record created with no field exists too.
    const births = operations.filter(isBirth).filter((each) => !isBirthReplaced(each, operations))

    const fields = groupByField(values)
    const unseen = values.filter((value) => deletes.some((each) => !each.seen.has(value.operation)))
    return {
      isVisible: [...values, ...births].some((value) => deletes.every((each) => isLater(value, each))),
      fields,
      conflicts: new Set([...fields].filter(([, candidates]) => candidates.length > 1).map(([field]) => field)),
      deleteConflicts: groupByField(unseen),
    }
  }

  /** What an edit by `writer` does, or how it is refused, on a device that has the operations in `seen`. */
  decide(edit: OracleEdit, writer: string, seen: ReadonlySet<string>): OracleDecision {
    const record = this.view(edit.id, seen)
    switch (edit.kind) {
      case 'add': {
        const fields = new Map(Object.entries(edit.fields).filter(([, value]) => value !== undefined))
        if (!record?.isVisible) return { kind: 'create', fields }
        for (const [field, value] of fields)
          if (textOf(record.fields.get(field)?.[0]?.value) === textOf(value)) fields.delete(field)
        return fields.size > 0 ? { kind: 'write', fields } : 'nothing'
      }
      case 'update': {
        if (!record) return 'record-missing'
        if (!record.isVisible) return 'record-deleted'
        const fields = new Map(Object.entries(edit.fields))
        for (const [field, value] of fields) {
          const isEqual = textOf(record.fields.get(field)?.[0]?.value) === textOf(value)
          if (isEqual && !record.conflicts.has(field)) fields.delete(field)
        }
        return fields.size > 0 ? { kind: 'write', fields } : 'nothing'
      }
      case 'delete':
        return record?.isVisible || (record && record.deleteConflicts.size > 0) ? { kind: 'delete' } : 'nothing'
      case 'restore': {
        if (!record) return 'record-missing'
        const operations = this.#seenOperations(edit.id, seen)
        const isUndecided = operations.filter(isDelete).some((each) => !isDeleteReplaced(each, operations))
        if (!isUndecided) return 'nothing'
        const fields = new Map([...record.fields].map(([field, [winner]]) => [field, winner!.value]))
        const own = operations.filter((each) => isBirth(each) && each.writer === writer)
        return { kind: 'restore', fields, replaced: new Set(own.map(({ id }) => id)) }
      }
    }
  }

  #seenOperations(record: string, seen: ReadonlySet<string>): OracleOperation[] {
    return (this.#byRecord.get(record) ?? []).filter(({ id }) => seen.has(id))
  }

  #liveValues(operations: readonly OracleOperation[]): Value[] {
    const writes = operations.filter((each): each is ValueOperation => each.effect.kind !== 'delete')
    return writes
      .flatMap((operation) => this.#valuesOf(operation))
      .filter((value) => !writes.some((later) => later.seen.has(value.operation) && replaces(later, value)))
  }

  #valuesOf({ id, writer, t, effect }: ValueOperation): Value[] {
    const values: Value[] = [...(this.#reasserted.get(id) ?? [])]
    for (const [field, value] of effect.fields) {
      // Only a write clears a field; a restore leaves out what is cleared.
      if (value !== undefined || effect.kind === 'write') values.push({ operation: id, field, writer, t, value })
    }
    return values
  }
}

function replaces({ effect }: ValueOperation, value: Value): boolean {
  switch (effect.kind) {
    case 'create':
      return true
    case 'write':
      return effect.fields.has(value.field)
    case 'restore':
      return effect.replaced.has(value.operation)
  }
}

function isDelete({ effect }: OracleOperation): boolean {
  return effect.kind === 'delete'
}

function isDeleteReplaced({ id }: OracleOperation, operations: readonly OracleOperation[]): boolean {
  return operations.some(({ seen }) => seen.has(id))
}

function isBirth({ effect }: OracleOperation): boolean {
  return effect.kind === 'create' || effect.kind === 'restore'
}

function isBirthReplaced({ id }: OracleOperation, operations: readonly OracleOperation[]): boolean {
  return operations.some(
    ({ seen, effect }) =>
      (effect.kind === 'create' && seen.has(id)) || (effect.kind === 'restore' && effect.replaced.has(id)),
  )
}

function groupByField(values: readonly Value[]): ReadonlyMap<string, readonly OracleCandidate[]> {
  const fields = new Map<string, OracleCandidate[]>()
  const latestFirst = [...values].sort((a, b) => (isLater(a, b) ? -1 : isLater(b, a) ? 1 : 0))
  for (const { field, operation, writer, t, value } of latestFirst) {
    const candidates = fields.get(field) ?? []
    fields.set(field, candidates)
    if (!candidates.some((each) => textOf(each.value) === textOf(value)))
      candidates.push({ operation, writer, t, value })
  }
  return fields
}

function isLater(a: { t: number; writer: string }, b: { t: number; writer: string }): boolean {
  return a.t > b.t || (a.t === b.t && a.writer > b.writer)
}

/** Equal texts for equal values; key order does not count. */
function textOf(value: JsonValue | undefined): string {
  if (value === undefined) return 'absent'
  return JSON.stringify(value, (_, part) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}
