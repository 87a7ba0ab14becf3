// What was typed in texts and not sent. Yjs updates say nothing to a person and fit one document only, so it is told as the text that the
// relay has and the text that stands here: whoever takes it in makes the difference between the two in the text as it is by then.
import type { DocumentId } from '@owlivion/sync-protocol'
import { contentOf, openRegisters, type RecordChange, type Registers } from '../../document'
import { isSyncError } from '../../errors'
import { createDoc, Y } from '../../yjs'
import type { AccountContext } from '../account-context'
import { buildBaseDocs, readStoredBase } from '../log/base'
import type { StoredTransaction } from './outbox'
import { TOUCHED } from './text-roots'

/** @param transactions all of the document that the relay has not confirmed, in order */
export async function unsentTexts(
  context: AccountContext,
  document: DocumentId,
  transactions: readonly StoredTransaction[],
): Promise<RecordChange[]> {
  const updates = transactions.flatMap(({ texts }) => texts ?? [])
  if (updates.length === 0) return []
  try {
    const docs = buildBaseDocs(context, document, await readStoredBase(context, document))
    const after = createDoc('texts')
    Y.applyUpdateV2(after, Y.encodeStateAsUpdateV2(docs.texts))
    const roots = rootsWrittenBy(updates, after)
    for (const { update } of transactions) Y.applyUpdate(docs.registers, update)
    const { writer } = transactions[0]!
    const registers = openRegisters({ doc: docs.registers, writer, lastN: 0, now: () => context.now() })
    return changesOf(registers, roots, docs.texts, after)
  } catch (error) {
    if (!isSyncError(error)) throw error
    context.report(error)
    return []
  }
}

/** Applies the updates. @returns the names of the roots that they changed anything in */
function rootsWrittenBy(updates: readonly Uint8Array[], doc: Y.Doc): Set<string> {
  const written = new Set<unknown>()
  doc.on('afterTransaction', ({ changed }: Y.Transaction) => {
    for (const type of changed.keys()) written.add(rootOf(type))
  })
  doc.transact(() => {
    for (const update of updates) Y.applyUpdate(doc, update)
  })
  return new Set([...doc.share].flatMap(([name, type]) => (written.has(type) ? [name] : [])))
}

function rootOf(type: Y.Transaction['changed'] extends Map<infer T, unknown> ? T : never): unknown {
  let root: unknown = type
  for (let item = type._item; item !== null; item = (root as typeof type)._item) root = item.parent
  return root
}

/** What belongs to no record is not told: the record was purged, or an app attached the document and knows alone what is in it. */
function changesOf(registers: Registers, roots: ReadonlySet<string>, before: Y.Doc, after: Y.Doc): RecordChange[] {
  const changes: RecordChange[] = []
  for (const id of [...registers.ids(), ...registers.deletedIds()].sort()) {
    const { fields = new Map() } = registers.inspect(id) ?? {}
    const touched = fields.get(TOUCHED)?.winner.value
    for (const [field, { candidates }] of fields) {
      for (const { value: root, t } of candidates) {
        if (typeof root !== 'string' || !roots.has(root)) continue
        const texts = [before, after].map((doc) => contentOf(doc.getXmlFragment(root)))
        const [was, is] = [texts[0]!, texts[1]!]
        // It was typed and taken back.
        if (JSON.stringify(was) === JSON.stringify(is)) continue
        const timeMs = typeof touched === 'number' ? Math.max(t, Math.floor(touched)) : t
        changes.push({ id, kind: 'change', timeMs, texts: fieldOf(field, { root, before: was, after: is }) })
      }
    }
  }
  return changes
}

/** Without a prototype, as fields are. */
function fieldOf<T>(field: string, value: T): Record<string, T> {
  const result: Record<string, T> = Object.create(null)
  result[field] = value
  return result
}
