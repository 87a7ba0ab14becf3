// What a document shows its parts of itself, always as it is now: the connection and the reading of the log change under them.

import type { PageReader } from '../log/page-reader'
import type { DocumentHost } from './document-part'

export interface HostSources
  extends Pick<
    DocumentHost,
    'context' | 'state' | 'intake' | 'ownWriter' | 'edits' | 'seenRows' | 'onChange' | 'onStatus' | 'runJob'
  > {
  readonly reader: PageReader
  link(): DocumentHost['link']
  isClosed(): boolean
  isHealing(): boolean
}

export function createHost({ reader, link, isClosed, isHealing, ...rest }: HostSources): DocumentHost {
  return {
    ...rest,
    get link() {
      return link()
    },
    get isCaughtUp() {
      return reader.isCaughtUp
    },
    get isClosed() {
      return isClosed()
    },
    get isHealing() {
      return isHealing()
    },
    readAgain: () => reader.readAgain(),
    receivePage: async (page) => {
      const current = link()
      if (current !== undefined) await reader.receivePage(page, current)
    },
  }
}
