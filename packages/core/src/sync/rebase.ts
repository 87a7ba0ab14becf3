// Sheds a document's past: once most of it is past, one device writes what stands into fresh registers, as a snapshot of the next document
// epoch. The relay holds the log still meanwhile, for a few seconds. Everybody else, and whoever comes later, takes it over where the log
// says so: checked against what the entries said, and with everything that was written and not sent.
//
// A rebase is never undone by going back, for others have written on it. What one left out comes back with the next one, by whoever has it.
import {
  bytesEqual,
  decodeEnvelope,
  decodeSnapshotFile,
  decodeSnapshotHeader,
  type Hash,
  type Refusal,
} from '@owlivion/sync-protocol'
import { isWorthFolding, MIN_DEAD_STRUCTS, structsOf, weigh } from '../document'
import { isSyncError, SyncError } from '../errors'
import { randomUint32 } from './account-context'
import { partsOf } from './compaction'
import type { CurrentSnapshot } from './current-snapshot'
import type { DocumentLink } from './document-link'
import type { DocumentFrame, DocumentHost, DocumentPart } from './document-part'
import { openExempt } from './exempt-entries'
import type { HoldReason, OpenedEntry } from './log-replica'
import { type RebaseInput, takeRebase } from './rebase-adopt'
import { buildRebase } from './rebase-build'
import { judgeRebase, type RebaseFindings } from './rebase-judge'
import { type OwedRow, readOwed } from './rebase-owed'
import { stillOwed } from './rebase-state'
import type { ArrivedSnapshot } from './snapshot-arrivals'
import { type OpenedSnapshot, openSnapshot, type SealedSnapshot } from './snapshot-format'

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

export class Rebase implements DocumentPart {
  /** The relay has a later epoch than this device: nothing is sent until that is taken over. */
  private isBehind = false
  private isFetching = false
  private isLeasing = false
  private uploading: (SealedSnapshot & { readonly number: number }) | undefined
  private cancelTimer: (() => void) | undefined
  /** Yjs structs when the document was last weighed, or found not to be foldable. */
  private weighedAt = 0
  private owed: OwedRow[] | undefined
  /** The keyring was read for the sake of this snapshot: what it does not know, it will not know. */
  private keyringReadFor: Hash | undefined
  /** The relay refuses this device's rebases for good; tried once more on the next connection. */
  private isRefused = false

  constructor(
    private readonly host: DocumentHost,
    private readonly current: CurrentSnapshot,
  ) {}

  get holdsPushes(): boolean {
    return this.isBehind || this.isLeasing || this.uploading !== undefined
  }

  get needsConnection(): boolean {
    return this.holdsPushes || this.cancelTimer !== undefined
  }

  connected(): void {
    this.isRefused = false
  }

  disconnected(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
    this.isFetching = false
    this.isLeasing = false
    this.uploading = undefined
    this.keyringReadFor = undefined
  }

  close(): void {
    this.disconnected()
  }

  async caughtUp(): Promise<void> {
    if (this.isLater(this.current.offer?.documentEpoch)) {
      this.fetch()
      return
    }
    if (this.cancelTimer !== undefined || this.holdsPushes || !(await this.isDue())) return
    const { platform } = this.host.context
    const waitMs = (await this.listOwed()).length > 0 ? MAX_OWED_WAIT_MS : MAX_WAIT_MS
    if (this.cancelTimer !== undefined || this.host.link === undefined) return
    this.cancelTimer = platform.setTimer(randomUint32(platform) % waitMs, () => {
      this.cancelTimer = undefined
      this.host.runJob(() => this.takeLease())
    })
  }

  /** What follows in the log is of an epoch that this device does not have, or the relay said so of its own. */
  foundLaterEpoch(): void {
    this.isBehind = true
    this.fetch()
  }

  async keyringChanged(): Promise<void> {
    if (this.isBehind) this.fetch()
  }

  async received(frame: DocumentFrame, link: DocumentLink): Promise<boolean> {
    switch (frame.type) {
      case 'snapshot-offered':
        if (frame.isCurrent && this.isLater(frame.documentEpoch)) this.offered(frame.coveredNumber)
        return false
      case 'leased':
        if (frame.purpose !== 'rebase') return false
        if (this.isLeasing && frame.forMs > 0) await this.build(link)
        return true
      case 'snapshot-stored':
        return this.stored(frame.hash)
      default:
        return false
    }
  }

  async refused({ request }: Refusal, error: SyncError, link: DocumentLink): Promise<boolean> {
    if (request === 'lease' && this.isLeasing) {
      // Somebody else is at it.
      this.isLeasing = false
      return true
    }
    if (request === 'snapshot-fetch' && this.isFetching) {
      // It is another one meanwhile; the relay says which.
      this.isFetching = false
      if (!error.retryable) this.host.context.report(error)
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

  async snapshotArrived(arrived: ArrivedSnapshot, link: DocumentLink): Promise<boolean> {
    if (!this.isLater(epochOf(arrived))) {
      this.isFetching = false
      return false
    }
    this.isFetching = false
    this.isBehind = true
    const { context, state } = this.host
    const opened = await openSnapshot(context, state.document, arrived.bytes)
    if ('failure' in opened) {
      if (opened.failure === 'needs-keyring') this.readKeyring(arrived.hash, link)
      else if (opened.failure === 'unsigned') link.distrust(untrueRelay('a summary that nobody of the account signed'))
      else if (opened.failure === 'unreadable')
        this.current.reportUntrue(arrived.hash, opened.author, 'it cannot be read')
    } else if (bytesEqual(opened.hash, arrived.hash)) await this.take(arrived, opened, link)
    else link.distrust(untrueRelay('another summary than it said'))
    return true
  }

  // -- another device's

  private offered(coveredNumber: number): void {
    this.isBehind = true
    // Before that there are entries to be read, which say what it has to hold.
    if (this.host.state.replica.state.number >= coveredNumber) this.fetch()
  }

  private fetch(): void {
    const { link, state } = this.host
    if (link === undefined || this.isFetching) return
    this.isFetching = true
    const { offer } = this.current
    const hash = offer !== undefined && this.isLater(offer.documentEpoch) ? { hash: offer.hash } : {}
    link.send({ type: 'snapshot-fetch', document: state.document, ...hash })
  }

  private async take(arrived: ArrivedSnapshot, snapshot: OpenedSnapshot, link: DocumentLink): Promise<void> {
    const { host } = this
    const isKeyringFresh = this.keyringReadFor !== undefined && bytesEqual(this.keyringReadFor, snapshot.hash)
    const exempt = await openExempt(host.state, snapshot, arrived, isKeyringFresh)
    if ('failure' in exempt) {
      this.readKeyring(snapshot.hash, link)
      return
    }
    await host.ownWriter.whileRewriting(async () => {
      const owed = await this.listOwed()
      const findings = await judgeRebase(host.state, snapshot, {
        owed: owed.map(({ part }) => part),
        isDoubted: !(await this.current.isFoundationVerified()),
      })
      if (host.isClosed) return
      await this.adopt(snapshot, exempt, findings)
    })
    if (!host.isClosed) host.readAgain()
  }

  private async adopt(
    snapshot: OpenedSnapshot,
    { entries, heads }: { readonly entries: readonly OpenedEntry[]; readonly heads: RebaseInput['heads'] },
    { judgement, folded, owed }: RebaseFindings,
  ): Promise<void> {
    const { host, current } = this
    const owedBefore = await this.listOwed()
    const before = owedBefore.map(({ part }) => part)
    const stays = folded === undefined ? before : stillOwed(before, folded)
    const taken = await takeRebase(
      host.state,
      {
        ...{ snapshot, exempt: entries, heads, owedBefore },
        isVerified: judgement.verdict === 'accept',
        storedAtMs: current.offer?.storedAtMs ?? 0,
        owed: owed === undefined ? stays : [...stays, owed],
      },
      () => host.isClosed,
    )
    if (taken === undefined) return
    this.isBehind = false
    this.weighedAt = 0
    this.owed = undefined
    host.ownWriter.giveUpSealed()
    // What they wrote is joined; as entries they would be of an epoch that is over.
    host.state.returning?.leaveOut((bytes) => isBefore(bytes, snapshot.header.documentEpoch))
    host.intake.adopted(taken)
    current.shelf.forget()
    await taken.committed
    await current.judged(snapshot.hash, snapshot.author, judgement, snapshot)
  }

  private readKeyring(hash: Hash, link: DocumentLink): void {
    if (this.keyringReadFor !== undefined && bytesEqual(this.keyringReadFor, hash)) {
      link.distrust(untrueRelay('a summary under a key that it does not show'))
      return
    }
    this.keyringReadFor = hash.slice() as Hash
    link.readKeyring()
  }

  // -- this device's own

  private async isDue(): Promise<boolean> {
    const { host, current } = this
    const { state, context } = host
    if (host.link === undefined || !host.isCaughtUp || host.isHealing || this.isRefused || this.isBehind) return false
    if (context.isKeyringHidden === true || current.isTainted || state.replica.state.number === 0) return false
    if (current.offer !== undefined && current.offer.documentEpoch !== state.documentEpoch) return false
    if (state.replica.state.held.some(({ reason }) => !settled.has(reason))) return false
    if (state.outbox.pending.some(({ repairs }) => repairs !== undefined)) return false
    if ((await this.listOwed()).length > 0) return true
    return this.isHeavy()
  }

  private isHeavy(): boolean {
    const { doc } = this.host.state.registers
    const structs = structsOf(doc)
    if (structs < MIN_DEAD_STRUCTS || structs < this.weighedAt * GROWTH) return false
    if (isWorthFolding(weigh(doc))) return true
    this.weighedAt = structs
    return false
  }

  private async takeLease(): Promise<void> {
    const { link, state } = this.host
    if (this.holdsPushes || !(await this.isDue()) || link === undefined || link !== this.host.link) return
    this.isLeasing = true
    link.send({ type: 'lease', document: state.document, purpose: 'rebase', release: false })
  }

  /** The log stands still, and all of it is here. */
  private async build(link: DocumentLink): Promise<void> {
    const { state, context } = this.host
    const { number } = state.replica.state
    try {
      const owed = (await this.listOwed()).map(({ part }) => part)
      const sealed = (await this.isDue()) ? await buildRebase(state, this.current.offer?.hash, owed) : undefined
      if (link !== this.host.link) return
      this.isLeasing = false
      if (sealed === undefined) {
        this.giveUp(link)
        return
      }
      this.uploading = { ...sealed, number }
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

  /** From here on this device does as all others do: so it sees, too, that the relay has it whole. */
  private stored(hash: Hash): boolean {
    const { uploading } = this
    if (uploading === undefined || !bytesEqual(uploading.hash, hash)) return false
    this.uploading = undefined
    this.foundLaterEpoch()
    return true
  }

  private async listOwed(): Promise<readonly OwedRow[]> {
    this.owed ??= await readOwed(this.host.context, this.host.state.document)
    return this.owed
  }

  private isLater(documentEpoch: number | undefined): boolean {
    return documentEpoch !== undefined && documentEpoch > this.host.state.documentEpoch
  }
}

function epochOf({ bytes }: ArrivedSnapshot): number | undefined {
  try {
    return decodeSnapshotHeader(decodeSnapshotFile(bytes).header).documentEpoch
  } catch {
    // Whoever opens it says what that means.
    return undefined
  }
}

function isBefore(bytes: Uint8Array, documentEpoch: number): boolean {
  try {
    return decodeEnvelope(bytes).documentEpoch < documentEpoch
  } catch {
    return false
  }
}

function untrueRelay(what: string): SyncError {
  return new SyncError('relay-misbehaved', `The relay sent ${what}.`)
}
