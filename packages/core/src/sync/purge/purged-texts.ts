// The texts of a purged record. They are in another Y.Doc than its fields, by random names that only the fields tell.
import type { RecordSlots, Registers } from '../../document'
import { candidatesOf, registerNames } from '../../document'
import { Y } from '../../yjs'

/** The names of the texts that the record's fields tell, also of those that lost a conflict. */
export function rootsIn(slots: RecordSlots, texts: Y.Doc): string[] {
  const roots: string[] = []
  for (const name of registerNames(slots)) {
    for (const { value } of candidatesOf(slots, name))
      if (typeof value === 'string' && texts.share.has(value)) roots.push(value)
  }
  return roots
}

/** Call before the records are purged. @returns empties their texts, as an edit of this device */
export function textsOf(ids: Iterable<string>, registers: Registers, texts: Y.Doc): () => void {
  const roots = [...ids].flatMap((id) => rootsIn(registers.slots(id), texts))
  return () => {
    if (roots.length === 0) return
    texts.transact(() => {
      for (const root of roots.map((name) => texts.getXmlFragment(name))) root.delete(0, root.length)
    })
  }
}

/** What is in a text, to be put back by `putBack`; undefined when it is empty. */
export type TextCopy = readonly (Y.XmlElement | Y.XmlText)[]

export function copyText(root: Y.XmlFragment): TextCopy | undefined {
  const parts = root.toArray().flatMap((part) => (part instanceof Y.XmlHook ? [] : [part.clone()]))
  return parts.length > 0 ? parts : undefined
}

/** A copy can be put back once. */
export function putBack(texts: Y.Doc, copies: ReadonlyMap<string, TextCopy>): void {
  texts.transact(() => {
    for (const [name, copy] of copies) {
      const root = texts.getXmlFragment(name)
      root.delete(0, root.length)
      root.insert(0, [...copy])
    }
  })
}
