// The keyring is a hash chain of signed records that says which devices belong to an account and which keys seal its data.
// This file is the record's bytes; `keyring-rules.ts` says which record may follow which.
//
//   version 1 · type 1 · position varuint · previous hash 32 · signer · content by type · signature 64
//
// The signature covers domain ‖ account ‖ everything before it. Unknown types are refused: a keyring that is only half
// understood would be a wrong one.
import { concatBytes } from './bytes'
import { decodeWhole, malformed, type Reader, Writer } from './codec'
import { ProtocolFailure } from './codes'
import { domain, hashParts, type Sha512 } from './hash'
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
import {
  type DeviceDescription,
  type EpochBlock,
  type NextRecovery,
  type PublicKeys,
  readDevice,
  readEpoch,
  readKeys,
  readNextRecovery,
  SEALED_KEY_BYTES,
  writeDevice,
  writeEpoch,
  writeKeys,
  writeNextRecovery,
} from './keyring-parts'
import { MAX_ACTIVE_DEVICES, MAX_KEYRING_RECORD_BYTES } from './limits'

export {
  type DeviceDescription,
  deviceRoles,
  type EpochBlock,
  type NextRecovery,
  type PublicKeys,
  recoveryProofBytes,
  SEALED_KEY_BYTES,
  type SealedKey,
  WRAPPED_KEY_BYTES,
} from './keyring-parts'

const RECORD_VERSION = 1
export const recordTypes = {
  genesis: 0,
  add: 1,
  remove: 2,
  rekey: 3,
  recover: 4,
  leave: 5,
  request: 6,
  veto: 7,
  reissue: 8,
} as const
const recordTypeNames = ['genesis', 'add', 'remove', 'rekey', 'recover', 'leave', 'request', 'veto', 'reissue'] as const
interface RecordBase {
  readonly position: number
  readonly previous: Hash
  /** The device that signed; undefined when the recovery key did. */
  readonly signer: DeviceId | undefined
}

export interface GenesisRecord extends RecordBase {
  readonly type: 'genesis'
  readonly recovery: PublicKeys
  readonly device: DeviceDescription
  readonly epoch: EpochBlock
}

export interface AddRecord extends RecordBase {
  readonly type: 'add'
  readonly device: DeviceDescription
  readonly ephemeral: Uint8Array
  /** The newest epoch key, sealed to the added device. */
  readonly sealedKey: Uint8Array
}

export interface RemoveRecord extends RecordBase {
  readonly type: 'remove'
  /** Sorted, at least one: "end all others" is one record, so that there is no moment between them. */
  readonly removed: readonly DeviceId[]
  /** Hash of the encoded cut: what counts of the removed devices, for all documents. */
  readonly cutHash: Hash
  readonly epoch: EpochBlock
}

export interface RekeyRecord extends RecordBase {
  readonly type: 'rekey'
  readonly epoch: EpochBlock
}

export interface RecoverRecord extends RecordBase {
  readonly type: 'recover'
  readonly device: DeviceDescription
  /** Sorted. */
  readonly removed: readonly DeviceId[]
  readonly cutHash: Hash
  /** A re-issued recovery phrase: from here on only the new one counts. */
  readonly nextRecovery?: NextRecovery
  readonly epoch: EpochBlock
}

/** A device signs itself out. It makes no key, since it would know it: the remaining devices owe one. */
export interface LeaveRecord extends RecordBase {
  readonly type: 'leave'
  /** Hash of the encoded cut: what the device itself says that it wrote. */
  readonly cutHash: Hash
}

/** A device asks for a new recovery phrase without the old one: for all to see, and to veto. */
export interface RequestRecord extends RecordBase {
  readonly type: 'request'
  readonly next: NextRecovery
}

/** Withdraws the open request for a new recovery phrase. */
export interface VetoRecord extends RecordBase {
  readonly type: 'veto'
  /** Position of the request. */
  readonly request: number
}

/** From here on only the new recovery phrase counts, and a new key that it can open. */
export interface ReissueRecord extends RecordBase {
  readonly type: 'reissue'
  readonly next: NextRecovery
  /** Position of the request that it grants; none when the recovery key itself signs. */
  readonly request?: number
  readonly epoch: EpochBlock
}

export type KeyringRecord =
  | GenesisRecord
  | AddRecord
  | RemoveRecord
  | RekeyRecord
  | RecoverRecord
  | LeaveRecord
  | RequestRecord
  | VetoRecord
  | ReissueRecord

/** The record's bytes without its signature: with the account, what is signed. */
export function encodeUnsignedRecord(record: KeyringRecord): Uint8Array {
  const writer = new Writer()
    .byte(RECORD_VERSION)
    .byte(recordTypes[record.type])
    .varUint(record.position)
    .fixed(record.previous, HASH_BYTES)
  writer.optional(record.signer, (id) => writer.fixed(id, DEVICE_ID_BYTES))
  switch (record.type) {
    case 'genesis':
      writeKeys(writer, record.recovery)
      writeDevice(writer, record.device)
      writeEpoch(writer, record.epoch)
      break
    case 'add':
      writeDevice(writer, record.device)
      writer.fixed(record.ephemeral, PUBLIC_KEY_BYTES).fixed(record.sealedKey, SEALED_KEY_BYTES)
      break
    case 'remove':
      writeRemoved(writer, record)
      writeEpoch(writer, record.epoch)
      break
    case 'rekey':
      writeEpoch(writer, record.epoch)
      break
    case 'recover':
      writeDevice(writer, record.device)
      writeRemoved(writer, record)
      writer.optional(record.nextRecovery, (keys) => writeNextRecovery(writer, keys))
      writeEpoch(writer, record.epoch)
      break
    case 'leave':
      writer.fixed(record.cutHash, HASH_BYTES)
      break
    case 'request':
      writeNextRecovery(writer, record.next)
      break
    case 'veto':
      writer.varUint(record.request)
      break
    case 'reissue':
      writeNextRecovery(writer, record.next)
      writer.optional(record.request, (position) => writer.varUint(position))
      writeEpoch(writer, record.epoch)
      break
  }
  return writer.finish()
}

export function recordSigningBytes(account: AccountId, unsigned: Uint8Array): Uint8Array {
  return concatBytes(domain('keyring'), new Writer().fixed(account, ACCOUNT_ID_BYTES).finish(), unsigned)
}

export interface SignedRecord {
  readonly record: KeyringRecord
  readonly unsigned: Uint8Array
  readonly signature: Uint8Array
}

export function encodeSignedRecord(unsigned: Uint8Array, signature: Uint8Array): Uint8Array {
  const bytes = new Writer().rest(unsigned).fixed(signature, SIGNATURE_BYTES).finish()
  checkSize(bytes)
  return bytes
}

export function decodeSignedRecord(bytes: Uint8Array): SignedRecord {
  checkSize(bytes)
  if (bytes.length < SIGNATURE_BYTES) throw malformed('a keyring record is cut off')
  const unsigned = bytes.subarray(0, bytes.length - SIGNATURE_BYTES)
  return { record: decodeWhole(unsigned, readRecord), unsigned, signature: bytes.subarray(unsigned.length) }
}

function checkSize(bytes: Uint8Array): void {
  if (bytes.length > MAX_KEYRING_RECORD_BYTES)
    throw new ProtocolFailure(
      'frame-too-large',
      `a keyring record of ${bytes.length} bytes is over its limit of ${MAX_KEYRING_RECORD_BYTES}`,
    )
}

/** What the next record names as previous: the hash of the whole record with its signature. */
export function recordHash(sha512: Sha512, bytes: Uint8Array): Hash {
  return hashParts(sha512, 'keyring-record', bytes)
}

function readRecord(reader: Reader): KeyringRecord {
  if (reader.byte() !== RECORD_VERSION)
    throw new ProtocolFailure('unsupported-version', 'a keyring record is of a version this side does not know')
  const type = recordTypeNames[reader.byte()]
  const position = reader.varUint()
  const previous = reader.fixed<Hash>(HASH_BYTES)
  const signer = reader.optional(() => reader.fixed<DeviceId>(DEVICE_ID_BYTES))
  const base = { position, previous, signer }
  switch (type) {
    case 'genesis':
      return { type, ...base, recovery: readKeys(reader), device: readDevice(reader), epoch: readEpoch(reader) }
    case 'add':
      return {
        type,
        ...base,
        device: readDevice(reader),
        ephemeral: reader.fixed(PUBLIC_KEY_BYTES),
        sealedKey: reader.fixed(SEALED_KEY_BYTES),
      }
    case 'remove':
      return { type, ...base, ...readRemoved(reader), epoch: readEpoch(reader) }
    case 'rekey':
      return { type, ...base, epoch: readEpoch(reader) }
    case 'recover': {
      const device = readDevice(reader)
      const removal = readRemoved(reader)
      const nextRecovery = reader.optional(() => readNextRecovery(reader))
      return {
        type,
        ...base,
        device,
        ...removal,
        ...(nextRecovery && { nextRecovery }),
        epoch: readEpoch(reader),
      }
    }
    case 'leave':
      return { type, ...base, cutHash: reader.fixed<Hash>(HASH_BYTES) }
    case 'request':
      return { type, ...base, next: readNextRecovery(reader) }
    case 'veto':
      return { type, ...base, request: reader.varUint() }
    case 'reissue': {
      const next = readNextRecovery(reader)
      const request = reader.optional(() => reader.varUint())
      return { type, ...base, next, ...(request !== undefined && { request }), epoch: readEpoch(reader) }
    }
    default:
      throw new ProtocolFailure('unsupported-version', 'a keyring record is of a type this side does not know')
  }
}

function writeRemoved(writer: Writer, { removed, cutHash }: Pick<RemoveRecord, 'removed' | 'cutHash'>): void {
  writer.list(removed, (id) => writer.fixed(id, DEVICE_ID_BYTES), MAX_ACTIVE_DEVICES).fixed(cutHash, HASH_BYTES)
}

function readRemoved(reader: Reader): Pick<RemoveRecord, 'removed' | 'cutHash'> {
  const removed = reader.list(MAX_ACTIVE_DEVICES, DEVICE_ID_BYTES, () => reader.fixed<DeviceId>(DEVICE_ID_BYTES))
  return { removed, cutHash: reader.fixed<Hash>(HASH_BYTES) }
}
