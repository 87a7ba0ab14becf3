// The records of one document: registers with one slot per writer in a Y.Map, so that Yjs's own choice between concurrent values (by
// random client id) never decides anything. Edits become slot operations (plan.ts), operations become slots (operation.ts), slots
// become what an app reads (record.ts). This class ties them to the Y.Doc and does nothing else.
//
// Updates must be applied in causal order: before an update, everything its author had seen when writing it.
import { SyncError } from '../errors'
import { Y } from '../yjs'
import { type CarriedPart, type CarriedRecord, carriedOf } from './carry'
import { counterNames, countOf } from './counter'
import { digestMap } from './digest'
import { type InspectedRecord, inspectRecord } from './inspect'
import type { Fields } from './json'
import type { Writer } from './names'
import { execute, type SlotOperation } from './operation'
import { checkEdit, type Edit, type PlanTimes, planEdit } from './plan'
import { Rebinding } from './rebind'
import { deleteConflictsOf, emptySlots, type FieldCandidate, type RecordSlots, setNames } from './record'
import { RecordDraft } from './record-draft'
import { conflictsOf, type FieldConflict, RegisterIndex } from './register-index'
import { greatestOf, latestTime, seenTimes } from './seen-times'
import type { Dot } from './slot'

/** What a record has beside its fields, by name. */
export interface BesideNames {
  readonly counters: readonly string[]
  readonly sets: readonly string[]
}

/** What one call of `transact` did. */
export interface Transaction {
  readonly writer: Writer
  /** Counts the writer's transactions in this document, from 1. */
  readonly n: number
  readonly operations: readonly SlotOperation[]
  /** Yjs V1 update of exactly this transaction. */
  readonly update: Uint8Array
  /** Ids of the records it touched. */
  readonly changed: ReadonlySet<string>
}

export interface RegistersOptions {
  /** The `registers` Y.Doc. Its client id must be taken before the first write (see `takeClientId`). */
  readonly doc: Y.Doc
  /** Who writes here. Held by nobody else while this is open. */
  readonly writer: Writer
  /** n of the writer's latest transaction in this document, 0 when there is none. */
  readonly lastN: number
  /** Milliseconds since 1970, corrected by the relay's clock where that is known. */
  readonly now: () => number
}

/** Somebody who writes, and how far. */
export interface WriterEnd {
  readonly writer: Writer
  /** n of the latest transaction of `writer` that is in the document, 0 for a new writer. */
  readonly lastN: number
}

export interface RewriteOptions extends WriterEnd {
  /** By who wrote a transaction: who writes it again, where it is another than `writer`. */
  readonly lanes?: ReadonlyMap<Writer, WriterEnd>
  /** Goes on with what was rewritten before: later transactions of the same writers refer to it. */
  readonly rebinding?: Rebinding
  /** Moves every t by this many milliseconds; order is kept. */
  readonly shiftMs?: number
}

export function openRegisters(options: RegistersOptions): Registers {
  return new Registers(options)
}

/** The records of one open document, with every value that stands for a field. Apps see them through a collection. */
export class Registers {
  readonly doc: Y.Doc
  readonly #map: Y.Map<unknown>
  readonly #index: RegisterIndex
  readonly #now: () => number
  #writer: Writer
  #lastN: number
  #changed = new Set<string>()

  constructor({ doc, writer, lastN, now }: RegistersOptions) {
    this.doc = doc
    this.#map = doc.getMap('r')
    this.#index = new RegisterIndex((key) => this.#map.get(key))
    this.#now = now
    this.#writer = writer
    this.#lastN = lastN
    this.#map.forEach((_, key) => {
      this.#index.touch(key, true)
    })
    this.#map.observe(({ keysChanged }) => {
      for (const key of keysChanged) {
        const record = this.#index.touch(key, this.#map.has(key))
        if (record !== undefined) this.#changed.add(record)
      }
    })
  }

  get writer(): Writer {
    return this.#writer
  }

  /** n of the writer's latest transaction. */
  get lastN(): number {
    return this.#lastN
  }

  /** Writes under another writer from now on. */
  setWriter(writer: Writer, lastN: number): void {
    this.#writer = writer
    this.#lastN = lastN
  }

  /**
   * Applies edits in order, all or none, as one Yjs transaction.
   * @returns undefined when nothing changes; no n is used then
   * @throws SyncError `invalid-id`, `invalid-field`, `invalid-value`, `field-too-large`, `record-missing` or `record-deleted`,
   * before the document is touched
   */
  transact(edits: readonly Edit[]): Transaction | undefined {
    const author = { writer: this.#writer, n: this.#lastN + 1 }
    const drafts = new Map<string, RecordDraft>()
    const operations: SlotOperation[] = []
    for (const edit of edits.map(checkEdit)) {
      const draft = this.#draft(drafts, edit.id)
      const operation = planEdit(edit, draft, author.writer, this.#times(draft))
      if (!operation) continue
      execute(draft, operation, author)
      operations.push(operation)
    }
    return operations.length > 0 ? this.#commit(author, drafts, operations) : undefined
  }

  /** The transaction of operations that were planned elsewhere; `plan` is told who they are of. */
  perform(plan: (author: Dot) => readonly SlotOperation[]): Transaction {
    const author = { writer: this.#writer, n: this.#lastN + 1 }
    const drafts = new Map<string, RecordDraft>()
    const operations = plan(author)
    for (const operation of operations) execute(this.#draft(drafts, operation.record), operation, author)
    return this.#commit(author, drafts, operations)
  }

  /**
   * What stands in each visible record, for writing it again without its past.
   * @param part leaves out values by who wrote them, and says how much of a counter is meant; default: everything
   */
  *carried(part?: CarriedPart): Generator<CarriedRecord, undefined> {
    for (const id of this.#index.visible()) {
      const slots = this.#index.slots(id)
      const count = (field: string): number => part?.count(id, field) ?? countOf(slots, field)
      const record = carriedOf(id, slots, count, part?.isWanted)
      if (record !== undefined) yield record
    }
  }

  /**
   * Applies updates of other devices, or stored ones, in one Yjs transaction.
   * @returns ids of the records that changed
   * @throws SyncError `invalid-value` when bytes are not a Yjs update; those before it stay applied
   */
  apply(updates: readonly Uint8Array[], format: 'v1' | 'v2' = 'v1'): ReadonlySet<string> {
    const applyUpdate = format === 'v1' ? Y.applyUpdate : Y.applyUpdateV2
    this.#changed = new Set()
    try {
      this.doc.transact(() => {
        for (const update of updates) applyUpdate(this.doc, update, this)
      }, this)
    } catch (cause) {
      throw new SyncError('invalid-value', 'An update could not be applied.', { cause })
    }
    return this.#takeChanged()
  }

  /**
   * Writes pending transactions again, on a document that holds only the verified base, under new dots. Each still replaces
   * exactly what it had seen when it was first written. The writer of this object becomes `options.writer`. The updates rest on the
   * base: whoever applies them must have all of it.
   * @param transactions those of each writer in their order; all its earlier transactions are in the base. Those of `options.lanes` are
   * written again by whom it names, the others are of one writer
   */
  rewrite(
    transactions: readonly Pick<Transaction, 'writer' | 'n' | 'operations'>[],
    options: RewriteOptions,
  ): Transaction[] {
    const { lanes, rebinding = new Rebinding(options.shiftMs ?? 0) } = options
    const ends = new Map<Writer, WriterEnd>(lanes)
    const main = transactions.find(({ writer }) => !ends.has(writer))?.writer ?? options.writer
    ends.set(main, options)
    const rewritten = transactions.map((transaction) => {
      const end = ends.get(transaction.writer)
      if (end === undefined) {
        throw new SyncError('invalid-value', 'Transactions of two writers cannot be rewritten as those of one.')
      }
      const author = { writer: end.writer, n: end.lastN + 1 }
      ends.set(transaction.writer, { writer: end.writer, lastN: author.n })
      rebinding.bind(transaction, author)
      const drafts = new Map<string, RecordDraft>()
      const operations = transaction.operations.map((operation) => {
        const draft = this.#draft(drafts, operation.record)
        const moved = rebinding.apply(operation, draft, transaction.writer)
        execute(draft, moved, author)
        return moved
      })
      return this.#commit(author, drafts, operations)
    })
    this.setWriter(options.writer, ends.get(main)!.lastN)
    return rewritten
  }

  /**
   * The fields of a visible record, without its counters and sets; undefined for any other. The same frozen object until the record
   * changes.
   */
  get(id: string): Fields | undefined {
    return this.#index.fields(id)
  }

  /** What a counter of a visible record stands at, 0 for any other. */
  counter(id: string, field: string): number {
    return this.#index.standing(id) === 'visible' ? countOf(this.#index.slots(id), field) : 0
  }

  /** The elements of a visible record's set, sorted; none for any other. The same frozen list until the record changes. */
  set(id: string, field: string): readonly string[] {
    return this.#index.set(id, field)
  }

  /** The names of what a visible record counts and gathers; none for any other. */
  besideNames(id: string): BesideNames {
    const slots = this.#index.standing(id) === 'visible' ? this.#index.slots(id) : emptySlots
    return { counters: counterNames(slots), sets: setNames(slots) }
  }

  /** True when the record is visible. */
  has(id: string): boolean {
    return this.#index.standing(id) === 'visible'
  }

  /** Ids of visible records, in no particular order. */
  ids(): IterableIterator<string> {
    return this.#index.visible().values()
  }

  /** How many records are visible. */
  get size(): number {
    return this.#index.visible().size
  }

  /** Ids of records that are deleted and can be restored, in no particular order. */
  deletedIds(): IterableIterator<string> {
    return this.#index.hidden().values()
  }

  /** Everything known about a record, hidden or visible; undefined when there is none. */
  inspect(id: string): InspectedRecord | undefined {
    return inspectRecord(this.#index.slots(id))
  }

  /** The record's slots as they are now: none for one that is not there. Another object once the record changes. */
  slots(id: string): RecordSlots {
    return this.#index.slots(id)
  }

  /** Milliseconds since 1970, corrected by the relay's clock where that is known. */
  now(): number {
    return this.#now()
  }

  /** Fields of visible records that hold different values nobody has decided between. */
  *conflicts(): Generator<FieldConflict & { readonly id: string }, undefined> {
    for (const id of this.#index.conflicted()) {
      for (const conflict of conflictsOf(this.#index.slots(id))) yield { id, ...conflict }
    }
  }

  /** Records, visible or hidden, with values that a delete had not seen. */
  *deleteConflicts(): Generator<{ readonly id: string; readonly unseen: readonly FieldCandidate[] }, undefined> {
    for (const id of this.#index.deleteConflicted()) yield { id, unseen: deleteConflictsOf(this.#index.slots(id)) }
  }

  /** True when everything that the Yjs V1 update writes is in the document. (What it only deletes is not looked for.) */
  contains(update: Uint8Array): boolean {
    const { to } = Y.parseUpdateMeta(update)
    for (const [client, clock] of to) if (Y.getState(this.doc.store, client) < clock) return false
    return true
  }

  /** The whole document as a Yjs V2 update. */
  encodeState(): Uint8Array {
    return Y.encodeStateAsUpdateV2(this.doc)
  }

  /** Equal on two devices exactly when they hold the same. */
  digest(hash: (bytes: Uint8Array) => Uint8Array): Uint8Array {
    return digestMap(this.doc, this.#map, hash)
  }

  #draft(drafts: Map<string, RecordDraft>, id: string): RecordDraft {
    const present = drafts.get(id)
    if (present) return present
    const draft = new RecordDraft(id, this.#index.slots(id))
    drafts.set(id, draft)
    return draft
  }

  /** From the record before the transaction: a clock that ran far ahead elsewhere does not reach this record. */
  #times({ before }: RecordDraft): PlanTimes {
    const past = seenTimes(before, this.#writer)
    const t = Math.max(Math.floor(this.#now()), greatestOf(past) + 1)
    return { t: Math.min(t, latestTime), past }
  }

  #commit(author: Dot, drafts: ReadonlyMap<string, RecordDraft>, operations: readonly SlotOperation[]): Transaction {
    const changes = [...drafts.values()].flatMap((draft) => draft.changes())
    // What Yjs makes of nothing, for operations that change nothing any more.
    let update: Uint8Array = new Uint8Array([0, 0])
    const capture = (bytes: Uint8Array) => {
      update = bytes
    }
    this.#changed = new Set()
    this.doc.on('update', capture)
    this.doc.transact(() => {
      for (const [key, text] of changes) {
        if (text === undefined) this.#map.delete(key)
        else this.#map.set(key, text)
      }
    }, this)
    this.doc.off('update', capture)
    this.#lastN = author.n
    return { ...author, operations, update, changed: this.#takeChanged() }
  }

  #takeChanged(): ReadonlySet<string> {
    const changed = this.#changed
    this.#changed = new Set()
    return changed
  }
}
