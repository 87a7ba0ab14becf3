// The documents of one account as pending edits of another. They are written before the other account's own are read, under a new writer
// for each document, so that nothing of either side has seen the other: what both hold merges as if two devices had written it offline.
import { bytesEqual, type DocumentId } from '@owlivion/sync-protocol'
import { type CarriedRecord, carryingOperations, sizeOfCarried, type Transaction } from '../../document'
import { SyncError } from '../../errors'
import type { Store, StoreBatch, StoreKey } from '../../storage'
import { Y } from '../../yjs'
import type { AccountContext } from '../account-context'
import { encodeName, nameKey, readNames } from '../document/document-names'
import type { DocumentState } from '../document/document-state'
import { loadDocument } from '../document/load-document'
import { documentPrefix, encodePending, rowKeys } from '../document/rows'
import { isHistoryName } from '../history/history-names'
import { emptyUpdate } from '../writing/body-updates'
import { LaneAdoption, lanesKey, readLanes } from '../writing/lanes'
import { piecesOf } from '../writing/text-pieces'

/** One transaction's worth, as of large lists of edits: its entry stays below the entry limit. */
const TRANSACTION_BYTES = 98_304

export interface CarryInput {
  /** The account in the store, with that store. */
  readonly from: AccountContext
  /** The account that the store is to hold, with a store that is empty. */
  readonly to: AccountContext
  /** Wire id of a document in the new account. */
  documentId(name: string): DocumentId
  /** Moves every time by this, in ms: what was written by a clock that nobody had corrected. */
  readonly shiftMs: number
}

/**
 * @returns the rows that the new account begins with
 * @throws SyncError `profile-damaged` when a document cannot be read: it is never taken for an empty one
 */
export async function carryDocuments(input: CarryInput): Promise<StoreBatch> {
  const { from } = input
  const names = await readNames(from.store)
  await refuseNameless(from.store, new Set(names.map(({ document }) => String(nameKey(document)[1]))))
  const put: (readonly [StoreKey, Uint8Array])[] = []
  for (const { document, name } of names) {
    // What was done in one account is not the history of another.
    if (isHistoryName(name) && !bytesEqual(from.account, input.to.account)) continue
    put.push(...(await carryDocument(input, document, name)))
  }
  return { put }
}

async function carryDocument(
  input: CarryInput,
  document: DocumentId,
  name: string,
): Promise<StoreBatch['put'] & object> {
  const { from, to, shiftMs } = input
  const old = await loadDocument(from, document)
  // What other tabs had written, and no leader has taken.
  new LaneAdoption(old).adopt(await readLanes(from.store, lanesKey(document)))
  // A device that comes back to the account it was in brings only what that account has not got.
  const part = bytesEqual(from.account, to.account) ? unsentPart(old) : undefined
  const id = input.documentId(name)
  const next = await loadDocument(to, id)
  for (const transaction of write(next, old.registers.carried(part), shiftMs))
    next.outbox.add(transaction, { isClockKnown: true })
  for (const texts of piecesOf(textsOf(old, part === undefined)).updates)
    if (texts.length > emptyUpdate.length)
      next.outbox.add({ ...next.registers.perform(() => []), texts }, { isClockKnown: true })
  const rows = next.outbox.pending.map((item) => [rowKeys.pending(id, item.order), encodePending(item)] as const)
  const state = rows.length > 0 ? [next.stateRow()] : []
  for (const each of [old, next]) {
    each.registers.doc.destroy()
    each.texts.destroy()
  }
  return [[nameKey(id), encodeName(name)], ...state, ...rows]
}

function* write(next: DocumentState, records: Iterable<CarriedRecord>, shiftMs: number): Generator<Transaction> {
  let group: ReturnType<typeof carryingOperations>[number][] = []
  let sizeBytes = 0
  const flush = (): Transaction[] => {
    const plans = group
    group = []
    sizeBytes = 0
    return plans.length === 0 ? [] : [next.registers.perform((author) => plans.flatMap((plan) => plan(author)))]
  }
  for (const record of records) {
    const size = sizeOfCarried(record)
    if (sizeBytes + size > TRANSACTION_BYTES) yield* flush()
    const [first, ...rest] = carryingOperations(shifted(record, shiftMs), TRANSACTION_BYTES)
    if (first !== undefined) group.push(first)
    sizeBytes += size
    for (const plan of rest) {
      yield* flush()
      group.push(plan)
      sizeBytes = TRANSACTION_BYTES
    }
  }
  yield* flush()
}

function shifted(record: CarriedRecord, shiftMs: number): CarriedRecord {
  if (shiftMs === 0) return record
  const move = (t: number): number => Math.max(0, t + shiftMs)
  return { ...record, t: move(record.t), values: record.values.map((each) => ({ ...each, t: move(each.t) })) }
}

/** Texts come along as they are: their roots have names that nobody else has. */
function textsOf({ texts, outbox }: DocumentState, all: boolean): Uint8Array {
  if (all) return Y.encodeStateAsUpdate(texts)
  const unsent = outbox.pending.flatMap(({ transaction }) => transaction.texts ?? [])
  return unsent.length > 0 ? Y.mergeUpdates(unsent) : emptyUpdate
}

/** What the relay has not confirmed. */
function unsentPart({ outbox }: DocumentState): Parameters<DocumentState['registers']['carried']>[0] {
  const transactions = outbox.pending.map(({ transaction }) => transaction)
  const own = new Set(transactions.map(({ writer, n }) => `${writer} ${n}`))
  const counts = new Map<string, number>()
  for (const operation of transactions.flatMap(({ operations }) => operations)) {
    if (operation.kind !== 'increment') continue
    const key = JSON.stringify([operation.record, operation.field])
    counts.set(key, (counts.get(key) ?? 0) + operation.by)
  }
  return {
    isWanted: ({ writer, n }) => own.has(`${writer} ${n}`),
    count: (id, field) => counts.get(JSON.stringify([id, field])) ?? 0,
  }
}

/** A document without a name could not be found again in the new account, and would be lost. */
async function refuseNameless(store: Store, named: ReadonlySet<string>): Promise<void> {
  const rows = await store.list(documentPrefix)
  if (rows.every(([key]) => named.has(key[1] as string))) return
  throw new SyncError(
    'profile-exists',
    'This store holds data of an earlier version of the app; open every collection once, and then merge it.',
  )
}
