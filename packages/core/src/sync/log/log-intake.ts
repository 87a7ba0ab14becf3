// Takes verified entries into a document: places them, applies what may be applied, keeps the rest aside, and stores all of it
// with the cursor in one commit.
import {
  bytesEqual,
  bytesToHex,
  type KeyringHead,
  roots,
  type SeenEntry,
  type SignedHead,
} from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import type { StoreKey } from '../../storage'
import { Y } from '../../yjs'
import type { Lineage } from '../device-map'
import type { DocumentState } from '../document/document-state'
import { encodeHeld, encodeLog, rowKeys } from '../document/rows'
import { rollBack } from '../healing/roll-back'
import { owedPacks } from '../history/owed-packs'
import { type Adoption, type AdoptionInput, adoptSnapshot } from '../snapshot/snapshot-adopt'
import { writerFromBytes } from '../writer-bytes'
import type { SealedPush } from '../writing/outbox'
import { writeAgain } from '../writing/write-again'
import { readStoredBase } from './base'
import { foldBase, isTailLong, isTailTooLong } from './fold'
import { reopenHeldEntry } from './held'
import type { LogReplica, OpenedEntry, Received } from './log-replica'
import { type PlacedDots, placedDots } from './placed-dots'
import { hasLostEntries, isBeyondCutSince, readableAgainAfter, replayDocument, strangersIn } from './rebuild'
import { findUnreadable } from './unreadable'

export interface LogIntakeOptions {
  /**
   * @param changed ids of records, undefined when any may have
   * @param placed where entries were placed: in which order, while this device's own are in the outbox still
   */
  onChange(changed: ReadonlySet<string> | undefined, placed?: PlacedDots): void
  onStatus(): void
  /** A push of ours is in the verified log. */
  confirmed(push: SealedPush): void
  /** An author tells what it had seen when it wrote this entry. */
  learn(entry: SeenEntry, seen: readonly SeenEntry[], sealedAtMs: number): void
  /** An author tells how far the keyring went when it wrote the entry with this number. */
  claimed(author: Lineage, number: number, head: KeyringHead): void
  /** Another life of this device wrote to the log. */
  foundOtherLife(): void
  /** What is sealed now is given up. */
  sealsAgain(): void
  /** The log was taken back, and what followed is to be found at the relay again, or given back to it. */
  tookBack(): void
  isHealing(): boolean
  isClosed(): boolean
}

export class LogIntake {
  constructor(
    private readonly state: DocumentState,
    private readonly options: LogIntakeOptions,
  ) {}

  /**
   * Places entries that follow the cursor, applies what may be applied, and stores all of it in one commit.
   * @param isShown the live document has what they write
   */
  async take(entries: readonly OpenedEntry[], heads: readonly SignedHead[], isShown = false): Promise<void> {
    const { state } = this
    const { document } = state
    const first = (entries[0] as OpenedEntry).number
    const step = (replica: LogReplica, unreadable: (entry: OpenedEntry) => OpenedEntry) =>
      replica.receive(entries.map(unreadable))
    await this.place(step, isShown, (received) => {
      if (entries.some((entry) => this.isAnotherLifeOfOurs(entry))) this.options.foundOtherLife()
      for (const entry of entries) this.state.returning?.found(entry)
      const log = encodeLog({ entries: entries.map(({ previous, bytes }) => ({ previous, bytes })), heads })
      state.tailRows++
      state.tailBytes += log.length
      if (state.logTail !== undefined) {
        const { after, bytes, sinceMs } = state.logTail
        const total = entries.reduce((sum, entry) => sum + entry.bytes.length, bytes)
        state.logTail = { after, bytes: total, sinceMs: sinceMs ?? sealedFirst(entries, state.context.now()) }
      }
      return this.storeReceived(received, [[rowKeys.log(document, first), log]])
    })
  }

  /** Applies what was kept aside and can be understood now, because the app or the keyring knows more than it did. */
  async retryHeld(): Promise<void> {
    if (this.state.replica.state.held.length === 0) return
    const step = (replica: LogReplica, unreadable: (entry: OpenedEntry) => OpenedEntry) =>
      replica.retryHeld((item) => {
        const again = reopenHeldEntry(this.state.context, this.state.document, item)
        return { ...again, entry: unreadable(again.entry) }
      })
    await this.place(step, false, async (received) => {
      if (received.applied.length > 0) await this.storeReceived(received, [])
    })
  }

  /**
   * Follows what the keyring says now and did not say when entries were placed. What a crash interrupts is found when the document is opened.
   * @returns true when entries are to be read again from the relay
   */
  async followKeyring(): Promise<boolean> {
    await this.placeAnew()
    return this.takeBackUnverified()
  }

  /** Places everything anew, in one commit, where something does not count any more, or has to be sealed again. */
  private async placeAnew(): Promise<void> {
    const { state } = this
    const { context, document } = state
    const isBeyond = await isBeyondCutSince(state)
    const isSettled = state.agreement.through >= state.replica.state.number
    const strangers = isBeyond || isSettled ? await strangersIn(state) : []
    const drops = isBeyond || strangers.length > 0
    if (!drops && context.hasLostKeys !== true) return
    await context.writer.barrier()
    if (!drops && !(await hasLostEntries(context, document, state.foundation))) return
    const options = { drops }
    const replayed = await replayDocument(state, options)
    if (this.options.isClosed()) return
    if (replayed.lost.length > 0) this.options.sealsAgain()
    const again = writeAgain(
      state,
      strangers.filter((entry) => !state.agreement.isAfterRemoval(entry)),
    )
    const rows = state.takeReplayed(replayed, options)
    const committed = context.writer.write({ ...rows, put: [...again, ...(rows.put ?? [])] })
    if (drops) this.options.onChange(undefined)
    this.options.onStatus()
    await committed
  }

  /**
   * The log is taken back to before entries that could not be verified and can be now. What stood in it is kept beside it until it has come again:
   * the relay may have been put back to an old backup since.
   */
  private async takeBackUnverified(): Promise<boolean> {
    const { state } = this
    const { context } = state
    const through = readableAgainAfter(state)
    if (through === undefined) return false
    await context.writer.barrier()
    const batch = await rollBack(state, through, this.options.isClosed, !this.options.isHealing())
    if (batch === undefined) return false
    const committed = context.writer.write(batch)
    this.options.tookBack()
    this.options.onStatus()
    await committed
    return true
  }

  private async storeReceived(received: Received, put: (readonly [StoreKey, Uint8Array])[]): Promise<void> {
    const { state } = this
    const { document } = state
    const remove: StoreKey[] = []
    for (const { entry, reason } of received.newlyHeld)
      put.push([rowKeys.held(document, entry.number), encodeHeld({ ...entry, reason, released: false })])
    for (const { entry, reason } of received.repaired)
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
      this.options.confirmed(push)
      remove.push(rowKeys.push(document, push.entries.at(-1)?.lastOrder ?? 0))
      if (push.incarnation === state.own.incarnation) {
        state.own.announcedSeen = push.announced.seen
        state.own.announcedKeyringLength = push.announced.keyringLength
      }
    }
    put.push(state.stateRow())
    const committed = this.state.context.writer.write({ put, remove })
    this.reportHeld(received)
    this.options.onStatus()
    await committed
  }

  /**
   * Applies what the replica lets through. The replica moves on only when that worked, so that cursor and document cannot part.
   * An update that Yjs cannot read leaves the live document in an unknown state: it is built anew, and the entry kept aside.
   * @param step what the replica is to do, with its entries seen through the function it is given
   * @param isShown the live document has what they write
   * @param store hands all of it to the store before it first waits: whatever else is stored from then on names the new cursor
   */
  private async place(
    step: (replica: LogReplica, unreadable: (entry: OpenedEntry) => OpenedEntry) => Received,
    isShown: boolean,
    store: (received: Received) => Promise<void>,
  ): Promise<void> {
    const { state } = this
    let replica = state.replica.clone()
    let received = step(replica, (entry) => entry)
    let changed: ReadonlySet<string> | undefined
    try {
      changed = isShown ? this.learnFromAll(received) : this.apply(received)
    } catch {
      await this.rebuildLive()
      const numbers = await findUnreadable(this.state.context, this.state.document, received.applied)
      const markUnreadable = (entry: OpenedEntry): OpenedEntry =>
        numbers.has(entry.number) ? { ...entry, outcome: { held: 'damaged' } } : entry
      replica = state.replica.clone()
      replica.replaceHeld(markUnreadable)
      received = step(replica, markUnreadable)
      changed = this.apply(received)
    }
    state.replica = replica
    // Only now: a listener may write at once, and what it writes has seen these entries.
    if (changed !== undefined) this.options.onChange(changed, placedDots(received.applied, state.outbox))
    await store(received)
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
    if (texts.length > 0) this.state.liveTexts.receive(texts)
    const changed = registers.length > 0 ? this.state.registers.apply(registers) : undefined
    this.learnFromAll(received)
    return changed
  }

  private learnFromAll({ applied }: Received): undefined {
    for (const entry of applied) this.learnFrom(entry)
  }

  private learnFrom(entry: OpenedEntry): void {
    if (!('body' in entry.outcome)) return
    this.state.authors.noteEntry(entry)
    const { seen, keyringHead, sealedAtMs } = entry.outcome.body
    this.options.learn(entry, seen, sealedAtMs)
    if (keyringHead !== undefined) this.options.claimed(entry, entry.number, keyringHead)
  }

  private reportHeld(received: Received): void {
    for (const { entry, reason } of received.newlyHeld) {
      // A removal has decided about the last of these.
      if (reason === 'waits-for-author' || reason === 'waits-for-seen' || reason === 'beyond-cut') continue
      const device = bytesToHex(entry.device)
      const message =
        reason === 'unknown-device'
          ? `Entry ${entry.number} is left out: device ${device}, which wrote it, is not in the account.`
          : `Entry ${entry.number} is kept aside: ${reason}.`
      this.state.context.report(new SyncError('relay-misbehaved', message, { device }))
    }
  }

  /** An entry of this device that it did not write in this life: its disk was restored, or its profile is cloned. */
  private isAnotherLifeOfOurs(entry: OpenedEntry): boolean {
    if (entry.own) return false
    if (!this.isOwnDevice(entry)) return this.isBeyondOurs(entry)
    if (entry.number <= this.state.rereadThrough) return false
    if (this.state.returning?.has(entry)) return false
    if (entry.incarnation === this.state.own.incarnation || 'held' in entry.outcome) return true
    return entry.outcome.body.writers.some(({ writer }) => writerFromBytes(writer) === this.state.registers.writer)
  }

  /** Somebody brought back what this device's writer had written in a life that it does not remember. */
  private isBeyondOurs({ outcome }: OpenedEntry): boolean {
    const { writer, lastN } = this.state.registers
    return (
      'body' in outcome &&
      outcome.body.writers.some((each) => writerFromBytes(each.writer) === writer && each.n > lastN)
    )
  }

  private isOwnDevice(lineage: Lineage): boolean {
    return bytesEqual(lineage.device, this.state.context.device)
  }

  private async rebuildLive(): Promise<void> {
    await this.state.context.writer.barrier()
    this.state.rebuildLive(await readStoredBase(this.state.context, this.state.document))
    this.options.onChange(undefined)
  }

  /** Takes a snapshot over. Call where nothing is sealed or sent meanwhile. @returns undefined when the document was closed */
  async adopt(input: Omit<AdoptionInput, 'packs'>): Promise<Adoption | undefined> {
    // What rests on something that does not count is nobody's history; and what was set aside has gone into packs before.
    const isPacked = input.startsOver || this.state.returning?.before.isAnew === true
    const packs = isPacked ? [] : await owedPacks(this.state)
    const adoption = await adoptSnapshot(this.state, { ...input, packs }, () => this.options.isClosed())
    if (adoption === undefined) return undefined
    if (packs.length > 0) this.state.context.history?.owed(this.state.document)
    for (const push of adoption.confirmed) this.options.confirmed(push)
    if (adoption.foundOtherLife) this.options.foundOtherLife()
    this.options.onChange(adoption.changed)
    this.options.onStatus()
    await adoption.committed
    return adoption
  }

  /** A rebase was taken over; the live documents are others. */
  adopted({ confirmed, foundOtherLife }: Pick<Adoption, 'confirmed' | 'foundOtherLife'>): void {
    for (const push of confirmed) this.options.confirmed(push)
    if (foundOtherLife) this.options.foundOtherLife()
    this.options.onChange(undefined)
    this.options.onStatus()
  }

  /** Folds the log into a new base when it is long. */
  async foldWhenLong(): Promise<void> {
    if (isTailLong(this.state)) await this.fold()
  }

  /** As above, but only what cannot wait for a quiet moment. */
  async foldWhenTooLong(): Promise<void> {
    if (isTailTooLong(this.state)) await this.fold()
  }

  async fold(): Promise<void> {
    await this.state.context.writer.barrier()
    const folded = await foldBase(this.state.context, this.state.document, this.state.replica.state.number)
    if (this.options.isClosed()) return
    await this.state.context.writer.write(folded.batch)
    this.state.tailRows = 0
    this.state.tailBytes = 0
  }
}

/** When the first of these was sealed that can be read. */
function sealedFirst(entries: readonly OpenedEntry[], nowMs: number): number | undefined {
  // Our own were not opened, and were sealed a moment ago.
  for (const { outcome, own } of entries) if ('body' in outcome) return own ? nowMs : outcome.body.sealedAtMs
  return undefined
}
