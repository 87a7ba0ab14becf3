// Puts a newer snapshot under what this device keeps of the log, and lets go what it covers. In one commit, and only once that snapshot
// will not be taken back: a device's own entries are the last copy of them until then.
import type { SignedHead } from '@owlivion/sync-protocol'
import type { StoreBatch, StoreKey } from '../../storage'
import type { DocumentState } from '../document/document-state'
import { decodeLog, encodeLog, rowKeys, type StoredEntry } from '../document/rows'
import type { Foundation } from '../document/state-row'
import { readFoundation } from './foundation'
import { shelfKeys } from './snapshot-shelf'

/**
 * Call within a job, when everything up to the foundation's number is in the base.
 * @param next one whose file is in the store
 * @returns the rows to write, at once; undefined when what it leaves out is not what this device leaves out
 */
export async function moveFoundation(state: DocumentState, next: Foundation): Promise<StoreBatch | undefined> {
  const { context, document } = state
  const snapshot = await readFoundation(context, document, next)
  const exempt = new Set(snapshot?.header.exempt)
  // It holds what this device could not read: without the entry nothing would tell it from what was read.
  if (state.replica.state.held.some(({ entry }) => entry.number <= next.number && !exempt.has(entry.number)))
    return undefined
  const put: (readonly [StoreKey, Uint8Array])[] = []
  const remove: StoreKey[] = []
  const keep = (number: number, entry: StoredEntry, heads: readonly SignedHead[]): void => {
    if (exempt.has(number))
      put.push([rowKeys.exempt(document, number), encodeLog({ entries: [entry], heads })] as const)
  }
  for (const [key, bytes] of await context.store.list(rowKeys.archives(document))) {
    const first = key[2] as number
    if (first > next.number) continue
    const { entries, heads } = decodeLog(bytes)
    remove.push(key)
    entries.forEach((entry, i) => {
      if (first + i <= next.number) keep(first + i, entry, heads)
    })
    const rest = entries.slice(next.number + 1 - first)
    if (rest.length > 0) put.push([rowKeys.archive(document, next.number + 1), encodeLog({ entries: rest, heads })])
  }
  for (const [key] of await context.store.list(rowKeys.exempts(document)))
    if (!exempt.has(key[2] as number)) remove.push(key)
  for (const prefix of [rowKeys.snapshots(document), shelfKeys.notes(document)])
    for (const [key] of await context.store.list(prefix)) if ((key[2] as number) < next.number) remove.push(key)
  state.foundation = { number: next.number, hash: next.hash }
  return { put: [...put, state.stateRow()], remove }
}
