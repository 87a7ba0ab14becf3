// What was written to one collection, as the world knows it: transactions with the operations of the oracle that they are, and how one
// is recognised in a document.
import type { Collection } from '@owlivion/sync'
import {
  appliedIn,
  type OracleEffect,
  type OracleOperation,
  RegisterOracle,
  registersOf,
  type Transaction,
} from '@owlivion/sync/testing'
import * as Y from 'yjs'

/** Fields as a plan names them: no schema, so that anything may meet anything. */
export type SimCollection = Collection<Record<string, never>>

/** One transaction as it was written once. */
export interface Entry {
  readonly id: string
  readonly device: string
  readonly collection: string
  /** Where its Yjs items are; elsewhere after a rebase that it was written on again. */
  client: number
  /** The clock after the transaction's last item. */
  end: number
  readonly writer: string
  readonly n: number
  readonly operations: OracleOperation[]
  /** The promise of the write resolved, and its device's disk has never lost it since. */
  isStored: boolean
  /** Commits of the device's disk at that time. */
  storedAt: number
  /** The device said that the relay had stored it. */
  isAcknowledged: boolean
  /** Its device has left the account since: if it came back, it was with an empty disk. */
  isFormer: boolean
  /** Its device was locked out, and handed it to its person in words. */
  isOffered: boolean
  /** A device that had it from the relay was seen with it: whoever has its dot from elsewhere has this edit, and no other of that dot. */
  isShared: boolean
  /** The same edit, written again under another dot. */
  readonly rewritten: Entry[]
}

export interface Book {
  readonly name: string
  readonly oracle: RegisterOracle
  readonly entries: Entry[]
  readonly byPlace: Map<string, Entry>
  /** In the order in which they were written: two lives of a device may give one dot twice, until the later one hears of the earlier. */
  readonly byDot: Map<string, Entry[]>
  /** Those that no device is known to have had from the relay. */
  readonly unshared: Set<Entry>
  readonly nByOperation: Map<string, number>
}

export function emptyBook(name: string): Book {
  return {
    name,
    oracle: new RegisterOracle(),
    entries: [],
    byPlace: new Map(),
    byDot: new Map(),
    unshared: new Set(),
    nByOperation: new Map(),
  }
}

/** Tells of each entry whether the collection holds it: by its Yjs items, or, when a rebase took those, by what the device has applied. */
export function presence(book: Book, collection: SimCollection): (entry: Entry) => boolean {
  const { doc } = registersOf(collection)
  const { rebases, context } = appliedIn(collection)
  return (entry) => {
    if (hasItems(doc, entry)) return true
    if (rebases === 0 || entry.rewritten.length > 0) return false
    return holderOf(book, entry) === entry && (context.get(entry.writer) ?? 0) >= entry.n
  }
}

/** Notes what the device has from the relay, while its items are there: a rebase takes them, and leaves nothing but dots. */
export function noteShared(book: Book, device: string, collection: SimCollection): void {
  const { doc } = registersOf(collection)
  for (const entry of book.unshared) {
    // What its author wrote over in another life was gone from there: if it has it, it has it from the relay.
    const isOwn = entry.device === device && book.byDot.get(dotOf(entry))?.at(-1) === entry
    if (isOwn || !hasItems(doc, entry)) continue
    entry.isShared = true
    book.unshared.delete(entry)
  }
}

export function dotOf({ writer, n }: Pick<Entry, 'writer' | 'n'>): string {
  return `${writer}/${n}`
}

/**
 * Which of several edits under one dot a device has that has the dot. A power cut may take from its author's disk what the relay has already, and
 * the next life, while it has not heard of that, writes under the dot again, and may die with it before it ever hears. So it is the one that came
 * through the relay; where none was seen to, the last of those that kept the dot.
 */
function holderOf(book: Book, entry: Entry): Entry | undefined {
  const holders = book.byDot.get(dotOf(entry))?.filter(({ rewritten }) => rewritten.length === 0)
  return holders?.findLast(({ isShared }) => isShared) ?? holders?.at(-1)
}

function hasItems(doc: Y.Doc, { client, end }: Entry): boolean {
  return Y.getState(doc.store, client) >= end
}

/**
 * A device shows what comes live before it has checked the signature, and takes it off the screen again when that is wrong. What was written
 * meanwhile is written again as of somebody who has not seen it, since nobody has signed what was seen.
 */
export function unsee({ operations }: Entry, book: Book, isHere: (entry: Entry) => boolean): void {
  const own = new Set(operations.map(({ id }) => id))
  for (const entry of book.entries) {
    if (isHere(entry)) continue
    for (const { id } of entry.operations)
      if (!own.has(id)) for (const { seen } of operations) (seen as Set<string>).delete(id)
  }
}

export function isSameTime({ operations }: Entry, transaction: Transaction): boolean {
  return operations.every(({ t }, index) => transaction.operations[index]?.t === t)
}

/** Every transaction sets at least one slot, all under one client id. */
export function placeOf(update: Uint8Array): { readonly client: number; readonly end: number } {
  const [[client, end] = [0, 0]] = [...Y.parseUpdateMeta(update).to]
  return { client, end }
}

/** Operations that were written again have other names. */
export function renamed(ids: ReadonlySet<string>, newIds: ReadonlyMap<string, string>): ReadonlySet<string> {
  return new Set(Array.from(ids, (id) => newIds.get(id) ?? id))
}

export function renamedEffect(effect: OracleEffect, newIds: ReadonlyMap<string, string>): OracleEffect {
  return effect.kind === 'restore' ? { ...effect, replaced: renamed(effect.replaced, newIds) } : effect
}
