// Folds the log since the base into a new base, so that opening a document costs its state and not its history. Built in
// scratch documents from the rows on disk: the live document holds edits that are not verified yet.
import type { DocumentId, SignedHead } from '@owlivion/sync-protocol'
import type { StoreBatch, StoreKey } from '../../storage'
import { Y } from '../../yjs'
import type { AccountContext } from '../account-context'
import { LineageMap } from '../device-map'
import { encodeBase, encodeLog, rowKeys, type StoredEntry } from '../document/rows'
import { buildBaseDocs, readStoredBase, type StoredBase } from './base'

/** More rows than this cost as much to read as Yjs takes to load them. */
const MAX_TAIL_ROWS = 128
const MAX_TAIL_BYTES = 1_048_576
/** A log that goes on growing by so many times as much is folded without waiting for a quiet moment. */
const MUCH_TOO_LONG = 8
/** Entries are kept verbatim in rows of about this size. */
const ARCHIVE_ROW_BYTES = 262_144

/** What has come to the log since the base. */
interface Tail {
  readonly tailRows: number
  readonly tailBytes: number
}

export function isTailLong(tail: Tail, times = 1): boolean {
  return tail.tailRows > times * MAX_TAIL_ROWS || tail.tailBytes > times * MAX_TAIL_BYTES
}

/** It cannot wait until the device is at rest: memory and the next start would pay for it. */
export function isTailTooLong(tail: Tail): boolean {
  return isTailLong(tail, MUCH_TOO_LONG)
}

export interface FoldedBase {
  readonly batch: StoreBatch
}

export async function foldBase(context: AccountContext, document: DocumentId, number: number): Promise<FoldedBase> {
  const stored = await readStoredBase(context, document)
  const docs = buildBaseDocs(context, document, stored)
  const base = encodeBase({
    number,
    registers: Y.encodeStateAsUpdateV2(docs.registers),
    texts: Y.encodeStateAsUpdateV2(docs.texts),
  })
  const remove: StoreKey[] = []
  for (const [first] of stored.logs) remove.push(rowKeys.log(document, first))
  // What was released is in the base now.
  for (const [heldNumber, row] of stored.held) if (row.released) remove.push(rowKeys.held(document, heldNumber))
  return { batch: { put: [[rowKeys.base(document), base], ...archiveRows(document, stored)], remove } }
}

/** Joins neighbouring rows into larger ones; each keeps the last verified head of every device in it. */
export function archiveRows(document: DocumentId, stored: StoredBase): (readonly [StoreKey, Uint8Array])[] {
  const rows: (readonly [StoreKey, Uint8Array])[] = []
  let first = 0
  let entries: StoredEntry[] = []
  let heads = new LineageMap<SignedHead>()
  let sizeBytes = 0
  const close = (): void => {
    if (entries.length > 0)
      rows.push([rowKeys.archive(document, first), encodeLog({ entries, heads: [...heads].map(([, head]) => head) })])
    entries = []
    heads = new LineageMap()
    sizeBytes = 0
  }
  for (const [number, row, rowBytes] of stored.logs) {
    if (sizeBytes > 0 && sizeBytes + rowBytes > ARCHIVE_ROW_BYTES) close()
    if (entries.length === 0) first = number
    entries.push(...row.entries)
    for (const head of row.heads) if ((heads.get(head)?.sequence ?? 0) < head.sequence) heads.set(head, head)
    sizeBytes += rowBytes
  }
  close()
  return rows
}
