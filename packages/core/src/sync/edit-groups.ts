// Cuts a large list of edits into transactions whose sealed entries stay below the entry limit, since a Yjs update cannot be
// cut afterwards.
import { type Edit, MAX_FIELD_BYTES, type Registers } from '../document'
import { SyncError } from '../errors'

/** One transaction's worth of text. Its entry is smaller or at most a little larger. */
const TRANSACTION_BYTES = 98_304
/** A record that is larger could not travel in one entry. */
const MAX_RECORD_BYTES = 2.5 * MAX_FIELD_BYTES

/**
 * @param records as they are before the edits
 * @throws SyncError `field-too-large` when one edit alone is too large to travel
 */
export function groupEdits(edits: readonly Edit[], records: Pick<Registers, 'inspect'>): readonly (readonly Edit[])[] {
  const groups: Edit[][] = []
  let sizeBytes = Number.POSITIVE_INFINITY
  for (const edit of edits) {
    const size = sizeOf(edit, records)
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

function sizeOf(edit: Edit, records: Pick<Registers, 'inspect'>): number {
  const idBytes = encoder.encode(edit.id).length
  if (edit.kind === 'restore') return idBytes + restoredBytes(records.inspect(edit.id))
  return 'fields' in edit ? idBytes + jsonBytes(edit.fields) : idBytes
}

/** A restore writes all that the record holds into one row. */
function restoredBytes(record: ReturnType<Registers['inspect']>): number {
  let sizeBytes = 0
  for (const [field, { candidates }] of record?.fields ?? []) {
    for (const { value } of candidates) sizeBytes += encoder.encode(field).length + jsonBytes(value)
  }
  return sizeBytes
}

function jsonBytes(value: unknown): number {
  try {
    return encoder.encode(JSON.stringify(value) ?? '').length
  } catch {
    // A circle, or a number JSON has not: the check of the edit refuses it by name.
    return 0
  }
}
