// What a transaction did, in words that a person can read and another account can be told: for edits that a device could not hand on.
import type { JsonValue } from './json'
import type { SlotOperation } from './operation'
import { PRESENT, parseRegisterName } from './set-element'
import type { TextContent } from './text-content'

/** One thing that was done to one record. Fields, sets, counters and texts of one name are four different things. */
export interface RecordChange {
  readonly id: string
  /** `create`: the record was added, or restored as it was; `change`: some of it was written. */
  readonly kind: 'create' | 'change' | 'delete' | 'count'
  /** When, in milliseconds since 1970 by the device's corrected clock. */
  readonly timeMs: number
  readonly fields?: { readonly [field: string]: JsonValue }
  readonly cleared?: readonly string[]
  /** By field of the record's sets: what was put in. */
  readonly added?: { readonly [field: string]: readonly string[] }
  readonly removed?: { readonly [field: string]: readonly string[] }
  /** By counter: how much was counted. */
  readonly counted?: { readonly [field: string]: number }
  /** By field: what was typed in its text. */
  readonly texts?: { readonly [field: string]: TextChange }
}

/** All that was typed in one text. */
export interface TextChange {
  /** The name of the text: two of one field are in conflict. */
  readonly root: string
  /** As the relay has it, for all the device knows. What differs was typed on the device; nothing when the text was begun there. */
  readonly before: TextContent
  /** As it stands on the device. */
  readonly after: TextContent
}

export function describeOperation(operation: SlotOperation): RecordChange {
  const base = { id: operation.record, timeMs: operation.t }
  switch (operation.kind) {
    case 'mark':
      return { ...base, kind: 'delete' }
    case 'increment':
      return { ...base, kind: 'count', counted: fromEntries([[operation.field, operation.by]]) }
    case 'row':
      return { ...base, kind: 'create', ...describeValues(Object.entries(operation.fields)) }
    case 'cells':
      return {
        ...base,
        kind: 'change',
        ...describeValues(operation.cells.map(({ field, value }) => [field, value] as const)),
      }
  }
}

function describeValues(values: readonly (readonly [name: string, value: JsonValue | undefined])[]) {
  const fields: (readonly [string, JsonValue])[] = []
  const cleared: string[] = []
  const [added, removed] = [new Map<string, string[]>(), new Map<string, string[]>()]
  for (const [name, value] of values) {
    const { field, element } = parseRegisterName(name)
    if (element !== undefined) {
      const elements = value === PRESENT ? added : removed
      elements.set(field, [...(elements.get(field) ?? []), element])
    } else if (value === undefined) cleared.push(name)
    else fields.push([name, value])
  }
  return {
    ...(fields.length > 0 && { fields: fromEntries(fields) }),
    ...(cleared.length > 0 && { cleared }),
    ...(added.size > 0 && { added: fromEntries([...added]) }),
    ...(removed.size > 0 && { removed: fromEntries([...removed]) }),
  }
}

/** Without a prototype, as fields are: a field may be called `__proto__`. */
function fromEntries<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  const result: Record<string, T> = Object.create(null)
  for (const [name, value] of entries) result[name] = value
  return result
}
