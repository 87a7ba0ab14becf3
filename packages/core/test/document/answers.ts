// What registers answer and what the oracle expects, in one shape. Of candidates with equal values only the latest is compared:
// copies of one value are no conflict, and which of them are left depends on how a value is stored.
import { expect } from 'vitest'
import type { FieldCandidate, JsonValue, Registers } from '../../src/document'
import type { Replacing } from '../../src/testing/oracle-history'
import { memberName, type OracleCandidate, type RegisterOracle } from '../../src/testing/register-oracle'

/** The names that histories use for counters and sets; `name` is an ordinary field too. */
export const counterNames = ['name', 'uses'] as const
export const setNames = ['name', 'tags'] as const

interface Candidate {
  readonly writer: string
  readonly n: number
  readonly t: number
  readonly value: JsonValue | undefined
}

type ByField = Map<string, Candidate[]>

export interface Answers {
  readonly visible: readonly string[]
  readonly hidden: readonly string[]
  readonly records: Map<string, RecordAnswers>
  /** By record. */
  readonly conflicts: Map<string, ByField>
  readonly deleteConflicts: Map<string, ByField>
}

interface RecordAnswers {
  readonly standing: string
  readonly values: Map<string, JsonValue> | undefined
  readonly fields: ByField
  readonly conflicts: readonly string[]
  readonly deleteConflict: ByField
  readonly counters: readonly number[]
  readonly sets: readonly (readonly string[])[]
}

export function answersOf(registers: Registers, ids: readonly string[]): Answers {
  const records = new Map<string, RecordAnswers>()
  for (const id of ids) {
    const record = registers.inspect(id)
    if (!record) continue
    const values = registers.get(id)
    const fields: ByField = new Map()
    const conflicts: string[] = []
    for (const field of [...record.fields.keys()].sort()) {
      const { candidates, winner, isConflict } = record.fields.get(field)!
      fields.set(field, distinct([winner, ...candidates]))
      if (isConflict) conflicts.push(field)
    }
    records.set(id, {
      standing: registers.has(id) ? record.standing : 'hidden',
      values: values && new Map(Object.entries(values)),
      fields,
      conflicts,
      deleteConflict: byField(record.deleteConflict),
      counters: counterNames.map((field) => registers.counter(id, field)),
      sets: setNames.map((field) => registers.set(id, field)),
    })
  }
  const conflicts = new Map<string, ByField>()
  for (const { id, field, candidates } of registers.conflicts()) {
    conflicts.set(id, (conflicts.get(id) ?? new Map()).set(field, distinct(candidates)))
  }
  const deleteConflicts = new Map<string, ByField>()
  for (const { id, unseen } of registers.deleteConflicts()) deleteConflicts.set(id, byField(unseen))
  const visible = [...registers.ids()].sort()
  return {
    visible: registers.size === visible.length ? visible : [],
    hidden: [...registers.deletedIds()].sort(),
    records,
    conflicts,
    deleteConflicts,
  }
}

export function expectedAnswers(
  oracle: RegisterOracle,
  seen: ReadonlySet<string>,
  nOf: (operation: string) => number,
  replacing?: Replacing,
): Answers {
  const convert = (fields: ReadonlyMap<string, readonly OracleCandidate[]>): ByField =>
    new Map(
      [...fields.keys()]
        .sort()
        .map((field) => [
          field,
          fields.get(field)!.map(({ operation, writer, t, value }) => ({ writer, n: nOf(operation), t, value })),
        ]),
    )

  const answers: Answers & { visible: string[]; hidden: string[] } = {
    visible: [],
    hidden: [],
    records: new Map(),
    conflicts: new Map(),
    deleteConflicts: new Map(),
  }
  for (const id of [...oracle.recordIds()].sort()) {
    const record = oracle.view(id, seen, replacing)
    if (!record) continue
    const { isVisible, conflicts } = record
    const fields = convert(record.fields)
    const deleteConflict = convert(record.deleteConflicts)
    const winners = [...fields].flatMap(([field, [first]]) =>
      first!.value === undefined ? [] : [[field, first!.value] as const],
    )
    answers[isVisible ? 'visible' : 'hidden'].push(id)
    answers.records.set(id, {
      standing: isVisible ? 'visible' : 'hidden',
      values: isVisible ? new Map(winners) : undefined,
      fields,
      conflicts: [...conflicts].sort(),
      deleteConflict,
      counters: counterNames.map((field) => (isVisible ? (record.counters.get(field) ?? 0) : 0)),
      sets: setNames.map((field) => (isVisible ? (record.sets.get(field) ?? []) : [])),
    })
    if (isVisible && conflicts.size > 0)
      answers.conflicts.set(id, new Map([...fields].filter(([field]) => conflicts.has(field))))
    if (deleteConflict.size > 0) answers.deleteConflicts.set(id, deleteConflict)
  }
  return answers
}

/**
 * Fails unless the answers lie between the two that an oracle gives for what was seen and for what was standing: every value that must be there, none
 * that must not, and the same winners.
 */
export function expectBetween(actual: Answers, least: Answers, most: Answers): void {
  expect(actual.visible).toEqual(least.visible)
  expect(actual.hidden).toEqual(least.hidden)
  for (const [id, { fields, values, deleteConflict }] of actual.records) {
    const [needed, allowed] = [least.records.get(id)!, most.records.get(id)!]
    expect(values).toEqual(needed.values)
    for (const [field, [winner]] of needed.fields) expect(fields.get(field)?.[0]).toEqual(winner)
    expectWithin(needed.fields, fields)
    expectWithin(fields, allowed.fields)
    expectWithin(needed.deleteConflict, deleteConflict)
    expectWithin(deleteConflict, allowed.deleteConflict)
  }
}

function expectWithin(few: ByField, many: ByField): void {
  for (const [field, candidates] of few)
    for (const candidate of candidates) expect(many.get(field) ?? []).toContainEqual(candidate)
}

function byField(values: readonly FieldCandidate[]): ByField {
  const fields: ByField = new Map()
  for (const { field, element, ...candidate } of values) {
    const name = element === undefined ? field : memberName(field, element)
    fields.set(name, distinct([...(fields.get(name) ?? []), candidate]))
  }
  return fields
}

function distinct(candidates: readonly Candidate[]): Candidate[] {
  const texts = new Set<string | undefined>()
  return candidates.filter(({ value }) => {
    const text = JSON.stringify(value)
    return !texts.has(text) && texts.add(text)
  })
}
