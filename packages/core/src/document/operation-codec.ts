// Operations as bytes, for the pending transactions on a device's disk: [1, operation, …] as JSON in UTF-8, each operation a list in
// the order below. They never travel.
import { SyncError } from '../errors'
import { type Fields, isList, type JsonValue, parseFrozen } from './json'
import type { Writer } from './names'
import type { CellWrite, KeptValue, SlotOperation } from './operation'
import type { SlotReference } from './record-draft'
import type { OwnTime, SeenTimes } from './seen-times'
import type { Dot } from './slot'

const version = 1
const encoder = new TextEncoder()

export function encodeOperations(operations: readonly SlotOperation[]): Uint8Array {
  return encoder.encode(JSON.stringify([version, ...operations.map(toList)]))
}

/** @throws SyncError `profile-damaged` when the bytes are not what `encodeOperations` wrote */
export function decodeOperations(bytes: Uint8Array): SlotOperation[] {
  const list = parseFrozen(new TextDecoder().decode(bytes))
  if (!isList(list) || list[0] !== version) throw new SyncError('profile-damaged', 'Pending edits cannot be read.')
  try {
    return list.slice(1).map((each) => fromList(each as JsonList))
  } catch (cause) {
    throw new SyncError('profile-damaged', 'Pending edits cannot be read.', { cause })
  }
}

type JsonList = readonly JsonValue[]

function toList(operation: SlotOperation): JsonList {
  const { kind, record, t, past } = operation
  const seenTimes = [past.others]
  for (const own of past.own) seenTimes.push(own.n, own.t)
  const head = [kind, record, t, seenTimes, operation.removed.map(referenceToList)]
  switch (operation.kind) {
    case 'row': {
      const kept = operation.kept.map((each) => [each.field, each.value, each.t, each.n])
      return [...head, operation.fields, kept, ...(operation.born ? [dotToList(operation.born)] : [])]
    }
    case 'cells':
      return [...head, operation.cells.map(cellToList)]
    case 'mark':
      return [...head, operation.context.map(dotToList)]
    case 'increment':
      return [...head, operation.field, operation.by, dotToList(operation.row)]
  }
}

function fromList([kind, record, t, past, removed, ...rest]: JsonList): SlotOperation {
  const base = {
    record: record as string,
    t: t as number,
    past: seenTimesFromList(past as readonly number[]),
    removed: lists(removed).map(referenceFromList),
  }
  switch (kind) {
    case 'row': {
      const [fields, kept, born] = rest as [Fields, JsonValue, JsonList | undefined]
      return { ...base, kind, fields, kept: lists(kept).map(keptFromList), ...(born && { born: dotFromList(born) }) }
    }
    case 'cells':
      return { ...base, kind, cells: lists(rest[0]).map(cellFromList) }
    case 'mark':
      return { ...base, kind, context: lists(rest[0]).map(dotFromList) }
    case 'increment': {
      const [field, by, row] = rest as [string, number, JsonList]
      return { ...base, kind, field, by, row: dotFromList(row) }
    }
    default:
      throw new SyncError('profile-damaged', `An unknown kind of pending edit: ${JSON.stringify(kind)}.`)
  }
}

function seenTimesFromList([others, ...rest]: readonly number[]): SeenTimes {
  const own: OwnTime[] = []
  for (let at = 0; at < rest.length; at += 2) own.push({ n: rest[at]!, t: rest[at + 1]! })
  return { others: others!, own }
}

function lists(value: JsonValue | undefined): readonly JsonList[] {
  if (!isList(value)) throw new SyncError('profile-damaged', 'A part of a pending edit is missing.')
  return value as readonly JsonList[]
}

const dotToList = ({ writer, n }: Dot): JsonList => [writer, n]

function dotFromList(list: JsonList): Dot {
  const [writer, n] = list as [Writer, number]
  return { writer, n }
}

function referenceToList(reference: SlotReference): JsonList {
  const { slot, writer, n } = reference
  return slot === 'cell' ? [slot, writer, n, reference.field] : [slot, writer, n]
}

function referenceFromList(list: JsonList): SlotReference {
  const [slot, writer, n, field] = list as ['row' | 'mark' | 'cell', Writer, number, string]
  return slot === 'cell' ? { slot, writer, n, field } : { slot, writer, n }
}

/** A list of two clears the field. */
function cellToList({ field, value, seen }: CellWrite): JsonList {
  return value === undefined ? [field, seen.map(dotToList)] : [field, seen.map(dotToList), value]
}

function cellFromList([field, seen, value]: JsonList): CellWrite {
  return { field: field as string, value, seen: lists(seen).map(dotFromList) }
}

function keptFromList(list: JsonList): KeptValue {
  const [field, value, t, n] = list as [string, JsonValue, number, number]
  return { field, value, t, n }
}
