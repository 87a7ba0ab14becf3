// What this device wrote and the relay has not confirmed, as a list that a person can read, keep in a file, and take into an account
// again: what a device that was removed has to give before it is wiped.
import { bytesToHex, type DocumentId, hexToBytes } from '@owlivion/sync-protocol'
import {
  checkContent,
  checkEdit,
  describeOperation,
  type Edit,
  type JsonValue,
  type RecordChange,
} from '../../document'
import { isSyncError, type SyncCode, SyncError } from '../../errors'
import type { AccountContext } from '../account-context'
import { readNames } from '../document/document-names'
import { decodePending, pendingPrefix } from '../document/rows'
import { isHistoryName } from '../history/history-names'
import { type ImportTarget, importTexts, withTextsKept } from './import-texts'
import { lanePrefix, readLanes } from './lanes'
import type { StoredTransaction } from './outbox'
import { TOUCHED } from './text-roots'
import { unsentTexts } from './unsent-texts'

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

/** The unsent edits of one collection, in the order in which they were made; behind them what was typed in texts. */
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

/**
 * From the rows and not from memory: also of documents that cannot be opened, which are then without what was typed in their texts, and
 * reported. Call when all rows are written.
 */
export async function readUnsent(context: AccountContext): Promise<UnsentCollection[]> {
  const { store } = context
  const [pending, lanes, names] = await Promise.all([
    store.list(pendingPrefix),
    readLanes(store, lanePrefix),
    readNames(store),
  ])
  const nameOf = new Map(names.map(({ document, name }) => [bytesToHex(document), name]))
  const transactions = new Map<string, StoredTransaction[]>()
  const rows = [...pending.map(([key, bytes]) => ({ key, row: decodePending(bytes) })), ...lanes]
  for (const { key, row } of rows) {
    const document = key[1] as string
    // Nobody edited it, and the other devices have it, too.
    if (isHistoryName(nameOf.get(document) ?? '')) continue
    const list = transactions.get(document) ?? []
    transactions.set(document, list)
    list.push(row.transaction)
  }
  const collections: UnsentCollection[] = []
  for (const [document, list] of transactions) {
    const changes = list.flatMap(({ operations }) => operations.map(describeOperation)).flatMap(withoutTouched)
    changes.push(...(await unsentTexts(context, hexToBytes(document) as DocumentId, list)))
    if (changes.length > 0) collections.push({ name: nameOf.get(document) ?? document, changes })
  }
  return collections.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** It tells devices that a text was typed in, and a person nothing: what was typed is told by itself. */
function withoutTouched(change: RecordChange): RecordChange[] {
  const { fields, ...rest } = change
  if (fields === undefined || !Object.hasOwn(fields, TOUCHED)) return [change]
  const others = Object.entries(fields).filter(([name]) => name !== TOUCHED)
  if (others.length > 0 || change.kind === 'create')
    return [{ ...rest, fields: Object.assign(Object.create(null), Object.fromEntries(others)) }]
  return rest.cleared || rest.added || rest.removed ? [rest] : []
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
  change: ['fields', 'cleared', 'added', 'removed', 'texts'],
  delete: [],
  count: ['counted'],
}

function checkChange(value: unknown): RecordChange {
  const { kind } = objectOf(value)
  if (typeof kind !== 'string' || !Object.hasOwn(partsOf, kind)) throw invalid('An unsent edit is of an unknown kind.')
  const change = objectOf(value, ['id', 'kind', 'timeMs'], partsOf[kind as RecordChange['kind']])
  const { id, timeMs, cleared, fields, counted, added, removed, texts } = change
  if (typeof id !== 'string' || !Number.isSafeInteger(timeMs)) throw invalid('An unsent edit has a record and a time.')
  for (const part of [fields, counted]) if (part !== undefined) objectOf(part)
  for (const sets of [added, removed])
    if (sets !== undefined) for (const elements of Object.values(objectOf(sets))) listOf(elements)
  if (cleared !== undefined && listOf(cleared).some((name) => typeof name !== 'string'))
    throw invalid('A cleared field has a name.')
  if (texts !== undefined) checkTexts(id, texts)
  const checked = change as unknown as RecordChange
  for (const edit of editsOf(checked, true)) checkEdit(edit)
  return checked
}

function checkTexts(id: string, texts: unknown): void {
  for (const [field, change] of Object.entries(objectOf(texts))) {
    const { root, before, after } = objectOf(change, ['root', 'before', 'after'])
    if (typeof root !== 'string') throw invalid('A text has a name.')
    checkEdit({ kind: 'update', id, fields: { [field]: root } })
    checkContent(before)
    checkContent(after)
  }
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
  const { id, kind, texts = {} } = change
  const isVisible = target.registers.has(id)
  if (!isVisible && (kind === 'change' || kind === 'count')) {
    // Whoever deleted it may have had a reason: a person decides. One that this account never had is made.
    if (target.registers.inspect(id) !== undefined) return 'record-deleted'
    const isMade = change.fields !== undefined || change.added !== undefined || change.texts !== undefined
    if (kind === 'count' || !isMade) return 'record-missing'
  }
  try {
    stored.push(...target.transactAll(editsOf(withTextsKept(change, target), isVisible)))
    stored.push(...importTexts(id, texts, target))
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
