// Takes a snapshot over that the relay sends instead of the entries before it: this device is new, or was away while they went, or what it
// had rests on what does not count.
import { bytesEqual, bytesToHex, type Hash, type Refusal } from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import { LARGE_ANSWER_TIMEOUT_MS, QuestionTimer } from '../connection/question-timer'
import { LineageMap } from '../device-map'
import type { DocumentLink } from '../document/document-link'
import type { DocumentFrame, DocumentHost, DocumentPart } from '../document/document-part'
import { openExempt } from '../log/exempt-entries'
import { withheld } from '../log/own-exempt'
import { isBeyondCut } from '../log/rebuild'
import { isDigestTrue } from '../rebase/rebase-state'
import type { CurrentSnapshot } from './current-snapshot'
import { readFoundation } from './foundation'
import { KeyringWait } from './keyring-wait'
import type { ArrivedSnapshot } from './snapshot-arrivals'
import { type OpenedSnapshot, openSnapshot } from './snapshot-format'

/** `startsOver`: it takes the place of all that this device has. */
interface Asked {
  readonly hash: Hash
  readonly startsOver: boolean
}

export class Adoption implements DocumentPart {
  private readonly keyringWait = new KeyringWait()
  /** A snapshot that was asked for, whatever this device has read. */
  private asked: Asked | undefined
  /** One that was asked for and came, and is asked for again once the keyring is read: it may have gone further than here. */
  private awaitsKeyring: Asked | undefined
  private readonly timer: QuestionTimer
  /** Asked for, and of no use or not there. */
  private readonly useless = new Set<string>()
  private hasToldNotUndone = false

  constructor(
    private readonly host: DocumentHost,
    private readonly current: CurrentSnapshot,
  ) {
    this.timer = new QuestionTimer(host.context.platform)
  }

  get needsConnection(): boolean {
    return this.asked !== undefined || this.awaitsKeyring !== undefined
  }

  disconnected(): void {
    this.keyringWait.disconnected()
    this.awaitsKeyring = undefined
    this.answered()
  }

  /**
   * A document that was rebased rests on a snapshot. A device that has read the relay's log from its beginning, because it could be compared
   * with nothing, asks for the one that the log rests on: what follows it has seen what only that says.
   * @returns false when there is nothing to be waited for
   */
  asksForFoundation(link: DocumentLink): boolean {
    if (this.needsConnection) return true
    const { documentEpoch, foundation } = this.host.state
    const { offer } = this.current
    if (documentEpoch === 0 || foundation !== undefined || offer?.documentEpoch !== documentEpoch) return false
    if (this.useless.has(bytesToHex(offer.hash))) return false
    this.ask(offer.hash, false, link)
    return true
  }

  keyringRead(): void {
    this.keyringWait.keyringRead()
  }

  /** Or it was read to its end, and says nothing new. */
  async keyringChanged(): Promise<void> {
    const { awaitsKeyring } = this
    const { link } = this.host
    this.awaitsKeyring = undefined
    if (awaitsKeyring !== undefined && link !== undefined) this.ask(awaitsKeyring.hash, awaitsKeyring.startsOver, link)
    else await this.replaceTainted()
  }

  async caughtUp(): Promise<void> {
    await this.replaceTainted()
  }

  async received({ type }: DocumentFrame): Promise<boolean> {
    if (type === 'snapshot-offered' && this.host.isCaughtUp) await this.replaceTainted()
    return false
  }

  async refused({ request }: Refusal): Promise<boolean> {
    if (request !== 'snapshot-fetch' || this.asked === undefined) return false
    await this.isOfNoUse(this.asked.hash)
    return true
  }

  async snapshotArrived(arrived: ArrivedSnapshot, link: DocumentLink): Promise<boolean> {
    const { host } = this
    const { context, state } = host
    const opened = await openSnapshot(context, state.document, arrived.bytes)
    if ('failure' in opened) {
      if (opened.failure === 'unreadable') {
        this.current.reportUntrue(arrived.hash, opened.author, 'it cannot be read')
        if (this.isAsked(arrived.hash)) await this.isOfNoUse(arrived.hash)
      } else if (opened.failure === 'needs-keyring') this.readKeyring(arrived.hash, link)
      else link.distrust(untrueRelay('a summary that nobody of the account signed'))
      return true
    }
    if (opened.header.documentEpoch !== state.documentEpoch) {
      // There is no way back behind a rebase.
      if (this.isAsked(opened.hash)) await this.isOfNoUse(opened.hash)
      return false
    }
    if (!bytesEqual(opened.hash, arrived.hash)) {
      link.distrust(untrueRelay('another summary than it said'))
      return true
    }
    const asked = this.isAsked(opened.hash) ? this.asked : undefined
    if (asked === undefined && opened.header.coveredNumber <= state.replica.state.number) return true
    await this.take(arrived, opened, link, asked?.startsOver === true)
    return true
  }

  private async take(
    arrived: ArrivedSnapshot,
    snapshot: OpenedSnapshot,
    link: DocumentLink,
    startsOver: boolean,
  ): Promise<void> {
    const { host } = this
    const { context, state, ownWriter, intake } = host
    if (!isDigestTrue(context.platform.signing.sha512, snapshot)) {
      const judgement = { verdict: 'reject', reason: 'it holds something else than its author says' } as const
      await this.current.judged(snapshot.hash, snapshot.author, judgement)
      if (this.isAsked(snapshot.hash)) await this.isOfNoUse(snapshot.hash)
      return
    }
    const vector = new LineageMap(snapshot.header.vector.map((head) => [head, head.sequence] as const))
    const isBeyond = isBeyondCut(context, state.document, vector)
    if (isBeyond && startsOver) {
      this.answered()
      this.useless.add(bytesToHex(snapshot.hash))
      await this.replaceTainted(snapshot.header.parent)
      return
    }
    const exempt = await openExempt(state, snapshot, arrived, this.keyringWait.isOver(snapshot.hash))
    if ('failure' in exempt) {
      this.readKeyring(snapshot.hash, link)
      return
    }
    if (this.isAsked(snapshot.hash)) this.answered()
    if (withheld(snapshot, exempt.entries).size > 0)
      context.report(untrueRelay('a summary without the entries that are not in it'))
    const hadMore = [...state.replica.state.applied].some(([each, sequence]) => sequence > (vector.get(each) ?? 0))
    await ownWriter.whileRewriting(async () => {
      const input = { snapshot, exempt: exempt.entries, heads: exempt.heads, startsOver }
      const adoption = await intake.adopt(input)
      if (adoption === undefined) return
      if (adoption.lostOwn) ownWriter.startIncarnation()
      // It counts as stored what it does not hold.
      if (adoption.isRescued && !hadMore)
        this.current.reportUntrue(snapshot.hash, snapshot.author, 'it lacks what this device had; that is sent again')
      this.current.shelf.forget()
      this.current.isTainted = isBeyond
      if (isBeyond) this.tellNotUndone()
    })
    if (!host.isClosed) host.readAgain()
  }

  private readKeyring(hash: Hash, link: DocumentLink): void {
    if (!this.keyringWait.begin(hash, link)) link.distrust(untrueRelay('a summary under a key that it does not show'))
    else if (this.isAsked(hash)) {
      this.awaitsKeyring = this.asked
      this.answered()
    }
  }

  /**
   * Looks for something else to rest on: what the foundation was built on, while the relay keeps it, or a newer snapshot that another device
   * vouches for.
   */
  private async replaceTainted(older?: Hash): Promise<void> {
    const { link, state, context } = this.host
    if (!this.current.isTainted || link === undefined || this.asked !== undefined) return
    const { offer, isBetter } = this.current
    const parent = older ?? (await readFoundation(context, state.document, state.foundation))?.header.parent
    const candidates = [...(isBetter && offer ? [offer.hash] : []), ...(parent ? [parent] : [])]
    const hash = candidates.find((each) => !this.useless.has(bytesToHex(each)))
    if (hash === undefined) {
      this.tellNotUndone()
      return
    }
    this.ask(hash, true, link)
  }

  private ask(hash: Hash, startsOver: boolean, link: DocumentLink): void {
    const { document } = this.host.state
    this.asked = { hash, startsOver }
    this.timer.ask(link, { type: 'snapshot-fetch', document, hash }, LARGE_ANSWER_TIMEOUT_MS)
  }

  private isAsked(hash: Hash): boolean {
    return this.asked !== undefined && bytesEqual(this.asked.hash, hash)
  }

  /** What was asked for is not there, or nothing can be gone on from it. */
  private async isOfNoUse(hash: Hash): Promise<void> {
    const isAwaited = this.asked?.startsOver === false
    this.answered()
    this.useless.add(bytesToHex(hash))
    await this.replaceTainted()
    if (isAwaited && !this.host.isClosed) this.host.readAgain()
  }

  /** Or there is nothing to be waited for. */
  private answered(): void {
    this.asked = undefined
    this.timer.stop()
  }

  private tellNotUndone(): void {
    const { context, state } = this.host
    if (this.hasToldNotUndone || !isBeyondCut(context, state.document, state.replica.state.applied)) return
    this.hasToldNotUndone = true
    const message = 'What a removed device wrote cannot be told apart any more from what others wrote.'
    context.report(new SyncError('removal-not-undone', message))
  }
}

function untrueRelay(what: string): SyncError {
  return new SyncError('relay-misbehaved', `The relay sent ${what}.`)
}
