// What is different now from what was at some time: worked out from what became of the records since.
import { type Edit, isSameValue, type JsonValue } from '../document'
import type { LoggedChange } from '../sync'

/** A field, or an element of a set, as it was then and as it is now; `undefined` where it was or is not there. */
export interface PointField {
  readonly field: string
  readonly element?: string
  readonly atPoint: JsonValue | undefined
  readonly now: JsonValue | undefined
}

/** A record that is not now what it was at some moment. */
export interface PointRecord {
  readonly id: string
  /** `missing`: it was there then and is not now; `extra`: it is there now and was not then. */
  readonly kind: 'missing' | 'extra' | 'changed'
  readonly fields: readonly PointField[]
}

export interface Moment {
  /** In ms since 1970: everything that was written by then, on any device. */
  readonly atMs: number
  /** Where it is known: everything up to this place in the log instead. */
  readonly number?: number
}

interface Value extends Pick<PointField, 'field' | 'element'> {
  atPoint: JsonValue | undefined
  now: JsonValue | undefined
}

interface Touched {
  wasThere: boolean
  isThere: boolean
  readonly values: Map<string, Value>
}

/**
 * @param changes in the order in which they took effect, up to now
 * @returns of a record that is missing also the fields that it had neither then nor now: some time between it had them
 */
export function differencesSince(changes: Iterable<LoggedChange>, moment: Moment): PointRecord[] {
  const records = new Map<string, Touched>()
  for (const change of changes) take(records, change, isBy(change, moment))
  return [...records].flatMap(([id, record]) => differenceOf(id, record) ?? [])
}

/** Without what a person does not want to see. */
export function shownDifferences(records: readonly PointRecord[], isOfText: (field: string) => boolean): PointRecord[] {
  return records.map((record) => ({
    ...record,
    fields: record.fields.filter((each) => isDifferent(each) && !isOfText(each.field)),
  }))
}

/** Texts stay as they are; one that is gone with its record comes back with it. */
export function withoutTexts(records: readonly PointRecord[], isOfText: (field: string) => boolean): PointRecord[] {
  return records.flatMap((record): PointRecord[] => {
    if (record.kind !== 'changed') return [record]
    const fields = record.fields.filter(({ field }) => !isOfText(field))
    return fields.length > 0 ? [{ ...record, fields }] : []
  })
}

function isDifferent({ atPoint, now }: PointField): boolean {
  return !isSameValue(atPoint, now)
}

function isBy({ number, atMs }: LoggedChange, moment: Moment): boolean {
  if (moment.number !== undefined) return number !== undefined && number <= moment.number
  return atMs <= moment.atMs
}

function take(records: Map<string, Touched>, { id, kind, fields }: LoggedChange, isBefore: boolean): void {
  const [stood, stands] = [kind === 'changed' || kind === 'deleted', kind !== 'deleted']
  let record = records.get(id)
  if (record === undefined) {
    record = { wasThere: stood, isThere: stood, values: new Map() }
    records.set(id, record)
  }
  record.isThere = stands
  if (isBefore) record.wasThere = stands
  for (const { field, element, before, after } of fields) {
    const key = JSON.stringify([field, element])
    let value = record.values.get(key)
    if (value === undefined) {
      value = { field, ...(element !== undefined && { element }), atPoint: before, now: before }
      record.values.set(key, value)
    }
    value.now = after
    if (isBefore) value.atPoint = after
  }
}

function differenceOf(id: string, { wasThere, isThere, values }: Touched): PointRecord | undefined {
  if (!wasThere && !isThere) return undefined
  const fields = [...values.values()].map((value) => ({
    ...value,
    atPoint: wasThere ? value.atPoint : undefined,
    now: isThere ? value.now : undefined,
  }))
  if (!wasThere || !isThere) return { id, kind: wasThere ? 'missing' : 'extra', fields }
  const different = fields.filter(isDifferent)
  return different.length === 0 ? undefined : { id, kind: 'changed', fields: different }
}

/**
 * The edits that make these records what they were.
 * @param isDeleted whether a record is not visible and can be restored
 */
export function editsBack(records: readonly PointRecord[], isDeleted: (id: string) => boolean): Edit[] {
  return records.flatMap(({ id, kind, fields }): Edit[] => {
    if (kind === 'extra') return [{ kind: 'delete', id }]
    const values = Object.fromEntries(
      fields.filter(({ element }) => element === undefined).map(({ field, atPoint }) => [field, atPoint]),
    )
    const elements = fields.flatMap(({ field, element, atPoint }): Edit[] =>
      element === undefined
        ? []
        : [{ kind: atPoint === undefined ? 'set-remove' : 'set-add', id, field, elements: [element] }],
    )
    if (kind === 'missing' && !isDeleted(id)) return [{ kind: 'add', id, fields: values }, ...elements]
    const update: Edit[] = Object.keys(values).length > 0 ? [{ kind: 'update', id, fields: values }] : []
    return [...(kind === 'missing' ? [{ kind: 'restore', id } as const] : []), ...update, ...elements]
  })
}
