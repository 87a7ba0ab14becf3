// What this device wrote and the relay has not confirmed, as a list that a person can read, keep in a file, and take into an account
// again: what a device that was removed has to give before it is wiped.
import { bytesToHex } from '@owlivion/sync-protocol'
import {
  checkEdit,
  describeOperation,
  type Edit,
  type JsonValue,
  type RecordChange,
  type Registers,
} from '../../document'
import { isSyncError, type SyncCode, SyncError } from '../../errors'
import type { Store } from '../../storage'
import { readNames } from '../document/document-names'
import { decodePending, pendingPrefix } from '../document/rows'
import { isHistoryName } from '../history/history-names'
import { lanePrefix, readLanes } from './lanes'

const FORMAT = 'owlivion-unsent-edits'
const FORMAT_VERSION = 1

/** Edits that the relay has not confirmed. Plain JSON: `JSON.stringify` and `JSON.parse` keep all of it. */
export interface UnsentEdits {
  readonly format: typeof FORMAT
  readonly version: typeof FORMAT_VERSION
  /** Hex of the account's id. */
  readonly account: string
  /** Hex of the id of the device that wrote them. */
  readonly device: string
  readonly collections: readonly UnsentCollection[]
}

/** The unsent edits of one collection, in the order in which they were made. */
export interface UnsentCollection {
  readonly name: string
  readonly changes: readonly RecordChange[]
}

/** A change that was not taken in, mostly since the record was deleted; a person decides what becomes of it. */
export interface SkippedChange {
  readonly collection: string
  readonly change: RecordChange
  readonly reason: SyncCode
}

/** What became of edits that were taken in. */
export interface ImportedEdits {
  /** Changes that are edits of this device now, or were true already. */
  readonly applied: number
  readonly skipped: readonly SkippedChange[]
}

/** From the rows and not from memory: also of documents that cannot be opened. Call when all rows are written. */
export async function readUnsent(store: Store): Promise<UnsentCollection[]> {
  const [pending, lanes, names] = await Promise.all([
    store.list(pendingPrefix),
    readLanes(store, lanePrefix),
    readNames(store),
  ])
  const nameOf = new Map(names.map(({ document, name }) => [bytesToHex(document), name]))
  const changes = new Map<string, RecordChange[]>()
  const rows = [...pending.map(([key, bytes]) => ({ key, row: decodePending(bytes) })), ...lanes]
  for (const { key, row } of rows) {
    const [, document] = key
    const name = nameOf.get(document as string) ?? (document as string)
    // Nobody edited it, and the other devices have it, too.
    if (isHistoryName(name)) continue
    const list = changes.get(name) ?? []
    changes.set(name, list)
    list.push(...row.transaction.operations.map(describeOperation))
  }
  return [...changes].map(([name, list]) => ({ name, changes: list })).sort((a, b) => (a.name < b.name ? -1 : 1))
}

export function unsentEdits(
  { account, device }: { readonly account: Uint8Array; readonly device: Uint8Array },
  collections: readonly UnsentCollection[],
): UnsentEdits {
  return {
    format: FORMAT,
    version: FORMAT_VERSION,
    account: bytesToHex(account),
    device: bytesToHex(device),
    collections,
  }
}

/**
 * The collections of what claims to be an export, every name and value checked.
 * @throws SyncError `invalid-value` for anything that an export does not have, and what a write of it would be refused with
 */
export function checkUnsent(value: unknown): readonly UnsentCollection[] {
  const root = objectOf(value, ['format', 'version', 'account', 'device', 'collections'])
  if (root.format !== FORMAT || root.version !== FORMAT_VERSION)
    throw invalid('These are no unsent edits, or those of another version of the app.')
  if (!isHex(root.account, 32) || !isHex(root.device, 16)) throw invalid('Unsent edits name an account and a device.')
  return listOf(root.collections).map((each) => {
    const { name, changes } = objectOf(each, ['name', 'changes'])
    if (typeof name !== 'string' || name === '') throw invalid('A collection of unsent edits has a name.')
    return { name, changes: listOf(changes).map(checkChange) }
  })
}

const partsOf: { readonly [K in RecordChange['kind']]: readonly string[] } = {
  create: ['fields', 'added', 'removed'],
  change: ['fields', 'cleared', 'added', 'removed'],
  delete: [],
  count: ['counted'],
}

function checkChange(value: unknown): RecordChange {
  const { kind } = objectOf(value)
  if (typeof kind !== 'string' || !Object.hasOwn(partsOf, kind)) throw invalid('An unsent edit is of an unknown kind.')
  const change = objectOf(value, ['id', 'kind', 'timeMs'], partsOf[kind as RecordChange['kind']])
  const { id, timeMs, cleared, fields, counted, added, removed } = change
  if (typeof id !== 'string' || !Number.isSafeInteger(timeMs)) throw invalid('An unsent edit has a record and a time.')
  for (const part of [fields, counted]) if (part !== undefined) objectOf(part)
  for (const sets of [added, removed])
    if (sets !== undefined) for (const elements of Object.values(objectOf(sets))) listOf(elements)
  if (cleared !== undefined && listOf(cleared).some((name) => typeof name !== 'string'))
    throw invalid('A cleared field has a name.')
  const checked = change as unknown as RecordChange
  for (const edit of editsOf(checked, true)) checkEdit(edit)
  return checked
}

/** The part of a document that taking edits in needs. */
export interface ImportTarget {
  readonly registers: Pick<Registers, 'has' | 'inspect'>
  transactAll(edits: readonly Edit[]): Promise<void>[]
}

/**
 * Applies checked changes as edits of this device, each on the record as it stands now.
 * @returns what was skipped, and when the rest is on this device's disk
 */
export function importChanges(
  { name, changes }: UnsentCollection,
  target: ImportTarget,
): { readonly skipped: readonly SkippedChange[]; readonly stored: Promise<unknown> } {
  const skipped: SkippedChange[] = []
  const stored: Promise<void>[] = []
  for (const change of changes) {
    const reason = importChange(change, target, stored)
    if (reason !== undefined) skipped.push({ collection: name, change, reason })
  }
  return { skipped, stored: Promise.all(stored) }
}

function importChange(change: RecordChange, target: ImportTarget, stored: Promise<void>[]): SyncCode | undefined {
  const { id, kind } = change
  const isVisible = target.registers.has(id)
  if (!isVisible && (kind === 'change' || kind === 'count')) {
    // Whoever deleted it may have had a reason: a person decides. One that this account never had is made.
    if (target.registers.inspect(id) !== undefined) return 'record-deleted'
    if (kind === 'count' || (change.fields === undefined && change.added === undefined)) return 'record-missing'
  }
  try {
    stored.push(...target.transactAll(editsOf(change, isVisible)))
    return undefined
  } catch (error) {
    if (!isSyncError(error) || error.code === 'closed' || error.code === 'device-removed') throw error
    return error.code
  }
}

function editsOf(change: RecordChange, isVisible: boolean): Edit[] {
  const { id, kind, fields = {}, cleared = [], added = {}, removed = {}, counted = {} } = change
  if (kind === 'delete') return [{ kind, id }]
  if (kind === 'count') return Object.entries(counted).map(([field, by]) => ({ kind: 'increment', id, field, by }))
  const edits: Edit[] = []
  if (kind === 'create' || !isVisible) edits.push({ kind: 'add', id, fields })
  else edits.push({ kind: 'update', id, fields: withCleared(fields, cleared) })
  for (const [field, elements] of Object.entries(added)) edits.push({ kind: 'set-add', id, field, elements })
  for (const [field, elements] of Object.entries(removed)) edits.push({ kind: 'set-remove', id, field, elements })
  return edits
}

/** Without a prototype: a field may be called `__proto__`. */
function withCleared(
  fields: { readonly [field: string]: JsonValue },
  cleared: readonly string[],
): Record<string, JsonValue | undefined> {
  const result: Record<string, JsonValue | undefined> = Object.assign(Object.create(null), fields)
  for (const field of cleared) result[field] = undefined
  return result
}

/** @param names that must be there, and `optional` ones that may; any when left out */
function objectOf(
  value: unknown,
  names?: readonly string[],
  optional: readonly string[] = [],
): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid('Unsent edits have another shape.')
  const keys = Object.keys(value)
  const isWhole = names?.every((name) => keys.includes(name)) ?? true
  const isKnown = names === undefined || keys.every((key) => names.includes(key) || optional.includes(key))
  if (!isWhole || !isKnown) throw invalid('Unsent edits have another shape.')
  return value as Record<string, unknown>
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid('Unsent edits have another shape.')
  return value
}

function isHex(value: unknown, bytes: number): boolean {
  return typeof value === 'string' && value.length === 2 * bytes && /^[0-9a-f]*$/.test(value)
}

function invalid(message: string): SyncError {
  return new SyncError('invalid-value', message)
}
