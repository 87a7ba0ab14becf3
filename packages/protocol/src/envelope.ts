// One sealed change as it travels and rests. The relay stores and forwards these bytes as they came and never encodes them anew.
//
//   version 1 · suite 1 · kind 1 · document epoch varuint · key epoch varuint · device 16 · incarnation 4 · sequence varuint · nonce 24 · box rest
//
// Account, document, key id and previous hash are not sent again: both sides know them, and they enter the header that is
// hashed. The box holds hash(header ‖ nonce) ‖ padded body, which is how a box without associated data is bound to its place.
// The position of the key in the keyring travels as a number; the 32-byte hash of the key itself is in the header.
import { concatBytes } from './bytes'
import { decodeWhole, type Reader, Writer } from './codec'
import { ProtocolFailure } from './codes'
import { domain, hashParts, type Sha512 } from './hash'
import { type AccountId, DEVICE_ID_BYTES, type DeviceId, type DocumentId, type Hash, NONCE_BYTES } from './ids'
import { MAX_ENVELOPE_BYTES, MIN_BOX_BYTES } from './limits'

export const ENVELOPE_VERSION = 1
/** XSalsa20-Poly1305 (NaCl secretbox). */
export const SUITE_SECRETBOX = 1

/** What is sealed. A reader that does not know a kind keeps the envelope aside and never drops it. */
export const envelopeKinds = { update: 1, snapshot: 2, presence: 3, seen: 4 } as const

export interface EnvelopeHeader {
  readonly version: number
  readonly suite: number
  readonly kind: number
  /** Counts the rebases of the document, from 0. */
  readonly documentEpoch: number
  /** Position in the keyring of the record that introduced the key this is sealed under. */
  readonly epoch: number
  readonly device: DeviceId
  /** Random; a device takes a new one whenever it might otherwise give one sequence number two contents. */
  readonly incarnation: number
  /** Counts the entries of one device, document and incarnation, from 1. */
  readonly sequence: number
}

export interface Envelope extends EnvelopeHeader {
  readonly nonce: Uint8Array
  readonly box: Uint8Array
}

/** What both sides know and the envelope does not repeat. */
export interface EnvelopePlace {
  readonly account: AccountId
  readonly document: DocumentId
  /** Hash of the epoch key: tries exactly one key and commits to it, which a secretbox alone does not. */
  readonly keyId: Hash
  /** Entry hash of the device's entry before this one, zeros for the first. */
  readonly previous: Hash
}

export function encodeEnvelope(envelope: Envelope): Uint8Array {
  const writer = new Writer()
  writeClear(writer, envelope)
  return writer.fixed(envelope.nonce).fixed(envelope.box).finish()
}

export function decodeEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.length > MAX_ENVELOPE_BYTES)
    throw new ProtocolFailure('entry-too-large', `an entry of ${bytes.length} bytes is over the limit`)
  return decodeWhole(bytes, readEnvelope)
}

/** For envelopes that are not entries of a log and have their own size limit, such as snapshots. */
export function decodeLargeEnvelope(bytes: Uint8Array): Envelope {
  return decodeWhole(bytes, readEnvelope)
}

function readEnvelope(reader: Reader): Envelope {
  const version = reader.byte()
  const suite = reader.byte()
  const kind = reader.byte()
  const documentEpoch = reader.varUint()
  const epoch = reader.varUint()
  const device = reader.fixed<DeviceId>(DEVICE_ID_BYTES)
  const incarnation = reader.uint32()
  const sequence = reader.varUint()
  if (sequence === 0) throw new ProtocolFailure('malformed-frame', 'sequence numbers count from 1')
  const nonce = reader.fixed(NONCE_BYTES)
  const box = reader.rest()
  if (box.length < MIN_BOX_BYTES) throw new ProtocolFailure('malformed-frame', 'a sealed box is too short to be one')
  return { version, suite, kind, documentEpoch, epoch, device, incarnation, sequence, nonce, box }
}

function writeClear(writer: Writer, header: EnvelopeHeader): void {
  writer
    .byte(header.version)
    .byte(header.suite)
    .byte(header.kind)
    .varUint(header.documentEpoch)
    .varUint(header.epoch)
    .fixed(header.device)
    .uint32(header.incarnation)
    .varUint(header.sequence)
}

/** The bytes H that bind an envelope to its place: every field has a fixed length or delimits itself. */
export function headerBytes(header: EnvelopeHeader, place: EnvelopePlace): Uint8Array {
  return new Writer()
    .byte(header.version)
    .byte(header.suite)
    .byte(header.kind)
    .fixed(place.account)
    .fixed(place.document)
    .varUint(header.documentEpoch)
    .fixed(place.keyId)
    .fixed(header.device)
    .uint32(header.incarnation)
    .varUint(header.sequence)
    .fixed(place.previous)
    .finish()
}

/** What the box carries in front of the body: opening compares it before anything is parsed. */
export function bindingHash(sha512: Sha512, header: Uint8Array, nonce: Uint8Array): Hash {
  return hashParts(sha512, 'binding', header, nonce)
}

/** Hash of an envelope's bytes as received; what the log hash is made of, so it needs no knowledge of chains. */
export function envelopeHash(sha512: Sha512, bytes: Uint8Array): Hash {
  return hashParts(sha512, 'envelope', bytes)
}

/** Hash of an entry in its place: what the next entry of the device names as previous, and what a head signs. */
export function entryHash(sha512: Sha512, header: Uint8Array, hashOfEnvelope: Hash): Hash {
  return hashParts(sha512, 'entry', header, hashOfEnvelope)
}

/** The end of a device's chain in one document. */
export interface ChainHead {
  readonly device: DeviceId
  readonly incarnation: number
  readonly sequence: number
  readonly hash: Hash
}

/** What a device signs once per push: with the chain behind it, it vouches for every entry before. */
export function headSigningBytes(account: AccountId, document: DocumentId, head: ChainHead): Uint8Array {
  return concatBytes(
    domain('head'),
    new Writer()
      .fixed(account)
      .fixed(document)
      .fixed(head.device)
      .uint32(head.incarnation)
      .varUint(head.sequence)
      .fixed(head.hash)
      .finish(),
  )
}
