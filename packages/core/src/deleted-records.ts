// Deleted records as a person looks for them: what was in them, who deleted them, and when.
import { type ConflictOrigin, type ConflictSource, originsIn } from './conflicts'
import type { Edit, Fields, JsonValue } from './document'
import { SyncError } from './errors'
import { type LiveDocument, PURGE_AFTER_MS, SILENT_MS } from './sync'

/** A record that can be restored. */
export interface DeletedRecord<T> {
  readonly id: string
  /** What it shows again when it is restored; without its counters and sets. */
  readonly fields: T & { readonly [field: string]: JsonValue }
  /** When it was deleted, in milliseconds since 1970, by the deleting device's clock as the relay corrects it. */
  readonly deletedAtMs: number
  /**
   * When it is purged, 30 days later, at the earliest: it is later where this device heard of the delete later, where another device of the
   * account has not shown that it has the delete, unless it was silent for 180 days, and while an edit that the delete had not seen is undecided.
   */
  readonly purgeAtMs: number
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
      purgeAtMs: latest.atMs + PURGE_AFTER_MS,
      device: latest.device,
    })
  }
  return deleted.sort((a, b) => b.deletedAtMs - a.deletedAtMs || (a.id < b.id ? -1 : 1))
}

/**
 * @param nowMs by the device's own clock
 * @throws SyncError `purge-too-early`, `lead-lost`
 */
export async function purgeNow(document: LiveDocument, ids: readonly string[], nowMs: number): Promise<Edit[]> {
  const status = (await document.askStatus?.()) ?? document.status
  const { registers } = document
  const purged = ids.filter((id) => {
    const record = registers.inspect(id)
    return record?.standing === 'hidden' && record.deleteConflict.length === 0
  })
  if (purged.length === 0) return []
  const isSent = status.unsent === 0
  // To a clock that was set far ahead everybody seems silent, and to a relay's that lies, too.
  const leastMs = Math.min(nowMs, registers.now())
  const waitsFor = status.copies.find((copy) => !(copy.isComplete && isSent) && leastMs - copy.lastHeardMs < SILENT_MS)
  if (waitsFor !== undefined) {
    const message = 'Not every device has shown yet that it has the delete: it may hold an edit.'
    throw new SyncError('purge-too-early', message, { device: waitsFor.device })
  }
  return purged.map((id) => ({ kind: 'purge', id }))
}
