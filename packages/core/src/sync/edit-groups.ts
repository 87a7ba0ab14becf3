// Cuts a large list of edits into transactions whose sealed entries stay below the entry limit, since a Yjs update cannot be
// cut afterwards.
import { type Edit, MAX_FIELD_BYTES } from '../document'
import { SyncError } from '../errors'

/** One transaction's worth of text. Its entry is smaller or at most a little larger. */
const TRANSACTION_BYTES = 98_304
/** A record that is larger could not travel in one entry. */
const MAX_RECORD_BYTES = 2.5 * MAX_FIELD_BYTES

/** @throws SyncError `field-too-large` when one edit alone is too large to travel */
export function groupEdits(edits: readonly Edit[]): readonly (readonly Edit[])[] {
  const groups: Edit[][] = []
  let sizeBytes = Number.POSITIVE_INFINITY
  for (const edit of edits) {
    const size = sizeOf(edit)
    if (size > MAX_RECORD_BYTES)
      throw new SyncError(
        'field-too-large',
        `The record ${edit.id} holds ${Math.ceil(size / 1024)} KB; together its fields may hold 160 KB.`,
      )
    if (sizeBytes + size > TRANSACTION_BYTES) {
      groups.push([])
      sizeBytes = 0
    }
    groups.at(-1)?.push(edit)
    sizeBytes += size
  }
  return groups
}

const encoder = new TextEncoder()

function sizeOf(edit: Edit): number {
  return (
    encoder.encode(edit.id).length + ('fields' in edit ? encoder.encode(JSON.stringify(edit.fields) ?? '').length : 0)
  )
}
