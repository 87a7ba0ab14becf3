// Gives a relay what it lacks of a document, once its log is read to its end: entry after entry, as much at a time as a frame holds; or, where
// its log is of a document epoch that is over, all of it as a snapshot. What is given back is read like everything else that the log has.
import type { Frame, Refusal } from '@owlivion/sync-protocol'
import type { SyncError } from '../../errors'
import type { QuestionTimer } from '../connection/question-timer'
import type { DocumentLink } from '../document/document-link'
import type { DocumentFrame, DocumentHost } from '../document/document-part'
import { partsOf } from '../snapshot/compaction'
import type { CurrentSnapshot } from '../snapshot/current-snapshot'
import type { SealedSnapshot } from '../snapshot/snapshot-format'
import { adoptAnew, sealAnew } from './healing-anew'
import { leaveOutUseless } from './healing-settle'
import type { RefillBatch, ReturningEntries } from './returning'

const RETRY_MS = 2_000
/** What is refused for good may be allowed later: an operator may raise a limit. */
const REFUSED_RETRY_MS = 60_000
/** Others are at work on the same: no news for anybody. */
const passing: ReadonlySet<string> = new Set([
  'refill-conflict',
  'chain-gap',
  'rebasing',
  // The relay has a later epoch than it was known to have: reading on tells.
  'stale-document-epoch',
  'keyring-conflict',
  'snapshot-conflict',
])

export class GiveBack {
  /** Entries that this device gave back. */
  restored = 0
  /** Entries that no relay takes. */
  dropped = 0
  private batch: (RefillBatch & { readonly first: number }) | undefined
  private sealed: SealedSnapshot | undefined
  /** What returns, once what no relay takes was left out of it. */
  private sorted: ReturningEntries | undefined

  constructor(
    private readonly host: DocumentHost,
    private readonly current: CurrentSnapshot,
    private readonly timer: QuestionTimer,
  ) {}

  get isUnderWay(): boolean {
    return this.batch !== undefined || this.sealed !== undefined
  }

  /** The relay's document is of an epoch that is over. */
  get isRelayBehind(): boolean {
    return this.host.state.documentEpoch > this.current.relayEpoch
  }

  /** What was under way is not waited for any more. */
  giveUp(): void {
    this.batch = undefined
    this.sealed = undefined
  }

  /** Within a job, with everything here that the relay has. @returns true when nothing is left */
  isDone(): boolean {
    const { state } = this.host
    const { returning } = state
    if (returning === undefined) return true
    if (this.sorted !== returning) this.dropped += leaveOutUseless(state, returning)
    this.sorted = returning
    return !(returning.before.isAnew && this.isRelayBehind) && returning.next(state.replica.state.chains) === undefined
  }

  /** Under the lease. */
  async goOn(link: DocumentLink): Promise<void> {
    const { host } = this
    const { state } = host
    const batch = state.returning?.next(state.replica.state.chains)
    if (batch !== undefined) {
      this.batch = { ...batch, first: state.replica.state.number + 1 }
      this.timer.ask(link, { type: 'refill', document: state.document, ...this.batch })
      return
    }
    const sealed = await sealAnew(state, this.current.offer?.hash)
    if (sealed === undefined || link !== host.link) return
    this.sealed = sealed
    this.timer.askLarge(link, partsOf(state.document, sealed))
  }

  async received(frame: DocumentFrame): Promise<boolean> {
    if (frame.type === 'refilled') {
      await this.refilled(frame)
      return true
    }
    const { sealed, host } = this
    if (frame.type !== 'snapshot-stored' || sealed === undefined) return false
    this.timer.stop()
    await adoptAnew(host, sealed)
    this.sealed = undefined
    this.restored++
    host.readAgain()
    return true
  }

  async refused(refusal: Refusal, error: SyncError): Promise<boolean> {
    const { batch, sealed, host } = this
    const isOurs = refusal.request === 'refill' || (refusal.request === 'snapshot-put' && sealed !== undefined)
    if (!isOurs || !this.isUnderWay) return isOurs
    this.timer.stop()
    this.giveUp()
    const isUseless = refusal.code === 'refill-refused' && refusal.state !== undefined && batch !== undefined
    if (isUseless) host.state.returning?.refused(batch, refusal.state as number)
    else if (!passing.has(refusal.code)) host.context.report(error)
    if (isUseless || refusal.code === 'refill-conflict') host.readAgain()
    else this.timer.start(error.retryAfterMs ?? (error.retryable ? RETRY_MS : REFUSED_RETRY_MS), () => host.readAgain())
    return true
  }

  private async refilled({ first, count, logHash }: Extract<Frame, { type: 'refilled' }>): Promise<void> {
    const { batch, host } = this
    if (batch === undefined || first !== batch.first || count !== batch.entries.length) return
    this.timer.stop()
    this.batch = undefined
    this.restored += count
    const { entries, heads } = batch
    const { document } = host.state
    const newest = first + count - 1
    await host.receivePage({ type: 'page', document, first, entries, heads, logHash, newest, live: true })
    // What came as news before this answer has moved nothing on while it was waited for.
    const isLeftOver = host.state.returning !== undefined
    if (!this.isUnderWay && (isLeftOver || !host.isCaughtUp)) host.readAgain()
  }
}
