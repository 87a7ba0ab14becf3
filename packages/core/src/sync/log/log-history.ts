// The log as this device has it on disk, entry by entry: what the foundation covers by number and does not hold, then everything since.
import type { DocumentId } from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import type { AccountContext } from '../account-context'
import { decodeLog, type LogRow, rowKeys, type StoredEntry } from '../document/rows'
import type { Foundation } from '../document/state-row'
import type { StoredBase } from './base'

export type NumberedEntry = readonly [number: number, entry: StoredEntry]

/**
 * Verbatim, by rising number; without a gap after the foundation.
 * @throws SyncError `profile-damaged` when there is a gap
 */
export async function readLog(
  context: AccountContext,
  document: DocumentId,
  foundation: Foundation | undefined,
  stored: Pick<StoredBase, 'logs'>,
): Promise<readonly NumberedEntry[]> {
  const [exempt, archived] = await Promise.all([
    foundation === undefined ? [] : context.store.list(rowKeys.exempts(document)),
    context.store.list(rowKeys.archives(document)),
  ])
  const entries = exempt.map(([key, bytes]): NumberedEntry => [key[2] as number, oneEntry(decodeLog(bytes))])
  const rows: (readonly [number, LogRow])[] = [
    ...archived.map(([key, bytes]) => [key[2] as number, decodeLog(bytes)] as const),
    ...stored.logs.map(([first, row]) => [first, row] as const),
  ]
  let number = foundation?.number ?? 0
  for (const [first, row] of rows) {
    if (first !== number + 1) throw damagedHistory()
    for (const entry of row.entries) entries.push([++number, entry])
  }
  return entries
}

function oneEntry({ entries: [entry] }: LogRow): StoredEntry {
  if (entry === undefined) throw damagedHistory()
  return entry
}

export function damagedHistory(): SyncError {
  return new SyncError('profile-damaged', 'The history of a document in this device’s store has gaps.')
}
