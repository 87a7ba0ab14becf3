// Hands each frame about one document to whoever waits for it, as a job: the parts first, then the reader of the log, the sender and the
// rows of what was seen. A frame of a connection that is gone says nothing about the one that follows.
import type { Refusal } from '@owlivion/sync-protocol'
import type { SyncError } from '../../errors'
import type { PageReader } from '../log/page-reader'
import type { UnverifiedPages } from '../log/unverified-pages'
import { SnapshotArrivals } from '../snapshot/snapshot-arrivals'
import type { DocumentLink } from './document-link'
import type { DocumentFrame, DocumentHost, DocumentPart } from './document-part'
import type { DocumentRefusals } from './document-refusals'
import type { SeenRows } from './seen-rows'

export interface DocumentFramesOptions {
  readonly host: DocumentHost
  readonly parts: readonly DocumentPart[]
  readonly reader: PageReader
  readonly seenRows: SeenRows
  readonly refusals: DocumentRefusals
  readonly unverified: UnverifiedPages
  /** As the host's, but pages that were shown stay unverified. */
  runBeforeVerified(job: () => Promise<void>): void
}

export class DocumentFrames {
  private readonly arrivals = new SnapshotArrivals()

  constructor(private readonly options: DocumentFramesOptions) {}

  /** The rest of a snapshot that was under way does not come. */
  disconnected(): void {
    this.arrivals.clear()
  }

  received(frame: DocumentFrame): void {
    if (frame.type !== 'page' || !frame.live) {
      this.runWhileConnected((link) => this.handle(frame, link))
      return
    }
    const { host, unverified, runBeforeVerified } = this.options
    const { link } = host
    runBeforeVerified(async () => {
      if (link === undefined || link !== host.link || unverified.show(frame)) return
      await unverified.verify()
      if (link === host.link) await this.handle(frame, link)
    })
  }

  private async handle(frame: DocumentFrame, link: DocumentLink): Promise<void> {
    const { host, parts, reader, seenRows } = this.options
    if (frame.type === 'snapshot' || frame.type === 'exempt') {
      const arrived = this.arrivals.receive(frame)
      if (arrived === undefined) return
      for (const part of parts) if (await part.snapshotArrived?.(arrived, link)) return
      return
    }
    for (const part of parts) if (await part.received?.(frame, link)) return
    if (link !== host.link) return
    if (frame.type === 'page') await reader.receivePage(frame, link)
    else if (frame.type === 'pushed') await reader.receivePushed(frame, link)
    else if (frame.type === 'seen') await seenRows.receive(frame)
  }

  refused(refusal: Refusal, error: SyncError): void {
    const { host, parts, refusals } = this.options
    this.runWhileConnected(async (link) => {
      for (const part of parts) if (await part.refused?.(refusal, error, link)) return
      if (refusal.request === 'subscribe') refusals.refusedSubscribe(error)
      else if (refusal.request === 'push') await refusals.refusedPush(refusal, error, link)
      else host.context.report(error)
    })
  }

  private runWhileConnected(job: (link: DocumentLink) => Promise<void>): void {
    const { host } = this.options
    const { link } = host
    host.runJob(async () => {
      if (link !== undefined && link === host.link) await job(link)
    })
  }
}
