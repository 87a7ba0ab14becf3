// Opens the text of a record: the one that is shown, one that is in conflict with it, or a new one.
import { contentOf, type Edit, insertContent, type JsonValue, type TextContent } from './document'
import { SyncError } from './errors'
import { createRootName, isWritten, type LiveDocument, requireRecord, rootNames, TOUCHED } from './sync'
import { TextField } from './text-field'

export interface TextOpening {
  document(): LiveDocument
  now(): number
  random(length: number): Uint8Array
  subscribe(listener: (changed: ReadonlySet<string> | undefined) => void): () => void
}

/** @throws SyncError `record-missing`, `record-deleted`, `invalid-value`, `closed`, `device-removed` */
export async function openText(
  id: string,
  field: string,
  root: string | undefined,
  opening: TextOpening,
): Promise<TextField> {
  const document = opening.document()
  requireRecord(document, id)
  const names = rootNames(document, id, field)
  if (root !== undefined && !names.includes(root))
    throw new SyncError('invalid-value', `The text ${JSON.stringify(field)} of ${JSON.stringify(id)} has no such root.`)
  let name = root ?? names[0]
  if (name === undefined) {
    name = createRootName((length) => opening.random(length))
    await Promise.all(document.transactAll([{ kind: 'update', id, fields: { [field]: name } }]))
  }
  return new TextField(id, field, opening, root, name)
}

/** What decides a conflict of two texts. @throws SyncError `invalid-value` for what is none of them */
export function chosenText(document: LiveDocument, id: string, field: string, name: JsonValue | undefined): Edit {
  if (typeof name !== 'string' || !rootNames(document, id, field).includes(name))
    throw new SyncError(
      'invalid-value',
      `A conflict of two texts is decided for one of them; what is to stay is copied before.`,
    )
  return { kind: 'update', id, fields: { [field]: name } }
}

/** What a text of the record says, as plain data; undefined where nobody has written in it. */
export function writtenText(
  document: LiveDocument,
  id: string,
  field: string,
  root: string | undefined,
): TextContent | undefined {
  const names = rootNames(document, id, field)
  const name = root === undefined ? names[0] : names.find((each) => each === root)
  if (name === undefined || !isWritten(document.texts, name)) return undefined
  const content = contentOf(document.texts.getXmlFragment(name))
  return content.length === 0 ? undefined : content
}

/**
 * Writes a text of the record where there is none, as one with a name of its own: two who do so at once have both, and a conflict.
 * @returns what makes it the record's; undefined where somebody has written in one already
 * @throws SyncError `record-missing`, `record-deleted`
 */
export function begunText(
  document: LiveDocument,
  id: string,
  field: string,
  content: TextContent,
  { now, random }: Pick<TextOpening, 'now' | 'random'>,
): Edit | undefined {
  requireRecord(document, id)
  const { texts } = document
  if (rootNames(document, id, field).some((each) => isWritten(texts, each))) return undefined
  const name = createRootName(random)
  texts.transact(() => insertContent(texts.getXmlFragment(name), 0, content))
  return { kind: 'update', id, fields: { [field]: name, [TOUCHED]: Math.floor(now()) } }
}
