// One document as this device has it: the live Yjs documents, the verified log position, and what is not confirmed yet.
import { bytesEqual, type DocumentId, decodeEnvelope, epochAt, type Hash } from '@owlivion/sync-protocol'
import { hashEntry } from '../../crypto'
import { createWriter, Rebinding, type Registers, type Writer, type WriterEnd } from '../../document'
import type { StoreBatch, StoreKey } from '../../storage'
import { takeClientId, Y } from '../../yjs'
import { type AccountContext, randomUint32 } from '../account-context'
import { LineageMap } from '../device-map'
import type { ReturningEntries } from '../healing/returning'
import type { KeyringAgreement } from '../keyring/keyring-agreement'
import { type BaseDocs, buildBaseDocs, type StoredBase } from '../log/base'
import { continuesFrom } from '../log/continues'
import type { LogReplica } from '../log/log-replica'
import { nameableEnds } from '../log/nameable'
import type { LostEntry, Replayed, ReplayOptions } from '../log/replayed'
import { observerOf } from '../observer'
import { rootsIn } from '../purge/purged-texts'
import { writerFromBytes } from '../writer-bytes'
import { applyUpdates, emptyUpdate, updatesOf } from '../writing/body-updates'
import type { Outbox, PendingTransaction, StoredTransaction } from '../writing/outbox'
import { writeDependants } from '../writing/text-dependants'
import { movesFor, type TextMoves } from '../writing/text-lives'
import { piecesOf } from '../writing/text-pieces'
import { Authors } from './authors'
import type { LiveTexts } from './live-texts'
import { applyPending, openLive } from './open-live'
import { encodePending, rowKeys } from './rows'
import { encodeState, type Foundation, type LogTail, type StateRow } from './state-row'

/** Who this device is in the document's log, and what its entries have told the others so far. */
export interface OwnLineage {
  incarnation: number
  continues: StateRow['continues']
  announcedSeen: LineageMap<number>
  announcedKeyringLength: number
  /** Highest sequence of each of our lineages that another device has told us it has seen. */
  readonly seenByOthers: LineageMap<number>
}

export class DocumentState {
  /** Log rows and bytes that are not folded into the base yet. */
  tailRows = 0
  tailBytes = 0
  /** How the pending transactions were written again last as those of other writers: what other tabs wrote since may speak of them. */
  rebound: Rebinding | undefined
  /** What of the texts was given to other Yjs clients last: what other tabs wrote since may speak of it. */
  textMoves: TextMoves | undefined
  /** Entries up to this number were here before and are read again. */
  rereadThrough = 0
  /** What this device writes is of this epoch. */
  documentEpoch = 0
  /** What the rows of the log go on from; undefined when they begin with the first entry. */
  foundation: Foundation | undefined
  /** What was in this log before, and goes back to a relay that lost it; undefined unless that is under way. */
  returning: ReturningEntries | undefined
  /** What the newest known snapshot does not cover; undefined until it is counted. */
  logTail: LogTail | undefined = { after: 0, bytes: 0, sinceMs: undefined }
  authors = new Authors()

  constructor(
    readonly context: AccountContext,
    readonly document: DocumentId,
    public registers: Registers,
    readonly liveTexts: LiveTexts,
    public replica: LogReplica,
    readonly outbox: Outbox,
    readonly own: OwnLineage,
    readonly agreement: KeyringAgreement,
  ) {}

  get texts(): Y.Doc {
    return this.liveTexts.doc
  }

  /** The state row as of now: written with every step. */
  stateRow(): readonly [StoreKey, Uint8Array] {
    const { number, hash, chains, applied, context } = this.replica.state
    const row = {
      number,
      hash,
      chains,
      applied,
      context,
      ...this.own,
      writer: this.registers.writer,
      nextOrder: this.outbox.nextOrder,
      documentEpoch: this.documentEpoch,
      foundation: this.foundation,
      tail: this.logTail,
      authors: this.authors,
    }
    return [rowKeys.state(this.document), encodeState(row)]
  }

  /** The end of our chain in the current incarnation, sealed entries included. */
  ownHead(): { readonly sequence: number; readonly hash: Hash } | undefined {
    const sealed = this.outbox.pushes.at(-1)?.entries.at(-1)
    if (sealed !== undefined) return sealed
    return this.replica.state.chains.get({ device: this.context.device, incarnation: this.own.incarnation })
  }

  /**
   * True when the log has transactions of our writer under numbers that pending ones have, too: another life of this device
   * wrote them, and this one ended after it had read them and before it took a new writer.
   */
  hasTakenNumbers(): boolean {
    const { context } = this.replica.state
    return this.outbox.pending.some(
      ({ transaction, repairs }) => repairs === undefined && transaction.n <= (context.get(transaction.writer) ?? 0),
    )
  }

  /** It is pending, or in the verified log. */
  hasTransaction({ writer, n }: StoredTransaction): boolean {
    if (n <= (this.replica.state.context.get(writer) ?? 0)) return true
    return this.outbox.pending.some(({ transaction }) => transaction.writer === writer && transaction.n === n)
  }

  /** What this device has applied and others can have applied, too: not what had to be sent again. */
  appliedByOthers(): LineageMap<number> {
    return nameableEnds(this.replica.state, this.context.device)
  }

  /** True when what waits to be sent is sealed under a key that does not count, on another branch of the keyring. */
  isSealedInVain(): boolean {
    const { context, document } = this
    return this.outbox.pushes.some(({ entries: [first] }) => {
      if (first === undefined) return false
      const envelope = decodeEnvelope(first.envelope)
      const keyId = epochAt(context.keyring(), envelope.epoch)?.keyId
      if (keyId === undefined) return true
      const place = { account: context.account, document, keyId, previous: first.previous }
      return !bytesEqual(hashEntry(context.platform.signing.sha512, first.envelope, envelope, place).hash, first.hash)
    })
  }

  /**
   * Gives up the current incarnation; what was sealed under it will be sealed anew. The next incarnation names where the
   * verified chain ended.
   */
  startIncarnation(): StoreBatch {
    this.own.continues = continuesFrom(this.context.device, this.own, this.replica.state)
    const remove = this.abandonIncarnation()
    return { put: [this.stateRow()], remove }
  }

  /** @returns the rows that go */
  private abandonIncarnation(): StoreKey[] {
    const dropped = this.outbox.unseal()
    this.own.incarnation = randomUint32(this.context.platform)
    this.own.announcedSeen = new LineageMap()
    this.own.announcedKeyringLength = 0
    return dropped.map((push) => rowKeys.push(this.document, push.entries.at(-1)?.lastOrder ?? 0))
  }

  /**
   * Starts over from the verified base and writes the pending transactions again: under another writer after a fork (the old
   * one's numbers have two meanings), or moved in time once the relay's clock is known.
   * @returns the rows to write
   */
  rewritePending(stored: StoredBase, options: { readonly newWriter: boolean; readonly shiftMs?: number }): StoreBatch {
    const docs = buildBaseDocs(this.context, this.document, stored)
    const { gone } = this.rewrite(docs, options)
    return {
      put: [
        this.stateRow(),
        ...this.outbox.pending.map(
          (item) => [rowKeys.pending(this.document, item.order), encodePending(item)] as const,
        ),
      ],
      remove: gone.map((item) => rowKeys.pending(this.document, item.order)),
    }
  }

  /**
   * Goes on with documents of another document epoch: what is pending is written again on them. The live texts take in those of `docs` and
   * stay what they are.
   * @param options newWriter: the numbers of this device's writer have two meanings, or a gap, in that epoch
   * @returns the rows that go; those of what is pending are to be written
   */
  rewriteOn(docs: BaseDocs, { newWriter }: { readonly newWriter: boolean }): { readonly remove: StoreKey[] } {
    // Bytes that only the documents of before could take in. Whoever calls has seen to what they hold.
    const resent = this.outbox.pending.filter(({ repairs }) => repairs !== undefined)
    this.outbox.pending = this.outbox.pending.filter(({ repairs }) => repairs === undefined)
    const { gone } = this.rewrite(docs, { newWriter })
    return { remove: [...resent, ...gone].map((item) => rowKeys.pending(this.document, item.order)) }
  }

  /**
   * Goes on with the texts of another state of the document. Somebody may be editing the live ones: they take it in and stay what they are,
   * unless another life of this device has written something else in their place.
   * @returns what is pending of them
   */
  private keepTexts(texts: Y.Doc, pending: readonly StoredTransaction[], newWriter: boolean): StoredTransaction[] {
    const { random } = this.context.platform
    const updates = pending.flatMap((each) => each.texts ?? [])
    const moves = newWriter ? movesFor(texts, updates, random) : undefined
    if (moves === undefined) {
      this.liveTexts.receive([Y.encodeStateAsUpdateV2(texts)], 'v2')
      texts.destroy()
    } else {
      this.textMoves = moves
      for (const update of updates) Y.applyUpdate(texts, moves.apply(update))
      this.liveTexts.replace(texts)
    }
    if (newWriter) takeClientId(this.texts, random)
    return pending.map((each) => (each.texts && moves ? { ...each, texts: moves.apply(each.texts) } : each))
  }

  private rewrite(
    docs: BaseDocs,
    options: { readonly newWriter: boolean; readonly shiftMs?: number },
  ): { readonly gone: readonly PendingTransaction[] } {
    const writer = options.newWriter ? createWriter(this.context.platform.random) : this.registers.writer
    // What is sent once more was read by others as it is, and stays so.
    const resent = this.outbox.pending.filter(({ repairs }) => repairs !== undefined)
    const others = this.outbox.pending.filter(({ repairs }) => repairs === undefined)
    for (const item of resent) applyUpdates(docs, item)
    const endOf = (id: Writer): WriterEnd => {
      const taken = resent.map(({ transaction }) => (transaction.writer === id ? transaction.n : 0))
      return { writer: id, lastN: Math.max(this.replica.state.context.get(id) ?? 0, ...taken) }
    }
    const { lastN } = endOf(writer)
    const registers = openLive(this.context, docs, writer, lastN)
    // Texts that are there already may be written again: it is the same to Yjs.
    const kept = others.filter(
      ({ transaction: { texts, update } }) => texts !== undefined || !registers.contains(update),
    )
    const gone = others.filter((item) => !kept.includes(item))
    // What other tabs wrote stays the writing of somebody else.
    const lanes = new Map(
      kept
        .map(({ transaction }) => transaction.writer)
        .filter((id) => id !== this.registers.writer)
        .map((id) => [id, endOf(options.newWriter ? createWriter(this.context.platform.random) : id)]),
    )
    const rebinding = new Rebinding(options.shiftMs ?? 0)
    if (options.newWriter) this.rebound = rebinding
    const rewritten = registers.rewrite(
      kept.map((item) => item.transaction),
      { writer, lastN, lanes, rebinding },
    )
    observerOf(this.context.platform)?.rewritten(
      this.document,
      registers,
      kept.map((item) => item.transaction),
      rewritten,
    )
    const withTexts = kept.map(({ transaction: { texts } }, i) => ({ ...rewritten[i]!, ...(texts && { texts }) }))
    const transactions = this.keepTexts(docs.texts, withTexts, options.newWriter)
    const again = kept.map(({ isClockKnown, ...item }, i) => ({
      ...item,
      transaction: transactions[i]!,
      isClockKnown: isClockKnown || options.shiftMs !== undefined,
    }))
    this.outbox.pending = [...resent, ...again].sort((a, b) => a.order - b.order)
    this.registers.doc.destroy()
    this.registers = registers
    return { gone }
  }

  /** Builds the live documents anew from what is on disk and what is pending, after they came into an unknown state. */
  rebuildLive(stored: StoredBase): void {
    const docs = buildBaseDocs(this.context, this.document, stored)
    applyPending(docs, this.outbox)
    const { writer, lastN } = this.registers
    this.replaceLive(openLive(this.context, docs, writer, lastN), docs.texts)
  }

  /**
   * Goes on with a document that was placed anew; what is pending stays, and own entries that nobody else can be sure to read are
   * pending again.
   * @param options as it was replayed
   * @returns the rows to write
   */
  takeReplayed({ docs, replica, lost, ownTexts, batch }: Replayed, { drops }: ReplayOptions): StoreBatch {
    // What is read again of our own is nobody else's.
    this.rereadThrough = Math.max(this.rereadThrough, this.replica.state.number)
    this.replica = replica
    this.tailRows = 0
    this.tailBytes = 0
    const again = lost.length > 0 ? this.resend(lost) : { put: [], remove: [] }
    const dependants: (readonly [StoreKey, Uint8Array])[] = []
    if (drops) {
      applyPending(docs, this.outbox)
      const { writer, lastN } = this.registers
      const registers = openLive(this.context, docs, writer, lastN)
      dependants.push(...this.writeDependants(registers, docs.texts, ownTexts))
      this.replaceLive(registers, docs.texts)
    }
    return {
      put: [...batch.put, ...again.put, ...dependants, this.stateRow()],
      remove: [...batch.remove, ...again.remove],
    }
  }

  /** @returns the rows to write */
  private writeDependants(
    registers: Registers,
    texts: Y.Doc,
    sent: readonly Uint8Array[],
  ): (readonly [StoreKey, Uint8Array])[] {
    if (this.context.isRemoved) return []
    const own = [...sent, ...this.outbox.pending.flatMap(({ transaction }) => transaction.texts ?? [])]
    const ids = [...registers.ids(), ...registers.deletedIds()]
    const roots = ids.flatMap((id) => rootsIn(registers.slots(id), this.texts))
    const update = writeDependants({ before: this.texts, texts, own, roots })
    const pieces = update === undefined ? [] : piecesOf(update).updates
    return pieces.map((piece) => {
      const transaction = { ...registers.perform(() => []), texts: piece }
      const item = this.outbox.add(transaction, { isClockKnown: this.context.clockOffsetMs !== undefined })
      return [rowKeys.pending(this.document, item.order), encodePending(item)] as const
    })
  }

  /** Under a new incarnation, which goes on where the first that is given up did. */
  private resend(lost: readonly LostEntry[]): Required<Pick<StoreBatch, 'put' | 'remove'>> {
    const dropped = this.abandonIncarnation()
    this.own.continues = lost[0]?.body.continues
    const transactions = lost.flatMap(resentTransactions)
    // Before what followed them. Their numbers are free: each was given to an edit that was sent, and is sent again.
    const firstOrder = (this.outbox.pending[0]?.order ?? this.outbox.nextOrder) - transactions.length
    const items = transactions.map((each, i) => ({ order: firstOrder + i, isClockKnown: true, ...each }))
    this.outbox.pending = [...items, ...this.outbox.pending]
    return {
      put: items.map((item) => [rowKeys.pending(this.document, item.order), encodePending(item)] as const),
      remove: dropped,
    }
  }

  private replaceLive(registers: Registers, texts: Y.Doc): void {
    this.registers.doc.destroy()
    this.registers = registers
    this.liveTexts.replace(texts)
  }
}

/** The updates as they were; what they did is known to this device no more. */
function resentTransactions({ body, entry }: LostEntry): Omit<PendingTransaction, 'order' | 'isClockKnown'>[] {
  const { incarnation, sequence } = decodeEnvelope(entry.bytes)
  const { registers, texts } = updatesOf(body)
  return body.writers.map(({ writer, n }, i) => {
    const updates = i === 0 ? { update: registers, ...(texts && { texts }) } : { update: emptyUpdate }
    const transaction = { writer: writerFromBytes(writer), n, operations: [], ...updates }
    return { transaction, ...(i === 0 && { repairs: { incarnation, sequence } }) }
  })
}
