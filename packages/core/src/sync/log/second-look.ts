// Looks once more at entries that no valid signature vouched for when they came. A relay may have sent a signature wrong once, or may have lost
// it on its disk, and tell the truth about it now; where it does not, a summary that others have found true may hold what they wrote.
//
// The log hash covers the entries and not the signatures, so nothing else shows that there is news. The relay is asked for the same entries
// again, on each connection, and now and then on one that lasts. Only when it has shown something better is anything changed here: the log is
// taken back to before the first of them, and read again from there, as where a relay lost something; what stood in it is kept beside it until it
// has come again. Where the entries are as bad as before, nothing was changed, and there is no news for anybody.
//
// Other bytes than before do not come to this: the cursor does not lie on the relay's log then, and that is mended as a loss.
import { bytesEqual, type Frame, type Refusal } from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import { QuestionTimer } from '../connection/question-timer'
import { LineageMap } from '../device-map'
import type { DocumentLink } from '../document/document-link'
import type { DocumentFrame, DocumentHost, DocumentPart, LogPlace } from '../document/document-part'
import type { StoredEntry } from '../document/rows'
import type { Healing } from '../healing/healing'
import { rollBack } from '../healing/roll-back'
import { isDigestTrue } from '../rebase/rebase-state'
import type { CurrentSnapshot } from '../snapshot/current-snapshot'
import type { ArrivedSnapshot } from '../snapshot/snapshot-arrivals'
import { openSnapshot } from '../snapshot/snapshot-format'
import { hasVote } from '../snapshot/snapshot-votes'
import { readStoredBase } from './base'
import { isUnproven } from './held'
import { readLog } from './log-history'
import type { HeldEntry, LogReplica, OpenedEntry } from './log-replica'
import { openPage } from './open-page'
import { replayDocument } from './rebuild'

/** A connection may last for days. */
const LOOK_AGAIN_MS = 600_000

type Page = Extract<Frame, { type: 'page' }>

/** Where the entries are read once more, and how far that has come. */
interface Look {
  /** The log up to before the next of them. */
  readonly replica: LogReplica
  /** As they are here, by number. */
  readonly entries: ReadonlyMap<number, StoredEntry>
  /** The last number of these. */
  readonly known: number
  /** The last that is looked for. */
  readonly last: number
  /** An answer to a question that was asked before does not count. */
  mayAskAgain: boolean
}

export class SecondLook implements DocumentPart {
  private isDue = true
  private look: Look | undefined
  private isSummaryAsked = false
  private hasReportedOthers = false
  private readonly timer: QuestionTimer

  constructor(
    private readonly host: DocumentHost,
    private readonly healing: Healing,
    private readonly current: CurrentSnapshot,
  ) {
    this.timer = new QuestionTimer(host.context.platform)
  }

  get asksFrom(): LogPlace | undefined {
    return this.host.isHealing ? undefined : this.look?.replica.state
  }

  get needsConnection(): boolean {
    return this.look !== undefined || this.isSummaryAsked
  }

  connected(): void {
    this.isDue = true
  }

  disconnected(): void {
    this.timer.stop()
    this.giveUp()
  }

  close(): void {
    this.disconnected()
  }

  async caughtUp(): Promise<void> {
    const { host } = this
    const doubted = this.listDoubted()
    if (!this.isDue || this.needsConnection || doubted.length === 0 || host.isHealing) return
    this.isDue = false
    this.timer.start(LOOK_AGAIN_MS, () => {
      this.isDue = true
      host.runJob(async () => {
        if (host.isCaughtUp) await this.caughtUp()
      })
    })
    await this.begin(doubted)
  }

  async received(frame: DocumentFrame, link: DocumentLink): Promise<boolean> {
    const { look, host } = this
    if (look === undefined || frame.type !== 'page' || frame.live) return false
    if (host.isHealing) this.giveUp()
    else if (frame.first === look.replica.state.number + 1) {
      await this.compare(look, frame, link)
      return true
    } else if (look.mayAskAgain) {
      look.mayAskAgain = false
      host.readAgain()
    } else this.giveUp()
    return false
  }

  /** Instead of the entries, or because it was asked for. */
  async snapshotArrived(arrived: ArrivedSnapshot): Promise<boolean> {
    const { host, look } = this
    const { context, state } = host
    if (!this.needsConnection || host.isHealing) return false
    this.giveUp()
    const opened = await openSnapshot(context, state.document, arrived.bytes)
    if (!('failure' in opened) && bytesEqual(opened.hash, arrived.hash)) {
      const { header } = opened
      const vector = new LineageMap(header.vector.map((head) => [head, head.sequence] as const))
      const found = this.listDoubted().filter(({ entry }) => entry.sequence <= (vector.get(entry) ?? 0))
      const isOfThisEpoch = header.documentEpoch === state.documentEpoch
      if (isOfThisEpoch && found.length > 0 && isDigestTrue(context.platform.signing.sha512, opened)) {
        const below = state.foundation?.number ?? 0
        const through = Math.max(below, (this.listDoubted()[0] as HeldEntry).entry.number - 1)
        // Whoever takes summaries over sees one that goes further than the log does then.
        if (header.coveredNumber > through) await this.takeBack(through)
        return false
      }
    }
    // After a snapshot the relay waits to be asked again.
    if (look !== undefined) host.readAgain()
    return false
  }

  async refused({ request }: Refusal): Promise<boolean> {
    const isOurs =
      (this.look !== undefined && request === 'subscribe') || (this.isSummaryAsked && request === 'snapshot-fetch')
    if (!isOurs || this.host.isHealing) return false
    this.giveUp()
    if (request === 'subscribe') this.host.readAgain()
    return true
  }

  private giveUp(): void {
    this.look = undefined
    this.isSummaryAsked = false
  }

  /** By rising number. */
  private listDoubted(): HeldEntry[] {
    return this.host.state.replica.state.held
      .filter(({ reason }) => reason === 'bad-signature' || reason === 'unsigned')
      .sort((a, b) => a.entry.number - b.entry.number)
  }

  private async begin(doubted: readonly HeldEntry[]): Promise<void> {
    const { host } = this
    const { state, context, link } = host
    const { document, foundation } = state
    // What is below the foundation is not given again as entries.
    const numbers = doubted.map(({ entry }) => entry.number).filter((number) => number > (foundation?.number ?? 0))
    const [first] = numbers
    if (first === undefined) {
      this.askForSummary()
      return
    }
    await context.writer.barrier()
    const { replica, docs } = await replayDocument(state, { drops: false, through: first - 1 })
    docs.registers.destroy()
    docs.texts.destroy()
    const entries = new Map(await readLog(context, document, foundation, await readStoredBase(context, document)))
    if (link === undefined || link !== host.link || host.isClosed) return
    const last = numbers.at(-1) as number
    this.look = { replica, entries, known: state.replica.state.number, last, mayAskAgain: true }
    host.readAgain()
  }

  private async compare(look: Look, { first, entries: sent, heads }: Page, link: DocumentLink): Promise<void> {
    const { host } = this
    const { state, context } = host
    const { document } = state
    // What came since is read at another time; what was here already may carry the signature for those before it.
    const entries = sent.slice(0, Math.max(0, look.known + 1 - first))
    if (!entries.every((bytes, i) => isSame(bytes, look.entries.get(first + i)))) {
      this.reportOthers()
      this.giveUp()
      host.readAgain()
      return
    }
    const before = look.replica.state.number
    const page = await openPage({
      ...{ account: context.account, document, keyring: context.keyring(), documentEpoch: state.documentEpoch },
      ...{
        signing: context.platform.signing,
        inflate: context.platform.inflate,
        chains: look.replica.state.chains,
        first,
        entries,
        heads,
      },
      isKeyringFresh: true,
      keyAt: (position) => context.keyAt(document, position),
      findOwn: () => undefined,
    })
    if (link !== host.link || look !== this.look || 'failure' in page) return
    const doubted = new Set(this.listDoubted().map(({ entry }) => entry.number))
    if (page.entries.some((entry) => doubted.has(entry.number) && !isDoubtful(entry))) {
      await this.takeBack(before)
      host.readAgain()
      return
    }
    look.replica.receive(page.entries)
    if (entries.length > 0 && look.replica.state.number < look.last) {
      look.mayAskAgain = true
      host.readAgain()
      return
    }
    this.giveUp()
    this.askForSummary()
    host.readAgain()
  }

  /** One that another device has found true, and that goes on from what this device has. */
  private askForSummary(): void {
    const { state, link, context } = this.host
    const { offer, votes } = this.current
    const { foundation, document } = state
    if (offer === undefined || link === undefined || bytesEqual(offer.author, context.device)) return
    if (!hasVote(votes, 'accept') || hasVote(votes, 'reject') || offer.documentEpoch !== state.documentEpoch) return
    if (offer.coveredNumber <= (foundation?.number ?? 0)) return
    this.isSummaryAsked = true
    link.send({ type: 'snapshot-fetch', document, hash: offer.hash })
  }

  private async takeBack(through: number): Promise<void> {
    const { host } = this
    const { state, context } = host
    this.giveUp()
    // A newer summary has become what everything goes on from.
    if (through < (state.foundation?.number ?? 0)) return
    await context.writer.barrier()
    const batch = await rollBack(state, through, () => host.isClosed, true)
    if (batch === undefined) return
    this.healing.readAgain()
    const committed = context.writer.write(batch)
    host.onStatus()
    await committed
  }

  /** This device goes on with what it has, and keeps it for those that need it. */
  private reportOthers(): void {
    if (this.hasReportedOthers) return
    this.hasReportedOthers = true
    const message = 'The relay sent other entries than before under a number that this device had read.'
    this.host.context.report(new SyncError('relay-misbehaved', message))
  }
}

function isSame(bytes: Uint8Array, stored: StoredEntry | undefined): boolean {
  return stored !== undefined && bytesEqual(bytes, stored.bytes)
}

function isDoubtful({ outcome }: OpenedEntry): boolean {
  return 'held' in outcome && isUnproven(outcome.held)
}
