// Sealing, key derivation and padding. Everything here is pure and synchronous; randomness and the hash come in as arguments.
export { type BoxKeys, boxKeysOf, ephemeralKeys, openSealedKey, sealKey, unwrapKey, wrapKey } from './box'
export { deriveKey, deviceInfoKey, documentIdOf, documentKey, epochKeyId, KEY_BYTES } from './keys'
export { type PaddedContent, pad, unpad } from './padding'
export {
  type EntryHashes,
  hashEntry,
  type Opened,
  type OpenFailure,
  type OpenInput,
  openEntry,
  type SealedEnvelope,
  type SealInput,
  sealEntry,
} from './seal'
