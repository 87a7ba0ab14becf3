// The world's own account of what was written: every edit as an operation of the oracle, with everything its author had seen, and
// what its author was promised about it. An operation is recognised in a document by the place of its Yjs items (client and clock),
// which no other operation ever has; a transaction that was written again is a new operation with the old one's knowledge.
import { type Collection, isSyncError, type Sync } from '@owlivion/sync'
import {
  type DocumentObserver,
  type OracleEffect,
  type OracleOperation,
  RegisterOracle,
  type Registers,
  registersOf,
  type Transaction,
} from '@owlivion/sync/testing'
import * as Y from 'yjs'
import type { PlannedEdit } from './plan'

/** Fields as a plan names them: no schema, so that anything may meet anything. */
export type SimCollection = Collection<Record<string, never>>

/** One transaction as it was written once. */
export interface Entry {
  readonly id: string
  readonly device: string
  readonly collection: string
  readonly client: number
  /** The clock after the transaction's last item. */
  readonly end: number
  readonly n: number
  readonly operations: readonly OracleOperation[]
  /** The promise of the write resolved, and its device's disk has never lost it since. */
  isStored: boolean
  /** Commits of the device's disk at that time. */
  storedAt: number
  /** The device said that the relay had stored it. */
  isAcknowledged: boolean
  /** The same edit, written again under another dot. */
  readonly rewritten: Entry[]
}

export interface Book {
  readonly name: string
  readonly oracle: RegisterOracle
  readonly entries: Entry[]
  readonly byPlace: Map<string, Entry>
  readonly nByOperation: Map<string, number>
}

/** Who edits: a name, and how many commits its disk has completed. */
interface Author {
  readonly name: string
  readonly committedCount: number
}

interface Call {
  readonly author: Author
  readonly book: Book
  readonly edit: PlannedEdit
  readonly effect: OracleEffect | undefined
  readonly seen: ReadonlySet<string>
  entry: Entry | undefined
}

export class Ledger {
  readonly books = new Map<string, Book>()
  /** Calls that changed something, and calls in all. */
  edits = 0
  calls = 0
  /** Edits written again under a new writer, or moved in time. */
  rewrites = 0
  /** By device: entries that it has and the relay has not confirmed, as far as the device says. */
  readonly #unconfirmed = new Map<string, Set<Entry>>()
  #call: Call | undefined

  constructor(private readonly fail: (reason: string) => void) {}

  /** Makes the call of the app, and holds what comes of it against the oracle. */
  edit(author: Author, collection: SimCollection, edit: PlannedEdit): void {
    const book = this.#book(collection.name)
    const registers = registersOf(collection)
    const seen = this.seenIn(book, registers)
    const decision = book.oracle.decide(edit, registers.writer, seen)
    const call: Call = {
      author,
      book,
      edit,
      effect: typeof decision === 'string' ? undefined : decision,
      seen,
      entry: undefined,
    }
    this.calls++
    this.#call = call
    const done = callCollection(collection, edit)
    this.#call = undefined
    const { entry } = call
    if (entry === undefined && call.effect !== undefined) {
      this.fail(`${author.name} wrote nothing for ${JSON.stringify(edit)} where the oracle expects ${call.effect.kind}`)
    }
    done.then(
      () => {
        if (decision === 'record-missing' || decision === 'record-deleted') {
          this.fail(`${author.name} accepted ${JSON.stringify(edit)} where the oracle refuses it as ${decision}`)
        }
        if (entry === undefined) return
        entry.isStored = true
        entry.storedAt = author.committedCount
      },
      (error: unknown) => {
        const isExpected = isSyncError(error) && (error.code === decision || error.code === 'closed')
        if (!isExpected) this.fail(`${author.name} refused ${JSON.stringify(edit)}: ${String(error)}`)
      },
    )
  }

  observerFor(device: string): DocumentObserver {
    return {
      written: (_document, _registers, transaction) => this.#written(transaction),
      rewritten: (_document, _registers, from, to) => {
        const newIds = new Map<string, string>()
        from.forEach((old, index) => {
          this.#rewritten(device, old.update, to[index] as Transaction, newIds)
        })
      },
    }
  }

  /** The device died; of its disk's commits this many are left. */
  crashed(device: string, committedCount: number): void {
    this.#unconfirmed.delete(device)
    for (const { entries } of this.books.values()) {
      for (const entry of entries) {
        if (entry.device === device && entry.storedAt > committedCount) entry.isStored = false
      }
    }
  }

  /** The device has closed. What its disk refused to the end it has told the app so. */
  closed(device: string): void {
    this.#unconfirmed.delete(device)
  }

  /** The device has opened the collection; what it holds of its own is waiting for the relay again. */
  opened(device: string, collection: SimCollection): void {
    const book = this.#book(collection.name)
    const { doc } = registersOf(collection)
    for (const entry of book.entries) {
      if (entry.device === device && !entry.isAcknowledged && isIn(doc, entry)) this.#unconfirmedOf(device).add(entry)
    }
  }

  /** Reads from the device's status what it says the relay has stored. */
  statusChanged(device: string, sync: Sync): void {
    const unconfirmed = this.#unconfirmedOf(device)
    if (unconfirmed.size === 0) return
    const { documents } = sync.status
    for (const entry of unconfirmed) {
      if (documents[entry.collection]?.unsent !== 0) continue
      entry.isAcknowledged = true
      unconfirmed.delete(entry)
    }
  }

  writtenBy(device: string): readonly Entry[] {
    return [...this.#unconfirmedOf(device)]
  }

  acknowledged(entries: readonly Entry[]): void {
    for (const entry of entries) entry.isAcknowledged = true
  }

  /** Ids of the operations that the document holds. */
  seenIn(book: Book, { doc }: Registers): ReadonlySet<string> {
    const seen = new Set<string>()
    for (const entry of book.entries) {
      if (isIn(doc, entry)) for (const { id } of entry.operations) seen.add(id)
    }
    return seen
  }

  #written(transaction: Transaction): void {
    const call = this.#call
    if (call === undefined || call.entry !== undefined) {
      this.fail('a transaction was written that nobody asked for')
      return
    }
    const { author, book, edit, effect, seen } = call
    if (effect === undefined) {
      this.fail(`${author.name} wrote something for ${JSON.stringify(edit)} where the oracle expects nothing`)
      return
    }
    this.edits++
    const t = transaction.operations[0]?.t as number
    call.entry = this.#enter(author.name, book, transaction, [
      { writer: transaction.writer, t, seen, record: edit.id, effect },
    ])
  }

  #rewritten(device: string, oldUpdate: Uint8Array, transaction: Transaction, newIds: Map<string, string>): void {
    const old = this.#find(oldUpdate)
    if (old === undefined) {
      this.fail(`${device} wrote a transaction again that nobody knows`)
      return
    }
    this.rewrites++
    const operations = old.operations.map((operation, index) => ({
      ...operation,
      writer: transaction.writer,
      t: transaction.operations[index]?.t as number,
      seen: renamed(operation.seen, newIds),
      effect: renamedEffect(operation.effect, newIds),
    }))
    const entry = this.#enter(device, this.#book(old.collection), transaction, operations)
    old.operations.forEach(({ id }, index) => {
      newIds.set(id, (entry.operations[index] as OracleOperation).id)
    })
    old.rewritten.push(entry)
    this.#unconfirmedOf(device).delete(old)
  }

  #enter(device: string, book: Book, transaction: Transaction, drafts: readonly Omit<OracleOperation, 'id'>[]): Entry {
    const { client, end } = placeOf(transaction.update)
    const id = `${book.name}/${book.entries.length + 1}`
    const operations = drafts.map((draft, index) => ({ ...draft, id: `${id}.${index}` }))
    const common = { isStored: false, storedAt: 0, isAcknowledged: false, rewritten: [] }
    const entry: Entry = { id, device, collection: book.name, client, end, n: transaction.n, operations, ...common }
    for (const operation of operations) {
      book.oracle.take(operation)
      book.nByOperation.set(operation.id, transaction.n)
    }
    book.entries.push(entry)
    book.byPlace.set(`${client}/${end}`, entry)
    this.#unconfirmedOf(device).add(entry)
    return entry
  }

  #find(update: Uint8Array): Entry | undefined {
    const { client, end } = placeOf(update)
    for (const book of this.books.values()) {
      const entry = book.byPlace.get(`${client}/${end}`)
      if (entry) return entry
    }
    return undefined
  }

  #book(name: string): Book {
    let book = this.books.get(name)
    if (book === undefined) {
      book = { name, oracle: new RegisterOracle(), entries: [], byPlace: new Map(), nByOperation: new Map() }
      this.books.set(name, book)
    }
    return book
  }

  #unconfirmedOf(device: string): Set<Entry> {
    const entries = this.#unconfirmed.get(device) ?? new Set()
    this.#unconfirmed.set(device, entries)
    return entries
  }
}

export function isIn(doc: Y.Doc, { client, end }: Pick<Entry, 'client' | 'end'>): boolean {
  return Y.getState(doc.store, client) >= end
}

/** Every transaction sets at least one slot, all under one client id. */
function placeOf(update: Uint8Array): { readonly client: number; readonly end: number } {
  const [[client, end] = [0, 0]] = [...Y.parseUpdateMeta(update).to]
  return { client, end }
}

/** An app would see a refused value as a throw or a rejection, whichever comes; both are one thing here. */
async function callCollection(collection: SimCollection, edit: PlannedEdit): Promise<void> {
  switch (edit.kind) {
    case 'add':
      return collection.add(edit.id, edit.fields as Record<string, never>)
    case 'update':
      return collection.update(edit.id, edit.fields as Record<string, never>)
    case 'delete':
      return collection.delete(edit.id)
    case 'restore':
      return collection.restore(edit.id)
  }
}

function renamed(ids: ReadonlySet<string>, newIds: ReadonlyMap<string, string>): ReadonlySet<string> {
  return new Set(Array.from(ids, (id) => newIds.get(id) ?? id))
}

function renamedEffect(effect: OracleEffect, newIds: ReadonlyMap<string, string>): OracleEffect {
  return effect.kind === 'restore' ? { ...effect, replaced: renamed(effect.replaced, newIds) } : effect
}
