// A snapshot replaces the head of a log by one sealed state. Its header is clear, because the relay must compare it with the
// log, and bound: its hash takes the place of the previous hash in the envelope's header, and the author signs the whole.

import { type KeyringHead, readKeyringHead, WRITER_BYTES, type WriterCount, writeKeyringHead } from './body'
import { compareBytes, concatBytes } from './bytes'
import { decodeWhole, malformed, type Reader, Writer } from './codec'
import { ProtocolFailure } from './codes'
import type { ChainHead } from './envelope'
import { verdictByte } from './frame-fields'
import type { Verdict } from './frame-types'
import { domain, hashParts, type Sha512 } from './hash'
import {
  ACCOUNT_ID_BYTES,
  type AccountId,
  DEVICE_ID_BYTES,
  type DeviceId,
  DOCUMENT_ID_BYTES,
  type DocumentId,
  HASH_BYTES,
  type Hash,
} from './ids'
import { MAX_BODY_ITEMS, MAX_INFLATED_BYTES } from './limits'

const SNAPSHOT_VERSION = 1
/** 2: with the authors. */
const SNAPSHOT_BODY_VERSION = 2

export interface SnapshotHeader {
  /** That of the document; see `countRebases`. */
  readonly documentEpoch: number
  /** Every entry up to and with this number is folded in, except the exempt ones. */
  readonly coveredNumber: number
  /** The log hash at that number. */
  readonly coveredHash: Hash
  /** Hash of the snapshot this one was built on. */
  readonly parent?: Hash
  /** The relay refuses a snapshot made under an older keyring. */
  readonly keyringHead: KeyringHead
  /** The end of each device's chain as folded in, sorted by device and incarnation. */
  readonly vector: readonly ChainHead[]
  /** Numbers that were quarantined or held back: not folded in, never pruned. Rising. */
  readonly exempt: readonly number[]
}

/** Sorts vector and exempt numbers first; what occurs twice is refused. */
export function encodeSnapshotHeader(header: SnapshotHeader): Uint8Array {
  const sorted = {
    ...header,
    vector: [...header.vector].sort(compareHeads),
    exempt: [...header.exempt].sort((a, b) => a - b),
  }
  checkLists(sorted)
  const writer = new Writer()
    .byte(SNAPSHOT_VERSION)
    .varUint(header.documentEpoch)
    .varUint(header.coveredNumber)
    .fixed(header.coveredHash, HASH_BYTES)
  writer.optional(header.parent, (hash) => writer.fixed(hash, HASH_BYTES))
  writeKeyringHead(writer, header.keyringHead)
  writer.list(
    sorted.vector,
    (head) =>
      writer
        .fixed(head.device, DEVICE_ID_BYTES)
        .uint32(head.incarnation)
        .varUint(head.sequence)
        .fixed(head.hash, HASH_BYTES),
    MAX_BODY_ITEMS,
  )
  return writer.list(sorted.exempt, (number) => writer.varUint(number), MAX_BODY_ITEMS).finish()
}

function compareHeads(a: ChainHead, b: ChainHead): number {
  return compareBytes(a.device, b.device) || a.incarnation - b.incarnation
}

function checkLists({ vector, exempt, coveredNumber }: SnapshotHeader): void {
  for (let i = 1; i < vector.length; i++) {
    // Two ends of one chain would let the relay and a device read two different vectors from one header.
    if (compareHeads(vector[i - 1] as ChainHead, vector[i] as ChainHead) >= 0)
      throw malformed('the vector of a snapshot is not sorted or names a chain twice')
  }
  for (let i = 0; i < exempt.length; i++) {
    if ((exempt[i] as number) <= (exempt[i - 1] ?? 0)) throw malformed('exempt numbers must rise, from 1')
    if ((exempt[i] as number) > coveredNumber) throw malformed('an exempt number lies beyond what the snapshot covers')
  }
}

export function decodeSnapshotHeader(bytes: Uint8Array): SnapshotHeader {
  return decodeWhole(bytes, readSnapshotHeader)
}

function readSnapshotHeader(reader: Reader): SnapshotHeader {
  if (reader.byte() !== SNAPSHOT_VERSION)
    throw new ProtocolFailure('unsupported-version', 'a snapshot is of a version this side does not know')
  const documentEpoch = reader.varUint()
  const coveredNumber = reader.varUint()
  const coveredHash = reader.fixed<Hash>(HASH_BYTES)
  const parent = reader.optional(() => reader.fixed<Hash>(HASH_BYTES))
  const keyringHead = readKeyringHead(reader)
  const vector = reader.list(MAX_BODY_ITEMS, DEVICE_ID_BYTES + 5 + HASH_BYTES, () => ({
    device: reader.fixed<DeviceId>(DEVICE_ID_BYTES),
    incarnation: reader.uint32(),
    sequence: reader.varUint(),
    hash: reader.fixed<Hash>(HASH_BYTES),
  }))
  const exempt = reader.list(MAX_BODY_ITEMS, 1, () => reader.varUint())
  const header = { documentEpoch, coveredNumber, coveredHash, ...(parent && { parent }), keyringHead, vector, exempt }
  checkLists(header)
  return header
}

export function snapshotHeaderHash(sha512: Sha512, header: Uint8Array): Hash {
  return hashParts(sha512, 'snapshot-header', header)
}

/** What the author signs; `hash` is the entry hash of the snapshot's envelope with the header's hash as previous. */
export function snapshotSigningBytes(account: AccountId, document: DocumentId, hash: Hash): Uint8Array {
  return concatBytes(
    domain('snapshot'),
    new Writer().fixed(account, ACCOUNT_ID_BYTES).fixed(document, DOCUMENT_ID_BYTES).fixed(hash, HASH_BYTES).finish(),
  )
}

/** What a device signs that judges a snapshot; `hash` is the snapshot's. */
export function snapshotVerdictBytes(
  account: AccountId,
  document: DocumentId,
  hash: Hash,
  verdict: Verdict,
): Uint8Array {
  return concatBytes(
    domain('snapshot-verdict'),
    new Writer()
      .fixed(account, ACCOUNT_ID_BYTES)
      .fixed(document, DOCUMENT_ID_BYTES)
      .fixed(hash, HASH_BYTES)
      .byte(verdictByte(verdict))
      .finish(),
  )
}

/** The sealed content of a snapshot. */
export interface SnapshotBody {
  /** Digest of the state: state vector, delete set and key-sorted content. */
  readonly digest: Hash
  /** Greatest contiguous transaction number of each writer that is folded in. */
  readonly context: readonly WriterCount[]
  /** Yjs states in format 2. */
  readonly registers: Uint8Array
  readonly texts: Uint8Array
  /** Which device wrote as each of the writers, as the envelopes of their entries said; none for one that is not known. */
  readonly authors: readonly SnapshotAuthor[]
}

export interface SnapshotAuthor {
  readonly writer: Uint8Array
  readonly device: DeviceId
}

export function encodeSnapshotBody(body: SnapshotBody): Uint8Array {
  const writer = new Writer().byte(SNAPSHOT_BODY_VERSION).fixed(body.digest, HASH_BYTES)
  writer.list(body.context, (entry) => writer.fixed(entry.writer, WRITER_BYTES).varUint(entry.n), MAX_BODY_ITEMS)
  writer.bytes(body.registers, MAX_INFLATED_BYTES).bytes(body.texts, MAX_INFLATED_BYTES)
  return writer
    .list(
      body.authors,
      (author) => writer.fixed(author.writer, WRITER_BYTES).fixed(author.device, DEVICE_ID_BYTES),
      MAX_BODY_ITEMS,
    )
    .finish()
}

export function decodeSnapshotBody(bytes: Uint8Array): SnapshotBody {
  return decodeWhole(bytes, (reader) => {
    if (reader.byte() !== SNAPSHOT_BODY_VERSION)
      throw new ProtocolFailure('unsupported-version', 'a snapshot is of a version this app does not know')
    return {
      digest: reader.fixed<Hash>(HASH_BYTES),
      context: reader.list(MAX_BODY_ITEMS, WRITER_BYTES + 1, () => ({
        writer: reader.fixed(WRITER_BYTES),
        n: reader.varUint(),
      })),
      registers: reader.bytes(MAX_INFLATED_BYTES),
      texts: reader.bytes(MAX_INFLATED_BYTES),
      authors: readAuthors(reader),
    }
  })
}

function readAuthors(reader: Reader): SnapshotAuthor[] {
  return reader.list(MAX_BODY_ITEMS, WRITER_BYTES + DEVICE_ID_BYTES, () => ({
    writer: reader.fixed(WRITER_BYTES),
    device: reader.fixed<DeviceId>(DEVICE_ID_BYTES),
  }))
}
