// What is known of the relay's current snapshot of a document: what the relay says of it, what other devices say of it, and what this
// device found when it replayed what the snapshot covers.
import {
  activeDevices,
  bytesEqual,
  bytesToHex,
  type DeviceId,
  type Hash,
  snapshotVerdictBytes,
  type Verdict,
} from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import { LineageMap } from '../device-map'
import type { DocumentFrame, DocumentHost, DocumentPart } from '../document/document-part'
import type { PartStatus } from '../document/document-status'
import type { Foundation } from '../document/state-row'
import { isBeyondCut } from '../log/rebuild'
import { isRebase } from '../rebase/rebase-state'
import { readFoundation } from './foundation'
import type { OpenedSnapshot } from './snapshot-format'
import type { Judgement } from './snapshot-judge'
import { type ShelfNote, SnapshotShelf } from './snapshot-shelf'
import { countVotes, hasVote, type SnapshotOffer, type Votes } from './snapshot-votes'

export class CurrentSnapshot implements DocumentPart {
  /** As the relay tells; undefined while it has none, or has not told. */
  offer: SnapshotOffer | undefined
  /** Of the document at the relay, as far as it told on this connection: it never goes back. */
  relayEpoch = 0
  votes: Votes = new Map()
  readonly shelf: SnapshotShelf
  /** What this device found of the snapshots that it was shown, by the hex of the hash. */
  readonly found = new Map<string, Judgement['verdict']>()
  /** What this device's own history rests on holds what does not count. It has no say about others. */
  isTainted = false
  /** One of this device is on its way to the relay, which puts together one of a document at a time. */
  isUploading = false
  private isFoundationAccepted = false
  private foundationRejectedBy: ReadonlySet<string> = new Set()
  /** What the furthest snapshot covers that this device found to be untrue. */
  private rejectedThrough = 0
  private readonly reported = new Set<string>()

  constructor(private readonly host: DocumentHost) {
    this.shelf = new SnapshotShelf(host.context, host.state.document)
  }

  get status(): Partial<PartStatus> {
    return { unconfirmed: this.isTaken && !this.isOwn && !hasVote(this.votes, 'accept') }
  }

  /** This device found it to be untrue, or one that went further; until a true one is there, who is new gets what is wrong, or nothing. */
  get isUntrue(): boolean {
    const isRejected = this.offer !== undefined && this.found.get(bytesToHex(this.offer.hash)) === 'reject'
    // An untrue rebase was taken over all the same; the next rebase makes it good.
    if (isRejected && this.isTaken) return false
    return isRejected || this.rejectedThrough > (this.offer?.coveredNumber ?? 0)
  }

  /** It may take the place of a foundation that does not count. */
  get isBetter(): boolean {
    const { offer, votes } = this
    const { state } = this.host
    if (offer === undefined || offer.documentEpoch !== state.documentEpoch || hasVote(votes, 'reject')) return false
    const { foundation } = state
    if (foundation === undefined || bytesEqual(offer.hash, foundation.hash)) return false
    if (offer.coveredNumber < foundation.number) return false
    // One word against another's would let a single device lead all astray.
    return (
      hasVote(votes, 'accept') ||
      (!this.isFoundationAccepted && this.foundationRejectedBy.has(bytesToHex(offer.author)))
    )
  }

  /** This device has replayed all that what it keeps goes on from. */
  async isFoundationVerified(): Promise<boolean> {
    const { foundation } = this.host.state
    return foundation === undefined || (await this.noteOf(foundation.hash)) !== undefined
  }

  /** What this device keeps goes on from it. */
  private get isTaken(): boolean {
    const { foundation } = this.host.state
    return this.offer !== undefined && foundation !== undefined && bytesEqual(this.offer.hash, foundation.hash)
  }

  private get isOwn(): boolean {
    return this.offer !== undefined && bytesEqual(this.offer.author, this.host.context.device)
  }

  /** The next connection tells what is current there. */
  disconnected(): void {
    this.relayEpoch = 0
    this.dropOffer()
  }

  async received(frame: DocumentFrame): Promise<boolean> {
    if (frame.type === 'snapshot-offered') await this.offered(frame)
    return false
  }

  /** Another start, or another connection, may know of another keyring. */
  connected(): void {
    this.host.runJob(() => this.keyringChanged())
  }

  async keyringChanged(): Promise<void> {
    const { context, state } = this.host
    for (const { number, hash } of await this.shelf.list()) {
      if (number === state.foundation?.number) continue
      if (!isBeyondCut(context, state.document, await this.vectorOf({ number, hash }))) continue
      await this.shelf.drop(number)
      this.forget(hash)
    }
    const { foundation } = state
    if (foundation === undefined || !isBeyondCut(context, state.document, state.replica.state.applied)) return
    if (!isBeyondCut(context, state.document, await this.vectorOf(foundation))) return
    this.isTainted = true
    this.forget(foundation.hash)
  }

  /** The relay has it no more, or will not for long: it tells which is in its place, if one is. */
  forget(hash: Hash | undefined): void {
    if (this.offer !== undefined && hash !== undefined && bytesEqual(this.offer.hash, hash)) this.dropOffer()
  }

  private dropOffer(): void {
    this.offer = undefined
    this.votes = new Map()
  }

  /** This device has kept all that it covers, and has not replayed it yet. */
  async isToBeJudged(): Promise<boolean> {
    const { offer } = this
    if (offer === undefined || this.found.has(bytesToHex(offer.hash)) || this.isTainted) return false
    const { replica, foundation } = this.host.state
    if (offer.coveredNumber > replica.state.number || offer.coveredNumber <= (foundation?.number ?? 0)) return false
    return (await this.noteOf(offer.hash)) === undefined
  }

  /** The newest snapshot that may take the foundation's place. */
  async settled(): Promise<ShelfNote | undefined> {
    const { context, state } = this.host
    const isAlone = activeDevices(context.keyring().devices).filter(({ role }) => role === 'device').length === 1
    return this.shelf.settled(state.foundation?.number ?? 0, isAlone)
  }

  /** Says what this device found: to the other devices by the relay, to the app when it is bad. */
  async judged(hash: Hash, author: DeviceId, { verdict, reason }: Judgement, opened?: OpenedSnapshot): Promise<void> {
    this.found.set(bytesToHex(hash), verdict)
    if (verdict === 'unknown') return
    const isOwn = bytesEqual(author, this.host.context.device)
    if (verdict === 'accept' && opened !== undefined) {
      const storedAtMs = this.offer?.storedAtMs ?? 0
      const isAccepted = !isOwn || hasVote(this.votes, 'accept')
      await this.shelf.put({ number: opened.header.coveredNumber, hash, storedAtMs, isAccepted }, opened.bytes)
    }
    if (verdict === 'reject') {
      this.rejectedThrough = Math.max(this.rejectedThrough, opened?.header.coveredNumber ?? 0)
      this.reportUntrue(hash, author, reason)
    }
    if (!isOwn) await this.vote(hash, verdict)
  }

  /** Once for each snapshot. */
  reportUntrue(hash: Hash, author: DeviceId, reason: string): void {
    if (this.reported.has(bytesToHex(hash))) return
    this.reported.add(bytesToHex(hash))
    const device = bytesToHex(author)
    const message = `Device ${device} summed up a collection wrongly: ${reason}.`
    this.host.context.report(new SyncError('snapshot-untrue', message, { device }))
  }

  private async offered(frame: SnapshotOffer): Promise<void> {
    const { host } = this
    this.relayEpoch = Math.max(this.relayEpoch, frame.documentEpoch)
    const votes = await countVotes(host.context, frame)
    const isAccepted = hasVote(votes, 'accept') && !hasVote(votes, 'reject')
    await this.shelf.learn(frame.hash, { storedAtMs: frame.storedAtMs, isAccepted })
    const { foundation } = host.state
    const isFoundation = foundation !== undefined && bytesEqual(foundation.hash, frame.hash)
    if (isFoundation) {
      this.isFoundationAccepted = hasVote(votes, 'accept')
      this.foundationRejectedBy = new Set([...votes].flatMap(([device, vote]) => (vote === 'reject' ? [device] : [])))
      // Whose own it is knows better, and so does who has replayed what it covers: one word must not undo what was verified here.
      const isKnownTrue = bytesEqual(frame.author, host.context.device) || (await this.isFoundationVerified())
      const isDoubted = this.foundationRejectedBy.size > 0 && !isKnownTrue
      if (isDoubted && !(await this.restsOnRebase())) this.isTainted = true
    }
    const said = votes.get(bytesToHex(host.context.device))
    if (said === 'reject') this.rejectedThrough = Math.max(this.rejectedThrough, frame.coveredNumber)
    if (!frame.isCurrent) {
      this.forget(frame.hash)
      return
    }
    // A frame is a view into what was received.
    this.offer = { ...frame, hash: frame.hash.slice() as Hash, author: frame.author.slice() as DeviceId }
    this.votes = votes
    if (said !== undefined) this.found.set(bytesToHex(frame.hash), said)
    else if (!this.isOwn && (await this.noteOf(frame.hash)) !== undefined) await this.vote(frame.hash, 'accept')
    host.onStatus()
  }

  private async vote(hash: Hash, verdict: Verdict): Promise<void> {
    const { context, state, link } = this.host
    const { document } = state
    const signature = await context.sign(snapshotVerdictBytes(context.account, document, hash, verdict))
    if (link !== undefined && link === this.host.link)
      link.send({ type: 'snapshot-verdict', document, hash, verdict, signature })
  }

  private async noteOf(hash: Hash): Promise<ShelfNote | undefined> {
    return (await this.shelf.list()).find((note) => bytesEqual(note.hash, hash))
  }

  /** Others have written on it: what it left out comes back with the next one, and nothing goes back behind it. */
  private async restsOnRebase(): Promise<boolean> {
    const { context, state } = this.host
    const below = await readFoundation(context, state.document, state.foundation)
    return below !== undefined && isRebase(context.platform.signing.sha512, below)
  }

  private async vectorOf(foundation: Foundation): Promise<LineageMap<number>> {
    const opened = await readFoundation(this.host.context, this.host.state.document, foundation)
    return new LineageMap(opened?.header.vector.map((head) => [head, head.sequence] as const))
  }
}
