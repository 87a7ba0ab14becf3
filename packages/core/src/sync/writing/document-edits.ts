// What is written to one document on this device: edits, what other tabs of the profile have stored, and what this tab wrote when it
// led before. The live document has it at once, and it is stored in one commit with its row, which is what makes a crash harmless.
import { checkEdit, type Edit, openRegisters } from '../../document'
import { SyncError } from '../../errors'
import type { DocumentState } from '../document/document-state'
import { encodePending, rowKeys } from '../document/rows'
import { buildBaseDocs, readStoredBase } from '../log/base'
import type { PlacedDots } from '../log/placed-dots'
import { observerOf } from '../observer'
import { putBack, transactWithTexts } from '../purge/purged-texts'
import { applyUpdates } from './body-updates'
import { groupEdits } from './edit-groups'
import { LaneAdoption, type LaneRow, lanesKey, readLanes } from './lanes'
import type { WrittenTransaction } from './outbox'
import { purgedIn, Revivals } from './revivals'

/** What of other tabs' rows was taken, and whether it was written again as something else. */
export interface AdoptedRows {
  readonly rows: readonly LaneRow[]
  readonly isRewritten: boolean
}

/** An edit that the live document has. */
export interface AppliedEdit {
  /** None when the edits change nothing. */
  readonly transaction: WrittenTransaction | undefined
  /** Resolves when it is on this device's disk. */
  readonly stored: Promise<void>
}

export interface DocumentEditsOptions {
  onChange(changed: ReadonlySet<string> | undefined): void
  onStatus(): void
  /** Somebody wrote in the texts. */
  textsWritten(edit: AppliedEdit): void
  isClosed(): boolean
  /** There is something to send. */
  pump(): void
}

export class DocumentEdits {
  private readonly lanes: LaneAdoption
  private readonly revivals: Revivals

  constructor(
    private readonly state: DocumentState,
    private readonly options: DocumentEditsOptions,
  ) {
    this.lanes = new LaneAdoption(state)
    this.revivals = new Revivals(state)
    this.revivals.after(undefined)
    state.liveTexts.listen({
      written: (update) => this.writeTexts(update),
      receiving: () => this.revivals.keepTexts(),
      refused: (error) => state.context.report(error),
    })
  }

  /** @returns tells whether the relay has confirmed everything written so far */
  confirmation(): () => boolean {
    const { outbox } = this.state
    const last = outbox.nextOrder - 1
    return () => outbox.pending.every(({ order }) => order > last)
  }

  /** @throws SyncError `closed`, `device-removed`, or as the registers refuse an edit */
  transact(edits: readonly Edit[]): AppliedEdit {
    this.refuseWhenOver()
    const { registers, liveTexts } = this.state
    for (const { kind, id } of edits) if (kind === 'purge') this.revivals.purging(id)
    const transaction = transactWithTexts(registers, liveTexts, edits)
    if (transaction === undefined) return { transaction, stored: Promise.resolve() }
    return this.add(transaction)
  }

  /** Reads from the store what this device has purged and not sent. @throws SyncError `profile-damaged` */
  async restorePurges(): Promise<void> {
    const { context, document, outbox, registers } = this.state
    if (!outbox.pending.some(({ transaction }) => purgedIn(transaction).length > 0)) return
    const docs = buildBaseDocs(context, document, await readStoredBase(context, document))
    const before = openRegisters({ doc: docs.registers, writer: registers.writer, lastN: 0, now: () => context.now() })
    for (const item of outbox.pending) {
      for (const id of purgedIn(item.transaction))
        this.revivals.purging(id, { slots: before.slots(id), texts: docs.texts }, item.order)
      applyUpdates(docs, item)
    }
  }

  /**
   * Call after every change of the live document, before anything else is written to the store: what was edited and purged by devices that
   * did not know of each other comes back whole.
   * @param changed ids of records, undefined when any may have
   * @param placed as for `Revivals`
   */
  changed(changed: ReadonlySet<string> | undefined, placed?: PlacedDots): void {
    this.options.onChange(changed)
    if (this.options.isClosed() || this.state.context.isRemoved) return
    for (const { plans, texts } of this.revivals.after(changed, placed)) {
      // Closing ends it early, and the next time it is opened it is seen to. All of a turn are stored together.
      for (const plan of plans) this.add(this.state.registers.perform(plan)).stored.catch(() => {})
      if (texts.size > 0) putBack(this.state.texts, texts)
    }
  }

  /** What was written in the texts counts as a transaction of its own: it waits, and is sealed, as any other. */
  private writeTexts(update: Uint8Array): void {
    this.refuseWhenOver()
    const edit = this.add({ ...this.state.registers.perform(() => []), texts: update })
    // Only closing ends it early, and whoever closes is told what is not stored.
    edit.stored.catch(() => {})
    this.options.textsWritten(edit)
  }

  private refuseWhenOver(): void {
    if (this.options.isClosed()) throw new SyncError('closed', 'The account is closed.')
    if (this.state.context.isRemoved) throw new SyncError('device-removed', 'This device was removed from the account.')
  }

  private add(transaction: WrittenTransaction): AppliedEdit & { readonly transaction: WrittenTransaction } {
    const { context, document, registers, outbox } = this.state
    observerOf(context.platform)?.written(document, registers, transaction)
    for (const { t } of transaction.operations) context.wrote?.(t)
    const item = outbox.add(transaction, { isClockKnown: context.clockOffsetMs !== undefined })
    const stored = context.writer.write({
      // The state row is written with whatever changes it; a new document's first edit makes its writer known.
      put: [
        [rowKeys.pending(document, item.order), encodePending(item)],
        ...(item.order === 1 ? [this.state.stateRow()] : []),
      ],
    })
    if (transaction.changed.size > 0) this.changed(transaction.changed)
    this.options.onStatus()
    this.options.pump()
    return { transaction, stored }
  }

  transactAll(edits: readonly Edit[]): Promise<void>[] {
    const groups = groupEdits(edits, this.state.registers)
    // One transaction is all or nothing by itself; several must not stop in the middle.
    if (groups.length > 1) for (const edit of edits) checkEdit(edit)
    return groups.map((group) => this.transact(group).stored)
  }

  async adoptLanes(): Promise<AdoptedRows> {
    const { context, document } = this.state
    const rows = await readLanes(context.store, lanesKey(document))
    if (rows.length === 0) return { rows, isRewritten: false }
    for (const { row } of rows) for (const id of purgedIn(row.transaction)) this.revivals.purging(id)
    const { batch, changed, isRewritten } = this.lanes.adopt(rows)
    const committed = context.writer.write(batch)
    if (changed.size > 0) this.changed(changed)
    this.options.onStatus()
    await committed
    return { rows, isRewritten }
  }

  carry(transactions: readonly WrittenTransaction[]): Promise<void> {
    const { context } = this.state
    for (const each of transactions) for (const id of purgedIn(each)) this.revivals.purging(id)
    const { batch, changed } = this.lanes.carry(transactions, context.clockOffsetMs !== undefined)
    const committed = context.writer.write(batch)
    this.changed(changed)
    this.options.onStatus()
    this.options.pump()
    return committed
  }
}
