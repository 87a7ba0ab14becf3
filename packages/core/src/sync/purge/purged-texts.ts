// The texts of purged records. They are in another Y.Doc than the fields, by random names that only the fields tell. They go in the
// transaction that purges their record, so whoever has the one has the other.
import { candidatesOf, type Edit, isPurge, type RecordSlots, type Registers, registerNames } from '../../document'
import type { Y } from '../../yjs'
import type { LiveTexts } from '../document/live-texts'
import type { WrittenTransaction } from '../writing/outbox'

/** As `Registers.transact`; where a record is purged, its texts go with it. */
export function transactWithTexts(
  registers: Registers,
  texts: LiveTexts,
  edits: readonly Edit[],
): WrittenTransaction | undefined {
  const rootsOf = new Map<string, readonly string[]>()
  for (const { kind, id } of edits) if (kind === 'purge') rootsOf.set(id, rootsIn(registers.slots(id), texts.doc))
  const transaction = registers.transact(edits)
  if (transaction === undefined || rootsOf.size === 0) return transaction
  const roots = transaction.operations.flatMap((each) => (isPurge(each) ? (rootsOf.get(each.record) ?? []) : []))
  const update = texts.capture(() => {
    for (const root of roots.map((name) => texts.doc.getXmlFragment(name))) root.delete(0, root.length)
  })
  return { ...transaction, ...(update && { texts: update }) }
}

/** The names of the texts that the record's fields tell, also of those that lost a conflict. */
export function rootsIn(slots: RecordSlots, texts: Y.Doc): string[] {
  const roots: string[] = []
  if (texts.share.size === 0) return roots
  for (const name of registerNames(slots)) {
    for (const { value } of candidatesOf(slots, name))
      if (typeof value === 'string' && texts.share.has(value)) roots.push(value)
  }
  return roots
}

type Part = Y.XmlElement | Y.XmlText | Y.XmlHook

/** What is in a text, part by part, to be put back where others have taken it out. Good for once. */
export type TextCopy = readonly { readonly part: Part; readonly copy: Part }[]

export function copyTexts(slots: RecordSlots, texts: Y.Doc): Map<string, TextCopy> {
  const copies = new Map<string, TextCopy>()
  for (const name of rootsIn(slots, texts)) {
    const parts = texts.getXmlFragment(name).toArray()
    if (parts.length > 0)
      copies.set(
        name,
        parts.map((part) => ({ part, copy: part.clone() })),
      )
  }
  return copies
}

/** Puts in again what is gone. What somebody else has written since stays where it is. */
export function putBack(texts: Y.Doc, copies: ReadonlyMap<string, TextCopy>): void {
  texts.transact(() => {
    for (const [name, parts] of copies) {
      const root = texts.getXmlFragment(name)
      const isSame = parts.every(({ part }) => part.doc === texts || part._item?.deleted)
      // In another Y.Doc it cannot be told what of it is gone.
      if (!isSame && root.length > 0) continue
      let at = 0
      for (const { part, copy } of parts) {
        const present = isSame && !part._item?.deleted ? root.toArray().indexOf(part as Y.XmlElement) : -1
        if (present >= 0) at = present + 1
        else root.insert(at++, [copy as Y.XmlElement])
      }
    }
  })
}
