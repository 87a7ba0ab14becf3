// Sealing, key derivation and padding. Everything here is pure and synchronous; randomness and the hash come in as arguments.
export {
  type BoxKeys,
  boxKeysOf,
  ephemeralKeys,
  openSealedKey,
  sealKey,
  unwrapKey,
  wrapKey,
} from './box'
export { deflate, deflateSize, inflate } from './compression'
export { deriveKey, deviceInfoKey, documentIdOf, documentKey, epochKeyId, KEY_BYTES } from './keys'
export { pad, unpad } from './padding'
export { hashEntry, type Opened, openEntry, sealEntry } from './seal'
