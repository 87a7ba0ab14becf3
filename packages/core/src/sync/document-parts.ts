// The parts of every document, in the order in which they see a frame.
import type { DocumentHost, DocumentPart } from './document-part'
import { Healing } from './healing'

export function createParts(host: DocumentHost): readonly DocumentPart[] {
  return [new Healing(host)]
}
