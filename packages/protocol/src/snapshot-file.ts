// A snapshot as it travels and rests: one run of bytes, of which a device and the relay keep every one as it came.
//
//   version 1 · header bytes · signature 64 · envelope rest
import { decodeWhole, malformed, Writer } from './codec'
import { ProtocolFailure } from './codes'
import { decodeLargeEnvelope, type EnvelopePlace, entryHash, envelopeHash, headerBytes } from './envelope'
import type { SnapshotPart } from './frame-types'
import type { Sha512 } from './hash'
import { type Hash, SIGNATURE_BYTES } from './ids'
import {
  MAX_SNAPSHOT_BYTES,
  MAX_SNAPSHOT_HEADER_BYTES,
  MAX_SNAPSHOT_PARTS,
  MIN_ENVELOPE_BYTES,
  SNAPSHOT_PART_BYTES,
} from './limits'
import { snapshotHeaderHash } from './snapshot'

const FILE_VERSION = 1

export interface SnapshotFile {
  /** As `encodeSnapshotHeader` makes it: kept as bytes, because its hash is bound. */
  readonly header: Uint8Array
  /** The author's, over `snapshotSigningBytes`. */
  readonly signature: Uint8Array
  /** An envelope of kind snapshot. */
  readonly envelope: Uint8Array
}

export function encodeSnapshotFile({ header, signature, envelope }: SnapshotFile): Uint8Array {
  checkEnvelope(envelope)
  const bytes = new Writer()
    .byte(FILE_VERSION)
    .bytes(header, MAX_SNAPSHOT_HEADER_BYTES)
    .fixed(signature, SIGNATURE_BYTES)
    .rest(envelope)
    .finish()
  checkSize(bytes.length)
  return bytes
}

/** Byte fields are views into `bytes`. Neither the header nor the envelope is looked into. */
export function decodeSnapshotFile(bytes: Uint8Array): SnapshotFile {
  checkSize(bytes.length)
  return decodeWhole(bytes, (reader) => {
    if (reader.byte() !== FILE_VERSION)
      throw new ProtocolFailure('unsupported-version', 'a snapshot is of a version this side does not know')
    const header = reader.bytes(MAX_SNAPSHOT_HEADER_BYTES)
    const signature = reader.fixed(SIGNATURE_BYTES)
    const envelope = reader.rest()
    checkEnvelope(envelope)
    return { header, signature, envelope }
  })
}

function checkSize(length: number): void {
  if (length > MAX_SNAPSHOT_BYTES)
    throw new ProtocolFailure('frame-too-large', `a snapshot of ${length} bytes is over its limit`)
}

function checkEnvelope(envelope: Uint8Array): void {
  if (envelope.length < MIN_ENVELOPE_BYTES) throw malformed('the envelope of a snapshot is too short to be one')
}

/** The name of a snapshot everywhere: the entry hash of its envelope, with the hash of its header as previous. */
export function snapshotHash(
  sha512: Sha512,
  place: Omit<EnvelopePlace, 'previous'>,
  { header, envelope }: SnapshotFile,
): Hash {
  const previous = snapshotHeaderHash(sha512, header)
  const bound = headerBytes(decodeLargeEnvelope(envelope), { ...place, previous })
  return entryHash(sha512, bound, envelopeHash(sha512, envelope))
}

/** A snapshot file cut into parts for the wire: all but the last of SNAPSHOT_PART_BYTES. Their bytes are views. */
export function splitSnapshot(hash: Hash, file: Uint8Array): SnapshotPart[] {
  const count = partsOf(file.length)
  return Array.from({ length: count }, (_, index) => ({
    hash,
    index,
    count,
    bytes: file.subarray(index * SNAPSHOT_PART_BYTES, (index + 1) * SNAPSHOT_PART_BYTES),
  }))
}

function partsOf(length: number): number {
  return Math.max(1, Math.ceil(length / SNAPSHOT_PART_BYTES))
}

/** Puts the parts of one snapshot together again. They come in order; the first part of any snapshot starts anew. */
export class SnapshotAssembly {
  private parts: Uint8Array[] = []
  private hash: Hash | undefined
  private count = 0

  /** Bytes of parts that are kept. */
  get sizeBytes(): number {
    return this.parts.reduce((sum, part) => sum + part.length, 0)
  }

  /**
   * The bytes of `part` are kept as they are, without a copy.
   * @returns the file when this was its last part
   * @throws ProtocolFailure `malformed-frame` or `frame-too-large` for a part that does not follow; what was there before is dropped
   */
  add({ hash, index, count, bytes }: SnapshotPart): Uint8Array | undefined {
    if (index === 0) this.begin(hash, count)
    const isNext = index === this.parts.length && count === this.count && isSame(hash, this.hash)
    const isFull = bytes.length === SNAPSHOT_PART_BYTES
    const fits = index === count - 1 ? bytes.length > 0 && bytes.length <= SNAPSHOT_PART_BYTES : isFull
    if (!isNext || !fits) {
      this.clear()
      throw malformed(isNext ? 'a part of a snapshot is not as long as it must be' : 'a part of a snapshot is missing')
    }
    this.parts.push(bytes)
    if (index < count - 1) return undefined
    const file = joined(this.parts)
    this.clear()
    return file
  }

  clear(): void {
    this.parts = []
    this.hash = undefined
    this.count = 0
  }

  private begin(hash: Hash, count: number): void {
    this.clear()
    if (count < 1 || count > MAX_SNAPSHOT_PARTS)
      throw new ProtocolFailure('frame-too-large', `a snapshot of ${count} parts is over its limit`)
    this.hash = hash
    this.count = count
  }
}

function isSame(a: Hash, b: Hash | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every((byte, index) => byte === b[index])
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let position = 0
  for (const part of parts) {
    file.set(part, position)
    position += part.length
  }
  return file
}
