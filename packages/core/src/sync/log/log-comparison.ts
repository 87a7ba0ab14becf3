// Finds out, under the lease, where this device's log of a document and the relay's part. An empty relay has nothing to compare: it is given
// the snapshot that this device's log rests on, and then the two have that in common.
import type { Refusal } from '@owlivion/sync-protocol'
import type { QuestionTimer } from '../connection/question-timer'
import type { DocumentLink } from '../document/document-link'
import type { DocumentFrame, DocumentHost } from '../document/document-part'
import { ownLogHashes } from '../healing/roll-back'
import { partsOf } from '../snapshot/compaction'
import { readFoundation } from '../snapshot/foundation'
import { CommonNumberSearch } from './common-number'

/** `apart`: there is nothing in common that could be compared. */
export type Compared = { readonly kind: 'common'; readonly number: number } | { readonly kind: 'apart' }

export class LogComparison {
  private search: CommonNumberSearch | undefined
  private isFounding = false
  private isRelayEmpty = false

  constructor(
    private readonly host: DocumentHost,
    private readonly timer: QuestionTimer,
  ) {}

  giveUp(): void {
    this.search = undefined
    this.isFounding = false
  }

  /** @returns undefined while an answer is waited for */
  async begin(link: DocumentLink): Promise<Compared | undefined> {
    const { state, context } = this.host
    await context.writer.barrier()
    const { first, own } = await ownLogHashes(state)
    if (link !== this.host.link) return undefined
    this.search = new CommonNumberSearch(first, own)
    return this.searchOn(this.search, link)
  }

  /** As `begin`; `none` for frames that are no answer. */
  async received(frame: DocumentFrame, link: DocumentLink): Promise<Compared | undefined | 'none'> {
    if (frame.type === 'snapshot-stored' && this.isFounding) {
      this.timer.stop()
      this.isFounding = false
      return { kind: 'common', number: this.host.state.foundation?.number ?? 0 }
    }
    if (frame.type !== 'hashes') return 'none'
    if (this.search === undefined) return undefined
    this.timer.stop()
    this.isRelayEmpty = frame.newest === 0 && frame.base === 0
    this.search.take(frame)
    return this.searchOn(this.search, link)
  }

  /** @returns whether what was refused was asked here */
  isOurs({ request }: Refusal): boolean {
    return request === 'hashes-fetch' || (request === 'snapshot-put' && this.isFounding)
  }

  private async searchOn(search: CommonNumberSearch, link: DocumentLink): Promise<Compared | undefined> {
    const { document } = this.host.state
    const next = search.next()
    if (next.kind === 'ask') {
      this.timer.ask(link, { type: 'hashes-fetch', document, numbers: next.numbers })
      return undefined
    }
    this.search = undefined
    if (next.kind === 'found') return { kind: 'common', number: next.number }
    return this.isRelayEmpty ? this.found(link) : { kind: 'apart' }
  }

  private async found(link: DocumentLink): Promise<undefined> {
    const { context, state } = this.host
    const foundation = await readFoundation(context, state.document, state.foundation)
    if (foundation === undefined || link !== this.host.link) return undefined
    this.isFounding = true
    this.timer.askLarge(link, partsOf(state.document, foundation))
    return undefined
  }
}
