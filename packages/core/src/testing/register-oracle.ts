// An independent account of what registers must answer: causal multi-value registers with creation, deletion and re-creation. It
// works from operations and what each had seen, with sets and plain loops; it knows no slots, dots, keys or Yjs. Slow on purpose:
// each rule is one readable condition, and nothing is remembered between questions except the operations.
import type { JsonValue } from '../document'
import {
  birthsIn,
  deletesIn,
  type History,
  isBirth,
  isReplaced,
  type OracleEffect,
  type OracleOperation,
  type Replacing,
} from './oracle-history'

/** What a user did, as the registers under test were told it. */
export type OracleEdit =
  | { readonly kind: 'add'; readonly id: string; readonly fields: { readonly [field: string]: JsonValue | undefined } }
  | {
      readonly kind: 'update'
      readonly id: string
      readonly fields: { readonly [field: string]: JsonValue | undefined }
    }
  | { readonly kind: 'delete'; readonly id: string }
  | { readonly kind: 'restore' | 'purge'; readonly id: string }
  | { readonly kind: 'increment'; readonly id: string; readonly field: string; readonly by: number }
  | {
      readonly kind: 'set-add' | 'set-remove'
      readonly id: string
      readonly field: string
      readonly elements: readonly string[]
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
  /** By field, without set elements: the candidates, winner first; of equal values only the latest. */
  readonly fields: ReadonlyMap<string, readonly OracleCandidate[]>
  /** Fields with more than one value. */
  readonly conflicts: ReadonlySet<string>
  /** Values that a standing delete had not seen, by field or `memberName`, of equal values only the latest. */
  readonly deleteConflicts: ReadonlyMap<string, readonly OracleCandidate[]>
  /** By field: the elements that somebody put in and nobody who had seen that took out, sorted. */
  readonly sets: ReadonlyMap<string, readonly string[]>
  /** By field: the sum of what was counted in lives that the record still has. */
  readonly counters: ReadonlyMap<string, number>
}

/** How the registers under test should answer an edit. */
export type OracleDecision = OracleEffect | 'nothing' | 'record-missing' | 'record-deleted'

interface Value extends OracleCandidate {
  readonly field: string
}

type ValueOperation = OracleOperation & { readonly effect: Exclude<OracleEffect, { kind: 'delete' | 'increment' }> }

/** A record without the difference between fields and set elements. */
interface Registers {
  readonly isVisible: boolean
  readonly values: ReadonlyMap<string, readonly OracleCandidate[]>
  readonly deleteConflicts: ReadonlyMap<string, readonly OracleCandidate[]>
}

const memberPrefix = 'element '

/** How the oracle names an element of a set where it names fields. */
export function memberName(field: string, element: string): string {
  return memberPrefix + JSON.stringify([field, element])
}

/** The effect of an operation that was written again, with the operations it names under their new ids. */
export function renameEffect(effect: OracleEffect, newIds: ReadonlyMap<string, string>): OracleEffect {
  const renamed = (id: string) => newIds.get(id) ?? id
  if (effect.kind === 'restore') return { ...effect, replaced: new Set(Array.from(effect.replaced, renamed)) }
  return effect.kind === 'increment' ? { ...effect, life: renamed(effect.life) } : effect
}

/** Says what records must look like, from the operations alone: slow and plain, and written apart from the registers that it judges. */
export class RegisterOracle {
  readonly #byRecord = new Map<string, OracleOperation[]>()
  /** By restore: the replaced values it asserted again. */
  readonly #reasserted = new Map<string, readonly Value[]>()
  /** By creation and restore: the one that began its life. */
  readonly #lives = new Map<string, string>()

  /** Takes an operation. Everything it had seen must have been taken before. */
  take(operation: OracleOperation): void {
    if (operation.effect.kind === 'restore') {
      const { id, effect } = operation
      const before = this.#liveValues(this.#history(operation.record, operation.seen))
      const isLoser = ({ field, value }: Value) => textOf(value) !== textOf(effect.fields.get(field))
      const losers = before.filter((value) => effect.replaced.has(value.operation) && isLoser(value))
      this.#reasserted.set(
        id,
        losers.map((value) => ({ ...value, operation: id, writer: operation.writer })),
      )
    }
    if (isBirth(operation)) this.#lives.set(operation.id, this.#lifeOf(operation))
    const present = this.#byRecord.get(operation.record)
    if (present) present.push(operation)
    else this.#byRecord.set(operation.record, [operation])
  }

  /** Every record that was ever created. */
  recordIds(): readonly string[] {
    return [...this.#byRecord.keys()]
  }

  /**
   * The record on a device that has the operations in `seen`; undefined when it has never seen it.
   *
   * @param replacing see `Replacing`
   */
  view(record: string, seen: ReadonlySet<string>, replacing: Replacing = 'seen'): OracleRecord | undefined {
    const registers = this.#registers(record, seen, replacing)
    if (!registers) return undefined
    const { isVisible, values, deleteConflicts } = registers
    const fields = new Map([...values].filter(([name]) => !name.startsWith(memberPrefix)))
    const conflicts = [...fields].filter(([, candidates]) => candidates.length > 1).map(([field]) => field)

    const sets = new Map<string, string[]>()
    for (const [name, candidates] of values) {
      if (fields.has(name) || candidates.every(({ value }) => value === undefined)) continue
      const [field, element] = JSON.parse(name.slice(memberPrefix.length)) as [string, string]
      sets.set(field, [...(sets.get(field) ?? []), element].sort())
    }

    const counters = new Map<string, number>()
    const history = this.#history(record, seen, replacing)
    const lives = new Set(birthsIn(history).map(({ id }) => this.#lives.get(id)))
    const operations = history.seen
    for (const operation of operations) {
      const { effect } = operation
      if (effect.kind !== 'increment' || !lives.has(effect.life) || isCountPurged(operation, operations)) continue
      counters.set(effect.field, (counters.get(effect.field) ?? 0) + effect.by)
    }
    return { isVisible, fields, conflicts: new Set(conflicts), deleteConflicts, sets, counters }
  }

  #registers(record: string, seen: ReadonlySet<string>, replacing?: Replacing): Registers | undefined {
    const history = this.#history(record, seen, replacing)
    if (history.seen.length === 0) return undefined
    const values = this.#liveValues(history)
    const deletes = deletesIn(history)
    // A record created with no field exists too.
    const births = birthsIn(history)
    if (values.length + births.length === 0) return undefined
    // A delete knows what stands: what an edit had replaced that is dropped since may be no part of that.
    const wasGone = (value: Value, { seen: before }: OracleOperation): boolean =>
      history.unseen.some((dropped) => before.has(dropped.id) && dropped.seen.has(value.operation))
    const unseen = values.filter((value) =>
      deletes.some((each) => !each.seen.has(value.operation) || wasGone(value, each)),
    )
    return {
      isVisible: [...values, ...births].some((value) => deletes.every((each) => isLater(value, each))),
      values: groupByField(values),
      deleteConflicts: groupByField(unseen),
    }
  }

  /** What an edit by `writer` does, or how it is refused, on a device that has the operations in `seen`. */
  decide(edit: OracleEdit, writer: string, seen: ReadonlySet<string>): OracleDecision {
    const record = this.#registers(edit.id, seen)
    switch (edit.kind) {
      case 'add': {
        const fields = new Map(Object.entries(edit.fields).filter(([, value]) => value !== undefined))
        if (!record?.isVisible) return { kind: 'create', fields }
        for (const [field, value] of fields)
          if (textOf(record.values.get(field)?.[0]?.value) === textOf(value)) fields.delete(field)
        return fields.size > 0 ? { kind: 'write', fields } : 'nothing'
      }
      case 'update':
      case 'set-add':
      case 'set-remove': {
        if (!record) return 'record-missing'
        if (!record.isVisible) return 'record-deleted'
        const fields = writtenBy(edit)
        for (const [field, value] of fields) {
          const candidates = record.values.get(field) ?? []
          if (textOf(candidates[0]?.value) === textOf(value) && candidates.length < 2) fields.delete(field)
        }
        return fields.size > 0 ? { kind: 'write', fields } : 'nothing'
      }
      case 'delete':
        return record?.isVisible || (record && record.deleteConflicts.size > 0) ? { kind: 'delete' } : 'nothing'
      case 'purge':
        return !record || record.isVisible || record.deleteConflicts.size > 0
          ? 'nothing'
          : { kind: 'purge', fields: new Map() }
      case 'restore': {
        if (!record) return 'record-missing'
        const history = this.#history(edit.id, seen)
        if (deletesIn(history).length === 0) return 'nothing'
        const fields = new Map([...record.values].map(([field, [winner]]) => [field, winner!.value]))
        const own = history.seen.filter((each) => isBirth(each) && each.writer === writer)
        return { kind: 'restore', fields, replaced: new Set(own.map(({ id }) => id)) }
      }
      case 'increment': {
        if (!record) return 'record-missing'
        if (!record.isVisible) return 'record-deleted'
        const [newest] = birthsIn(this.#history(edit.id, seen)).sort((a, b) => (isLater(a, b) ? -1 : 1))
        if (edit.by === 0) return 'nothing'
        // Of a purged record only an edit is left that nobody had seen.
        if (!newest) return 'record-missing'
        return { kind: 'increment', field: edit.field, by: edit.by, life: this.#lives.get(newest.id)! }
      }
    }
  }

  /** A restore goes on with the life of the birth it stands in for; everything else begins one. */
  #lifeOf({ id, record, seen, effect }: OracleOperation): string {
    if (effect.kind !== 'restore') return id
    const continued = birthsIn(this.#history(record, seen)).find((birth) => effect.replaced.has(birth.id))
    return (continued && this.#lives.get(continued.id)) ?? id
  }

  #history(record: string, seen: ReadonlySet<string>, replacing: Replacing = 'seen'): History {
    const all = this.#byRecord.get(record) ?? []
    const unseen = replacing === 'standing' ? all.filter(({ id }) => !seen.has(id)) : []
    return { seen: all.filter(({ id }) => seen.has(id)), unseen }
  }

  #liveValues(history: History): Value[] {
    return history.seen
      .filter(hasValues)
      .flatMap((operation) => this.#valuesOf(operation))
      .filter((value) => !isReplaced(value.operation, (later) => hasValues(later) && replaces(later, value), history))
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
    case 'purge':
      return true
    case 'write':
      return effect.fields.has(value.field)
    case 'restore':
      return effect.replaced.has(value.operation)
  }
}

function writtenBy(edit: Extract<OracleEdit, { kind: 'update' | 'set-add' | 'set-remove' }>) {
  if (edit.kind === 'update') return new Map<string, JsonValue | undefined>(Object.entries(edit.fields))
  const value = edit.kind === 'set-add' ? true : undefined
  return new Map(edit.elements.map((element) => [memberName(edit.field, element), value] as const))
}

function hasValues(operation: OracleOperation): operation is ValueOperation {
  return operation.effect.kind !== 'delete' && operation.effect.kind !== 'increment'
}

/** A count is one sum for its writer: what that counts on, not knowing of the purge, has all of it again. */
function isCountPurged(count: OracleOperation, operations: readonly OracleOperation[]): boolean {
  const isOfSameSum = ({ writer, effect }: OracleOperation): boolean =>
    effect.kind === 'increment' &&
    count.effect.kind === 'increment' &&
    writer === count.writer &&
    effect.field === count.effect.field &&
    effect.life === count.effect.life
  return operations.some(
    (purge) =>
      purge.effect.kind === 'purge' &&
      purge.seen.has(count.id) &&
      !operations.some((each) => isOfSameSum(each) && !purge.seen.has(each.id) && !each.seen.has(purge.id)),
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
