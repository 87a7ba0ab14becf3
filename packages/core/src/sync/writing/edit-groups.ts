// Cuts a large list of edits into transactions whose sealed entries stay below the entry limit, since a Yjs update cannot be
// cut afterwards.
import { type Edit, MAX_FIELD_BYTES, type Registers } from '../../document'
import { SyncError } from '../../errors'

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
    // What takes values away never has to be cut: few bytes for each, whatever it held.
    if (size > MAX_RECORD_BYTES && edit.kind !== 'purge')
      throw new SyncError(
        'field-too-large',
        `The edit of ${edit.id} holds ${Math.ceil(size / 1024)} KB; what is written at once to one record may hold 160 KB.`,
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

/** What a slot costs beside its names and its value: writer, time, number, and what Yjs adds. */
const SLOT_BYTES = 96
/** What a slot costs that goes. */
const GONE_BYTES = 8

const encoder = new TextEncoder()

function sizeOf(edit: Edit, records: Pick<Registers, 'inspect'>): number {
  const idBytes = byteLength(edit.id)
  switch (edit.kind) {
    case 'add':
    case 'update':
      return idBytes + jsonBytes(edit.fields)
    case 'delete':
      return idBytes
    case 'purge':
      return idBytes + SLOT_BYTES + purgedBytes(records.inspect(edit.id))
    case 'restore':
      return idBytes + restoredBytes(records.inspect(edit.id))
    case 'increment':
      return idBytes + byteLength(edit.field) + SLOT_BYTES
    case 'set-add':
    case 'set-remove': {
      // Each element is a slot of its own, whose key repeats the names.
      const slotBytes = idBytes + byteLength(edit.field) + SLOT_BYTES
      return edit.elements.reduce((sum, element) => sum + slotBytes + jsonBytes(element), 0)
    }
  }
}

/** An update says of what goes where it was, and not what. */
function purgedBytes(record: ReturnType<Registers['inspect']>): number {
  let slots = 0
  for (const { candidates } of record?.fields.values() ?? []) slots += candidates.length
  return slots * GONE_BYTES
}

/** A restore writes all that the record holds into one row. */
function restoredBytes(record: ReturnType<Registers['inspect']>): number {
  let sizeBytes = 0
  for (const [field, { candidates }] of record?.fields ?? []) {
    for (const { value } of candidates) sizeBytes += byteLength(field) + jsonBytes(value)
  }
  return sizeBytes
}

function jsonBytes(value: unknown): number {
  try {
    return byteLength(JSON.stringify(value) ?? '')
  } catch {
    // A circle, or a number JSON has not: the check of the edit refuses it by name.
    return 0
  }
}

function byteLength(text: string): number {
  return encoder.encode(text).length
}
