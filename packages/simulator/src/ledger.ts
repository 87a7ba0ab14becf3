// The world's own account of what was written: every edit as an operation of the oracle, with everything its author had seen, and
// what its author was promised about it. An operation is recognised in a document by the place of its Yjs items (client and clock),
// which no other operation ever has; a transaction that was written again is a new operation with the old one's knowledge.
import { isSyncError, type Sync } from '@owlivion/sync'
import {
  type DocumentObserver,
  documentOf,
  type OracleOperation,
  registersOf,
  type Transaction,
} from '@owlivion/sync/testing'
import { bytesToHex, type DocumentId } from '@owlivion/sync-protocol'
import {
  type Book,
  dotOf,
  type Entry,
  emptyBook,
  isSameTime,
  noteShared,
  placeOf,
  presence,
  renamed,
  renamedEffect,
  type SimCollection,
  unsee,
} from './book'
import { callCollection } from './call-collection'
import type { PlannedEdit } from './plan'
import { Undertakings } from './undertakings'

/** Who edits: a name, and how many commits its disk has completed. */
interface Author {
  readonly name: string
  /** Of its process: what a dead one still says to itself nobody hears. */
  readonly life: { readonly alive: boolean }
  readonly committedCount: number
}

interface Call {
  readonly author: Author
  readonly book: Book
  readonly edits: readonly PlannedEdit[]
  readonly seen: ReadonlySet<string>
  entry: Entry | undefined
}

export class Ledger {
  readonly books = new Map<string, Book>()
  readonly undertakings = new Undertakings()
  /** Calls that changed something, and calls in all. */
  edits = 0
  calls = 0
  /** Transactions in which a device purged by itself. */
  purges = 0
  /** Edits written again under a new writer, or moved in time. */
  rewrites = 0
  /** By device: entries that it has and the relay has not confirmed, as far as the device says. */
  readonly #unconfirmed = new Map<string, Set<Entry>>()
  /** What a relay calls the documents of collections. */
  readonly #collections = new Set<string>()
  /** By device and document, as the app has it. */
  readonly #open = new Map<string, SimCollection>()
  /** And those that devices write of their own, where the history is that no entries tell any more. */
  readonly #histories = new Set<string>()
  #call: Call | undefined
  #relayMayLose = false

  constructor(private readonly fail: (reason: string) => void) {}

  /** What the relay confirms may be gone again: only what is on the disk of its author is promised in such a world. */
  relayMayLose(): void {
    this.#relayMayLose = true
  }

  /** Makes the call of the app, and holds what comes of it against the oracle. */
  edit(author: Author, collection: SimCollection, edits: readonly PlannedEdit[]): void {
    const book = this.#book(collection.name)
    const registers = registersOf(collection)
    const seen = this.seenIn(book, collection)
    const decisions = edits.map((edit) => book.oracle.decide(edit, registers.writer, seen))
    const refusal = decisions.find((each) => each === 'record-missing' || each === 'record-deleted')
    const isChange = decisions.some((each) => typeof each === 'object')
    const call: Call = { author, book, edits, seen, entry: undefined }
    this.calls++
    this.#call = call
    const { life } = author
    const done = callCollection(collection, edits)
    this.#call = undefined
    const { entry } = call
    if (!life.alive) {
      // It died in the middle of the call; what it wrote was in memory only.
      if (entry) this.#unconfirmedOf(author.name).delete(entry)
      done.catch(() => {})
      return
    }
    const what = JSON.stringify(edits)
    if (isChange !== (entry !== undefined)) {
      this.fail(`${author.name} wrote ${entry ? 'something' : 'nothing'} for ${what}, against the oracle`)
    }
    done.then(
      () => {
        if (!life.alive) return
        if (refusal) this.fail(`${author.name} accepted ${what} where the oracle refuses it as ${refusal}`)
        if (entry === undefined) return
        entry.isStored = true
        entry.storedAt = author.committedCount
      },
      (error: unknown) => {
        if (!life.alive) return
        const isExpected = isSyncError(error) && (error.code === refusal || error.code === 'closed')
        if (!isExpected) this.fail(`${author.name} refused ${what}: ${String(error)}`)
      },
    )
  }

  /** @param life of the device's process: what a dead one still does to its memory is nothing that happened */
  observerFor(device: string, life: { readonly alive: boolean }): DocumentObserver {
    return {
      written: (document, _registers, transaction) => {
        if (this.#isHistory(document)) return
        if (this.#call !== undefined) this.#written(transaction)
        else if (life.alive) this.#purged(device, document, transaction)
      },
      rewritten: (document, _registers, from, to) => {
        if (!life.alive || this.#histories.has(bytesToHex(document))) return
        const newIds = new Map<string, string>()
        from.forEach((old, index) => {
          this.#rewritten(device, old.update, to[index] as Transaction, newIds)
        })
      },
      startedOver: (document) => {
        const collection = this.#open.get(`${device} ${bytesToHex(document)}`)
        if (!life.alive || collection === undefined) return
        const book = this.#book(collection.name)
        const isHere = presence(book, collection)
        for (const entry of this.#unconfirmedOf(device)) if (entry.collection === book.name) unsee(entry, book, isHere)
      },
    }
  }

  /** The device died; of its disk's commits this many are left. */
  crashed(device: string, committedCount: number): void {
    this.#closed(device)
    for (const { entries } of this.books.values()) {
      for (const entry of entries) {
        // Whether it was stored is not known of one that its device died with; it may have come up again all the same.
        if (entry.device === device && (!entry.isStored || entry.storedAt > committedCount)) this.#isLost(entry)
      }
    }
  }

  /** The device lost its disk: what it had written to no other is gone with it. */
  lostDisk(device: string): void {
    this.undertakings.forgotten(device)
    this.#unconfirmed.delete(device)
    for (const { entries } of this.books.values())
      for (const entry of entries) if (entry.device === device) this.#isLost(entry)
  }

  #isLost(entry: Entry): void {
    entry.isStored = false
    if (this.#relayMayLose) entry.isAcknowledged = false
  }

  /**
   * The device left the account with these edits in words: what it held and what is not among them must be at the relay.
   * @param collections those that are open on the device
   */
  left(device: string, { collections }: Awaited<ReturnType<Sync['unsentEdits']>>, open: Iterable<SimCollection>): void {
    this.undertakings.forgotten(device)
    const records = new Map(collections.map(({ name, changes }) => [name, new Set(changes.map(({ id }) => id))]))
    const documents = new Map(
      Array.from(open, (collection) => [collection.name, presence(this.#book(collection.name), collection)]),
    )
    for (const entry of this.#unconfirmedOf(device)) {
      if (documents.get(entry.collection)?.(entry) !== true) continue
      // What it does not hand over it says that the relay has: every device must have it in the end.
      entry.isOffered = entry.operations.every(({ record }) => records.get(entry.collection)?.has(record))
    }
    this.#unconfirmed.delete(device)
    for (const { entries } of this.books.values())
      for (const entry of entries) if (entry.device === device) entry.isFormer = true
    if (this.#relayMayLose) this.lostDisk(device)
  }

  /** The device has closed. What its disk refused to the end it has told the app so. */
  closed(device: string): void {
    this.#closed(device)
  }

  #closed(device: string): void {
    this.#unconfirmed.delete(device)
    for (const key of this.#open.keys()) if (key.startsWith(`${device} `)) this.#open.delete(key)
  }

  /** The device has opened the collection; what it holds of its own is waiting for the relay again. */
  opened(device: string, collection: SimCollection): void {
    const document = documentOf(collection)
    this.#collections.add(document)
    this.#open.set(`${device} ${document}`, collection)
    const book = this.#book(collection.name)
    const isHere = presence(book, collection)
    for (const entry of book.entries) {
      if (entry.device === device && !entry.isAcknowledged && isHere(entry)) this.#unconfirmedOf(device).add(entry)
    }
  }

  /**
   * Reads from the device's status what it says the relay has stored, and from what is open on it what came from there.
   * @param open collections
   */
  statusChanged(device: string, sync: Sync, open: Iterable<SimCollection>): void {
    this.undertakings.heard(device, sync)
    for (const collection of open) noteShared(this.#book(collection.name), device, collection)
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
  seenIn(book: Book, collection: SimCollection): ReadonlySet<string> {
    const seen = new Set<string>()
    const isHere = presence(book, collection)
    for (const entry of book.entries) {
      if (isHere(entry)) for (const { id } of entry.operations) seen.add(id)
    }
    return seen
  }

  /** Devices keep what became of collections in documents that no app opens: the world asks for nothing that is in them. */
  #isHistory(document: DocumentId): boolean {
    const id = bytesToHex(document)
    if (this.#call === undefined && !this.#collections.has(id)) this.#histories.add(id)
    return this.#histories.has(id)
  }

  /** What was deleted long enough ago devices purge by themselves. They write nothing else that nobody asked for. */
  #purged(device: string, document: DocumentId, transaction: Transaction): void {
    const collection = this.#open.get(`${device} ${bytesToHex(document)}`)
    if (collection === undefined || !transaction.operations.every(({ kind }) => kind === 'mark')) {
      this.fail('a transaction was written that nobody asked for')
      return
    }
    this.purges++
    const book = this.#book(collection.name)
    const { writer, n } = transaction
    const seen = new Set(this.seenIn(book, collection))
    const entry = this.#enter(device, book, transaction)
    for (const { record, t } of transaction.operations) {
      const effect = book.oracle.decide({ kind: 'purge', id: record }, writer, seen)
      if (typeof effect === 'string') this.fail(`${device} purged ${record}, and the oracle says ${effect}`)
      else seen.add(this.#take(entry, n, { writer, t, seen: new Set(seen), record, effect }))
    }
  }

  #written(transaction: Transaction): void {
    const call = this.#call
    if (call === undefined || call.entry !== undefined) {
      this.fail('a transaction was written that nobody asked for')
      return
    }
    const { author, book, edits } = call
    this.edits++
    const { writer, n } = transaction
    const entry = this.#enter(author.name, book, transaction)
    const seen = new Set(call.seen)
    for (const edit of edits) {
      const effect = book.oracle.decide(edit, writer, seen)
      if (typeof effect === 'string') continue
      const t = transaction.operations[entry.operations.length]?.t
      if (t === undefined) this.fail(`${author.name} left out ${JSON.stringify(edit)}`)
      const id = this.#take(entry, n, { writer, t: t ?? 0, seen: new Set(seen), record: edit.id, effect })
      seen.add(id)
    }
    if (entry.operations.length !== transaction.operations.length) {
      this.fail(`${author.name} wrote more for ${JSON.stringify(edits)} than the oracle expects`)
    }
    call.entry = entry
  }

  #rewritten(device: string, oldUpdate: Uint8Array, transaction: Transaction, newIds: Map<string, string>): void {
    const old = this.#find(oldUpdate)
    if (old === undefined) {
      this.fail(`${device} wrote a transaction again that nobody knows`)
      return
    }
    this.rewrites++
    if (old.writer === transaction.writer && old.n === transaction.n && isSameTime(old, transaction)) {
      const { client, end } = placeOf(transaction.update)
      Object.assign(old, { client, end })
      this.#book(old.collection).byPlace.set(`${client}/${end}`, old)
      for (const { id } of old.operations) newIds.set(id, id)
      return
    }
    const entry = this.#enter(device, this.#book(old.collection), transaction)
    old.operations.forEach((operation, index) => {
      const id = this.#take(entry, transaction.n, {
        ...operation,
        writer: transaction.writer,
        t: transaction.operations[index]?.t as number,
        seen: renamed(operation.seen, newIds),
        effect: renamedEffect(operation.effect, newIds),
      })
      newIds.set(operation.id, id)
    })
    old.rewritten.push(entry)
    this.#unconfirmedOf(device).delete(old)
  }

  #enter(device: string, book: Book, { update, writer, n }: Transaction): Entry {
    const { client, end } = placeOf(update)
    const id = `${book.name}/${book.entries.length + 1}`
    const promises = {
      isStored: false,
      storedAt: 0,
      isAcknowledged: false,
      isOffered: false,
      isFormer: false,
      isShared: false,
    }
    const entry: Entry = {
      id,
      device,
      collection: book.name,
      client,
      end,
      writer,
      n,
      operations: [],
      rewritten: [],
      ...promises,
    }
    book.entries.push(entry)
    book.byPlace.set(`${client}/${end}`, entry)
    book.unshared.add(entry)
    const dot = dotOf(entry)
    book.byDot.set(dot, [...(book.byDot.get(dot) ?? []), entry])
    this.#unconfirmedOf(device).add(entry)
    return entry
  }

  #take(entry: Entry, n: number, draft: Omit<OracleOperation, 'id'>): string {
    const book = this.#book(entry.collection)
    const id = `${entry.id}.${entry.operations.length}`
    const operation = { ...draft, id }
    entry.operations.push(operation)
    book.oracle.take(operation)
    book.nByOperation.set(id, n)
    return id
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
      book = emptyBook(name)
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
