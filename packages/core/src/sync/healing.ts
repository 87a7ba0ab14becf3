// Brings back to a relay what it lost. The relay has less of a document than this device, or something else: its disk was wiped, or it was
// put back to a backup, or another relay took its place. Nothing that this device has is given up for that. It waits a little, takes the
// lease under which one device at a time heals the document, finds the last number that both logs have in common, takes its own log back
// to there, reads the relay's, and gives back what that lacks. Edits go on meanwhile and are sent afterwards.
//
//   well → waiting → probing → leasing → searching → (founding) → reading ⇄ refilling → well
//
// An empty relay gets the snapshot first that this device's log rests on, and the entries under their old numbers. Where the logs have nothing
// in common that could be compared, the relay's is read from its beginning, and what this device has more becomes an entry of its own.
//
// Whoever waits and finds its cursor on the relay's log again was healed by another device.
import { decodeEnvelope, epochAt, type Frame, HEAL_LEASE_MS, type Refusal } from '@owlivion/sync-protocol'
import { SyncError } from '../errors'
import type { StoreBatch } from '../storage'
import { randomUint32 } from './account-context'
import { buildBaseDocs, readStoredBase } from './base'
import { CommonNumberSearch } from './common-number'
import { partsOf } from './compaction'
import type { CurrentSnapshot } from './current-snapshot'
import type { Lineage } from './device-map'
import type { DocumentLink } from './document-link'
import type { DocumentFrame, DocumentHost, DocumentPart } from './document-part'
import type { PartStatus } from './document-status'
import { readFoundation } from './foundation'
import { passOver, sealAnew, unknownBefore } from './healing-anew'
import { replayDocument } from './rebuild'
import type { RefillBatch, ReturningEntries } from './returning'
import { endOfHealing, ownLogHashes, rollBack, startAnew } from './roll-back'
import type { ArrivedSnapshot } from './snapshot-arrivals'
import { openSnapshot, type SealedSnapshot } from './snapshot-format'
import { isChainShort, writeAgain, writeMissing } from './write-again'

type FrameOf<T extends Frame['type']> = Extract<Frame, { type: T }>

type Phase =
  | 'well'
  /** The connection went in the middle of it. */
  | 'interrupted'
  /** So that not all devices of an account start at once. */
  | 'waiting'
  /** Looks whether another device did it meanwhile. */
  | 'probing'
  | 'leasing'
  | 'searching'
  /** Gives an empty relay the snapshot that everything else rests on. */
  | 'founding'
  | 'reading'
  | 'refilling'
  /** Gives a relay that is an epoch behind what this device has, as a snapshot. */
  | 'publishing'

/** What the healing of one document came to on this device. */
export interface HealedCounts {
  /** Entries that this device gave back. */
  readonly restored: number
  /** Entries that the relay refuses for good: beyond what counts of a removed device. */
  readonly dropped: number
}

const MAX_WAIT_MS = 5_000
const ANSWER_TIMEOUT_MS = 15_000
const LARGE_ANSWER_TIMEOUT_MS = 120_000
const RETRY_MS = 2_000

const isCursorRefusal = ({ code }: Refusal): boolean => code === 'cursor-ahead' || code === 'cursor-mismatch'

export class Healing implements DocumentPart {
  private phase: Phase
  private cancelTimer: (() => void) | undefined
  private search: CommonNumberSearch | undefined
  private isRelayEmpty = false
  private sealed: SealedSnapshot | undefined
  /** When the lease was last given, by this device's clock. */
  private leasedAtMs: number | undefined
  private batch: (RefillBatch & { readonly first: number }) | undefined
  private isTold = false
  /** What returns, once what no relay takes was left out of it. */
  private sorted: ReturningEntries | undefined
  private restored = 0
  private dropped = 0

  constructor(
    private readonly host: DocumentHost,
    private readonly current: CurrentSnapshot,
  ) {
    this.phase = host.state.returning === undefined ? 'well' : 'interrupted'
  }

  get holdsPushes(): boolean {
    return this.phase !== 'well'
  }

  get needsConnection(): boolean {
    return this.phase !== 'well'
  }

  get status(): Partial<PartStatus> {
    return { healing: this.phase !== 'well' }
  }

  connected(): void {
    if (this.phase === 'well') return
    this.begin()
    this.phase = this.host.state.returning === undefined ? 'probing' : 'reading'
  }

  disconnected(): void {
    this.stopTimer()
    this.search = undefined
    this.leasedAtMs = undefined
    this.batch = undefined
    if (this.phase !== 'well') this.phase = 'interrupted'
  }

  close(): void {
    this.disconnected()
  }

  async received(frame: DocumentFrame, link: DocumentLink): Promise<boolean> {
    switch (frame.type) {
      case 'page':
        await this.sawPage(frame, link)
        return false
      case 'leased':
        if (frame.purpose !== 'heal') return false
        if (frame.forMs > 0) await this.leased(link)
        return true
      case 'hashes':
        await this.hashesCame(frame, link)
        return true
      case 'refilled':
        await this.refilled(frame)
        return true
      case 'snapshot-stored':
        if (this.phase === 'founding') await this.founded(link)
        else if (this.phase === 'publishing') await this.published(link)
        else return false
        return true
      default:
        return false
    }
  }

  async refused(refusal: Refusal, error: SyncError, link: DocumentLink): Promise<boolean> {
    switch (refusal.request) {
      case 'subscribe':
        if (!isCursorRefusal(refusal)) return false
        this.cursorRefused(link)
        return true
      case 'lease':
        if (this.phase !== 'leasing') return false
        this.waitAndLook(Math.min(error.retryAfterMs ?? RETRY_MS, RETRY_MS))
        return true
      case 'hashes-fetch':
        if (this.phase === 'searching') this.waitAndLook(error.retryAfterMs ?? RETRY_MS)
        return true
      case 'refill':
        await this.refillRefused(refusal, error)
        return true
      case 'snapshot-put':
        if (this.phase === 'publishing') {
          this.phase = 'reading'
          if (!error.retryable) this.host.context.report(error)
          this.startTimer(error.retryAfterMs ?? RETRY_MS, () => this.host.readAgain())
          return true
        }
        if (this.phase !== 'founding') return false
        if (error.retryable) this.waitAndLook(error.retryAfterMs ?? RETRY_MS)
        else await this.goBack(link, () => startAnew(this.host.state, () => this.host.isClosed))
        return true
      default:
        return false
    }
  }

  /** What the relay has is here: what it lacks is given back. */
  async caughtUp(): Promise<void> {
    if (this.phase === 'reading') await this.giveBack()
  }

  private begin(): void {
    if (!this.isTold) this.host.context.healing?.began(this.host.state.document)
    this.isTold = true
    this.host.onStatus()
  }

  private cursorRefused(link: DocumentLink): void {
    switch (this.phase) {
      case 'probing':
        this.lease(link)
        return
      case 'well':
      case 'interrupted':
      case 'reading':
      case 'refilling': {
        this.phase = 'waiting'
        this.batch = undefined
        this.begin()
        this.waitAndLook(randomUint32(this.host.context.platform) % MAX_WAIT_MS)
        return
      }
    }
    // A question that was asked meanwhile, and is answered already.
  }

  private waitAndLook(waitMs: number): void {
    this.phase = 'waiting'
    this.startTimer(waitMs, () => {
      this.phase = 'probing'
      this.host.readAgain()
    })
  }

  private lease(link: DocumentLink): void {
    this.phase = 'leasing'
    this.askWithTime(link, { type: 'lease', document: this.host.state.document, purpose: 'heal', release: false })
  }

  private async leased(link: DocumentLink): Promise<void> {
    this.leasedAtMs = this.host.context.platform.now()
    if (this.phase !== 'leasing') return
    this.stopTimer()
    const { state, context } = this.host
    if (state.returning !== undefined && this.host.isCaughtUp) {
      this.phase = 'reading'
      await this.giveBack()
      return
    }
    this.phase = 'searching'
    await context.writer.barrier()
    const { first, own } = await ownLogHashes(state)
    if (!this.isAt('searching', link)) return
    this.search = new CommonNumberSearch(first, own)
    await this.searchOn(this.search, link)
  }

  private async hashesCame(frame: FrameOf<'hashes'>, link: DocumentLink): Promise<void> {
    const { search } = this
    if (search === undefined || this.phase !== 'searching') return
    this.stopTimer()
    this.isRelayEmpty = frame.newest === 0 && frame.base === 0
    search.take(frame)
    await this.searchOn(search, link)
  }

  private async searchOn(search: CommonNumberSearch, link: DocumentLink): Promise<void> {
    const next = search.next()
    const { document } = this.host.state
    switch (next.kind) {
      case 'ask':
        this.askWithTime(link, { type: 'hashes-fetch', document, numbers: next.numbers })
        return
      case 'found':
        this.search = undefined
        if (this.isRelayBehind) await this.goBack(link, () => startAnew(this.host.state, () => this.host.isClosed))
        else await this.goBackTo(next.number, link)
        return
      case 'none':
        this.search = undefined
        if (this.isRelayEmpty) await this.found(link)
        else await this.goBack(link, () => startAnew(this.host.state, () => this.host.isClosed))
    }
  }

  private async found(link: DocumentLink): Promise<void> {
    const { context, state } = this.host
    const foundation = await readFoundation(context, state.document, state.foundation)
    if (foundation === undefined || !this.isAt('searching', link)) return
    this.phase = 'founding'
    this.startTimer(LARGE_ANSWER_TIMEOUT_MS, () => this.host.readAgain())
    link.sendLarge(partsOf(state.document, foundation))
  }

  private async founded(link: DocumentLink): Promise<void> {
    this.stopTimer()
    this.phase = 'searching'
    await this.goBackTo(this.host.state.foundation?.number ?? 0, link)
  }

  private async goBackTo(number: number, link: DocumentLink): Promise<void> {
    const { state } = this.host
    const isBack = number >= state.replica.state.number
    await this.goBack(link, async () => (isBack ? {} : rollBack(state, number, () => this.host.isClosed)))
  }

  private async goBack(link: DocumentLink, back: () => Promise<StoreBatch | undefined>): Promise<void> {
    const { host } = this
    const { state, context } = host
    await context.writer.barrier()
    const batch = await back()
    if (batch === undefined) return
    if (state.foundation === undefined) this.current.shelf.forget()
    const committed = context.writer.write(batch)
    host.onStatus()
    await committed
    if (link !== host.link || host.isClosed) return
    this.phase = state.returning === undefined ? 'probing' : 'reading'
    host.readAgain()
  }

  private async sawPage(frame: FrameOf<'page'>, link: DocumentLink): Promise<void> {
    if (frame.live || this.phase === 'well' || this.host.state.returning !== undefined) return
    // The cursor lies on the relay's log: nothing was lost, or somebody else brought it back.
    this.search = undefined
    await this.finish(link)
  }

  private async giveBack(): Promise<void> {
    const { host } = this
    const { state, link } = host
    const { returning } = state
    if (returning === undefined || link === undefined) return
    if (this.sorted !== returning) {
      const { context, document } = state
      const isUseless = (
        bytes: Uint8Array,
        { device, incarnation, sequence }: Lineage & { readonly sequence: number },
      ) =>
        context.isCutOff(document, device, incarnation, sequence) ||
        epochAt(context.keyring(), decodeEnvelope(bytes).epoch) === undefined
      this.dropped += returning.leaveOut(isUseless)
      this.sorted = returning
    }
    const isBehind = returning.before.isAnew && this.isRelayBehind
    const batch = returning.next(state.replica.state.chains)
    if (batch === undefined && !isBehind) {
      await this.finish(link)
      return
    }
    const now = host.context.platform.now()
    if (this.leasedAtMs === undefined) {
      this.lease(link)
      return
    }
    if (Math.abs(now - this.leasedAtMs) > HEAL_LEASE_MS / 3)
      link.send({ type: 'lease', document: state.document, purpose: 'heal', release: false })
    if (batch === undefined) {
      await this.publish(link)
      return
    }
    this.phase = 'refilling'
    this.batch = { ...batch, first: state.replica.state.number + 1 }
    this.askWithTime(link, { type: 'refill', document: state.document, ...this.batch })
  }

  /** The relay's document is of an epoch that is over. */
  private get isRelayBehind(): boolean {
    return this.host.state.documentEpoch > (this.current.offer?.documentEpoch ?? 0)
  }

  private async publish(link: DocumentLink): Promise<void> {
    const { state } = this.host
    this.phase = 'publishing'
    const sealed = await sealAnew(state, this.current.offer?.hash)
    if (sealed === undefined || !this.isAt('publishing', link)) return
    this.sealed = sealed
    this.startTimer(LARGE_ANSWER_TIMEOUT_MS, () => this.host.readAgain())
    link.sendLarge(partsOf(state.document, sealed))
  }

  private async published(link: DocumentLink): Promise<void> {
    const { host, sealed } = this
    const { context, state } = host
    this.stopTimer()
    const snapshot = sealed && (await openSnapshot(context, state.document, sealed.bytes))
    if (snapshot === undefined || 'failure' in snapshot) return
    const exempt = unknownBefore(state)
    await host.ownWriter.whileRewriting(async () => {
      await host.intake.adopt({ snapshot, exempt, heads: [], startsOver: false })
    })
    this.sealed = undefined
    if (!this.isAt('publishing', link)) return
    this.phase = 'reading'
    this.restored++
    host.readAgain()
  }

  /** Of an epoch that is over: there is nothing to be had of it that this device does not have, or its author will bring. */
  async snapshotArrived({ bytes }: ArrivedSnapshot): Promise<boolean> {
    const { host, phase } = this
    const { state, context } = host
    if (phase !== 'reading' || state.returning?.before.isAnew !== true) return false
    const opened = await openSnapshot(context, state.document, bytes)
    if ('failure' in opened || opened.header.documentEpoch >= state.documentEpoch) return false
    await context.writer.barrier()
    const batch = await passOver(state, opened)
    if (host.isClosed) return true
    await context.writer.write(batch)
    host.readAgain()
    return true
  }

  private async refilled(frame: FrameOf<'refilled'>): Promise<void> {
    const { batch, host } = this
    if (batch === undefined || frame.first !== batch.first || frame.count !== batch.entries.length) return
    this.stopTimer()
    this.batch = undefined
    this.restored += frame.count
    this.phase = 'reading'
    // Read like any other page: what comes back is what was given.
    const { document, first, logHash } = frame
    const { entries, heads } = batch
    const newest = first + entries.length - 1
    await host.receivePage({ type: 'page', document, first, entries, heads, logHash, newest, live: true })
    if (this.phase === 'reading' && !host.isCaughtUp) host.readAgain()
  }

  private async refillRefused(refusal: Refusal, error: SyncError): Promise<void> {
    const { batch, host } = this
    if (batch === undefined || this.phase !== 'refilling') return
    this.stopTimer()
    this.batch = undefined
    this.phase = 'reading'
    if (refusal.code === 'refill-refused' && refusal.state !== undefined) {
      host.state.returning?.refused(batch, refusal.state)
      await this.giveBack()
      return
    }
    if (refusal.code === 'lease-taken') this.leasedAtMs = undefined
    if (refusal.code === 'refill-conflict') {
      host.readAgain()
      return
    }
    host.context.report(error)
    this.startTimer(error.retryAfterMs ?? RETRY_MS, () => host.readAgain())
  }

  private async finish(link: DocumentLink): Promise<void> {
    const { host } = this
    const { state, context } = host
    this.stopTimer()
    if (state.returning !== undefined) {
      await host.ownWriter.whileRewriting(() => this.settle())
      if (host.isClosed) return
    }
    if (this.leasedAtMs !== undefined && link === host.link)
      link.send({ type: 'lease', document: state.document, purpose: 'heal', release: true })
    this.leasedAtMs = undefined
    this.phase = 'well'
    const { restored, dropped } = this
    this.restored = 0
    this.dropped = 0
    if (this.isTold) context.healing?.ended(state.document, { restored, dropped })
    this.isTold = false
    host.onStatus()
  }

  /** What the relay's log does not have, and cannot have as it was, is written again; the document rests on that log alone from now on. */
  private async settle(): Promise<void> {
    const { host } = this
    const { state, context, ownWriter } = host
    const { returning, document } = state
    if (returning === undefined) return
    await context.writer.barrier()
    const missing = returning.missing(state.replica.state.chains)
    const end = await endOfHealing(state)
    if (missing.length === 0 && !returning.before.isAnew) {
      state.returning = undefined
      await context.writer.write(end)
      return
    }
    const options = { drops: true }
    const replayed = await replayDocument(state, options)
    const stored = await readStoredBase(context, document)
    if (host.isClosed) return
    const put = returning.before.isAnew
      ? writeMissing(state, replayed.docs, buildBaseDocs(context, document, stored))
      : writeAgain(state, missing)
    state.returning = undefined
    const rows = state.takeReplayed(replayed, options)
    const committed = context.writer.write({
      put: [...put, ...(rows.put ?? [])],
      remove: [...(rows.remove ?? []), ...end.remove],
    })
    host.onChange(undefined)
    // The chain ends elsewhere than this device had it.
    if (isChainShort(state, returning.before)) ownWriter.startIncarnation()
    await committed
  }

  private isAt(phase: Phase, link: DocumentLink): boolean {
    return this.phase === phase && this.host.link === link && !this.host.isClosed
  }

  private askWithTime(link: DocumentLink, frame: Frame): void {
    link.send(frame)
    this.startTimer(ANSWER_TIMEOUT_MS, () =>
      link.distrust(new SyncError('connection-lost', 'The relay did not answer a question about a document in time.')),
    )
  }

  private startTimer(delayMs: number, action: () => void): void {
    this.stopTimer()
    this.cancelTimer = this.host.context.platform.setTimer(delayMs, () => {
      this.cancelTimer = undefined
      action()
    })
  }

  private stopTimer(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
  }
}
