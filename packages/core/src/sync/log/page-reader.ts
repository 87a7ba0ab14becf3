// Reads a document's log to its end: asks for what follows the cursor, takes in the pages that come, and knows when nothing is missing.
// An answer to a push is read as a page, too: it says under which numbers the log has what this device sent.
import { bytesEqual, decodeEnvelope, type Frame, type SignedHead } from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import type { DocumentLink } from '../document/document-link'
import type { DocumentState } from '../document/document-state'
import type { Outbox, SealedEntry, SealedPush } from '../writing/outbox'
import type { OpenedEntry } from './log-replica'
import { type OwnEntry, openPage, ownBody } from './open-page'

type FrameOf<T extends Frame['type']> = Extract<Frame, { type: T }>

/** Answers in a row without an entry. A relay's budget for one question serves thousands of documents in fewer rounds. */
const MAX_EMPTY_ANSWERS = 1_000

export interface PageReaderOptions {
  /** The connection as of now: what took a while may have outlived the one that it began on. */
  link(): DocumentLink | undefined
  /** Entries that follow the cursor, verified. */
  takeIn(entries: readonly OpenedEntry[], heads: readonly SignedHead[]): Promise<void>
  /** The relay has the push. */
  stored(push: SealedPush): void
  /** Nothing is missing. Called for every answer that says so, before `isCaughtUp` says it. */
  reachedEnd(): Promise<void>
  /** Nothing is missing any more. */
  caughtUp(): void
  /** What follows is of a later document epoch: it rests on a snapshot that this device has to take over first. */
  foundLaterEpoch(): Promise<void>
}

export class PageReader {
  isCaughtUp = false
  private emptyAnswers = 0
  /** Number of the first entry of a page that waits for the keyring to be read. */
  private keyringAwaitedFor: number | undefined
  /** As above, once the keyring was read since. */
  private keyringReadFor: number | undefined

  constructor(
    private readonly state: DocumentState,
    private readonly options: PageReaderOptions,
  ) {}

  disconnected(): void {
    this.isCaughtUp = false
    this.emptyAnswers = 0
    this.keyringAwaitedFor = undefined
    this.keyringReadFor = undefined
  }

  /** What a page waited for in the keyring is there, or will not come. */
  keyringRead(): void {
    this.keyringReadFor = this.keyringAwaitedFor
  }

  /** Asks for everything after the cursor. */
  readAgain(): void {
    this.isCaughtUp = false
    this.options.link()?.subscribe(this.state.document)
  }

  async receivePage(frame: FrameOf<'page'>, link: DocumentLink): Promise<void> {
    const { document, replica } = this.state
    const gap = frame.first - (replica.state.number + 1)
    if (gap > 0) {
      // News may overtake the answer to a question. The answer itself begins where it was asked to; asking again would go on for ever.
      if (frame.live) link.subscribe(document)
      else link.distrust(new SyncError('relay-misbehaved', 'The relay left out entries before those it sent.'))
      return
    }
    const entries = frame.entries.slice(-gap || 0)
    if (gap === 0 || -gap < frame.entries.length) {
      if (entries.length > 0 && !(await this.takePage(frame, entries, link))) return
      if (this.isBefore(frame)) {
        await this.options.foundLaterEpoch()
        return
      }
    }
    if (frame.newest > this.state.replica.state.number) {
      this.askAgain(entries.length > 0, link)
      return
    }
    this.emptyAnswers = 0
    await this.options.reachedEnd()
    // What took a while may have outlived the connection, and says nothing about the next one.
    if (link === this.options.link() && !this.isCaughtUp) {
      this.isCaughtUp = true
      this.options.caughtUp()
    }
  }

  /** A relay that is asked for much at once may answer empty for now; one that keeps promising what it never sends is given up. */
  private askAgain(isProgress: boolean, link: DocumentLink): void {
    this.emptyAnswers = isProgress ? 0 : this.emptyAnswers + 1
    if (this.emptyAnswers <= MAX_EMPTY_ANSWERS) link.subscribe(this.state.document, !isProgress)
    else link.distrust(new SyncError('relay-misbehaved', 'The relay speaks of entries that it does not send.'))
  }

  /** False when the page was not taken in, or the connection is gone. */
  private async takePage(frame: FrameOf<'page'>, entries: readonly Uint8Array[], link: DocumentLink): Promise<boolean> {
    const { context, document, replica, outbox } = this.state
    const first = replica.state.number + 1
    const page = await openPage({
      account: context.account,
      document,
      keyring: context.keyring(),
      documentEpoch: this.state.documentEpoch,
      isKeyringFresh: this.keyringReadFor === first,
      keyAt: (position) => context.keyAt(document, position),
      signing: context.platform.signing,
      inflate: context.platform.inflate,
      chains: replica.state.chains,
      first,
      entries,
      heads: frame.heads,
      findOwn: (lineage, sequence, hash) =>
        bytesEqual(lineage.device, context.device)
          ? ownEntry(outbox, outbox.find(lineage.incarnation, sequence, hash))
          : undefined,
    })
    if (link !== this.options.link()) return false
    if ('failure' in page) {
      this.keyringAwaitedFor = first
      link.readKeyring()
      return false
    }
    if (!bytesEqual(replica.hashAfter(page.entries), frame.logHash)) {
      link.distrust(
        new SyncError('relay-misbehaved', 'The relay sent entries that do not add up to the hash it gave for them.'),
      )
      return false
    }
    const later = page.entries.findIndex((entry) => this.isOfLaterEpoch(entry))
    const taken = later < 0 ? page.entries : page.entries.slice(0, later)
    if (taken.length > 0) await this.options.takeIn(taken, page.heads)
    return link === this.options.link()
  }

  /** The page was taken in only as far as the document's epoch goes. */
  private isBefore({ first, entries }: FrameOf<'page'>): boolean {
    return this.state.replica.state.number < first + entries.length - 1
  }

  private isOfLaterEpoch({ sequence, bytes }: OpenedEntry): boolean {
    return sequence > 0 && decodeEnvelope(bytes).documentEpoch > this.state.documentEpoch
  }

  async receivePushed(frame: FrameOf<'pushed'>, link: DocumentLink): Promise<void> {
    const { context, document, replica, outbox } = this.state
    const push = outbox.findPush(frame.incarnation, frame.sequence)
    if (push === undefined || frame.numbers.length !== push.entries.length) return
    this.options.stored(push)
    const lineage = { device: context.device, incarnation: push.incarnation }
    const entries: OpenedEntry[] = []
    for (const [i, entry] of push.entries.entries()) {
      const number = frame.numbers[i] as number
      if (number <= replica.state.number) continue
      if (number !== replica.state.number + entries.length + 1) {
        link.subscribe(document)
        return
      }
      entries.push({
        ...lineage,
        ...entry,
        bytes: entry.envelope,
        number,
        own: true,
        outcome: { body: ownBody(withRepairs(outbox, entry)) },
      })
    }
    if (entries.length === 0) return
    if (!bytesEqual(replica.hashAfter(entries), frame.logHash)) {
      link.distrust(
        new SyncError('relay-misbehaved', 'The relay confirmed entries with a hash that they do not add up to.'),
      )
      return
    }
    await this.options.takeIn(entries, [{ ...lineage, sequence: frame.sequence, signature: push.signature }])
  }
}

function ownEntry(outbox: Outbox, entry: SealedEntry | undefined): OwnEntry | undefined {
  return entry && withRepairs(outbox, entry)
}

/** It stands alone in its entry, if it stands for another. */
function withRepairs({ pending }: Outbox, entry: SealedEntry): OwnEntry {
  const repairs = pending.find(({ order }) => order === entry.lastOrder)?.repairs
  return repairs === undefined ? entry : { ...entry, repairs }
}
