// Sheds a document's past: once most of it is past, one device writes what stands into fresh registers, as a snapshot of the next document
// epoch. The relay holds the log still meanwhile, for a few seconds. Everybody else, and whoever comes later, takes it over where the log
// says so: checked against what the entries said, and with everything that was written and not sent.
//
// A rebase is never undone by going back, for others have written on it. What one left out comes back with the next one, by whoever has it.
import { bytesEqual, decodeEnvelope, type Hash, type Refusal } from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import { LARGE_ANSWER_TIMEOUT_MS, QuestionTimer } from '../connection/question-timer'
import type { DocumentLink } from '../document/document-link'
import type { DocumentFrame, DocumentHost, DocumentPart } from '../document/document-part'
import type { PartStatus } from '../document/document-status'
import { owedPacks } from '../history/owed-packs'
import { openExempt } from '../log/exempt-entries'
import type { OpenedEntry } from '../log/log-replica'
import { withheld } from '../log/own-exempt'
import type { CurrentSnapshot } from '../snapshot/current-snapshot'
import { KeyringWait } from '../snapshot/keyring-wait'
import { type ArrivedSnapshot, documentEpochOf } from '../snapshot/snapshot-arrivals'
import { type OpenedSnapshot, openSnapshot } from '../snapshot/snapshot-format'
import { type RebaseInput, takeRebase } from './rebase-adopt'
import { judgeRebase, type RebaseFindings } from './rebase-judge'
import { RebaseLead } from './rebase-lead'
import { OwedList } from './rebase-owed'
import { stillOwed } from './rebase-state'
import { UnjudgedParts } from './rebase-unjudged'

export class Rebase implements DocumentPart {
  /** The relay has a later epoch than this device: nothing is sent until that is taken over. */
  private isBehind = false
  /** What was asked for: a snapshot by its hash, or whichever is of a later epoch. */
  private fetching: { readonly hash: Hash | undefined } | undefined
  private readonly timer: QuestionTimer
  private readonly owed: OwedList
  private readonly unjudged: UnjudgedParts
  private readonly lead: RebaseLead
  private readonly keyringWait = new KeyringWait()

  constructor(
    private readonly host: DocumentHost,
    private readonly current: CurrentSnapshot,
  ) {
    this.timer = new QuestionTimer(host.context.platform)
    this.owed = new OwedList(host.context, host.state.document)
    this.unjudged = new UnjudgedParts(host, this.owed, current)
    this.lead = new RebaseLead(host, current, this.owed, () => this.isBehind)
  }

  get holdsPushes(): boolean {
    return this.isBehind || this.lead.isBusy
  }

  get needsConnection(): boolean {
    return this.holdsPushes || this.lead.isWaiting
  }

  /** What the document lacks was here before, and is to be here again. */
  get status(): Partial<PartStatus> {
    return this.owed.isOwing ? { healing: true } : {}
  }

  connected(): void {
    this.host.runJob(async () => {
      await this.owed.all()
      this.host.onStatus()
    })
    // The relay may be another one, which has not heard of the later epoch; if it has, it says so.
    this.isBehind = false
    this.lead.connected()
  }

  disconnected(): void {
    this.lead.disconnected()
    this.fetched()
    this.keyringWait.disconnected()
  }

  close(): void {
    this.disconnected()
  }

  async caughtUp(): Promise<void> {
    await this.unjudged.look()
    if (this.isLater(this.current.offer?.documentEpoch) && !this.lead.isPassedOver) this.fetch()
    else if (!this.isBehind || this.lead.isPassedOver) await this.lead.look()
  }

  /** What follows in the log is of an epoch that this device does not have, or the relay said so of its own. */
  foundLaterEpoch(): void {
    this.isBehind = true
    this.fetch()
  }

  keyringRead(): void {
    this.keyringWait.keyringRead()
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
        await this.lead.leased(frame.forMs, link)
        return true
      case 'snapshot-stored': {
        const isOwn = this.lead.stored(frame.hash)
        // Its author, too, takes it over as the relay gives it back, and sees so that it is there whole.
        if (isOwn) {
          this.isBehind = true
          this.fetch(frame.hash)
        }
        return isOwn
      }
      default:
        return false
    }
  }

  async refused(refusal: Refusal, error: SyncError, link: DocumentLink): Promise<boolean> {
    if (this.lead.refused(refusal, error, link)) return true
    if (refusal.request !== 'snapshot-fetch' || this.fetching === undefined) return false
    // It is another one meanwhile; the relay says which.
    this.fetched()
    if (!error.retryable) this.host.context.report(error)
    return true
  }

  async snapshotArrived(arrived: ArrivedSnapshot, link: DocumentLink): Promise<boolean> {
    const isLater = this.isLater(documentEpochOf(arrived))
    if (this.isAnswer(arrived.hash, isLater)) this.fetched()
    if (!isLater) return false
    this.isBehind = true
    const { context, state } = this.host
    const opened = await openSnapshot(context, state.document, arrived.bytes)
    if ('failure' in opened) {
      if (opened.failure === 'needs-keyring') this.readKeyring(arrived.hash, link)
      else if (opened.failure === 'unsigned') link.distrust(untrueRelay('a summary that nobody of the account signed'))
      else if (opened.failure === 'unreadable') await this.passOver(arrived.hash, opened.author)
    } else if (bytesEqual(opened.hash, arrived.hash)) await this.take(arrived, opened, link)
    else link.distrust(untrueRelay('another summary than it said'))
    return true
  }

  // -- another device's

  private offered(coveredNumber: number): void {
    this.isBehind = true
    // Before that there are entries to be read, which say what it has to hold.
    if (this.host.state.replica.state.number >= coveredNumber && !this.lead.isPassedOver) this.fetch()
  }

  private fetch(own?: Hash): void {
    const { link, state } = this.host
    if (link === undefined || this.fetching !== undefined) return
    const { offer } = this.current
    const hash = own ?? (this.isLater(offer?.documentEpoch) ? offer?.hash : undefined)
    this.fetching = { hash }
    this.timer.ask(
      link,
      { type: 'snapshot-fetch', document: state.document, ...(hash && { hash }) },
      LARGE_ANSWER_TIMEOUT_MS,
    )
  }

  /** Or there is nothing to be waited for. */
  private fetched(): void {
    this.fetching = undefined
    this.timer.stop()
  }

  /** Others of this document are asked for, too: were one of them taken for the answer, nobody would wait for the answer itself any more. */
  private isAnswer(hash: Hash, isLater: boolean): boolean {
    const { fetching } = this
    if (fetching === undefined) return false
    return fetching.hash === undefined ? isLater : bytesEqual(fetching.hash, hash)
  }

  private async take(arrived: ArrivedSnapshot, snapshot: OpenedSnapshot, link: DocumentLink): Promise<void> {
    const { host } = this
    const exempt = await openExempt(host.state, snapshot, arrived, this.keyringWait.isOver(snapshot.hash))
    if ('failure' in exempt) {
      this.readKeyring(snapshot.hash, link)
      return
    }
    if (withheld(snapshot, exempt.entries).size > 0)
      host.context.report(untrueRelay('a summary without the entries that are not in it'))
    await host.ownWriter.whileRewriting(async () => {
      const findings = await judgeRebase(host.state, snapshot, {
        owed: await this.owed.list(),
        isDoubted: !(await this.current.isFoundationVerified()),
      })
      if (host.isClosed) return
      if (findings.isUsable) await this.adopt(snapshot, exempt, findings)
      else await this.passOver(snapshot.hash, snapshot.author)
    })
    if (!host.isClosed && !this.isBehind) host.readAgain()
  }

  /** Nobody can go on from it. The next rebase is made of what was before it. */
  private async passOver(hash: Hash, author: OpenedSnapshot['author']): Promise<void> {
    await this.current.judged(hash, author, { verdict: 'reject', reason: 'it cannot be read' })
    this.lead.passOver(hash)
    await this.lead.look()
  }

  private async adopt(
    snapshot: OpenedSnapshot,
    { entries, heads }: { readonly entries: readonly OpenedEntry[]; readonly heads: RebaseInput['heads'] },
    { judgement, folded, owed }: RebaseFindings,
  ): Promise<void> {
    const { host, current } = this
    const owedBefore = await this.owed.all()
    const before = await this.owed.list()
    const unjudged = await this.owed.unjudged()
    const stays = folded === undefined ? before : stillOwed(before, folded)
    const parts = [...stays, ...unjudged, ...owed]
    const packs = await owedPacks(host.state)
    const taken = await takeRebase(
      host.state,
      {
        ...{ snapshot, exempt: entries, heads, owedBefore, packs },
        isVerified: judgement.verdict === 'accept',
        storedAtMs: current.offer?.storedAtMs ?? 0,
        owed: parts,
      },
      () => host.isClosed,
    )
    if (taken === 'no-document') await this.passOver(snapshot.hash, snapshot.author)
    if (typeof taken === 'string') return
    this.isBehind = false
    this.lead.forget()
    this.owed.replaced(parts)
    host.ownWriter.giveUpSealed()
    // What they wrote is joined; as entries they would be of an epoch that is over.
    host.state.returning?.leaveOut((bytes) => isBefore(bytes, snapshot.header.documentEpoch))
    host.intake.adopted(taken)
    current.shelf.forget()
    await taken.committed
    const isFirst = bytesEqual(snapshot.author, host.context.device)
    if (packs.length > 0) host.context.history?.owed(host.state.document, { isFirst })
    await current.judged(snapshot.hash, snapshot.author, judgement, snapshot)
  }

  private readKeyring(hash: Hash, link: DocumentLink): void {
    if (!this.keyringWait.begin(hash, link)) link.distrust(untrueRelay('a summary under a key that it does not show'))
  }

  private isLater(documentEpoch: number | undefined): boolean {
    return documentEpoch !== undefined && documentEpoch > this.host.state.documentEpoch
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
