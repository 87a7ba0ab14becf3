// What of a record looks different after some of its slots changed, whoever changed them, and when that was written: what a history shows.
import { countOf } from './counter'
import { isSameValue, type JsonValue } from './json'
import { candidatesOf, type RecordSlots, registerNames, standingOf, winnerOf } from './record'
import { PRESENT, parseRegisterName } from './set-element'

/** A field, or an element of a set, and what it was before and after. */
export interface FieldDifference {
  readonly field: string
  /** Where the field is a set: the element that is in it where the value is `true`, and is not where it is `undefined`. */
  readonly element?: string
  readonly before: JsonValue | undefined
  readonly after: JsonValue | undefined
}

export interface CountDifference {
  readonly field: string
  readonly before: number
  readonly after: number
}

export interface RecordDifference {
  readonly kind: 'added' | 'changed' | 'deleted' | 'restored'
  /** Of a record that was not visible before: all of it; of one that is not any more: all that it held. */
  readonly fields: readonly FieldDifference[]
  readonly counts: readonly CountDifference[]
  /** When the latest of it was written, by its writer's corrected clock; undefined where nothing that stands tells. */
  readonly writtenAtMs: number | undefined
}

/** @returns undefined when it looks the same */
export function differenceBetween(before: RecordSlots, after: RecordSlots): RecordDifference | undefined {
  const [stood, stands] = [standingOf(before), standingOf(after)]
  const [wasVisible, isVisible] = [stood === 'visible', stands === 'visible']
  if (!wasVisible && !isVisible) return undefined
  const fields: FieldDifference[] = []
  const times: number[] = []
  for (const name of new Set([...registerNames(before), ...registerNames(after)])) {
    const old = wasVisible ? shown(before, name) : undefined
    const now = isVisible ? shown(after, name) : undefined
    if (isSameValue(old, now)) continue
    fields.push({ ...parseRegisterName(name), before: old, after: now })
    if (isVisible) times.push(...candidatesOf(after, name).map(({ t }) => t))
  }
  if (wasVisible && !isVisible) times.push(...[...after.marks.values()].map(({ t }) => t))
  const counts = [...new Set([before, after].flatMap(counterFields))].flatMap((field): CountDifference[] => {
    const old = wasVisible ? countOf(before, field) : 0
    const now = isVisible ? countOf(after, field) : 0
    return old === now ? [] : [{ field, before: old, after: now }]
  })
  if (wasVisible && isVisible && fields.length === 0 && counts.length === 0) return undefined
  const kind = !isVisible ? 'deleted' : wasVisible ? 'changed' : stood === 'hidden' ? 'restored' : 'added'
  return { kind, fields, counts, writtenAtMs: times.length > 0 ? Math.max(...times) : undefined }
}

function counterFields({ counters }: RecordSlots): string[] {
  return [...counters.values()].map(({ field }) => field)
}

function shown(slots: RecordSlots, name: string): JsonValue | undefined {
  if (parseRegisterName(name).element === undefined) return winnerOf(slots, name)
  return candidatesOf(slots, name).some(({ value }) => value === PRESENT) ? PRESENT : undefined
}
