// When a document is worth folding, this device waits a while, takes the lease and makes the rebase. What becomes of it is the same for its
// author as for all others: see rebase.ts.
import { bytesEqual, type Hash, type Refusal } from '@owlivion/sync-protocol'
import { isWorthFolding, structsOf, weigh } from '../document'
import { isSyncError, type SyncError } from '../errors'
import { randomUint32 } from './account-context'
import { partsOf } from './compaction'
import type { CurrentSnapshot } from './current-snapshot'
import { documentLimitsOf } from './document-limits'
import type { DocumentLink } from './document-link'
import type { DocumentHost } from './document-part'
import type { HoldReason } from './log-replica'
import { buildRebase } from './rebase-build'
import type { OwedList } from './rebase-owed'
import type { SealedSnapshot } from './snapshot-format'

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

export class RebaseLead {
  private isLeasing = false
  private uploading: SealedSnapshot | undefined
  private cancelTimer: (() => void) | undefined
  /** Yjs structs when the document was last weighed, or found not to be foldable. */
  private weighedAt = 0
  private passedOver: Hash | undefined
  /** The relay refuses this device's rebases for good; tried once more on the next connection. */
  private isRefused = false

  /** @param isBehind another device was faster */
  constructor(
    private readonly host: DocumentHost,
    private readonly current: CurrentSnapshot,
    private readonly owed: OwedList,
    private readonly isBehind: () => boolean,
  ) {}

  /** The log is to stand still. */
  get isBusy(): boolean {
    return this.isLeasing || this.uploading !== undefined
  }

  get isWaiting(): boolean {
    return this.cancelTimer !== undefined
  }

  connected(): void {
    this.isRefused = false
  }

  disconnected(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
    this.isLeasing = false
    this.uploading = undefined
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
    if (this.cancelTimer !== undefined || this.isBusy || !(await this.isDue())) return
    const { platform } = this.host.context
    const isMissed = this.isPassedOver || (await this.owed.list()).length > 0
    const waitMs = isMissed ? MAX_OWED_WAIT_MS : MAX_WAIT_MS
    if (this.cancelTimer !== undefined || this.host.link === undefined) return
    this.cancelTimer = platform.setTimer(randomUint32(platform) % waitMs, () => {
      this.cancelTimer = undefined
      this.host.runJob(() => this.takeLease())
    })
  }

  async leased(forMs: number, link: DocumentLink): Promise<void> {
    if (this.isLeasing && forMs > 0) await this.build(link)
  }

  /** @returns false when it is another's */
  stored(hash: Hash): boolean {
    const { uploading } = this
    if (uploading === undefined || !bytesEqual(uploading.hash, hash)) return false
    this.uploading = undefined
    return true
  }

  /** @returns false when it was not asked for here */
  refused({ request }: Refusal, error: SyncError, link: DocumentLink): boolean {
    if (request === 'lease' && this.isLeasing) {
      // Somebody else is at it.
      this.isLeasing = false
      return true
    }
    if (request !== 'snapshot-put' || this.uploading === undefined) return false
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

  private async takeLease(): Promise<void> {
    const { link, state } = this.host
    if (this.isBusy || !(await this.isDue()) || link === undefined || link !== this.host.link) return
    this.isLeasing = true
    link.send({ type: 'lease', document: state.document, purpose: 'rebase', release: false })
  }

  /** The log stands still, and all of it is here. */
  private async build(link: DocumentLink): Promise<void> {
    const { state, context } = this.host
    try {
      const owed = await this.owed.list()
      const sealed = (await this.isDue()) ? await buildRebase(state, this.current.offer, owed) : undefined
      if (link !== this.host.link) return
      this.isLeasing = false
      if (sealed === undefined) {
        this.giveUp(link)
        return
      }
      this.uploading = sealed
      link.sendLarge(partsOf(state.document, sealed))
    } catch (error) {
      if (!isSyncError(error, 'entry-too-large')) throw error
      this.giveUp(link)
      this.isRefused = true
      context.report(error)
    }
  }

  private giveUp(link: DocumentLink): void {
    this.isLeasing = false
    this.uploading = undefined
    this.weighedAt = structsOf(this.host.state.registers.doc)
    link.send({ type: 'lease', document: this.host.state.document, purpose: 'rebase', release: true })
  }
}
