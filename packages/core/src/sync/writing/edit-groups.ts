// Cuts a large list of edits into transactions whose sealed entries stay below the entry limit, since a Yjs update cannot be
// cut afterwards.
import { type Edit, MAX_EDIT_BYTES, MAX_FIELD_BYTES, type Registers } from '../../document'
import { SyncError } from '../../errors'

/** One transaction's worth of text. Its entry is smaller or at most a little larger. */
const TRANSACTION_BYTES = 98_304

/**
 * @param records as they are before the edits
 * @throws SyncError `field-too-large` when one value alone is too large to travel
 */
export function groupEdits(edits: readonly Edit[], records: Pick<Registers, 'inspect'>): readonly (readonly Edit[])[] {
  const sizeOfPart = (edit: Edit): number => {
    const size = sizeOf(edit, records)
    // What takes values away never has to be cut: few bytes for each, whatever it held.
    if (size > MAX_EDIT_BYTES && edit.kind !== 'purge')
      throw new SyncError(
        'field-too-large',
        `A field of ${edit.id} would hold ${Math.ceil(size / 1024)} KB; one field may hold ${MAX_FIELD_BYTES / 1024} KB.`,
      )
    return size
  }
  return slicesOf(edits.flatMap(inParts), sizeOfPart)
}

/** An edit of one record that is too large for one transaction, as several: what is left of it updates what the first has made. */
function inParts(edit: Edit): Edit[] {
  switch (edit.kind) {
    case 'add':
    case 'update': {
      if (sizeOf(edit, nothing) <= MAX_EDIT_BYTES) return [edit]
      const given = Object.entries(edit.fields).filter(([, value]) => edit.kind === 'update' || value !== undefined)
      const [first = [], ...rest] = slicesOf(given, ([field, value]) => byteLength(field) + jsonBytes(value))
      return [
        { ...edit, fields: Object.fromEntries(first) },
        ...rest.map((part): Edit => ({ kind: 'update', id: edit.id, fields: Object.fromEntries(part) })),
      ]
    }
    case 'set-add':
    case 'set-remove': {
      if (sizeOf(edit, nothing) <= MAX_EDIT_BYTES) return [edit]
      const slotBytes = byteLength(edit.id) + byteLength(edit.field) + SLOT_BYTES
      return slicesOf(edit.elements, (element) => slotBytes + jsonBytes(element)).map((elements) => ({
        ...edit,
        elements,
      }))
    }
    default:
      return [edit]
  }
}

const nothing: Pick<Registers, 'inspect'> = { inspect: () => undefined }

function slicesOf<T>(items: readonly T[], bytesOf: (item: T) => number): T[][] {
  const slices: T[][] = []
  let sizeBytes = Number.POSITIVE_INFINITY
  for (const item of items) {
    const size = bytesOf(item)
    if (sizeBytes + size > TRANSACTION_BYTES) {
      slices.push([])
      sizeBytes = 0
    }
    slices.at(-1)?.push(item)
    sizeBytes += size
  }
  return slices
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
      return idBytes + Math.min(restoredBytes(records.inspect(edit.id)), MAX_EDIT_BYTES - idBytes)
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

/** A restore writes into one row as much of what the record holds as fits. */
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
