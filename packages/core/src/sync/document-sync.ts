// Drives one document: what arrives is opened, placed, applied and stored; what is written is stored, sealed, stored and
// sent. Whatever changes the verified log runs as a job, one at a time; edits go in between at any moment.
//
// Order on disk is what makes a crash harmless: an edit and its row are one commit; sealed bytes are committed before they
// are sent; cursor and entries are one commit; confirmed rows go in the commit that moves the cursor over them.
import {
  bytesEqual,
  type DocumentId,
  decodeEnvelope,
  type Frame,
  type Hash,
  type KeyringHead,
  type SignedHead,
} from '@owlivion/sync-protocol'
import { checkEdit, type Edit, type Transaction } from '../document'
import { isSyncError, SyncError } from '../errors'
import type { AccountContext } from './account-context'
import { readStoredBase } from './base'
import type { Lineage, LineageMap } from './device-map'
import type { DocumentLink } from './document-link'
import { type DocumentState, loadDocument } from './document-state'
import { groupEdits } from './edit-groups'
import { LogIntake } from './log-intake'
import type { Chain, HeldEntry, OpenedEntry } from './log-replica'
import { observerOf } from './observer'
import { openPage, ownBody } from './open-page'
import { PushSender } from './push-sender'
import { encodePending, rowKeys } from './rows'
import { SeenRows } from './seen-rows'

type FrameOf<T extends Frame['type']> = Extract<Frame, { type: T }>

/** Where the weakest of this device's own edits has come to. */
export type EditState = 'local' | 'stored' | 'seen'

/** Where one collection stands; every value is as of now. */
export interface DocumentStatus {
  readonly state: EditState
  /** Transactions the relay has not confirmed. */
  readonly unsent: number
  /** True when everything the relay had when last asked is here. */
  readonly caughtUp: boolean
  /** Entries kept aside because they cannot be trusted or understood, or wait for such a one. */
  readonly held: readonly { readonly number: number; readonly reason: HeldEntry['reason'] }[]
  /** Entries that a removed device wrote beyond what counts of it. They are decided, and nothing is to be done about them. */
  readonly dropped: number
  /** What the relay refuses about this document, while it does. */
  readonly refused: SyncError | undefined
}

/** Edits made before the relay's clock was known are moved when the device's clock is further off than this. */
const LARGE_OFFSET_MS = 300_000

/** Answers in a row without an entry. A relay's budget for one question serves thousands of documents in fewer rounds. */
const MAX_EMPTY_ANSWERS = 1_000

export class DocumentSync {
  private jobs: Promise<void> = Promise.resolve()
  private link: DocumentLink | undefined
  private caughtUp = false
  /** A push was refused as sealed under an old key: seal anew once the keyring is read. */
  private reseal = false
  /** Another life of this device wrote to the log: take a new writer once all of it has arrived. Nothing is sent before. */
  private needsNewWriter: boolean
  /** Pending transactions are being written again; sealing the old ones meanwhile would part the log from this device. */
  private rewriting = false
  /** Number of the first entry of a page that waits for the keyring to be read. */
  private keyringAwaitedFor: number | undefined
  /** As above, once the keyring was read since. */
  private keyringReadFor: number | undefined
  private closed = false
  private emptyAnswers = 0
  /** Why the relay does not send what follows the cursor, while it does not. */
  private subscribeRefused: SyncError | undefined
  private readonly seenRows: SeenRows
  private readonly sender: PushSender
  private readonly intake: LogIntake

  private constructor(
    private readonly context: AccountContext,
    private readonly state: DocumentState,
    /** Called with the ids of changed records, or undefined when any may have changed. */
    private readonly onChange: (changed: ReadonlySet<string> | undefined) => void,
    private readonly onStatus: () => void,
  ) {
    const claimed = (author: Lineage, number: number, head: KeyringHead): void => {
      if (context.noteKeyringHead?.(author.device, { document: state.document, number }, head)) this.link?.readKeyring()
    }
    this.seenRows = new SeenRows(context, state, () => (this.canSeal ? this.link : undefined), onStatus, claimed)
    this.needsNewWriter = state.hasTakenNumbers()
    this.intake = new LogIntake(state, {
      onChange,
      onStatus,
      confirmed: (push) => this.sender.confirmed(push),
      learn: (author, seen) => this.seenRows.learn(author, seen),
      claimed,
      sealsAgain: () => this.sender.giveUpSealed(),
      foundOtherLife: () => {
        this.needsNewWriter = true
      },
      isClosed: () => this.closed,
    })
    this.sender = new PushSender(state, {
      isHeldBack: () =>
        !this.caughtUp ||
        this.reseal ||
        this.needsNewWriter ||
        this.rewriting ||
        context.isKeyringHidden === true ||
        !this.canSeal,
      onStatus,
    })
  }

  /** Not while somebody keeps the newest key from the others. */
  private get canSeal(): boolean {
    try {
      this.context.newestKey(this.state.document)
      return true
    } catch (error) {
      // There is none that may seal, which the keyring's author sees to; anything else comes up where it is used.
      return !isSyncError(error)
    }
  }

  static async open(
    context: AccountContext,
    document: DocumentId,
    onChange: DocumentSync['onChange'],
    onStatus: () => void,
  ): Promise<DocumentSync> {
    const sync = new DocumentSync(context, await loadDocument(context, document), onChange, onStatus)
    if (context.isRemoved) return sync
    if (sync.state.isSealedInVain()) sync.startIncarnation()
    await sync.intake.followKeyring()
    await sync.shiftNow()
    sync.runJob(() => sync.intake.retryHeld())
    return sync
  }

  get document(): DocumentId {
    return this.state.document
  }

  get registers(): DocumentState['registers'] {
    return this.state.registers
  }

  get cursor(): { readonly document: DocumentId; readonly number: number; readonly hash: Hash } {
    const { number, hash } = this.state.replica.state
    return { document: this.document, number, hash }
  }

  /** The ends of all chains in the log, as far as they were verified. */
  get chains(): LineageMap<Chain> {
    return this.state.replica.state.chains
  }

  /** Entries are sealed under a key that came after the last keyring record which the relay showed. */
  get missesKeyring(): boolean {
    const { length } = this.context.keyring()
    return this.state.replica.state.held.some(
      ({ entry, reason }) => reason === 'unknown-epoch' && decodeEnvelope(entry.bytes).epoch >= length,
    )
  }

  get status(): DocumentStatus {
    const unsent = this.state.outbox.pending.length
    const aside = this.state.replica.state.held
    const { context, document } = this
    // By the cut and not by the reason: what waited for its author when that was removed waits for nothing any more.
    const held = aside.filter(
      ({ entry, reason }) =>
        reason !== 'repaired' && !context.isCutOff(document, entry.device, entry.incarnation, entry.sequence),
    )
    const dropped = aside.filter(({ entry }) =>
      context.isCutOff(document, entry.device, entry.incarnation, entry.sequence),
    )
    return {
      state: unsent > 0 ? 'local' : this.seenRows.areOwnSeen() ? 'seen' : 'stored',
      unsent,
      caughtUp: this.caughtUp,
      held: held.map(({ entry, reason }) => ({ number: entry.number, reason })),
      dropped: dropped.length,
      refused: this.subscribeRefused ?? this.sender.refused,
    }
  }

  /** @returns tells whether the relay has confirmed everything written so far */
  confirmation(): () => boolean {
    const { outbox } = this.state
    const last = outbox.nextOrder - 1
    return () => outbox.pending.every(({ order }) => order > last)
  }

  // -- edits

  /** Applies edits to the live document at once. The promise resolves when they are on this device's disk. */
  transact(edits: readonly Edit[]): { readonly transaction: Transaction | undefined; readonly stored: Promise<void> } {
    if (this.closed) throw new SyncError('closed', 'The account is closed.')
    if (this.context.isRemoved) throw new SyncError('device-removed', 'This device was removed from the account.')
    const transaction = this.state.registers.transact(edits)
    if (transaction === undefined) return { transaction, stored: Promise.resolve() }
    observerOf(this.context.platform)?.written(this.document, this.state.registers, transaction)
    const item = this.state.outbox.add(transaction, { isClockKnown: this.context.clockOffsetMs !== undefined })
    const stored = this.context.writer.write({
      // The state row is written with whatever changes it; a new document's first edit makes its writer known.
      put: [
        [rowKeys.pending(this.document, item.order), encodePending(item)],
        ...(item.order === 1 ? [this.state.stateRow()] : []),
      ],
    })
    this.onChange(transaction.changed)
    this.onStatus()
    this.sender.pump()
    return { transaction, stored }
  }

  /**
   * Applies edits in as many transactions as their size needs. All are checked before the first is applied.
   * @returns for each transaction, when it is on this device's disk
   */
  transactAll(edits: readonly Edit[]): Promise<void>[] {
    const groups = groupEdits(edits, this.state.registers)
    // One transaction is all or nothing by itself; several must not stop in the middle.
    if (groups.length > 1) for (const edit of edits) checkEdit(edit)
    return groups.map((group) => this.transact(group).stored)
  }

  /** Moves edits that were made before the relay's clock was known, when this device's is far from it; they keep their order. */
  shiftPending(): void {
    this.runJob(() => this.shiftNow())
  }

  // -- connection

  connected(link: DocumentLink): void {
    this.link = link
    this.sender.connected(link)
    link.subscribe(this.document)
  }

  disconnected(): void {
    this.link = undefined
    this.caughtUp = false
    this.emptyAnswers = 0
    this.sender.disconnected()
    this.keyringAwaitedFor = undefined
    this.keyringReadFor = undefined
    this.seenRows.disconnected()
    this.onStatus()
  }

  /** The keyring was read to its end, whether or not there was news. */
  keyringRead(): void {
    this.runJob(async () => {
      this.keyringReadFor = this.keyringAwaitedFor
      await this.followKeyring()
      this.seenRows.tellAgain()
      this.link?.subscribe(this.document)
    })
  }

  /**
   * The keyring is another than before.
   * @param isOther a branch of it took the place of another: the other devices are told anew which one this device goes by
   */
  keyringChanged({ isOther }: { readonly isOther: boolean }): void {
    this.runJob(async () => {
      if (isOther) this.state.own.announcedKeyringLength = 0
      await this.followKeyring()
    })
  }

  private async followKeyring(): Promise<void> {
    if (this.reseal || this.state.isSealedInVain()) {
      this.reseal = false
      this.startIncarnation()
    }
    if (await this.intake.followKeyring()) {
      this.caughtUp = false
      this.link?.subscribe(this.document)
    }
    await this.intake.retryHeld()
  }

  received(frame: FrameOf<'page'> | FrameOf<'pushed'> | FrameOf<'seen'>): void {
    const { link } = this
    this.runJob(async () => {
      // A frame of a connection that is gone says nothing about the one that follows.
      if (link === undefined || link !== this.link) return
      if (frame.type === 'page') await this.receivePage(frame, link)
      else if (frame.type === 'pushed') await this.receivePushed(frame, link)
      else await this.seenRows.receive(frame)
    })
  }

  refusedPush(refusal: FrameOf<'refused'>, error: SyncError): void {
    const { link } = this
    this.runJob(async () => {
      if (link === undefined || link !== this.link || !this.sender.takeBack()) return
      switch (refusal.code) {
        case 'fork':
          this.sender.waitBeforeSealingAgain()
          await this.takeNewWriter()
          return
        case 'stale-epoch':
          this.sender.waitBeforeSealingAgain()
          this.reseal = true
          link.readKeyring()
          return
        case 'unknown-epoch':
          link.distrust(error)
          return
      }
      this.sender.refuse(error)
    })
  }

  refusedSeen(error: SyncError): void {
    if (error.code === 'stale-epoch') this.link?.readKeyring()
    else if (error.retryable) this.seenRows.tellAgain(error.retryAfterMs)
    if (error.code !== 'stale-epoch') this.context.report(error)
  }

  refusedSubscribe(error: SyncError): void {
    this.subscribeRefused = error
    this.caughtUp = false
    this.onStatus()
    this.context.report(error)
  }

  /** Ends what is under way; what is here can be read from then on, and nothing is written any more. */
  async freeze(): Promise<void> {
    this.disconnected()
    this.sender.close()
    this.seenRows.close()
    await this.jobs
  }

  async close(): Promise<void> {
    this.disconnected()
    this.closed = true
    this.sender.close()
    this.seenRows.close()
    await this.jobs
    this.state.registers.doc.destroy()
    this.state.texts.destroy()
  }

  // -- jobs

  private runJob(job: () => Promise<void>): void {
    this.jobs = this.jobs.then(async () => {
      if (this.closed || this.context.isRemoved) return
      const { link } = this
      try {
        await job()
        this.sender.pump()
      } catch (cause) {
        // After closing, a rejected write is expected; before, nothing may pass in silence.
        if (this.closed) return
        const error =
          cause instanceof SyncError
            ? cause
            : new SyncError('relay-misbehaved', 'Something the relay sent could not be processed.', { cause })
        if (link !== undefined && link === this.link) link.distrust(error)
        else this.context.report(error)
      }
    })
  }

  private async receivePage(frame: FrameOf<'page'>, link: DocumentLink): Promise<void> {
    const gap = frame.first - (this.cursor.number + 1)
    if (gap > 0) {
      // News may overtake the answer to a question. The answer itself begins where it was asked to; asking again would go on for ever.
      if (frame.live) link.subscribe(this.document)
      else link.distrust(new SyncError('relay-misbehaved', 'The relay left out entries before those it sent.'))
      return
    }
    const entries = frame.entries.slice(-gap || 0)
    if (gap === 0 || -gap < frame.entries.length) {
      if (entries.length > 0 && !(await this.takePage(frame, entries, link))) return
    }
    if (frame.newest > this.cursor.number) {
      this.askAgain(entries.length > 0, link)
      return
    }
    this.emptyAnswers = 0
    if (this.needsNewWriter) await this.takeNewWriter()
    // What took a while may have outlived the connection, and says nothing about the next one.
    if (link === this.link && !this.caughtUp) {
      this.caughtUp = true
      this.subscribeRefused = undefined
      this.sender.refused = undefined
      this.seenRows.schedule()
      this.onStatus()
    }
  }

  /** A relay that is asked for much at once may answer empty for now; one that keeps promising what it never sends is given up. */
  private askAgain(isProgress: boolean, link: DocumentLink): void {
    this.emptyAnswers = isProgress ? 0 : this.emptyAnswers + 1
    if (this.emptyAnswers <= MAX_EMPTY_ANSWERS) link.subscribe(this.document)
    else link.distrust(new SyncError('relay-misbehaved', 'The relay speaks of entries that it does not send.'))
  }

  /** False when the page was not taken in, or the connection is gone. */
  private async takePage(frame: FrameOf<'page'>, entries: readonly Uint8Array[], link: DocumentLink): Promise<boolean> {
    const { context, state, document } = this
    const first = state.replica.state.number + 1
    const page = await openPage({
      account: context.account,
      document,
      keyring: context.keyring(),
      isKeyringFresh: this.keyringReadFor === first,
      keyAt: (position) => context.keyAt(document, position),
      signing: context.platform.signing,
      chains: state.replica.state.chains,
      first,
      entries,
      heads: frame.heads,
      findOwn: (lineage, sequence, hash) =>
        bytesEqual(lineage.device, context.device) ? state.outbox.find(lineage.incarnation, sequence, hash) : undefined,
    })
    if (link !== this.link) return false
    if ('failure' in page) {
      this.keyringAwaitedFor = first
      link.readKeyring()
      return false
    }
    if (!bytesEqual(state.replica.hashAfter(page.entries), frame.logHash)) {
      link.distrust(
        new SyncError('relay-misbehaved', 'The relay sent entries that do not add up to the hash it gave for them.'),
      )
      return false
    }
    await this.takeIn(page.entries, page.heads)
    return link === this.link
  }

  private async receivePushed(frame: FrameOf<'pushed'>, link: DocumentLink): Promise<void> {
    const push = this.state.outbox.findPush(frame.incarnation, frame.sequence)
    if (push === undefined || frame.numbers.length !== push.entries.length) return
    this.sender.stored(push)
    const { replica } = this.state
    const lineage = { device: this.context.device, incarnation: push.incarnation }
    const entries: OpenedEntry[] = []
    for (const [i, entry] of push.entries.entries()) {
      const number = frame.numbers[i] as number
      if (number <= replica.state.number) continue
      if (number !== replica.state.number + entries.length + 1) {
        link.subscribe(this.document)
        return
      }
      entries.push({
        ...lineage,
        ...entry,
        bytes: entry.envelope,
        number,
        own: true,
        outcome: { body: ownBody(entry) },
      })
    }
    if (entries.length === 0) return
    if (!bytesEqual(replica.hashAfter(entries), frame.logHash)) {
      link.distrust(
        new SyncError('relay-misbehaved', 'The relay confirmed entries with a hash that they do not add up to.'),
      )
      return
    }
    await this.takeIn(entries, [{ ...lineage, sequence: frame.sequence, signature: push.signature }])
  }

  private async takeIn(entries: readonly OpenedEntry[], heads: readonly SignedHead[]): Promise<void> {
    await this.intake.take(entries, heads)
    this.seenRows.schedule()
    await this.intake.foldWhenLong()
  }

  /** Until it is done nothing is sent; what keeps it from being done now has it done at the next chance. */
  private async takeNewWriter(): Promise<void> {
    this.needsNewWriter = true
    this.startIncarnation()
    await this.rewrite({ newWriter: true })
    this.needsNewWriter = false
  }

  private async shiftNow(): Promise<void> {
    const { outbox } = this.state
    const shiftMs = this.context.clockOffsetMs ?? 0
    if (Math.abs(shiftMs) <= LARGE_OFFSET_MS) return
    // What is sealed may be with others already, and keeps the time it has.
    if (outbox.pushes.length > 0 || !outbox.pending.some((item) => !item.isClockKnown)) return
    await this.rewrite({ newWriter: false, shiftMs })
  }

  private startIncarnation(): void {
    this.sender.giveUpSealed()
    // The rows are in the writer's queue before anything that follows; closing is the only way this can fail.
    void this.context.writer.write(this.state.startIncarnation()).catch(() => {})
  }

  private async rewrite(options: { readonly newWriter: boolean; readonly shiftMs?: number }): Promise<void> {
    this.rewriting = true
    // What is being sealed at this moment is the old writing.
    this.sender.discardSealing()
    try {
      await this.context.writer.barrier()
      const stored = await readStoredBase(this.context, this.document)
      if (this.closed) return
      const committed = this.context.writer.write(this.state.rewritePending(stored, options))
      this.onChange(undefined)
      await committed
    } finally {
      this.rewriting = false
    }
  }
}
