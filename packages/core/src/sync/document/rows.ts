// The rows a document keeps in the device's store, and their bytes. Base and pending are kept apart: base is the verified
// prefix of the log, pending what this device wrote since, also as slot operations, so that it can be written again under
// another writer.
//
//   ['document', id, 'state']      cursor, chains, context, our incarnation and writer: one row, written with every step
//   ['document', id, 'base']       the verified state as of a log number
//   ['log', id, number]            verified entries verbatim, from this number on, that are not in the base yet
//   ['archive', id, number]        verified entries verbatim that are: any device can refill a relay with them
//   ['snapshot', id, number]       a snapshot file verbatim that covers the log up to this number: the one that the rows of the log go on
//                                  from (the foundation), and newer ones that were verified until they take its place
//   ['exempt', id, number]         an entry verbatim that the foundation covers by number and does not hold
//   ['held', id, number]           an entry kept aside, verbatim, with the reason
//   ['pending', id, order]         one transaction of ours
//   ['outbox', id, order]          one sealed push, keyed by the last transaction in it
import {
  bytesToHex,
  DEVICE_ID_BYTES,
  type DeviceId,
  type DocumentId,
  decodeWhole,
  HASH_BYTES,
  type Hash,
  type Reader,
  SIGNATURE_BYTES,
  type SignedHead,
  WRITER_BYTES,
  Writer,
} from '@owlivion/sync-protocol'
import { decodeOperations, encodeOperations } from '../../document'
import { SyncError } from '../../errors'
import type { StoreKey } from '../../storage'
import { type Lineage, LineageMap } from '../device-map'
import type { HoldReason } from '../log/log-replica'
import { writerFromBytes, writerToBytes } from '../writer-bytes'
import type { PendingTransaction, SealedEntry, SealedPush } from '../writing/outbox'

const ROW_VERSION = 1
export const NO_LIMIT = Number.MAX_SAFE_INTEGER

/** Of all documents, their bases included. */
export const documentPrefix: StoreKey = ['document']
/** Of all documents. */
export const pendingPrefix: StoreKey = ['pending']

export const rowKeys = {
  state: (document: DocumentId): StoreKey => ['document', bytesToHex(document), 'state'],
  base: (document: DocumentId): StoreKey => ['document', bytesToHex(document), 'base'],
  logs: (document: DocumentId): StoreKey => ['log', bytesToHex(document)],
  log: (document: DocumentId, number: number): StoreKey => ['log', bytesToHex(document), number],
  archives: (document: DocumentId): StoreKey => ['archive', bytesToHex(document)],
  archive: (document: DocumentId, number: number): StoreKey => ['archive', bytesToHex(document), number],
  snapshots: (document: DocumentId): StoreKey => ['snapshot', bytesToHex(document)],
  snapshot: (document: DocumentId, number: number): StoreKey => ['snapshot', bytesToHex(document), number],
  exempts: (document: DocumentId): StoreKey => ['exempt', bytesToHex(document)],
  exempt: (document: DocumentId, number: number): StoreKey => ['exempt', bytesToHex(document), number],
  helds: (document: DocumentId): StoreKey => ['held', bytesToHex(document)],
  held: (document: DocumentId, number: number): StoreKey => ['held', bytesToHex(document), number],
  pendings: (document: DocumentId): StoreKey => ['pending', bytesToHex(document)],
  pending: (document: DocumentId, order: number): StoreKey => ['pending', bytesToHex(document), order],
  pushes: (document: DocumentId): StoreKey => ['outbox', bytesToHex(document)],
  push: (document: DocumentId, lastOrder: number): StoreKey => ['outbox', bytesToHex(document), lastOrder],
}

/**
 * Reads a row; one that cannot be read is never taken for an empty one.
 * @param newest the newest version of the row; what earlier ones do not say is for `read` to fill in
 */
export function readRow<T>(
  bytes: Uint8Array,
  what: string,
  read: (reader: Reader, version: number) => T,
  newest = ROW_VERSION,
): T {
  const version = bytes[0] ?? 0
  if (bytes.length > 0 && (version < ROW_VERSION || version > newest))
    throw new SyncError('profile-damaged', `The ${what} was written by another version of the app.`)
  try {
    return decodeWhole(bytes, (reader) => read(reader, reader.byte()))
  } catch (cause) {
    throw new SyncError('profile-damaged', `The ${what} in this device's store cannot be read.`, { cause })
  }
}

export function writeLineages<T>(writer: Writer, map: LineageMap<T>, write: (value: T) => void): void {
  writer.list([...map], ([{ device, incarnation }, value]) => {
    writer.fixed(device).uint32(incarnation)
    write(value)
  })
}

export function readLineages<T>(reader: Reader, read: () => T): LineageMap<T> {
  return new LineageMap(
    reader.list(NO_LIMIT, DEVICE_ID_BYTES + 4, () => {
      const lineage: Lineage = { device: reader.fixed<DeviceId>(DEVICE_ID_BYTES), incarnation: reader.uint32() }
      return [lineage, read()] as const
    }),
  )
}

export interface BaseRow {
  /** Entries up to this number are in it, except those held then. */
  readonly number: number
  /** Yjs states in format 2. */
  readonly registers: Uint8Array
  readonly texts: Uint8Array
}

export function encodeBase(base: BaseRow): Uint8Array {
  return new Writer().byte(ROW_VERSION).varUint(base.number).bytes(base.registers).bytes(base.texts).finish()
}

export function decodeBase(bytes: Uint8Array): BaseRow {
  return readRow(bytes, 'base of a document', (reader) => ({
    number: reader.varUint(),
    registers: reader.bytes(NO_LIMIT),
    texts: reader.bytes(NO_LIMIT),
  }))
}

/** An entry as it was received, with the hash of the entry before it in its chain, which opening needs. */
export interface StoredEntry {
  readonly previous: Hash
  readonly bytes: Uint8Array
}

/** Entries with contiguous numbers, and verified heads at or beyond their ends. */
export interface LogRow {
  readonly entries: readonly StoredEntry[]
  readonly heads: readonly SignedHead[]
}

export function encodeLog(row: LogRow): Uint8Array {
  const writer = new Writer().byte(ROW_VERSION)
  writer.list(row.entries, (entry) => writer.fixed(entry.previous).bytes(entry.bytes))
  writer.list(row.heads, (head) =>
    writer.fixed(head.device).uint32(head.incarnation).varUint(head.sequence).fixed(head.signature),
  )
  return writer.finish()
}

export function decodeLog(bytes: Uint8Array): LogRow {
  return readRow(bytes, 'log of a document', (reader) => ({
    entries: reader.list(NO_LIMIT, HASH_BYTES + 1, () => ({
      previous: reader.fixed<Hash>(HASH_BYTES),
      bytes: reader.bytes(NO_LIMIT),
    })),
    heads: reader.list(NO_LIMIT, DEVICE_ID_BYTES + 5 + SIGNATURE_BYTES, () => ({
      device: reader.fixed<DeviceId>(DEVICE_ID_BYTES),
      incarnation: reader.uint32(),
      sequence: reader.varUint(),
      signature: reader.fixed(SIGNATURE_BYTES),
    })),
  }))
}

export interface HeldRow extends StoredEntry {
  readonly reason: HoldReason
  /** Applied meanwhile, but not yet part of the base. */
  readonly released: boolean
}

export function encodeHeld(row: HeldRow): Uint8Array {
  return new Writer()
    .byte(ROW_VERSION)
    .text(row.reason)
    .flag(row.released)
    .fixed(row.previous)
    .bytes(row.bytes)
    .finish()
}

export function decodeHeld(bytes: Uint8Array): HeldRow {
  return readRow(bytes, 'entry kept aside', (reader) => ({
    reason: reader.text(64) as HoldReason,
    released: reader.flag(),
    previous: reader.fixed<Hash>(HASH_BYTES),
    bytes: reader.bytes(NO_LIMIT),
  }))
}

export type PendingRow = Omit<PendingTransaction, 'order'>

/** 2: with texts. 3: starts an entry. Each is written only where it must be, so that earlier versions of an app read the others. */
const PENDING_ROW_VERSION = 2
const STARTS_ENTRY_VERSION = 3

/** False for what a later version of the app wrote. */
export function isKnownPending([version]: Uint8Array): boolean {
  return version !== undefined && version >= ROW_VERSION && version <= STARTS_ENTRY_VERSION
}

export function encodePending({ transaction, isClockKnown, repairs, startsEntry }: PendingRow): Uint8Array {
  const writer = new Writer()
  return writer
    .byte(startsEntry ? STARTS_ENTRY_VERSION : PENDING_ROW_VERSION)
    .flag(isClockKnown)
    .fixed(writerToBytes(transaction.writer))
    .varUint(transaction.n)
    .bytes(encodeOperations(transaction.operations))
    .bytes(transaction.update)
    .optional(repairs, ({ incarnation, sequence }) => writer.uint32(incarnation).varUint(sequence))
    .optional(transaction.texts, (update) => writer.bytes(update))
    .finish()
}

export function decodePending(bytes: Uint8Array): PendingRow {
  const read = (reader: Reader, version: number): PendingRow => {
    const isClockKnown = reader.flag()
    const transaction = {
      writer: writerFromBytes(reader.fixed(WRITER_BYTES)),
      n: reader.varUint(),
      operations: decodeOperations(reader.bytes(NO_LIMIT)),
      update: reader.bytes(NO_LIMIT),
    }
    const repairs = reader.optional(() => ({ incarnation: reader.uint32(), sequence: reader.varUint() }))
    const texts = version === 1 ? undefined : reader.optional(() => reader.bytes(NO_LIMIT))
    return {
      isClockKnown,
      transaction: { ...transaction, ...(texts && { texts }) },
      ...(repairs && { repairs }),
      ...(version === STARTS_ENTRY_VERSION && { startsEntry: true }),
    }
  }
  return readRow(bytes, 'edit that was not sent', read, STARTS_ENTRY_VERSION)
}

export function encodePush(push: SealedPush): Uint8Array {
  const writer = new Writer().byte(ROW_VERSION).uint32(push.incarnation).fixed(push.signature)
  writer.list(push.entries, (entry) => {
    writer
      .varUint(entry.sequence)
      .bytes(entry.envelope)
      .fixed(entry.previous)
      .fixed(entry.hash)
      .fixed(entry.envelopeHash)
      .varUint(entry.lastOrder)
    writer.list(entry.writers, (item) => writer.fixed(item.writer).varUint(item.n))
  })
  writeLineages(writer, push.announced.seen, (sequence) => writer.varUint(sequence))
  return writer.varUint(push.announced.keyringLength).finish()
}

export function decodePush(bytes: Uint8Array): SealedPush {
  return readRow(bytes, 'sealed push', (reader) => ({
    incarnation: reader.uint32(),
    signature: reader.fixed(SIGNATURE_BYTES),
    entries: reader.list(NO_LIMIT, 3 * HASH_BYTES, () => readSealedEntry(reader)),
    announced: { seen: readLineages(reader, () => reader.varUint()), keyringLength: reader.varUint() },
  }))
}

function readSealedEntry(reader: Reader): SealedEntry {
  return {
    sequence: reader.varUint(),
    envelope: reader.bytes(NO_LIMIT),
    previous: reader.fixed<Hash>(HASH_BYTES),
    hash: reader.fixed<Hash>(HASH_BYTES),
    envelopeHash: reader.fixed<Hash>(HASH_BYTES),
    lastOrder: reader.varUint(),
    writers: reader.list(NO_LIMIT, WRITER_BYTES + 1, () => ({
      writer: reader.fixed(WRITER_BYTES),
      n: reader.varUint(),
    })),
  }
}
