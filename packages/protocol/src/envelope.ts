// One sealed change as it travels and rests. The relay stores and forwards these bytes as they came and never encodes them anew.
//
//   version 1 · suite 1 · kind 1 · document epoch varuint · key epoch varuint · device 16 · incarnation 4 · sequence varuint · nonce 24 · box rest
//
// Account, document, key id and previous hash are not sent again: both sides know them, and they enter the header that is
// hashed. The box holds hash(header ‖ nonce) ‖ padded body, which is how a box without associated data is bound to its place.
// The position of the key in the keyring travels as a number; the 32-byte hash of the key itself is in the header.
import { concatBytes } from './bytes'
import { decodeWhole, malformed, type Reader, Writer } from './codec'
import { ProtocolFailure } from './codes'
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
  NONCE_BYTES,
} from './ids'
import { MAX_ENVELOPE_BYTES, MAX_SNAPSHOT_BYTES, MIN_BOX_BYTES } from './limits'

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

/** A snapshot may be larger than an entry of a log; every other kind keeps the limit of an entry. */
export function encodeEnvelope(envelope: Envelope): Uint8Array {
  checkContent(envelope)
  const writer = new Writer()
  writeClear(writer, envelope)
  const bytes = writer.fixed(envelope.nonce, NONCE_BYTES).rest(envelope.box).finish()
  checkSize(bytes, envelope.kind === envelopeKinds.snapshot ? MAX_SNAPSHOT_BYTES : MAX_ENVELOPE_BYTES)
  return bytes
}

/**
 * Decodes the envelope of a log entry. The version, suite and kind are not judged here: a device keeps aside what it does
 * not know, a relay refuses it.
 */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  checkSize(bytes, MAX_ENVELOPE_BYTES)
  return decodeWhole(bytes, readEnvelope)
}

/** For envelopes that are not entries of a log and have their own size limit, such as snapshots. */
export function decodeLargeEnvelope(bytes: Uint8Array): Envelope {
  checkSize(bytes, MAX_SNAPSHOT_BYTES)
  return decodeWhole(bytes, readEnvelope)
}

function readEnvelope(reader: Reader): Envelope {
  const envelope = {
    version: reader.byte(),
    suite: reader.byte(),
    kind: reader.byte(),
    documentEpoch: reader.varUint(),
    epoch: reader.varUint(),
    device: reader.fixed<DeviceId>(DEVICE_ID_BYTES),
    incarnation: reader.uint32(),
    sequence: reader.varUint(),
    nonce: reader.fixed(NONCE_BYTES),
    box: reader.rest(),
  }
  checkContent(envelope)
  return envelope
}

function checkContent(envelope: Envelope): void {
  if (envelope.sequence === 0) throw malformed('sequence numbers count from 1')
  if (envelope.box.length < MIN_BOX_BYTES) throw malformed('a sealed box is too short to be one')
}

function checkSize(bytes: Uint8Array, limit: number): void {
  if (bytes.length > limit)
    throw new ProtocolFailure('entry-too-large', `an envelope of ${bytes.length} bytes is over its limit of ${limit}`)
}

function writeClear(writer: Writer, header: EnvelopeHeader): void {
  writer
    .byte(header.version)
    .byte(header.suite)
    .byte(header.kind)
    .varUint(header.documentEpoch)
    .varUint(header.epoch)
    .fixed(header.device, DEVICE_ID_BYTES)
    .uint32(header.incarnation)
    .varUint(header.sequence)
}

/** The bytes H that bind an envelope to its place: every field has a fixed length or delimits itself. */
export function headerBytes(header: EnvelopeHeader, place: EnvelopePlace): Uint8Array {
  return new Writer()
    .byte(header.version)
    .byte(header.suite)
    .byte(header.kind)
    .fixed(place.account, ACCOUNT_ID_BYTES)
    .fixed(place.document, DOCUMENT_ID_BYTES)
    .varUint(header.documentEpoch)
    .fixed(place.keyId, HASH_BYTES)
    .fixed(header.device, DEVICE_ID_BYTES)
    .uint32(header.incarnation)
    .varUint(header.sequence)
    .fixed(place.previous, HASH_BYTES)
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
      .fixed(account, ACCOUNT_ID_BYTES)
      .fixed(document, DOCUMENT_ID_BYTES)
      .fixed(head.device, DEVICE_ID_BYTES)
      .uint32(head.incarnation)
      .varUint(head.sequence)
      .fixed(head.hash, HASH_BYTES)
      .finish(),
  )
}
