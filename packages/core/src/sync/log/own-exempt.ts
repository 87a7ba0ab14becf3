// What a snapshot leaves out and the relay does not send with it. This device may have the only copy, so it keeps its own.
import { decodeEnvelope, type SignedHead } from '@owlivion/sync-protocol'
import { LineageMap } from '../device-map'
import type { DocumentState } from '../document/document-state'
import { decodeLog, type LogRow, rowKeys } from '../document/rows'
import type { OpenedSnapshot } from '../snapshot/snapshot-format'
import type { StoredBase } from './base'
import { canPass, reopenStored } from './held'
import type { OpenedEntry } from './log-replica'

export interface ExemptEntries {
  /** By rising number. */
  readonly exempt: readonly OpenedEntry[]
  readonly heads: readonly SignedHead[]
}

/**
 * Call when all rows are written.
 * @param sent what the relay sent of it, opened
 * @returns that, and this device's own of what is missing in it
 */
export async function withOwnExempt(
  state: DocumentState,
  snapshot: OpenedSnapshot,
  sent: ExemptEntries,
  stored: StoredBase,
): Promise<ExemptEntries> {
  const missing = withheld(snapshot, sent.exempt)
  if (missing.size === 0) return sent
  const { store } = state.context
  const lists = await Promise.all([
    store.list(rowKeys.exempts(state.document)),
    store.list(rowKeys.archives(state.document)),
  ])
  const rows: (readonly [number, LogRow])[] = [
    ...lists.flat().map(([key, bytes]) => [key[2] as number, decodeLog(bytes)] as const),
    ...stored.logs.map(([first, row]) => [first, row] as const),
  ]
  const own: OpenedEntry[] = []
  const heads = new LineageMap<SignedHead>(sent.heads.map((head) => [head, head] as const))
  const kept: SignedHead[] = [...sent.heads]
  for (const [first, row] of rows) {
    row.entries.forEach((entry, i) => {
      if (!missing.delete(first + i)) return
      const opened = reopen(state, snapshot, first + i, entry, stored)
      own.push(opened)
      for (const head of row.heads) {
        if (heads.get(head)?.sequence === head.sequence) continue
        heads.set(head, head)
        kept.push(head)
      }
    })
  }
  return { exempt: [...sent.exempt, ...own].sort((a, b) => a.number - b.number), heads: kept }
}

/** The numbers that the snapshot leaves out and the relay did not send. */
export function withheld({ header }: OpenedSnapshot, sent: readonly OpenedEntry[]): Set<number> {
  const missing = new Set(header.exempt)
  for (const { number } of sent) missing.delete(number)
  return missing
}

/** It was verified when it came: what that found stays so. */
function reopen(
  { context, document }: DocumentState,
  { header }: OpenedSnapshot,
  number: number,
  entry: LogRow['entries'][number],
  stored: StoredBase,
): OpenedEntry {
  const held = stored.held.get(number)
  const row =
    held === undefined || held.released ? ({ ...entry, reason: 'unknown-key', released: false } as const) : held
  const opened = reopenStored(context, document, number, row)
  if (opened.sequence === 0) return opened
  const envelope = decodeEnvelope(opened.bytes)
  const isOfOtherEpoch =
    envelope.documentEpoch !== header.documentEpoch && (!('held' in opened.outcome) || canPass(opened.outcome.held))
  return { ...opened, ...(isOfOtherEpoch && { outcome: { held: 'other-document-epoch' } }) }
}
