// Takes in what was typed on another device and never came from there. By difference and not as Yjs would: a file may be made up, and
// structs of Yjs that claim a place in somebody's typing would keep what that device types next from everybody. So nothing in the file
// is more than letters, and all that is written is written by this device.
import { type Edit, mergeContent, type RecordChange, type TextChange } from '../../document'
import { createRootName, isWritten, type RecordsWithTexts, rootNames, TOUCHED } from './text-roots'

interface ImportDocument extends RecordsWithTexts {
  transactAll(edits: readonly Edit[]): Promise<void>[]
}

/** The part of a document that taking edits in needs. */
export interface ImportTarget extends ImportDocument {
  now(): number
  random(length: number): Uint8Array
}

interface ImportPlatform {
  readonly platform: { now(): number; random(length: number): Uint8Array }
}

export function importInto(document: ImportDocument, { platform }: ImportPlatform): ImportTarget {
  return {
    ...{ registers: document.registers, texts: document.texts },
    transactAll: (edits) => document.transactAll(edits),
    now: () => platform.now(),
    random: (length) => platform.random(length),
  }
}

/** Leaves out what would put the name of a text that nobody has here in the place of one with letters in it: they would be out of sight. */
export function withTextsKept(change: RecordChange, target: ImportTarget): RecordChange {
  const { id, fields } = change
  if (fields === undefined) return change
  const kept = Object.entries(fields).filter(([field, value]) => {
    const [shown] = rootNames(target, id, field)
    if (shown === undefined || !isWritten(target.texts, shown)) return true
    return typeof value === 'string' && isWritten(target.texts, value)
  })
  return { ...change, fields: Object.assign(Object.create(null), Object.fromEntries(kept)) }
}

/** @returns for each write when it is on this device's disk */
export function importTexts(
  id: string,
  texts: { readonly [field: string]: TextChange },
  target: ImportTarget,
): Promise<void>[] {
  return Object.entries(texts).flatMap(([field, { root, before, after }]) => {
    const names = rootNames(target, id, field)
    const name = names.includes(root) ? root : (names[0] ?? createRootName((length) => target.random(length)))
    const edits = { [TOUCHED]: Math.floor(target.now()), ...(names.length === 0 && { [field]: name }) }
    const { texts: doc } = target
    // Where nobody has written there is nothing that the difference could be made in.
    const known = isWritten(doc, name) ? before : []
    doc.transact(() => mergeContent(doc.getXmlFragment(name), known, after))
    return target.transactAll([{ kind: 'update', id, fields: edits }])
  })
}
