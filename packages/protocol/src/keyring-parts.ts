// What keyring records are made of: public keys, a device's description, and the block that brings a new epoch key.
import { concatBytes } from './bytes'
import { type Reader, Writer } from './codec'
import { ProtocolFailure } from './codes'
import { domain } from './hash'
import {
  ACCOUNT_ID_BYTES,
  type AccountId,
  DEVICE_ID_BYTES,
  type DeviceId,
  HASH_BYTES,
  type Hash,
  PUBLIC_KEY_BYTES,
  SIGNATURE_BYTES,
} from './ids'
import { MAX_ACTIVE_DEVICES, MAX_DEVICE_INFO_BYTES } from './limits'

/** What a device may do: `device` everything, `sign-in` only add a device (the key that a password unlocks). */
export const deviceRoles = ['device', 'sign-in'] as const

/** A 32-byte epoch key in a NaCl box: 32 bytes and 16 of authenticator. */
export const SEALED_KEY_BYTES = 48
/** The previous epoch key in a NaCl secretbox: 24 bytes nonce, 32, and 16 of authenticator. */
export const WRAPPED_KEY_BYTES = 72

export interface PublicKeys {
  /** Ed25519. */
  readonly signing: Uint8Array
  /** X25519. */
  readonly box: Uint8Array
}

/**
 * The keys of a new recovery phrase, with its word that it belongs to this account. Without it, the owner of another account could
 * name somebody's recovery keys there, and a relay in league answer that person's phrase with that account.
 */
export interface NextRecovery extends PublicKeys {
  /** By the new signing key, over `recoveryProofBytes`. */
  readonly proof: Uint8Array
}

export interface DeviceDescription extends PublicKeys {
  readonly role: (typeof deviceRoles)[number]
  /** Name and platform, sealed: the relay learns neither. */
  readonly info: Uint8Array
}

/** An epoch key for one member: a NaCl box from the record's ephemeral key, the nonce derived from both public keys. */
export interface SealedKey {
  /** A device id, or RECOVERY_MEMBER (zeros) for the recovery key. */
  readonly member: DeviceId
  readonly box: Uint8Array
}

export interface EpochBlock {
  readonly keyId: Hash
  /** The epoch key before this one, sealed under this one, so that history stays readable; never the other way round. */
  readonly wrappedPrevious?: Uint8Array
  readonly ephemeral: Uint8Array
  /** To every active device and the recovery key, sorted by member. */
  readonly sealed: readonly SealedKey[]
}

export function writeKeys(writer: Writer, keys: PublicKeys): void {
  writer.fixed(keys.signing, PUBLIC_KEY_BYTES).fixed(keys.box, PUBLIC_KEY_BYTES)
}

export function readKeys(reader: Reader): PublicKeys {
  return { signing: reader.fixed(PUBLIC_KEY_BYTES), box: reader.fixed(PUBLIC_KEY_BYTES) }
}

export function writeNextRecovery(writer: Writer, next: NextRecovery): void {
  writeKeys(writer, next)
  writer.fixed(next.proof, SIGNATURE_BYTES)
}

export function readNextRecovery(reader: Reader): NextRecovery {
  return { ...readKeys(reader), proof: reader.fixed(SIGNATURE_BYTES) }
}

/** What a new recovery signing key signs, so that it counts in this account and in no other. */
export function recoveryProofBytes(account: AccountId, next: PublicKeys): Uint8Array {
  const writer = new Writer().fixed(account, ACCOUNT_ID_BYTES)
  writeKeys(writer, next)
  return concatBytes(domain('next-recovery'), writer.finish())
}

export function writeDevice(writer: Writer, device: DeviceDescription): void {
  writeKeys(writer, device)
  writer.byte(deviceRoles.indexOf(device.role)).bytes(device.info, MAX_DEVICE_INFO_BYTES)
}

export function readDevice(reader: Reader): DeviceDescription {
  const keys = readKeys(reader)
  const role = deviceRoles[reader.byte()]
  if (role === undefined)
    throw new ProtocolFailure('unsupported-version', 'a device has a role this side does not know')
  return { ...keys, role, info: reader.bytes(MAX_DEVICE_INFO_BYTES) }
}

export function writeEpoch(writer: Writer, epoch: EpochBlock): void {
  writer.fixed(epoch.keyId, HASH_BYTES)
  writer.optional(epoch.wrappedPrevious, (bytes) => writer.fixed(bytes, WRAPPED_KEY_BYTES))
  writer.fixed(epoch.ephemeral, PUBLIC_KEY_BYTES)
  writer.list(
    epoch.sealed,
    (key) => writer.fixed(key.member, DEVICE_ID_BYTES).fixed(key.box, SEALED_KEY_BYTES),
    MAX_ACTIVE_DEVICES + 1,
  )
}

export function readEpoch(reader: Reader): EpochBlock {
  const keyId = reader.fixed<Hash>(HASH_BYTES)
  const wrappedPrevious = reader.optional(() => reader.fixed(WRAPPED_KEY_BYTES))
  const ephemeral = reader.fixed(PUBLIC_KEY_BYTES)
  const sealed = reader.list(MAX_ACTIVE_DEVICES + 1, DEVICE_ID_BYTES + SEALED_KEY_BYTES, () => ({
    member: reader.fixed<DeviceId>(DEVICE_ID_BYTES),
    box: reader.fixed(SEALED_KEY_BYTES),
  }))
  return { keyId, ...(wrappedPrevious && { wrappedPrevious }), ephemeral, sealed }
}
