// A snapshot replaces the head of a log by one sealed state. Its header is clear, because the relay must compare it with the
// log, and bound: its hash takes the place of the previous hash in the envelope's header, and the author signs the whole.

import { type KeyringHead, readKeyringHead, WRITER_BYTES, type WriterCount, writeKeyringHead } from './body'
import { concatBytes } from './bytes'
import { decodeWhole, type Reader, Writer } from './codec'
import { ProtocolFailure } from './codes'
import type { ChainHead } from './envelope'
import { domain, hashParts, type Sha512 } from './hash'
import { type AccountId, DEVICE_ID_BYTES, type DeviceId, type DocumentId, HASH_BYTES, type Hash } from './ids'
import { MAX_BODY_ITEMS, MAX_INFLATED_BYTES } from './limits'

const SNAPSHOT_VERSION = 1

export interface SnapshotHeader {
  /** Counts the rebases of the document. */
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

export function encodeSnapshotHeader(header: SnapshotHeader): Uint8Array {
  const writer = new Writer()
    .byte(SNAPSHOT_VERSION)
    .varUint(header.documentEpoch)
    .varUint(header.coveredNumber)
    .fixed(header.coveredHash)
  writer.optional(header.parent, (hash) => writer.fixed(hash))
  writeKeyringHead(writer, header.keyringHead)
  writer.list(header.vector, (head) =>
    writer.fixed(head.device).uint32(head.incarnation).varUint(head.sequence).fixed(head.hash),
  )
  return writer.list(header.exempt, (number) => writer.varUint(number)).finish()
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
  for (let i = 1; i < exempt.length; i++) {
    if ((exempt[i] as number) <= (exempt[i - 1] as number))
      throw new ProtocolFailure('malformed-frame', 'exempt numbers must rise')
  }
  return { documentEpoch, coveredNumber, coveredHash, ...(parent && { parent }), keyringHead, vector, exempt }
}

export function snapshotHeaderHash(sha512: Sha512, header: Uint8Array): Hash {
  return hashParts(sha512, 'snapshot-header', header)
}

/** What the author signs; `hash` is the entry hash of the snapshot's envelope with the header's hash as previous. */
export function snapshotSigningBytes(account: AccountId, document: DocumentId, hash: Hash): Uint8Array {
  return concatBytes(domain('snapshot'), account, document, hash)
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
}

export function encodeSnapshotBody(body: SnapshotBody): Uint8Array {
  const writer = new Writer().byte(SNAPSHOT_VERSION).fixed(body.digest)
  writer.list(body.context, (entry) => writer.fixed(entry.writer).varUint(entry.n))
  return writer.bytes(body.registers).bytes(body.texts).finish()
}

export function decodeSnapshotBody(bytes: Uint8Array): SnapshotBody {
  return decodeWhole(bytes, (reader) => {
    if (reader.byte() !== SNAPSHOT_VERSION)
      throw new ProtocolFailure('unsupported-version', 'a snapshot is of a version this app does not know')
    return {
      digest: reader.fixed<Hash>(HASH_BYTES),
      context: reader.list(MAX_BODY_ITEMS, WRITER_BYTES + 1, () => ({
        writer: reader.fixed(WRITER_BYTES),
        n: reader.varUint(),
      })),
      registers: reader.bytes(MAX_INFLATED_BYTES),
      texts: reader.bytes(MAX_INFLATED_BYTES),
    }
  })
}
