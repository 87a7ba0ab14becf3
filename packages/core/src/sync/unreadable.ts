// Finds, after a page could not be applied, which of its entries Yjs cannot read. Slow, and only needed when a device that
// holds valid keys sends garbage.
import { type DocumentId, roots } from '@owlivion/sync-protocol'
import { Y } from '../yjs'
import type { AccountContext } from './account-context'
import { buildBaseDocs, readStoredBase } from './base'
import type { OpenedEntry } from './log-replica'

/** The entries, with those marked as damaged whose updates cannot be applied to the verified base. */
export async function withoutUnreadable(
  context: AccountContext,
  document: DocumentId,
  entries: readonly OpenedEntry[],
): Promise<OpenedEntry[]> {
  const docs = buildBaseDocs(context, document, await readStoredBase(context, document))
  return entries.map((entry) => {
    if (entry.own || 'held' in entry.outcome) return entry
    try {
      for (const update of entry.outcome.body.updates) {
        const doc = update.root === roots.texts ? docs.texts : docs.registers
        if (update.format === 2) Y.applyUpdateV2(doc, update.bytes)
        else Y.applyUpdate(doc, update.bytes)
      }
      return entry
    } catch {
      return { ...entry, outcome: { held: 'damaged' as const } }
    }
  })
}
