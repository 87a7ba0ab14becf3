// Finds, after entries could not be applied, which of them Yjs cannot read. Slow, and only needed when a device that holds valid
// keys sends garbage.
import { type DocumentId, roots } from '@owlivion/sync-protocol'
import { Y } from '../../yjs'
import type { AccountContext } from '../account-context'
import { type BaseDocs, buildBaseDocs, readStoredBase } from './base'
import type { OpenedEntry } from './log-replica'

/** @returns the numbers of those among `applied`, in their order, whose updates cannot be applied to the verified base */
export async function findUnreadable(
  context: AccountContext,
  document: DocumentId,
  applied: readonly OpenedEntry[],
): Promise<ReadonlySet<number>> {
  const stored = await readStoredBase(context, document)
  const unreadable = new Set<number>()
  const readable: OpenedEntry[] = []
  let docs = buildBaseDocs(context, document, stored)
  for (const entry of applied) {
    try {
      applyEntry(docs, entry)
      readable.push(entry)
    } catch {
      // What failed half-way must not make those after it look bad.
      unreadable.add(entry.number)
      docs = buildBaseDocs(context, document, stored)
      for (const each of readable) applyEntry(docs, each)
    }
  }
  return unreadable
}

function applyEntry(docs: BaseDocs, entry: OpenedEntry): void {
  if (entry.own || 'held' in entry.outcome) return
  for (const update of entry.outcome.body.updates) {
    const doc = update.root === roots.texts ? docs.texts : docs.registers
    if (update.format === 2) Y.applyUpdateV2(doc, update.bytes)
    else Y.applyUpdate(doc, update.bytes)
  }
}
