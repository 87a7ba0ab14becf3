// The parts of every document, in the order in which they see a frame.

import { Healing } from '../healing/healing'
import { OldEntries } from '../healing/old-entries'
import { Folding } from '../log/folding'
import { SecondLook } from '../log/second-look'
import { Purging } from '../purge/purging'
import { Rebase } from '../rebase/rebase'
import { Adoption } from '../snapshot/adoption'
import { Compaction } from '../snapshot/compaction'
import { CurrentSnapshot } from '../snapshot/current-snapshot'
import type { DocumentHost, DocumentPart } from './document-part'

export function createParts(host: DocumentHost): readonly DocumentPart[] {
  const current = new CurrentSnapshot(host)
  const adoption = new Adoption(host, current)
  const healing = new Healing(host, current, adoption)
  return [
    healing,
    // Before those that take a summary over, and when what is healed has come to its end.
    new SecondLook(host, healing, current),
    current,
    new Rebase(host, current),
    new Compaction(host, current),
    adoption,
    new OldEntries(host),
    new Folding(host),
    new Purging(host),
  ]
}
