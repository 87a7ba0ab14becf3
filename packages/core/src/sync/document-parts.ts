// The parts of every document, in the order in which they see a frame.
import type { DocumentHost, DocumentPart } from './document-part'

export function createParts(_host: DocumentHost): readonly DocumentPart[] {
  return []
}
