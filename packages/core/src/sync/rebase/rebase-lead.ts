// When a document is worth folding, this device waits a while, makes the rebase, sends all of it but its last part, and only then takes the
// lease: the log stands still for a few seconds at most, which on a slow line a large document takes many times. What becomes of the
// rebase is the same for its author as for all others: see rebase.ts.
import { bytesEqual, type Frame, type Hash, type Refusal } from '@owlivion/sync-protocol'
import { isWorthFolding, structsOf, weigh } from '../../document'
import { isSyncError, type SyncError } from '../../errors'
import { randomUint32 } from '../account-context'
import { QuestionTimer } from '../connection/question-timer'
import { documentLimitsOf } from '../document/document-limits'
import type { DocumentLink } from '../document/document-link'
import type { DocumentHost } from '../document/document-part'
import { PacksFirst } from '../history/packs-first'
import type { HoldReason } from '../log/log-replica'
import { partsOf } from '../snapshot/compaction'
import type { CurrentSnapshot } from '../snapshot/current-snapshot'
import type { SealedSnapshot } from '../snapshot/snapshot-format'
import { buildRebase } from './rebase-build'
import type { OwedList } from './rebase-owed'

/** Before anything is done unasked. Long enough that of several devices one has done it before the others begin. */
const MAX_WAIT_MS = 30_000
/** Of what was left out: somebody may be missing it. */
const MAX_OWED_WAIT_MS = 5_000
/** The document has to grow by a quarter before it is weighed again. */
const GROWTH = 1.25

/** Kept aside for good; anything else may still become readable, and would then be of an epoch that is over. */
const settled: ReadonlySet<HoldReason> = new Set<HoldReason>([
  'repaired',
  'beyond-cut',
  'damaged',
  'not-authentic',
  'bad-signature',
  'other-document-epoch',
])

/** Made, and on its way to the relay up to its last part. */
interface Prepared {
  readonly sealed: SealedSnapshot
  /** What it covers of the log, and goes on from: it is of use only while that is the newest. */
  readonly number: number
  readonly parent: Hash | undefined
  readonly sinceMs: number
}

export class RebaseLead {
  private prepared: Prepared | undefined
  private isLeasing = false
  private uploading: SealedSnapshot | undefined
  private cancelTimer: (() => void) | undefined
  private readonly timer: QuestionTimer
  /** Yjs structs when the document was last weighed, or found not to be foldable. */
  private weighedAt = 0
  private passedOver: Hash | undefined
  /** The relay refuses this device's rebases for good; tried once more on the next connection. */
  private isRefused = false
  private readonly packs: PacksFirst

  /** @param isBehind another device was faster */
  constructor(
    private readonly host: DocumentHost,
    private readonly current: CurrentSnapshot,
    private readonly owed: OwedList,
    private readonly isBehind: () => boolean,
  ) {
    this.timer = new QuestionTimer(host.context.platform)
    this.packs = new PacksFirst(host, () => this.look())
  }

  /** The log is to stand still. */
  get isBusy(): boolean {
    return this.isLeasing || this.uploading !== undefined
  }

  /** A connection is needed for what it is about to do. */
  get isWaiting(): boolean {
    return this.cancelTimer !== undefined || this.prepared !== undefined || this.packs.isWaiting
  }

  connected(): void {
    this.isRefused = false
  }

  disconnected(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
    this.packs.disconnected()
    this.stop()
  }

  /** The relay's current snapshot is a rebase that cannot be read: the next one takes its place. */
  get isPassedOver(): boolean {
    const { offer } = this.current
    return offer !== undefined && this.passedOver !== undefined && bytesEqual(offer.hash, this.passedOver)
  }

  passOver(hash: Hash): void {
    this.passedOver = hash.slice() as Hash
  }

  /** The document is another, and was not weighed. */
  forget(): void {
    this.weighedAt = 0
  }

  /** Looks whether there is something to do, and does it after a while. */
  async look(): Promise<void> {
    if (this.isWaiting || this.isBusy || !(await this.isDue())) return
    const { platform } = this.host.context
    const isMissed = this.isPassedOver || (await this.owed.list()).length > 0
    const waitMs = isMissed ? MAX_OWED_WAIT_MS : MAX_WAIT_MS
    if (this.isWaiting || this.host.link === undefined) return
    this.cancelTimer = platform.setTimer(randomUint32(platform) % waitMs, () => {
      this.cancelTimer = undefined
      this.host.runJob(() => this.begin())
    })
  }

  async leased(forMs: number, link: DocumentLink): Promise<void> {
    if (this.isLeasing && forMs > 0) await this.finish(forMs, link)
  }

  /** @returns false when it is another's */
  stored(hash: Hash): boolean {
    const { uploading } = this
    if (uploading === undefined || !bytesEqual(uploading.hash, hash)) return false
    this.stop()
    return true
  }

  /** @returns false when it was not asked for here */
  refused({ request }: Refusal, error: SyncError, link: DocumentLink): boolean {
    if (request === 'lease' && this.isLeasing) {
      // Somebody else is at it.
      this.stop()
      return true
    }
    if (request !== 'snapshot-put' || (this.uploading ?? this.prepared) === undefined) return false
    this.giveUp(link)
    if (error.code === 'stale-epoch') link.readKeyring()
    if (error.retryable || error.code === 'stale-document-epoch') return true
    this.isRefused = true
    this.host.context.report(error)
    return true
  }

  private async isDue(): Promise<boolean> {
    const { host, current } = this
    const { state, context } = host
    const { isPassedOver } = this
    if (host.link === undefined || !host.isCaughtUp || host.isHealing || this.isRefused) return false
    if (this.isBehind() && !isPassedOver) return false
    if (context.isKeyringHidden === true || current.isTainted || state.replica.state.number === 0) return false
    if (current.offer !== undefined && current.offer.documentEpoch !== state.documentEpoch && !isPassedOver)
      return false
    if (state.replica.state.held.some(({ reason }) => !settled.has(reason))) return false
    if (state.outbox.pending.some(({ repairs }) => repairs !== undefined)) return false
    if (isPassedOver) return state.replica.state.number >= (current.offer?.coveredNumber ?? 0)
    if ((await this.owed.list()).length > 0) return true
    return this.isHeavy()
  }

  private isHeavy(): boolean {
    const { doc } = this.host.state.registers
    const structs = structsOf(doc)
    const { minDeadStructs } = documentLimitsOf(this.host.context.platform)
    if (structs < minDeadStructs || structs < this.weighedAt * GROWTH) return false
    if (isWorthFolding(weigh(doc), minDeadStructs)) return true
    this.weighedAt = structs
    return false
  }

  private async begin(): Promise<void> {
    const { link, state, context } = this.host
    if (this.isBusy || this.prepared !== undefined || this.current.isUploading || !(await this.isDue())) return
    if (!(await this.packs.areBrought())) return
    const [number, parent] = [state.replica.state.number, this.current.offer?.hash]
    const sealed = await this.build()
    if (link === undefined || link !== this.host.link) return
    if (sealed === undefined) {
      this.weighedAt = structsOf(state.registers.doc)
      return
    }
    const prepared = { sealed, number, parent, sinceMs: context.platform.now() }
    this.prepared = prepared
    this.current.isUploading = true
    this.timer.askLarge(link, this.untilLease(prepared))
  }

  /** The relay puts the parts together, and has them all but one when it is asked for the lease. */
  private *untilLease(prepared: Prepared): Generator<Frame> {
    const { document } = this.host.state
    for (const part of [...partsOf(document, prepared.sealed)].slice(0, -1)) {
      if (this.prepared !== prepared) return
      yield part
    }
    if (this.prepared !== prepared) return
    this.isLeasing = true
    yield { type: 'lease', document, purpose: 'rebase', release: false }
  }

  /** The log stands still, and all of it is here. */
  private async finish(forMs: number, link: DocumentLink): Promise<void> {
    const { prepared } = this
    const { context, state } = this.host
    const isDue = await this.isDue()
    if (link !== this.host.link || prepared === undefined) return
    const isNewest =
      prepared.number === state.replica.state.number && isSameHash(prepared.parent, this.current.offer?.hash)
    if (isDue && isNewest) return this.upload(prepared.sealed, link, -1)
    // Somebody wrote meanwhile. Where it was quick, it is once more.
    const isQuick = 2 * Math.abs(context.platform.now() - prepared.sinceMs) < forMs
    const sealed = isDue && isQuick ? await this.build() : undefined
    if (link !== this.host.link) return
    if (sealed === undefined) this.giveUp(link)
    else this.upload(sealed, link, 0)
  }

  private upload(sealed: SealedSnapshot, link: DocumentLink, fromPart: number): void {
    this.prepared = undefined
    this.isLeasing = false
    this.uploading = sealed
    this.timer.askLarge(link, [...partsOf(this.host.state.document, sealed)].slice(fromPart))
  }

  /** @returns undefined when this version cannot carry the document over, or nobody would open it */
  private async build(): Promise<SealedSnapshot | undefined> {
    try {
      return await buildRebase(this.host.state, this.current.offer, await this.owed.list())
    } catch (error) {
      if (!isSyncError(error, 'entry-too-large')) throw error
      this.isRefused = true
      this.host.context.report(error)
      return undefined
    }
  }

  private giveUp(link: DocumentLink): void {
    this.stop()
    this.weighedAt = structsOf(this.host.state.registers.doc)
    link.send({ type: 'lease', document: this.host.state.document, purpose: 'rebase', release: true })
  }

  private stop(): void {
    if (this.prepared !== undefined || this.uploading !== undefined) this.current.isUploading = false
    this.prepared = undefined
    this.isLeasing = false
    this.uploading = undefined
    this.timer.stop()
  }
}

function isSameHash(a: Hash | undefined, b: Hash | undefined): boolean {
  return a === undefined || b === undefined ? a === b : bytesEqual(a, b)
}
