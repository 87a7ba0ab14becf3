// Where a text field's text is: its value in the record is the name of a root in the document's Y.Doc of texts, drawn by whoever made the
// text. Two who did so without knowing of each other leave two texts and a conflict of two names; nothing is mixed and nothing is lost.
import type { Registers } from '../../document'
import { SyncError } from '../../errors'
import type { Y } from '../../yjs'

export interface RecordsWithTexts {
  readonly registers: Pick<Registers, 'has' | 'inspect'>
  readonly texts: Y.Doc
}

/**
 * A field beside those of the app: when a text of the record was last written in, as this device knows it. It makes of writing in a text
 * a change of the record, which whoever deletes it has seen or not.
 */
export const TOUCHED = 'texts.touched'

const ROOT_BYTES = 16

/** @param random draws bytes from the platform's random source */
export function createRootName(random: (length: number) => Uint8Array): string {
  const name = btoa(String.fromCharCode(...random(ROOT_BYTES)))
  return name.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** The names that stand in the field, the one first that is shown: with a text in it, if any has. */
export function rootNames({ registers, texts }: RecordsWithTexts, id: string, field: string): string[] {
  const candidates = registers.inspect(id)?.fields.get(field)?.candidates ?? []
  const names = [
    ...new Set(candidates.flatMap(({ value }) => (typeof value === 'string' && value !== '' ? [value] : []))),
  ]
  const written = names.filter((name) => isWritten(texts, name))
  return written.length > 0 ? [...written, ...names.filter((name) => !written.includes(name))] : names
}

/** False for a root that nobody has ever written in: it was opened and left. */
export function isWritten(texts: Y.Doc, name: string): boolean {
  const root = texts.share.get(name)
  // What is deleted leaves its place in the list.
  return root !== undefined && (root._start !== null || root._map.size > 0)
}

/** @throws SyncError `record-missing`, `record-deleted` */
export function requireRecord({ registers }: Pick<RecordsWithTexts, 'registers'>, id: string): void {
  if (registers.has(id)) return
  const name = JSON.stringify(id)
  if (registers.inspect(id) === undefined) throw new SyncError('record-missing', `There is no record ${name}.`)
  throw new SyncError('record-deleted', `The record ${name} is deleted.`)
}
