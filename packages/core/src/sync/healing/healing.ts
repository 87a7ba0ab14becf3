// Brings back to a relay what it lost. The relay has less of a document than this device, or something else: its disk was wiped, or it was
// put back to a backup, or another relay took its place. Nothing that this device has is given up for that. It waits a little, takes the
// lease under which one device at a time heals the document, finds the last number that both logs have in common, takes its own log back
// to there, reads the relay's, and gives back what that lacks. Edits go on meanwhile and are sent afterwards.
//
//   well → waiting → probing → leasing → comparing → reading → well
//
// Where the logs have nothing in common that could be compared, the relay's is read from its beginning, and what this device has more
// becomes an entry of its own. Whoever waits and finds its cursor on the relay's log again was healed by another device.
import { type Frame, HEAL_LEASE_MS, type Refusal } from '@owlivion/sync-protocol'
import type { SyncError } from '../../errors'
import type { StoreBatch } from '../../storage'
import { randomUint32 } from '../account-context'
import { QuestionTimer } from '../connection/question-timer'
import type { DocumentLink } from '../document/document-link'
import type { DocumentFrame, DocumentHost, DocumentPart } from '../document/document-part'
import type { PartStatus } from '../document/document-status'
import { type Compared, LogComparison } from '../log/log-comparison'
import type { Adoption } from '../snapshot/adoption'
import type { CurrentSnapshot } from '../snapshot/current-snapshot'
import { type ArrivedSnapshot, documentEpochOf } from '../snapshot/snapshot-arrivals'
import { GiveBack } from './give-back'
import { passOver } from './healing-anew'
import { settle } from './healing-settle'
import { rollBack, startAnew } from './roll-back'

type FrameOf<T extends Frame['type']> = Extract<Frame, { type: T }>

type Phase =
  | 'well'
  /** The connection went in the middle of it. */
  | 'interrupted'
  /** So that not all devices of an account start at once, or for one that has the lease. */
  | 'waiting'
  /** Looks whether another device did it meanwhile. */
  | 'probing'
  | 'leasing'
  | 'comparing'
  /** Reads the relay's log, and gives back what it lacks. */
  | 'reading'

const MAX_WAIT_MS = 5_000
const RETRY_MS = 2_000

const isCursorRefusal = ({ code }: Refusal): boolean => code === 'cursor-ahead' || code === 'cursor-mismatch'

export class Healing implements DocumentPart {
  private phase: Phase
  private readonly timer: QuestionTimer
  private readonly comparison: LogComparison
  private giveBack: GiveBack
  /** When the lease was last given, by this device's clock. */
  private leasedAtMs: number | undefined
  private isTold = false

  constructor(
    private readonly host: DocumentHost,
    private readonly current: CurrentSnapshot,
    private readonly adoption: Adoption,
  ) {
    this.timer = new QuestionTimer(host.context.platform)
    this.comparison = new LogComparison(host, this.timer)
    this.giveBack = new GiveBack(host, current, this.timer)
    this.phase = host.state.returning === undefined ? 'well' : 'interrupted'
  }

  get holdsPushes(): boolean {
    return this.phase !== 'well'
  }

  get needsConnection(): boolean {
    return this.phase !== 'well'
  }

  get isHealing(): boolean {
    return this.phase !== 'well'
  }

  get status(): Partial<PartStatus> {
    return { healing: this.isHealing }
  }

  /** The log was taken back to be read again, though the relay has lost nothing: no news for anybody. */
  readAgain(): void {
    this.phase = 'reading'
  }

  /** In the other phases it is found to return, and is seen to. */
  tookBack(): void {
    if (this.phase === 'well') this.readAgain()
  }

  connected(): void {
    if (this.phase === 'well') return
    const { returning } = this.host.state
    if (this.isTold || (returning !== undefined && returning.before.isReread !== true)) this.begin()
    this.phase = returning === undefined ? 'probing' : 'reading'
  }

  disconnected(): void {
    this.timer.stop()
    this.comparison.giveUp()
    this.giveBack.giveUp()
    this.leasedAtMs = undefined
    if (this.phase !== 'well') this.phase = 'interrupted'
  }

  close(): void {
    this.disconnected()
  }

  async received(frame: DocumentFrame, link: DocumentLink): Promise<boolean> {
    if (frame.type === 'page') await this.sawPage(frame, link)
    if (frame.type === 'leased' && frame.purpose === 'heal') {
      if (frame.forMs > 0) await this.leased(link)
      return true
    }
    const compared = await this.comparison.received(frame, link)
    if (compared === 'none') return this.giveBack.received(frame)
    await this.goBack(compared, link)
    return true
  }

  async refused(refusal: Refusal, error: SyncError, link: DocumentLink): Promise<boolean> {
    if (refusal.request === 'subscribe' && isCursorRefusal(refusal)) {
      this.cursorRefused(link)
      return true
    }
    // A line that says it twice says nothing new.
    if (refusal.request === 'lease' && this.phase === 'waiting') return true
    const isLease = refusal.request === 'lease' && this.phase === 'leasing'
    if (!isLease && !this.comparison.isOurs(refusal)) return this.giveBack.refused(refusal, error)
    // A snapshot that no relay takes: what is in it goes another way.
    if (refusal.request === 'snapshot-put' && !error.retryable) await this.goBack({ kind: 'apart' }, link)
    else if (this.phase !== 'well') this.waitAndLook(Math.min(error.retryAfterMs ?? RETRY_MS, RETRY_MS))
    return true
  }

  async snapshotArrived(arrived: ArrivedSnapshot, link: DocumentLink): Promise<boolean> {
    if (this.phase !== 'reading') return false
    const { documentEpoch, document, returning } = this.host.state
    const { offer } = this.current
    const isOver = (documentEpochOf(arrived) ?? documentEpoch) < documentEpoch
    if (returning?.before.isAnew !== true || !isOver || this.giveBack.isRelayBehind || offer === undefined)
      return passOver(this.host, arrived)
    // What others have vouched for is of an epoch that is over, but the relay has one that is not: the log goes on from that.
    link.send({ type: 'snapshot-fetch', document, hash: offer.hash })
    return true
  }

  /** What the relay has is here: what it lacks is given back. */
  async caughtUp(): Promise<void> {
    if (this.phase === 'reading' && !this.giveBack.isUnderWay) await this.goOn()
  }

  private begin(): void {
    if (!this.isTold) this.host.context.healing?.began(this.host.state.document)
    this.isTold = true
    this.host.onStatus()
  }

  private cursorRefused(link: DocumentLink): void {
    if (this.phase === 'probing') this.beginUnderLease(link)
    // In the other phases it is a question that was asked meanwhile, and is answered already.
    else if (this.phase === 'well' || this.phase === 'reading') this.beginAfterAWhile()
  }

  /**
   * The log is the same, given back by a device that had not heard of the rebase. Or the page has come before what the relay says of its
   * summary: it is looked at once more before anybody is told.
   */
  private foundRelayBehind(link: DocumentLink): void {
    if (this.phase === 'probing') this.beginUnderLease(link)
    else if (this.phase === 'well') this.waitAWhile()
  }

  private beginAfterAWhile(): void {
    this.waitAWhile()
    // Whoever is told of it looks at once.
    this.begin()
  }

  private beginUnderLease(link: DocumentLink): void {
    this.begin()
    this.lease(link)
  }

  private waitAWhile(): void {
    this.waitAndLook(randomUint32(this.host.context.platform) % MAX_WAIT_MS)
  }

  private waitAndLook(waitMs: number): void {
    this.phase = 'waiting'
    this.comparison.giveUp()
    this.giveBack.giveUp()
    this.timer.start(waitMs, () => {
      this.phase = 'probing'
      const { link, state } = this.host
      // What it has said once on a connection it says again to those who come back to the document.
      if (this.giveBack.isRelayBehind) link?.send({ type: 'unsubscribe', documents: [state.document] })
      this.host.readAgain()
    })
  }

  private lease(link: DocumentLink): void {
    this.phase = 'leasing'
    this.timer.ask(link, this.leaseFrame(false))
  }

  private release(link: DocumentLink): void {
    link.send(this.leaseFrame(true))
    this.leasedAtMs = undefined
  }

  private leaseFrame(release: boolean): Frame {
    return { type: 'lease', document: this.host.state.document, purpose: 'heal', release }
  }

  private async leased(link: DocumentLink): Promise<void> {
    this.leasedAtMs = this.host.context.platform.now()
    // It was healed before the answer came.
    if (this.phase === 'well') this.release(link)
    if (this.phase !== 'leasing') return
    this.timer.stop()
    if (this.host.state.returning !== undefined && this.host.isCaughtUp) {
      this.phase = 'reading'
      await this.goOn()
      return
    }
    this.phase = 'comparing'
    await this.goBack(await this.comparison.begin(link), link)
  }

  private async goBack(compared: Compared | undefined, link: DocumentLink): Promise<void> {
    const { host } = this
    const { state, context } = host
    if (compared === undefined || this.phase !== 'comparing') return
    await context.writer.barrier()
    const batch = await this.takenBack(compared)
    if (batch === undefined) return
    if (state.foundation === undefined) this.current.shelf.forget()
    const committed = context.writer.write(batch)
    host.onStatus()
    await committed
    if (link !== host.link || host.isClosed) return
    this.phase = state.returning === undefined ? 'probing' : 'reading'
    host.readAgain()
  }

  private async takenBack(compared: Compared): Promise<StoreBatch | undefined> {
    const { state } = this.host
    const isClosed = () => this.host.isClosed
    // Whatever they have in common lies before the epoch that counts.
    if (compared.kind === 'apart' || this.giveBack.isRelayBehind) return startAnew(state, isClosed)
    return compared.number < state.replica.state.number ? rollBack(state, compared.number, isClosed) : {}
  }

  private async sawPage(frame: FrameOf<'page'>, link: DocumentLink): Promise<void> {
    if (frame.live) return
    const isGivenBack = this.host.state.returning === undefined
    if (isGivenBack && this.giveBack.isRelayBehind) this.foundRelayBehind(link)
    else if (this.phase === 'well') return
    else if (isGivenBack) {
      // The cursor lies on the relay's log: nothing was lost, or somebody else brought it back.
      this.comparison.giveUp()
      await this.finish(link)
    } else if (this.phase === 'probing') {
      // What is left to give back waits for the lease that another device had.
      this.phase = 'reading'
    }
  }

  private async goOn(): Promise<void> {
    const { giveBack, leasedAtMs } = this
    const { link, context, state } = this.host
    if (link === undefined) return
    // Another device has brought the epoch back: there is no more to be given than what follows its summary lacks.
    if (state.returning?.before.isAnew === true && this.adoption.asksForFoundation(link)) return
    if (giveBack.isDone()) await this.finish(link)
    else if (leasedAtMs === undefined) this.lease(link)
    else {
      if (Math.abs(context.platform.now() - leasedAtMs) > HEAL_LEASE_MS / 3) link.send(this.leaseFrame(false))
      await giveBack.goOn(link)
    }
  }

  private async finish(link: DocumentLink): Promise<void> {
    const { host } = this
    const { state, context } = host
    this.timer.stop()
    if (state.returning !== undefined) await settle(host)
    if (host.isClosed) return
    if (this.leasedAtMs !== undefined && link === host.link) this.release(link)
    this.phase = 'well'
    const { restored, dropped } = this.giveBack
    this.giveBack = new GiveBack(host, this.current, this.timer)
    if (this.isTold) context.healing?.ended(state.document, { restored, dropped })
    this.isTold = false
    host.onStatus()
    // Meanwhile nothing was said to the others.
    host.seenRows.schedule()
  }
}
