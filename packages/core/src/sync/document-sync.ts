// Drives one document: what arrives is opened, placed, applied and stored; what is written is stored, sealed, stored and
// sent. Whatever changes the verified log runs as a job, one at a time; edits go in between at any moment.
//
// Order on disk is what makes a crash harmless: an edit and its row are one commit; sealed bytes are committed before they
// are sent; cursor and entries are one commit; confirmed rows go in the commit that moves the cursor over them.
import {
  bytesEqual,
  type DocumentId,
  type Frame,
  type Hash,
  roots,
  type SignedHead,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import { checkEdit, type Edit, type Transaction } from '../document'
import { SyncError } from '../errors'
import type { StoreKey } from '../storage'
import { Y } from '../yjs'
import type { AccountContext } from './account-context'
import { backoffMs } from './backoff'
import { readStoredBase } from './base'
import type { Lineage } from './device-map'
import { type DocumentState, loadDocument } from './document-state'
import { groupEdits } from './edit-groups'
import { type FoldedBase, foldBase, isTailLong } from './fold'
import { reopenHeldEntry } from './held'
import type { HeldEntry, LogReplica, OpenedEntry, Received } from './log-replica'
import { observerOf } from './observer'
import { openPage, ownBody } from './open-page'
import type { SealedPush } from './outbox'
import { encodeHeld, encodeLog, encodePending, encodePush, rowKeys } from './rows'
import { sealPush, signPush } from './seal-push'
import { SeenRows } from './seen-rows'
import { findUnreadable } from './unreadable'
import { writerFromBytes } from './writer-bytes'

type FrameOf<T extends Frame['type']> = Extract<Frame, { type: T }>

/** How the document reaches the relay; answers arrive through the methods of DocumentSync. */
export interface DocumentLink {
  send(frame: Frame): void
  /** Asks for everything after the document's cursor. */
  subscribe(document: DocumentId): void
  /** Reads the keyring; `keyringChanged` is called when that is done. */
  readKeyring(): void
  /** Gives the connection up after it showed something untrue; a new one is made after a pause. */
  distrust(error: SyncError): void
}

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
  /** What the relay refuses about this document, while it does. */
  readonly refused: SyncError | undefined
}

/** Edits made before the relay's clock was known are moved when the device's clock is further off than this. */
const LARGE_OFFSET_MS = 300_000

/** How long an answer to a push may take. The relay answers after one commit; a phone network may take seconds. */
const PUSH_TIMEOUT_MS = 15_000

export class DocumentSync {
  private jobs: Promise<void> = Promise.resolve()
  private link: DocumentLink | undefined
  private caughtUp = false
  private sealing = false
  private inFlight: SealedPush | undefined
  /** Stored at the relay, but entries before them have not arrived yet. */
  private readonly awaitingLog = new Set<SealedPush>()
  /** Changes whenever sealed bytes are given up; what was being sealed or sent under an older one no longer counts. */
  private lineageToken = 0
  private refused: SyncError | undefined
  private failures = 0
  private cancelTimer: (() => void) | undefined
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
  /** Refused for a reason that sending again does not change; tried once more on the next connection. */
  private blocked = false
  private closed = false
  private readonly seenRows: SeenRows

  private constructor(
    private readonly context: AccountContext,
    private readonly state: DocumentState,
    /** Called with the ids of changed records, or undefined when any may have changed. */
    private readonly onChange: (changed: ReadonlySet<string> | undefined) => void,
    private readonly onStatus: () => void,
  ) {
    this.seenRows = new SeenRows(context, state, () => this.link, onStatus)
    this.needsNewWriter = state.hasTakenNumbers()
  }

  static async open(
    context: AccountContext,
    document: DocumentId,
    onChange: DocumentSync['onChange'],
    onStatus: () => void,
  ): Promise<DocumentSync> {
    const sync = new DocumentSync(context, await loadDocument(context, document), onChange, onStatus)
    await sync.shiftNow()
    sync.runJob(() => sync.retryHeld())
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

  get status(): DocumentStatus {
    const unsent = this.state.outbox.pending.length
    return {
      state: unsent > 0 ? 'local' : this.seenRows.areOwnSeen() ? 'seen' : 'stored',
      unsent,
      caughtUp: this.caughtUp,
      held: this.state.replica.state.held.map(({ entry, reason }) => ({ number: entry.number, reason })),
      refused: this.refused,
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
    this.pump()
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
    this.failures = 0
    this.blocked = false
    link.subscribe(this.document)
  }

  disconnected(): void {
    this.link = undefined
    this.caughtUp = false
    this.inFlight = undefined
    this.awaitingLog.clear()
    this.keyringAwaitedFor = undefined
    this.keyringReadFor = undefined
    this.clearTimer()
    this.seenRows.disconnected()
    this.onStatus()
  }

  keyringChanged(): void {
    this.runJob(async () => {
      this.keyringReadFor = this.keyringAwaitedFor
      if (this.reseal) {
        this.reseal = false
        this.startIncarnation()
      }
      await this.retryHeld()
      this.seenRows.tellAgain()
      this.link?.subscribe(this.document)
    })
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
      if (link === undefined || link !== this.link || this.inFlight === undefined) return
      this.inFlight = undefined
      this.clearTimer()
      this.failures++
      switch (refusal.code) {
        case 'fork':
          // Once is an accident of this device's; again and again it is the relay's, and must not become a race.
          if (this.failures > 1) this.waitToSend()
          await this.takeNewWriter()
          return
        case 'stale-epoch':
          if (this.failures > 1) this.waitToSend()
          this.reseal = true
          link.readKeyring()
          return
        case 'unknown-epoch':
          link.distrust(error)
          return
      }
      this.refused = error
      this.onStatus()
      this.context.report(error)
      if (!error.retryable) {
        this.blocked = true
        return
      }
      this.waitToSend(error.retryAfterMs)
    })
  }

  refusedSeen(error: SyncError): void {
    if (error.code === 'stale-epoch') this.link?.readKeyring()
    else if (error.retryable) this.seenRows.tellAgain(error.retryAfterMs)
    if (error.code !== 'stale-epoch') this.context.report(error)
  }

  refusedSubscribe(error: SyncError): void {
    this.refused = error
    this.caughtUp = false
    this.onStatus()
    this.context.report(error)
  }

  async close(): Promise<void> {
    this.disconnected()
    this.closed = true
    this.seenRows.close()
    await this.jobs
    this.state.registers.doc.destroy()
    this.state.texts.destroy()
  }

  // -- jobs

  private runJob(job: () => Promise<void>): void {
    this.jobs = this.jobs.then(async () => {
      if (this.closed) return
      const { link } = this
      try {
        await job()
        this.pump()
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
      link.subscribe(this.document)
      return
    }
    if (this.needsNewWriter) await this.takeNewWriter()
    // What took a while may have outlived the connection, and says nothing about the next one.
    if (link === this.link && !this.caughtUp) {
      this.caughtUp = true
      this.refused = undefined
      this.seenRows.schedule()
      this.onStatus()
    }
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
        this.isOwnDevice(lineage) ? state.outbox.find(lineage.incarnation, sequence, hash) : undefined,
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
    await this.take(page.entries, frame.heads)
    return link === this.link
  }

  private async receivePushed(frame: FrameOf<'pushed'>, link: DocumentLink): Promise<void> {
    const push = this.state.outbox.findPush(frame.incarnation, frame.sequence)
    if (push === undefined || frame.numbers.length !== push.entries.length) return
    if (this.inFlight === push) {
      this.inFlight = undefined
      this.clearTimer()
    }
    // Whatever may keep it from being confirmed here: the relay has it, and sending it again would not help.
    this.awaitingLog.add(push)
    this.failures = 0
    this.refused = undefined
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
    await this.take(entries, [{ ...lineage, sequence: frame.sequence, signature: push.signature }])
  }

  /** Places entries that follow the cursor, applies what may be applied, and stores all of it in one commit. */
  private async take(entries: readonly OpenedEntry[], heads: readonly SignedHead[]): Promise<void> {
    const { state, document } = this
    const first = (entries[0] as OpenedEntry).number
    const received = await this.place((replica, unreadable) => replica.receive(entries.map(unreadable)))
    if (entries.some((entry) => this.isAnotherLifeOfOurs(entry))) this.needsNewWriter = true
    const log = encodeLog({ entries: entries.map(({ previous, bytes }) => ({ previous, bytes })), heads })
    state.tailRows++
    state.tailBytes += log.length
    await this.storeReceived(received, [[rowKeys.log(document, first), log]])
    this.seenRows.schedule()
    if (isTailLong(state)) await this.fold()
  }

  /** Applies what was kept aside and can be understood now, because the app or the keyring knows more than it did. */
  private async retryHeld(): Promise<void> {
    if (this.state.replica.state.held.length === 0) return
    const received = await this.place((replica, unreadable) =>
      replica.retryHeld((item) => {
        const again = reopenHeldEntry(this.context, this.document, item)
        return { ...again, entry: unreadable(again.entry) }
      }),
    )
    if (received.applied.length > 0) await this.storeReceived(received, [])
  }

  private async storeReceived(received: Received, put: (readonly [StoreKey, Uint8Array])[]): Promise<void> {
    const { state, document } = this
    const remove: StoreKey[] = []
    for (const { entry, reason } of received.newlyHeld)
      put.push([rowKeys.held(document, entry.number), encodeHeld({ ...entry, reason, released: false })])
    for (const entry of received.released)
      put.push([
        rowKeys.held(document, entry.number),
        encodeHeld({ ...entry, reason: 'waits-for-author', released: true }),
      ])
    for (const entry of received.applied) {
      if (!entry.own) continue
      const { orders, push } = state.outbox.confirm(entry.incarnation, entry.sequence)
      for (const order of orders) remove.push(rowKeys.pending(document, order))
      if (push === undefined) continue
      this.awaitingLog.delete(push)
      if (this.inFlight === push) {
        this.inFlight = undefined
        this.clearTimer()
      }
      remove.push(rowKeys.push(document, push.entries.at(-1)?.lastOrder ?? 0))
      if (push.incarnation === state.own.incarnation) {
        state.own.announcedSeen = push.announced.seen
        state.own.announcedKeyringLength = push.announced.keyringLength
      }
    }
    put.push(state.stateRow())
    const committed = this.context.writer.write({ put, remove })
    this.reportHeld(received)
    this.onStatus()
    await committed
  }

  /**
   * Applies what the replica lets through. The replica moves on only when that worked, so that cursor and document cannot part.
   * An update that Yjs cannot read leaves the live document in an unknown state: it is built anew, and the entry kept aside.
   * @param step what the replica is to do, with its entries seen through the function it is given
   */
  private async place(
    step: (replica: LogReplica, unreadable: (entry: OpenedEntry) => OpenedEntry) => Received,
  ): Promise<Received> {
    const { state } = this
    let replica = state.replica.clone()
    let received = step(replica, (entry) => entry)
    let changed: ReadonlySet<string> | undefined
    try {
      changed = this.apply(received)
    } catch {
      await this.rebuildLive()
      const numbers = await findUnreadable(this.context, this.document, received.applied)
      const markUnreadable = (entry: OpenedEntry): OpenedEntry =>
        numbers.has(entry.number) ? { ...entry, outcome: { held: 'damaged' } } : entry
      replica = state.replica.clone()
      replica.replaceHeld(markUnreadable)
      received = step(replica, markUnreadable)
      changed = this.apply(received)
    }
    state.replica = replica
    // Only now: a listener may write at once, and what it writes has seen these entries.
    if (changed !== undefined) this.onChange(changed)
    return received
  }

  /** @returns the records that changed, undefined when no update was for records */
  private apply(received: Received): ReadonlySet<string> | undefined {
    const registers: Uint8Array[] = []
    const texts: Uint8Array[] = []
    for (const entry of received.applied) {
      if ('held' in entry.outcome) continue
      for (const update of entry.outcome.body.updates) {
        const bytes = update.format === 2 ? Y.convertUpdateFormatV2ToV1(update.bytes) : update.bytes
        ;(update.root === roots.texts ? texts : registers).push(bytes)
      }
    }
    if (texts.length > 0) {
      this.state.texts.transact(() => {
        for (const update of texts) Y.applyUpdate(this.state.texts, update)
      }, this)
    }
    const changed = registers.length > 0 ? this.state.registers.apply(registers) : undefined
    for (const entry of received.applied)
      if ('body' in entry.outcome) this.seenRows.learn(entry, entry.outcome.body.seen)
    return changed
  }

  private reportHeld(received: Received): void {
    for (const { entry, reason } of received.newlyHeld) {
      if (reason === 'waits-for-author' || reason === 'waits-for-seen') continue
      this.context.report(new SyncError('relay-misbehaved', `Entry ${entry.number} is kept aside: ${reason}.`))
    }
  }

  /** An entry of this device that it did not write in this life: its disk was restored, or its profile is cloned. */
  private isAnotherLifeOfOurs(entry: OpenedEntry): boolean {
    if (entry.own || !this.isOwnDevice(entry)) return false
    if (entry.incarnation === this.state.own.incarnation || 'held' in entry.outcome) return true
    return entry.outcome.body.writers.some(({ writer }) => writerFromBytes(writer) === this.state.registers.writer)
  }

  private isOwnDevice(lineage: Lineage): boolean {
    return bytesEqual(lineage.device, this.context.device)
  }

  private async rebuildLive(): Promise<void> {
    await this.context.writer.barrier()
    this.state.rebuildLive(await readStoredBase(this.context, this.document))
    this.onChange(undefined)
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
    this.lineageToken++
    if (this.inFlight !== undefined) this.clearTimer()
    this.inFlight = undefined
    this.awaitingLog.clear()
    // The rows are in the writer's queue before anything that follows; closing is the only way this can fail.
    void this.context.writer.write(this.state.startIncarnation()).catch(() => {})
  }

  private async rewrite(options: { readonly newWriter: boolean; readonly shiftMs?: number }): Promise<void> {
    this.rewriting = true
    // What is being sealed at this moment is the old writing.
    this.lineageToken++
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

  private async fold(): Promise<void> {
    await this.context.writer.barrier()
    const folded: FoldedBase = await foldBase(this.context, this.document, this.state.replica.state.number)
    if (this.closed) return
    await this.context.writer.write(folded.batch)
    this.state.tailRows = 0
    this.state.tailBytes = 0
  }

  // -- sending

  /** Sends the next sealed push, or seals what has gathered. One push is under way at a time; what is written meanwhile joins the next. */
  private pump(): void {
    const { link, state } = this
    if (
      link === undefined ||
      !this.caughtUp ||
      this.sealing ||
      this.inFlight !== undefined ||
      this.closed ||
      this.blocked ||
      this.reseal ||
      this.needsNewWriter ||
      this.rewriting ||
      this.cancelTimer !== undefined
    )
      return
    const next = state.outbox.pushes.find((push) => !this.awaitingLog.has(push))
    if (next !== undefined) this.sendPush(next, link)
    else if (state.outbox.unsealed().length > 0) void this.seal()
  }

  private sendPush(push: SealedPush, link: DocumentLink): void {
    const last = push.entries.at(-1)
    if (last === undefined) return
    this.inFlight = push
    this.startTimer(PUSH_TIMEOUT_MS, () =>
      link.distrust(new SyncError('connection-lost', 'The relay did not answer a push in time.')),
    )
    link.send({
      type: 'push',
      document: this.document,
      entries: push.entries.map((entry) => entry.envelope),
      headHash: last.hash,
      signature: push.signature,
    })
  }

  private async seal(): Promise<void> {
    const { context, state, document } = this
    this.sealing = true
    const token = this.lineageToken
    try {
      const head = state.ownHead()
      const lastPush = state.outbox.pushes.at(-1)
      const unsigned = sealPush(context, {
        document,
        documentEpoch: 0,
        incarnation: state.own.incarnation,
        head: { sequence: head?.sequence ?? 0, hash: head?.hash ?? ZERO_HASH },
        continues: state.own.continues,
        pending: state.outbox.unsealed(),
        applied: state.replica.state.applied,
        announced: lastPush?.announced ?? {
          seen: state.own.announcedSeen,
          keyringLength: state.own.announcedKeyringLength,
        },
      })
      const push = await signPush(context, document, unsigned)
      // Given up meanwhile: what it sealed is still pending and is sealed again under the new incarnation.
      if (token !== this.lineageToken || this.closed) return
      state.outbox.pushes.push(push)
      await context.writer.write({
        put: [[rowKeys.push(document, push.entries.at(-1)?.lastOrder ?? 0), encodePush(push)], state.stateRow()],
      })
    } catch (cause) {
      if (this.closed) return
      this.blocked = true
      this.refused =
        cause instanceof SyncError ? cause : new SyncError('storage-failed', 'An edit could not be sealed.', { cause })
      context.report(this.refused)
      this.onStatus()
    } finally {
      this.sealing = false
      this.pump()
    }
  }

  /** Lets the next push wait: as long as the relay asks, else longer after each refusal in a row. */
  private waitToSend(waitMs = backoffMs(this.failures, this.context.platform.random)): void {
    this.startTimer(waitMs, () => this.pump())
  }

  private startTimer(delayMs: number, action: () => void): void {
    this.clearTimer()
    this.cancelTimer = this.context.platform.setTimer(delayMs, () => {
      this.cancelTimer = undefined
      action()
    })
  }

  private clearTimer(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
  }
}
