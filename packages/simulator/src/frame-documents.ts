// Which documents a frame speaks of.
import { bytesToHex, type DocumentId, type Frame } from '@owlivion/sync-protocol'

/** Hex of their ids. */
export function documentsOf(frame: Frame): readonly string[] {
  const ids: DocumentId[] = []
  if ('document' in frame && frame.document !== undefined) ids.push(frame.document)
  if (frame.type === 'subscribe') for (const { document } of frame.cursors) ids.push(document)
  return ids.map((id) => bytesToHex(id))
}
