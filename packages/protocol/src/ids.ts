// Branded byte strings, so that a device id cannot be passed where a document id is meant.

declare const brand: unique symbol
type Branded<Name extends string> = Uint8Array & { readonly [brand]: Name }

/** 32 bytes: the hash of the recovery public key of the account's genesis record. */
export type AccountId = Branded<'AccountId'>
/** 16 opaque bytes: a keyed hash of the data type's name, so that the relay learns no names. */
export type DocumentId = Branded<'DocumentId'>
/** 16 bytes: the hash of the device's signing public key. */
export type DeviceId = Branded<'DeviceId'>
/** 32 bytes: SHA-512 cut in half, under a domain string. */
export type Hash = Branded<'Hash'>
/** 16 random bytes made with the relay's database and changed by a restore; a hint only. */
export type Generation = Branded<'Generation'>
/** 16 bytes: where two devices meet before one of them is a member. */
export type MailboxId = Branded<'MailboxId'>

export const ACCOUNT_ID_BYTES = 32
export const DOCUMENT_ID_BYTES = 16
export const DEVICE_ID_BYTES = 16
export const HASH_BYTES = 32
export const GENERATION_BYTES = 16
export const PUBLIC_KEY_BYTES = 32
export const SIGNATURE_BYTES = 64
export const NONCE_BYTES = 24

/** Stands for "nothing before this": the previous hash of a chain's first element, and the recovery key in a list of members. */
export const ZERO_HASH = new Uint8Array(HASH_BYTES) as Hash
export const RECOVERY_MEMBER = new Uint8Array(DEVICE_ID_BYTES) as DeviceId
