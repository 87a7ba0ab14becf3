// One collection's document in a tab, whoever leads. In the leading tab it is the engine's own; in every other it is a copy, which the
// leader keeps current, and what is written here goes into this tab's lane of the store. It outlives every change between the two.
import { bytesToHex, type DocumentId, hexToBytes } from '@owlivion/sync-protocol'
import { checkEdit, createWriter, type Edit, openRegisters, type Registers, type Writer } from '../document'
import { SyncError } from '../errors'
import type { Platform } from '../platform'
import {
  Authors,
  type DocumentStatus,
  type DocumentSync,
  encodePending,
  groupEdits,
  type LiveDocument,
  LiveTexts,
  laneKey,
  type StoredTransaction,
  type StoreWriter,
  type TextListener,
  transactWithTexts,
  type WrittenTransaction,
} from '../sync'
import { createDoc, takeClientId, Y } from '../yjs'
import type { LoadedDocument, SharedMessage } from './messages'
import { openStatus, type PlainStatus } from './mirror'
import { Unstored } from './unstored'

type Updates = Extract<SharedMessage, { readonly kind: 'updates' }>

export interface TabDocumentOptions {
  readonly platform: Platform
  /** Hex of this device's id. */
  device(): string
  /** Of this tab's lanes. */
  readonly writer: StoreWriter
  now(): number
  readonly isClockKnown: () => boolean
  readonly isRemoved: () => boolean
  /** What the leader last said of the document. */
  status(): PlainStatus | undefined
  /** What it says of it now. @throws SyncError `lead-lost` */
  askStatus(): Promise<PlainStatus>
  /** Rows of this document are in the store that the leader does not know. */
  written(document: string): void
  /** What is here is out of date, or does not fit what the leader says. */
  needsLoading(document: TabDocument): void
  /** Ids of records that changed, undefined when any may have. */
  onChange(changed: ReadonlySet<string> | undefined): void
  onStatus(): void
  report(error: SyncError): void
}

export class TabDocument implements LiveDocument {
  private leading: (() => DocumentSync) | undefined
  private own: { readonly registers: Registers; readonly texts: LiveTexts } | undefined
  /** Set while what is here is a copy of the leader's; what is written then is of a lane. */
  private isCopy = false
  /** Who wrote as whom, as the leader said. */
  private known = new Authors()
  private document: DocumentId | undefined
  private firstStatus: PlainStatus | undefined
  /** The sequence that the next updates have. */
  private expected = 0
  /** What the leader said while the document is being loaded. */
  private early: Updates[] | undefined
  /** Rows of lanes that no leader has taken, by key, with their commits. */
  private readonly rows = new Map<string, Promise<void>>()
  /** Written while this tab led, and in no store yet. */
  private readonly unstored = new Unstored()
  private isClosed = false

  constructor(
    readonly name: string,
    private readonly options: TabDocumentOptions,
  ) {}

  private hex: string | undefined

  /** Hex of the id; undefined until it was loaded. */
  get id(): string | undefined {
    return this.hex
  }

  /** It can be read and written. */
  get isOpen(): boolean {
    return this.leading !== undefined || this.own !== undefined
  }

  get registers(): Registers {
    const registers = this.leading?.().registers ?? this.own?.registers
    if (registers === undefined) throw new SyncError('closed', 'The collection is not open yet.')
    return registers
  }

  get texts(): Y.Doc {
    const texts = this.leading?.().texts ?? this.own?.texts.doc
    if (texts === undefined) throw new SyncError('closed', 'The collection is not open yet.')
    return texts
  }

  get authors(): Authors {
    if (this.leading !== undefined) return this.leading().authors
    const authors = new Authors(this.known)
    if (this.own !== undefined) authors.learn(this.own.registers.writer, this.options.device())
    return authors
  }

  get status(): DocumentStatus {
    if (this.leading !== undefined) return this.leading().status
    return this.withUntaken((this.options.status() ?? this.firstStatus)!)
  }

  /** News of the status come later than those of the records. */
  async askStatus(): Promise<DocumentStatus> {
    const asked = this.leading === undefined ? await this.options.askStatus() : undefined
    return asked === undefined || this.leading !== undefined ? this.status : this.withUntaken(asked)
  }

  private withUntaken(plain: PlainStatus): DocumentStatus {
    const status = openStatus(plain)
    const unsent = status.unsent + this.rows.size + this.unstored.size
    return { ...status, unsent, state: unsent > 0 ? 'local' : status.state }
  }

  /** Transactions that only this tab knows of. */
  get untaken(): number {
    return this.rows.size + this.unstored.size
  }

  transactAll(edits: readonly Edit[]): Promise<void>[] {
    this.refuseWhenOver()
    const groups = groupEdits(edits, this.registers)
    if (groups.length > 1) for (const edit of edits) checkEdit(edit)
    return groups.map((group) => this.transact(group))
  }

  private transact(edits: readonly Edit[]): Promise<void> {
    if (this.leading !== undefined) {
      const { transaction, stored } = this.leading().transact(edits)
      return transaction === undefined ? stored : this.unstored.add(transaction, stored)
    }
    const transaction = transactWithTexts(this.own!.registers, this.own!.texts, edits)
    return transaction === undefined ? Promise.resolve() : this.keep(transaction)
  }

  private readonly textListener: TextListener = {
    written: (update) => {
      this.refuseWhenOver()
      // Only closing ends it early, and whoever closes is told what is not stored.
      this.keep({ ...this.registers.perform(() => []), texts: update }).catch(() => {})
    },
    refused: (error) => this.options.report(error),
  }

  private refuseWhenOver(): void {
    if (this.isClosed) throw new SyncError('closed', 'The account is closed.')
    if (this.leading === undefined && this.options.isRemoved())
      throw new SyncError('device-removed', 'This device was removed from the account.')
  }

  private keep(transaction: WrittenTransaction): Promise<void> {
    // In a document that no leader has, it can only be written once there is one.
    const stored = this.isCopy ? this.write(transaction) : this.unstored.add(transaction, undefined)
    if (transaction.changed.size > 0) this.options.onChange(transaction.changed)
    this.options.onStatus()
    return stored
  }

  private write(transaction: StoredTransaction): Promise<void> {
    const { options, document, hex } = this
    const key = laneKey(document!, transaction)
    const row = encodePending({ transaction, isClockKnown: options.isClockKnown() })
    const stored = options.writer.write({ put: [[key, row]] })
    this.rows.set(JSON.stringify(key), stored)
    return stored.then(() => options.written(hex!))
  }

  // -- while this tab leads

  /**
   * Goes on with the engine's own document, once that has everything that was written here.
   * @param isCurrent false once that engine leads no more
   */
  async lead(document: () => DocumentSync, isCurrent: () => boolean): Promise<void> {
    await this.unstored.settled()
    do {
      const rows = [...this.rows]
      await Promise.all(rows.map(([, stored]) => stored))
      await document().adopt()
      for (const [key] of rows) this.rows.delete(key)
    } while (this.rows.size > 0)
    if (this.isClosed) return
    if (!isCurrent()) throw new SyncError('lead-lost', 'Another window took over.')
    this.leading = document
    this.hex = bytesToHex(document().document)
    this.early = undefined
    this.isCopy = false
    document().onTextsWritten = ({ transaction, stored }) => {
      // It is told of by the store; what is not stored is written again.
      if (transaction !== undefined) this.unstored.add(transaction, stored).catch(() => {})
    }
    const kept = this.own?.texts.handOver()
    this.discardOwn()
    const carried = this.unstored.take()
    if (carried.transactions.length > 0) carried.storedBy(document().carry(carried.transactions))
    if (kept !== undefined) document().goOnInTexts(kept)
    this.options.onChange(undefined)
    this.options.onStatus()
  }

  /** This tab leads no more. Reading goes on; what is written now is kept until there is a leader. */
  unlead(): void {
    if (this.leading === undefined) return
    const { registers, authors } = this.leading()
    this.known = authors
    this.own = { registers, texts: new LiveTexts(this.leading().handOverTexts(), this.textListener) }
    this.firstStatus = { ...this.leading().status, refused: undefined }
    this.leading = undefined
  }

  // -- while another tab leads

  /**
   * Becomes what the leader has, once that is everything that was written here.
   * @param ask has the leader take over what is in the store, and answers with what it has then
   */
  async load(ask: () => Promise<LoadedDocument & { readonly status: PlainStatus }>): Promise<void> {
    this.early = []
    await this.unstored.settled()
    for (;;) {
      const rows = [...this.rows]
      await Promise.all(rows.map(([, stored]) => stored))
      const loaded = await ask()
      for (const [key] of rows) this.rows.delete(key)
      if (this.isClosed || this.leading !== undefined) return
      if (this.rows.size > 0) continue
      this.copy(loaded)
      return
    }
  }

  received(message: SharedMessage & { readonly document: string }): void {
    if (message.document !== this.hex || this.leading !== undefined) return
    if (message.kind === 'replaced') this.options.needsLoading(this)
    else if (message.kind !== 'updates') return
    else if (this.early !== undefined) this.early.push(message)
    else this.apply(message)
  }

  close(): void {
    this.isClosed = true
    this.unstored.close()
    if (this.leading === undefined) this.discardOwn()
  }

  private copy({
    document,
    sequence,
    registers,
    texts,
    status,
    authors,
  }: LoadedDocument & { readonly status: PlainStatus }): void {
    const { platform, now } = this.options
    const docs = { registers: createDoc('registers'), texts: createDoc('texts') }
    Y.applyUpdateV2(docs.registers, registers)
    Y.applyUpdateV2(docs.texts, texts)
    for (const doc of [docs.registers, docs.texts]) takeClientId(doc, platform.random)
    const writer = createWriter(platform.random)
    const kept = this.own?.texts.handOver()
    this.discardOwn()
    const live = new LiveTexts(docs.texts, this.textListener)
    this.own = { registers: openRegisters({ doc: docs.registers, writer, lastN: 0, now }), texts: live }
    this.hex = document
    this.document = hexToBytes(document) as DocumentId
    this.firstStatus = status
    this.known = new Authors(authors)
    this.isCopy = true
    this.expected = sequence + 1
    this.writeCarried(writer)
    if (kept !== undefined) live.goOnIn(kept)
    const early = this.early ?? []
    this.early = undefined
    for (const message of early) this.apply(message)
    this.options.onChange(undefined)
    this.options.onStatus()
  }

  /** What was written while this tab led and came into no store, as edits of this lane. */
  private writeCarried(writer: Writer): void {
    const { transactions, storedBy } = this.unstored.take()
    if (transactions.length === 0) return
    const lanes = new Map(
      transactions.map(({ writer: old }) => [old, { writer: createWriter(this.options.platform.random), lastN: 0 }]),
    )
    const rewritten = this.registers.rewrite(transactions, { writer, lastN: 0, lanes })
    const again = rewritten.map((each, i): StoredTransaction => ({ ...each, ...textsOf(transactions[i]!) }))
    this.own!.texts.receive(transactions.flatMap(({ texts }) => texts ?? []))
    storedBy(Promise.all(again.map((transaction) => this.write(transaction))).then(() => {}))
  }

  private apply({ sequence, updates, taken, authors = [] }: Updates): void {
    if (sequence < this.expected) return
    if (sequence > this.expected) {
      this.options.needsLoading(this)
      return
    }
    this.expected++
    for (const key of taken) this.rows.delete(key)
    for (const [writer, device] of authors) this.known.learn(writer, device)
    const { registers, texts } = this.own!
    const of = (root: string): Uint8Array[] => updates.flatMap((each) => (each.root === root ? [each.bytes] : []))
    texts.receive(of('texts'))
    const changed = registers.apply(of('registers'))
    if (changed.size > 0) this.options.onChange(changed)
    if (taken.length > 0) this.options.onStatus()
  }

  private discardOwn(): void {
    this.own?.registers.doc.destroy()
    this.own?.texts.end()
    this.own = undefined
  }
}

function textsOf({ texts }: WrittenTransaction): Pick<WrittenTransaction, 'texts'> {
  return texts === undefined ? {} : { texts }
}
