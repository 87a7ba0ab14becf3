// Drives one document: what arrives is opened, placed, applied and stored; what is written (`document-edits.ts`) is stored, sealed,
// stored and sent. Whatever changes the verified log runs as a job, one at a time; edits go in between at any moment.
//
// Order on disk is what makes a crash harmless: an edit and its row are one commit; sealed bytes are committed before they
// are sent; cursor and entries are one commit; confirmed rows go in the commit that moves the cursor over them.
import {
  type DocumentId,
  decodeEnvelope,
  type Hash,
  type KeyringHead,
  type Refusal,
  type SignedHead,
} from '@owlivion/sync-protocol'
import type { Edit } from '../../document'
import { SyncError } from '../../errors'
import type { AccountContext } from '../account-context'
import type { Lineage, LineageMap } from '../device-map'
import { readReturning } from '../healing/roll-back'
import { type LogChanges, readLogChanges } from '../history/log-changes'
import { LogIntake } from '../log/log-intake'
import type { Chain, OpenedEntry } from '../log/log-replica'
import { type LogClaim, LogWitness } from '../log/log-witness'
import { PageReader } from '../log/page-reader'
import type { PlacedDots } from '../log/placed-dots'
import { UnverifiedPages } from '../log/unverified-pages'
import { type AdoptedRows, type AppliedEdit, DocumentEdits } from '../writing/document-edits'
import type { WrittenTransaction } from '../writing/outbox'
import { OwnWriter } from '../writing/own-writer'
import { PushSender } from '../writing/push-sender'
import { canSeal } from '../writing/sealing'
import { type Authors, authorsOf } from './authors'
import { DocumentFrames } from './document-frames'
import { createHost } from './document-host'
import type { DocumentLink } from './document-link'
import type { DocumentFrame, DocumentPart } from './document-part'
import { createParts } from './document-parts'
import { DocumentRefusals } from './document-refusals'
import type { DocumentState } from './document-state'
import { type DocumentStatus, StatusMemory } from './document-status'
import { JobQueue } from './job-queue'
import { loadDocument } from './load-document'
import { SeenRows } from './seen-rows'

/** Called with the ids of changed records, or undefined when any may have changed. */
type OnChange = (changed: ReadonlySet<string> | undefined, placed?: PlacedDots) => void

export class DocumentSync {
  private readonly jobs: JobQueue
  private link: DocumentLink | undefined
  private closed = false
  private readonly statuses = new StatusMemory()
  private readonly seenRows: SeenRows
  private readonly sender: PushSender
  private readonly intake: LogIntake
  private readonly ownWriter: OwnWriter
  private readonly reader: PageReader
  private readonly refusals: DocumentRefusals
  private readonly edits: DocumentEdits
  private readonly parts: readonly DocumentPart[]
  private readonly frames: DocumentFrames
  private readonly witness: LogWitness
  private readonly unverified: UnverifiedPages

  private constructor(
    private readonly context: AccountContext,
    private readonly state: DocumentState,
    onChange: OnChange,
    private readonly onStatus: () => void,
  ) {
    const claimed = (author: Lineage, number: number, head: KeyringHead): void => {
      if (context.noteKeyringHead?.(author.device, { document: state.document, number }, head)) this.link?.readKeyring()
    }
    // Said only of a log that the relay has just vouched for: what it does not fit is a fork to the others.
    const outlet = () =>
      canSeal(context, state.document) && this.reader.isCaughtUp && !this.isHealing ? this.link : undefined
    const read = (author: Lineage, number: number, head: KeyringHead): void => {
      claimed(author, number, head)
      const isSettled = state.agreement.note(author.device, number, head)
      if (isSettled) this.runJob(() => this.followKeyring())
    }
    const told = (claim: LogClaim): void => this.witness.told(claim)
    this.seenRows = new SeenRows(context, state, outlet, onStatus, read, told, (job) => this.runJob(job))
    const isClosed = (): boolean => this.closed
    const link = () => this.link
    const changed: OnChange = (ids, placed) => this.edits.changed(ids, placed)
    const pump = () => this.pump()
    this.jobs = new JobQueue({ context, link, isClosed, done: pump, idle: onStatus })
    this.unverified = new UnverifiedPages(state, {
      canShow: () => this.isAtRest,
      onChange: changed,
      onStatus,
      due: () => this.runJob(async () => {}),
      takeIn: (entries, heads, isShown) => this.takeIn(entries, heads, isShown),
      startOver: () => this.ownWriter.startOver(),
    })
    this.ownWriter = new OwnWriter(state, { sender: () => this.sender, onChange: changed, isClosed })
    this.intake = new LogIntake(state, {
      onChange: changed,
      onStatus,
      confirmed: (push) => this.sender.confirmed(push),
      learn: (entry, seen, sealedAtMs) => this.seenRows.learnFromEntry(entry, seen, sealedAtMs),
      claimed,
      sealsAgain: () => this.sender.giveUpSealed(),
      foundOtherLife: () => this.ownWriter.foundOtherLife(),
      tookBack: () => {
        for (const part of this.parts) part.tookBack?.()
      },
      isHealing: () => this.isHealing,
      isClosed,
    })
    this.sender = new PushSender(state, {
      isHeldBack: () =>
        !this.reader.isCaughtUp ||
        this.ownWriter.isUnsettled ||
        this.parts.some((part) => part.holdsPushes) ||
        context.isKeyringHidden === true ||
        !canSeal(context, state.document),
      onStatus,
    })
    this.reader = new PageReader(state, {
      link,
      takeIn: (entries, heads) => this.takeIn(entries, heads),
      stored: (push) => this.sender.stored(push),
      reachedEnd: () => this.ownWriter.reachedEnd(),
      caughtUp: () => this.caughtUp(),
      foundLaterEpoch: () => this.foundLaterEpoch(),
    })
    const textsWritten = (edit: AppliedEdit) => this.onTextsWritten(edit)
    this.edits = new DocumentEdits(state, { onChange, onStatus, textsWritten, isClosed, pump })
    const { edits, intake, sender, ownWriter, reader, seenRows } = this
    const foundLaterEpoch = () => this.foundLaterEpoch()
    this.refusals = new DocumentRefusals({
      ...{ context, sender, ownWriter, reader, seenRows, link, foundLaterEpoch, onStatus },
    })
    const host = createHost({
      ...{ context, state, intake, ownWriter, edits, seenRows, reader, link, isClosed, onChange: changed, onStatus },
      isHealing: () => this.isHealing,
      runJob: (job) => this.runJob(job),
    })
    this.witness = new LogWitness(host, () => this.seenRows.tellAgain())
    this.parts = [...createParts(host), this.witness]
    const { parts, refusals } = this
    const runBeforeVerified = (job: () => Promise<void>) => this.jobs.run(job)
    const { unverified } = this
    this.frames = new DocumentFrames({ host, parts, reader, seenRows, refusals, unverified, runBeforeVerified })
  }

  /** All of the log is here, and nothing is done to it but reading what is new. */
  private get isAtRest(): boolean {
    const isBusy = this.isHealing || this.state.returning !== undefined || this.ownWriter.isUnsettled
    return this.reader.isCaughtUp && !isBusy && this.parts.every(({ asksFrom }) => asksFrom === undefined)
  }

  /** What is written may rest on what is not verified, and must not be sealed before that is. */
  private pump(): void {
    if (this.unverified.isEmpty) this.sender.pump()
    else if (this.unsent > 0) this.runJob(async () => {})
  }

  /** The relay is given back what it lost of the document, or whether it lost anything is looked at. */
  private get isHealing(): boolean {
    return this.parts.some((part) => part.isHealing)
  }

  /** As above, or this device keeps what a rebase left out, until a later one has it. */
  get lacksAtRelay(): boolean {
    return this.parts.some(({ isHealing, status }) => isHealing || status?.healing)
  }

  static async open(
    context: AccountContext,
    document: DocumentId,
    onChange: OnChange,
    onStatus: () => void,
  ): Promise<DocumentSync> {
    const state = await loadDocument(context, document)
    state.returning = await readReturning(state)
    const sync = new DocumentSync(context, state, onChange, onStatus)
    if (context.isRemoved) return sync
    await sync.seenRows.restore()
    sync.ownWriter.followKeyring()
    await sync.intake.followKeyring()
    await sync.edits.restorePurges()
    await sync.edits.adoptLanes()
    await sync.ownWriter.shift()
    sync.runJob(() => sync.intake.retryHeld())
    return sync
  }

  get document(): DocumentId {
    return this.state.document
  }

  get registers(): DocumentState['registers'] {
    return this.state.registers
  }

  /**
   * The texts. What is written in them is sent as other edits are; what comes from elsewhere has `receivedOrigin`. Another Y.Doc takes
   * their place only where Yjs leaves no choice, and `onChange` tells of it.
   */
  get texts(): DocumentState['texts'] {
    return this.state.texts
  }

  /** Called with every edit of the texts. */
  onTextsWritten: (edit: AppliedEdit) => void = () => {}

  /** Goes on in the Y.Doc that an editor of this tab is bound to, unless it holds anything else. */
  goOnInTexts(doc: DocumentState['texts']): void {
    this.state.liveTexts.goOnIn(doc)
  }

  /** @returns the texts, which are the caller's from now on: what is written in them reaches nobody by this document any more */
  handOverTexts(): DocumentState['texts'] {
    return this.state.liveTexts.handOver()
  }

  /** Who wrote as whom, as far as this device knows. */
  get authors(): Authors {
    return authorsOf(this.state, this.unverified.entries)
  }

  get cursor(): { readonly document: DocumentId; readonly number: number; readonly hash: Hash } {
    const asked = this.parts.find(({ asksFrom }) => asksFrom !== undefined)?.asksFrom
    const { number, hash } = asked ?? this.state.replica.state
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
    const caughtUp = this.reader.isCaughtUp
    const refused = this.refusals.standing
    const copies = this.seenRows.listCopies()
    const isOff = this.context.isOff?.(this.document) ?? false
    const { lastEntry } = this.unverified
    const own = { lastEntry, caughtUp, refused, isSeen: this.seenRows.areOwnSeen(), copies, isOff }
    const parts = this.parts.flatMap(({ status }) => status ?? [])
    return this.statuses.of(this.state, own, parts)
  }

  get unsent(): number {
    return this.state.outbox.pending.length
  }

  /** What stands between this document and the end of a run: nothing when it is all false. */
  get workLeft(): { readonly isDone: boolean; readonly isQuiet: boolean; readonly refused: SyncError | undefined } {
    const refused = this.refusals.standing
    const { isHealing } = this
    const isRefusedForGood = refused?.retryable === false && !isHealing
    return {
      isDone: isRefusedForGood || (this.reader.isCaughtUp && this.unsent === 0 && !isHealing),
      isQuiet:
        this.jobs.isIdle &&
        this.unverified.isEmpty &&
        this.seenRows.isTold &&
        !this.parts.some((part) => part.needsConnection),
      refused,
    }
  }

  /** @returns tells whether the relay has confirmed everything written so far */
  confirmation(): () => boolean {
    return this.edits.confirmation()
  }

  // -- edits

  /** Applies edits to the live document at once. The promise resolves when they are on this device's disk. */
  transact(edits: readonly Edit[]): AppliedEdit {
    return this.edits.transact(edits)
  }

  /**
   * Applies edits in as many transactions as their size needs. All are checked before the first is applied.
   * @returns for each transaction, when it is on this device's disk
   */
  transactAll(edits: readonly Edit[]): Promise<void>[] {
    return this.edits.transactAll(edits)
  }

  /**
   * Takes over what other tabs of this profile have stored.
   * @returns what of it was taken, once it is on this device's disk, and whether it was written again as something else
   */
  adopt(): Promise<AdoptedRows> {
    // On a removed device they stay where they are, to be read.
    if (this.context.isRemoved) return Promise.resolve({ rows: [], isRewritten: false })
    return new Promise((resolve, reject) => {
      this.runJob(() => this.edits.adoptLanes().then(resolve))
      void this.jobs.ended.then(() =>
        reject(new SyncError('closed', 'The account was closed before this could be taken over.')),
      )
    })
  }

  /** Writes again what this tab wrote when it led before, and no store has. @returns when it is on this device's disk */
  carry(transactions: readonly WrittenTransaction[]): Promise<void> {
    return this.edits.carry(transactions)
  }

  /** What the entries that this device keeps did, and what waits to be sent. @throws SyncError `profile-damaged`, `closed` */
  changes(): Promise<LogChanges> {
    return this.jobs.ask(async () => {
      await this.unverified.verify()
      return readLogChanges(this.state)
    })
  }

  /** Resolves when all that the live documents hold now is on this device's disk. */
  async settled(): Promise<void> {
    this.runJob(async () => {})
    await this.jobs.ended
    await this.context.writer.barrier()
  }

  /** Moves edits that were made before the relay's clock was known, when this device's is far from it; they keep their order. */
  shiftPending(): void {
    this.runJob(() => this.ownWriter.shift())
  }

  /** What is written from now on is in no entry with what was written before. */
  endEntry(): void {
    this.state.outbox.endEntry()
  }

  // -- connection

  connected(link: DocumentLink): void {
    this.link = link
    this.sender.connected(link)
    for (const part of this.parts) part.connected?.(link)
    // No connection begins before the keyring is in step: what the last one ended too early to read is here.
    if (this.ownWriter.awaitsKeyring) this.runJob(() => this.followKeyring())
    this.subscribe(link)
  }

  /** The relay is told how far this device is: as far as it has verified, and it shows nothing beyond that. */
  private subscribe(link: DocumentLink): void {
    if (this.unverified.isEmpty) link.subscribe(this.document)
    else
      this.runJob(async () => {
        if (link === this.link) link.subscribe(this.document)
      })
  }

  disconnected(): void {
    this.link = undefined
    if (!this.unverified.isEmpty) this.runJob(async () => {})
    this.reader.disconnected()
    this.frames.disconnected()
    this.sender.disconnected()
    this.seenRows.disconnected()
    for (const part of this.parts) part.disconnected?.()
    this.onStatus()
  }

  /** The keyring was read to its end, whether or not there was news. */
  keyringRead(): void {
    this.runJob(async () => {
      this.reader.keyringRead()
      for (const part of this.parts) part.keyringRead?.()
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
    this.ownWriter.followKeyring()
    if (await this.ownWriter.whileRewriting(() => this.intake.followKeyring())) this.reader.readAgain()
    await this.intake.retryHeld()
    for (const part of this.parts) await part.keyringChanged?.()
  }

  received(frame: DocumentFrame): void {
    this.frames.received(frame)
  }

  /** The relay refuses something about the document that is not a subscription or a row of what was seen. */
  refused(refusal: Refusal, error: SyncError): void {
    this.frames.refused(refusal, error)
  }

  /** Tells the other devices anew what this one has read, once nothing is in the way of it. */
  tellSeen(): void {
    this.seenRows.tellAgain()
  }

  refusedSeen(error: SyncError): void {
    this.refusals.refusedSeen(error)
  }

  /** The live documents hold what is neither verified nor stored yet. */
  get hasUnverified(): boolean {
    return !this.unverified.isEmpty
  }

  /** Ends what is under way; what is here can be read from then on, and nothing is written any more. */
  async freeze(): Promise<void> {
    this.disconnected()
    this.closeParts()
    await this.jobs.ended
  }

  async close(): Promise<void> {
    this.disconnected()
    this.closed = true
    this.closeParts()
    await this.jobs.ended
    this.state.registers.doc.destroy()
    this.state.liveTexts.end()
  }

  private closeParts(): void {
    this.sender.close()
    this.unverified.close()
    this.seenRows.close()
    for (const part of this.parts) part.close?.()
  }

  // -- jobs

  /** Whatever is done to the document has all that it holds verified. */
  private runJob(job: () => Promise<void>): void {
    this.jobs.run(async () => {
      await this.unverified.verify()
      await job()
    })
  }

  private caughtUp(): void {
    this.refusals.caughtUp()
    this.seenRows.schedule()
    this.onStatus()
    this.runJob(() => this.tellCaughtUp())
  }

  private async foundLaterEpoch(): Promise<void> {
    for (const part of this.parts) await part.foundLaterEpoch?.()
  }

  private async takeIn(entries: readonly OpenedEntry[], heads: readonly SignedHead[], isShown = false): Promise<void> {
    await this.intake.take(entries, heads, isShown)
    this.seenRows.schedule()
    await this.intake.foldWhenTooLong()
    await this.tellCaughtUp()
  }

  private async tellCaughtUp(): Promise<void> {
    for (const part of this.parts) if (this.reader.isCaughtUp) await part.caughtUp?.()
  }
}
