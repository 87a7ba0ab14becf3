// Every key of the engine and how it comes from another. One epoch key seals an account's data for a while; what is used is always
// derived from it for one purpose, so that no key ever does two jobs.
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha512 as hkdfHash } from '@noble/hashes/sha2.js'
import {
  concatBytes,
  DOCUMENT_ID_BYTES,
  type DocumentId,
  domain,
  type Hash,
  hashParts,
  type Sha512,
} from '@owlivion/sync-protocol'

/** Bytes of an epoch key and of every key derived here. */
export const KEY_BYTES = 32

/**
 * HKDF-SHA-512 without salt: the input is always uniform. `context` must have a fixed length or be the only variable part.
 * @param purpose a name within the engine's domain
 */
export function deriveKey(key: Uint8Array, purpose: string, context: Uint8Array = new Uint8Array()): Uint8Array {
  return hkdf(hkdfHash, key, undefined, concatBytes(domain(purpose), context), KEY_BYTES)
}

/** Seals the entries of one document in one epoch. */
export function documentKey(epochKey: Uint8Array, document: DocumentId): Uint8Array {
  return deriveKey(epochKey, 'document-key', document)
}

/**
 * What the relay calls a document: a keyed hash of its name, so that it learns no names and cannot compare accounts.
 * @param firstEpochKey the key of the genesis record, so that the id stays when keys rotate
 * @param name the data type's name, compared in Unicode's composed form
 */
export function documentIdOf(firstEpochKey: Uint8Array, name: string): DocumentId {
  const bytes = new TextEncoder().encode(name.normalize('NFC'))
  return deriveKey(firstEpochKey, 'document-id', bytes).slice(0, DOCUMENT_ID_BYTES) as DocumentId
}

/** Names an epoch key without telling it, and commits to it: a secretbox alone can be made to open under two keys. */
export function epochKeyId(sha512: Sha512, epochKey: Uint8Array): Hash {
  return hashParts(sha512, 'epoch-key', epochKey)
}

/** Seals what describes one device: with its signing key inside, a description cannot be moved to another device. */
export function deviceInfoKey(epochKey: Uint8Array, deviceSigningKey: Uint8Array): Uint8Array {
  return deriveKey(epochKey, 'device-info', deviceSigningKey)
}
