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
  /** Its device was locked out, and handed it to its person in words. */
  isOffered: boolean
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
  readonly nByOperation: Map<string, number>
}

export function emptyBook(name: string): Book {
  return {
    name,
    oracle: new RegisterOracle(),
    entries: [],
    byPlace: new Map(),
    byDot: new Map(),
    nByOperation: new Map(),
  }
}

/** Tells of each entry whether the collection holds it: by its Yjs items, or, when a rebase took those, by what the device has applied. */
export function presence(book: Book, collection: SimCollection): (entry: Entry) => boolean {
  const { doc } = registersOf(collection)
  const { rebases, context } = appliedIn(collection)
  return (entry) => {
    const { client, end, writer, n, rewritten } = entry
    if (Y.getState(doc.store, client) >= end) return true
    if (rebases === 0 || rewritten.length > 0) return false
    // Of those that kept it the last: what came before was taken by a power cut, and nobody else had it.
    const holder = book.byDot.get(`${writer}/${n}`)?.findLast((each) => each.rewritten.length === 0)
    return holder === entry && (context.get(writer) ?? 0) >= n
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
