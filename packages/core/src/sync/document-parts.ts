// The parts of every document, in the order in which they see a frame.
import { Adoption } from './adoption'
import { Compaction } from './compaction'
import { CurrentSnapshot } from './current-snapshot'
import type { DocumentHost, DocumentPart } from './document-part'
import { Healing } from './healing'
import { OldEntries } from './old-entries'
import { Rebase } from './rebase'
import { SecondLook } from './second-look'

export function createParts(host: DocumentHost): readonly DocumentPart[] {
  const current = new CurrentSnapshot(host)
  const healing = new Healing(host, current)
  return [
    healing,
    // Before those that take a summary over, and when what is healed has come to its end.
    new SecondLook(host, healing, current),
    current,
    new Rebase(host, current),
    new Compaction(host, current),
    new Adoption(host, current),
    new OldEntries(host),
  ]
}
