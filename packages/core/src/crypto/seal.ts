// Sealing and opening one envelope: NaCl secretbox, bound to its place. A secretbox authenticates no header, so the header's hash
// lies in front of the content inside the box and is compared before anything is parsed. Pure and synchronous.
import {
  bindingHash,
  bytesEqual,
  concatBytes,
  type Envelope,
  type EnvelopeHeader,
  type EnvelopePlace,
  encodeEnvelope,
  entryHash,
  envelopeHash,
  HASH_BYTES,
  type Hash,
  hashParts,
  headerBytes,
  MAX_INFLATED_BYTES,
  NONCE_BYTES,
  ProtocolFailure,
  type Sha512,
} from '@owlivion/sync-protocol'
import nacl from 'tweetnacl'
import { SyncError } from '../errors'
import { type Deflater, deflate, type Inflater, inflate } from './compression'
import { pad, unpad } from './padding'

export interface SealInput {
  readonly sha512: Sha512
  readonly random: (length: number) => Uint8Array
  /** The document's key in the epoch that the header names. */
  readonly key: Uint8Array
  readonly header: EnvelopeHeader
  readonly place: EnvelopePlace
  readonly content: Uint8Array
  /** False for a document that mixes secrets with text an outsider can choose: sizes after compression would tell. Default true. */
  readonly compress?: boolean
  /** `Platform.deflate` */
  readonly deflate?: Deflater | undefined
}

export interface EntryHashes {
  /** Hash of the entry in its place: what the next one names as previous. */
  readonly hash: Hash
  /** Hash of the bytes alone: what the log hash is made of. */
  readonly envelopeHash: Hash
}

export interface SealedEnvelope extends EntryHashes {
  readonly envelope: Uint8Array
}

/** @throws SyncError `entry-too-large` when the content or the envelope is over its limit; nobody would open it */
export function sealEntry(input: SealInput): SealedEnvelope {
  const { sha512, random, key, header, place, content, compress = true } = input
  if (content.length > MAX_INFLATED_BYTES) {
    throw new SyncError(
      'entry-too-large',
      `a content of ${content.length} bytes is over the limit of ${MAX_INFLATED_BYTES}`,
    )
  }
  const deflated = compress ? deflate(content, input.deflate) : undefined
  const padded = pad({ compressed: deflated !== undefined, content: deflated ?? content })
  const boundHeader = headerBytes(header, place)
  const nonce = sealNonce(sha512, key, random(NONCE_BYTES), boundHeader, padded)
  const box = nacl.secretbox(concatBytes(bindingHash(sha512, boundHeader, nonce), padded), nonce, key)
  const envelope = encodeWithinLimit({ ...header, nonce, box })
  return { envelope, ...hashesOf(sha512, boundHeader, envelope) }
}

function encodeWithinLimit(envelope: Envelope): Uint8Array {
  try {
    return encodeEnvelope(envelope)
  } catch (error) {
    if (error instanceof ProtocolFailure) throw new SyncError(error.code, error.message, { cause: error })
    throw error
  }
}

/**
 * A cloned machine draws the same random bytes twice. With everything that is sealed in the hash, two texts still get two nonces;
 * with the key in it, the nonce tells nothing about the text.
 */
function sealNonce(
  sha512: Sha512,
  key: Uint8Array,
  randomBytes: Uint8Array,
  boundHeader: Uint8Array,
  padded: Uint8Array,
): Uint8Array {
  const bodyHash = hashParts(sha512, 'body', padded)
  return hashParts(sha512, 'nonce', key, randomBytes, boundHeader, bodyHash).slice(0, NONCE_BYTES)
}

export interface OpenInput {
  readonly sha512: Sha512
  /** The document's key in the epoch that the envelope names; `place.keyId` must be the id of that epoch. */
  readonly key: Uint8Array
  /** As received. */
  readonly bytes: Uint8Array
  /** The same, decoded. */
  readonly envelope: Envelope
  readonly place: EnvelopePlace
  /** `Platform.inflate` */
  readonly inflate?: Inflater | undefined
}

/**
 * - `not-authentic`: altered, or sealed under another key
 * - `misplaced`: sealed under this key for another place: account, document, epoch, device, number or predecessor
 * - `damaged`: sealed for this place by its author, but not by the rules of padding or deflate
 * - `too-large`: would inflate beyond the limit
 */
export type OpenFailure = 'not-authentic' | 'misplaced' | 'damaged' | 'too-large'
export type Opened =
  | { readonly ok: true; readonly content: Uint8Array }
  | { readonly ok: false; readonly reason: OpenFailure }

/**
 * Opens an envelope of a known version and suite. The keyring position in the envelope is not bound itself: it only says which
 * key and key id the caller looks up, and both are bound.
 */
export function openEntry({ sha512, key, envelope, place, inflate: native }: OpenInput): Opened {
  const { nonce, box } = envelope
  const opened = nacl.secretbox.open(box, nonce, key)
  if (opened === null) return failed('not-authentic')
  const binding = bindingHash(sha512, headerBytes(envelope, place), nonce)
  if (!bytesEqual(opened.subarray(0, HASH_BYTES), binding)) return failed('misplaced')
  const padded = unpad(opened.subarray(HASH_BYTES))
  if (padded === undefined) return failed('damaged')
  if (padded.compressed) {
    const content = inflate(padded.content, MAX_INFLATED_BYTES, native)
    return typeof content === 'string' ? failed(content) : { ok: true, content }
  }
  if (padded.content.length > MAX_INFLATED_BYTES) return failed('too-large')
  return { ok: true, content: padded.content }
}

function failed(reason: OpenFailure): Opened {
  return { ok: false, reason }
}

/** The hashes of an envelope in the place where it was found, whether or not it opens there. */
export function hashEntry(sha512: Sha512, bytes: Uint8Array, envelope: Envelope, place: EnvelopePlace): EntryHashes {
  return hashesOf(sha512, headerBytes(envelope, place), bytes)
}

function hashesOf(sha512: Sha512, boundHeader: Uint8Array, bytes: Uint8Array): EntryHashes {
  const hashOfEnvelope = envelopeHash(sha512, bytes)
  return { hash: entryHash(sha512, boundHeader, hashOfEnvelope), envelopeHash: hashOfEnvelope }
}
