// Deleted records as a person looks for them: what was in them, who deleted them, and when.
import { type ConflictOrigin, type ConflictSource, originsIn } from './conflicts'
import type { Fields, JsonValue } from './document'

/** A record that can be restored. */
export interface DeletedRecord<T> {
  readonly id: string
  /** What it shows again when it is restored; without its counters and sets. */
  readonly fields: T & { readonly [field: string]: JsonValue }
  /** When it was deleted, in milliseconds since 1970, by the deleting device's clock as the relay corrects it. */
  readonly deletedAtMs: number
  /** Undefined where it is not known. */
  readonly device: ConflictOrigin['device']
}

/** The latest first. */
export function deletedIn<T>(source: ConflictSource): DeletedRecord<T>[] {
  const { registers } = source.document
  const originOf = originsIn(source)
  const deleted: DeletedRecord<T>[] = []
  for (const id of registers.deletedIds()) {
    const record = registers.inspect(id)
    const [latest] = (record?.marks ?? []).map(originOf).sort((a, b) => b.atMs - a.atMs)
    if (record === undefined || latest === undefined) continue
    const fields: Record<string, JsonValue> = Object.create(null)
    for (const [field, { winner }] of record.fields) if (winner.value !== undefined) fields[field] = winner.value
    deleted.push({
      id,
      fields: Object.freeze(fields) as Fields & DeletedRecord<T>['fields'],
      deletedAtMs: latest.atMs,
      device: latest.device,
    })
  }
  return deleted.sort((a, b) => b.deletedAtMs - a.deletedAtMs || (a.id < b.id ? -1 : 1))
}
