// Which record may follow which: one pure function that the relay and every device run, so that nobody needs to trust the
// other's verdict. Rules go by position in the chain, never by time.
import { bytesEqual, bytesToHex, compareBytes } from './bytes'
import { ProtocolFailure } from './codes'
import { accountIdOf, deviceIdOf, type Sha512 } from './hash'
import { type AccountId, type DeviceId, type Hash, RECOVERY_MEMBER, ZERO_HASH } from './ids'
import {
  type DeviceDescription,
  decodeSignedRecord,
  type EpochBlock,
  type KeyringRecord,
  type PublicKeys,
  recordHash,
  recordSigningBytes,
  type SignedRecord,
} from './keyring-record'
import { MAX_ACTIVE_DEVICES } from './limits'

export interface KeyringDevice extends PublicKeys {
  readonly id: DeviceId
  readonly role: 'device' | 'sign-in'
  readonly info: Uint8Array
  readonly addedAt: number
  /** From its `add` record, which brings no epoch of its own: the key that was newest then, sealed to this device. */
  readonly sealedKey?: {
    /** Position of the epoch whose key it is. */
    readonly epoch: number
    readonly ephemeral: Uint8Array
    readonly box: Uint8Array
  }
  /** Position of the record that removed it. */
  readonly removedAt?: number
  /** Hash of the cut that came with its removal. */
  readonly cutHash?: Hash
}

export interface KeyringEpoch extends EpochBlock {
  /** Position of the record that introduced it; what travels in an envelope. */
  readonly position: number
}

export interface KeyringState {
  readonly account: AccountId
  readonly length: number
  readonly head: Hash
  readonly recovery: PublicKeys
  /** By hex of the device id. */
  readonly devices: ReadonlyMap<string, KeyringDevice>
  /** In order; the last one seals. */
  readonly epochs: readonly KeyringEpoch[]
}

function refuse(message: string): ProtocolFailure {
  return new ProtocolFailure('keyring-refused', message)
}

/** A record with what must be verified before it counts: the key and the bytes of its signature. */
export interface RecordToVerify extends SignedRecord {
  readonly bytes: Uint8Array
  readonly account: AccountId
  readonly publicKey: Uint8Array
  readonly signingBytes: Uint8Array
}

/**
 * Decodes the record that is to follow `state` (undefined before genesis) and names the key that must have signed it.
 * @throws ProtocolFailure `keyring-conflict` when it follows another head, `keyring-refused` when its signer may not sign it
 */
export function prepareRecord(sha512: Sha512, state: KeyringState | undefined, bytes: Uint8Array): RecordToVerify {
  // An own copy: what is verified now is applied later, and parts of it are kept, while the transport may reuse its buffer.
  const own = new Uint8Array(bytes)
  const signed = decodeSignedRecord(own)
  const { record, unsigned } = signed
  if (state === undefined) {
    if (record.type !== 'genesis') throw refuse('a keyring starts with its genesis record')
    if (record.position !== 0 || !bytesEqual(record.previous, ZERO_HASH))
      throw refuse('a genesis record follows nothing')
    if (record.signer !== undefined) throw refuse('the recovery key signs the genesis record')
    const account = accountIdOf(sha512, record.recovery.signing)
    return {
      ...signed,
      bytes: own,
      account,
      publicKey: record.recovery.signing,
      signingBytes: recordSigningBytes(account, unsigned),
    }
  }
  checkFollows(state, record)
  return {
    ...signed,
    bytes: own,
    account: state.account,
    publicKey: signerKey(state, record),
    signingBytes: recordSigningBytes(state.account, unsigned),
  }
}

function checkFollows(state: KeyringState, record: KeyringRecord): void {
  if (record.type === 'genesis') throw new ProtocolFailure('keyring-conflict', 'the account exists already')
  if (record.position !== state.length || !bytesEqual(record.previous, state.head))
    throw new ProtocolFailure('keyring-conflict', 'the record follows another head of the keyring')
}

function signerKey(state: KeyringState, record: KeyringRecord): Uint8Array {
  if (record.signer === undefined) return state.recovery.signing
  if (record.type === 'recover') throw refuse('only the recovery key signs a recovery')
  const device = activeDevice(state, record.signer)
  if (device === undefined) throw refuse('the signer is not an active device of the account')
  if (device.role === 'sign-in' && record.type !== 'add') throw refuse('a sign-in key may only add a device')
  return device.signing
}

/**
 * The keyring after a record whose signature was verified.
 * @throws ProtocolFailure `keyring-refused` when the record breaks a rule, `keyring-conflict` when another record was applied
 * since this one was prepared
 */
export function applyRecord(sha512: Sha512, state: KeyringState | undefined, prepared: RecordToVerify): KeyringState {
  const { record, bytes, account } = prepared
  const head = recordHash(sha512, bytes)
  // Verifying a signature takes time, in which another record may have come first.
  if (state !== undefined) checkFollows(state, record)
  if (record.type === 'genesis') {
    checkIsFullDevice(record.device)
    const devices = withDevice(sha512, new Map(), record.device, 0)
    checkEpoch(record.epoch, devices, [])
    return { account, length: 1, head, recovery: record.recovery, devices, epochs: [{ ...record.epoch, position: 0 }] }
  }
  if (state === undefined) throw refuse('a keyring starts with its genesis record')
  const position = record.position
  const next = {
    account,
    length: position + 1,
    head,
    recovery: state.recovery,
    devices: state.devices,
    epochs: state.epochs,
  }
  switch (record.type) {
    case 'add': {
      const sealedKey = { epoch: newestEpoch(state).position, ephemeral: record.ephemeral, box: record.sealedKey }
      const devices = withDevice(sha512, state.devices, { ...record.device, sealedKey }, position)
      checkEphemeral(record.ephemeral, state.devices, state.epochs)
      return { ...next, devices }
    }
    case 'rekey':
      checkEpoch(record.epoch, state.devices, state.epochs)
      return { ...next, epochs: [...state.epochs, { ...record.epoch, position }] }
    case 'remove': {
      // Its author makes the new key, so a device that removed itself would keep on reading.
      if (record.signer !== undefined && bytesEqual(record.signer, record.removed))
        throw refuse('a device cannot remove itself')
      const devices = withoutDevice(state.devices, record.removed, position, record.cutHash)
      checkEpoch(record.epoch, devices, state.epochs)
      return { ...next, devices, epochs: [...state.epochs, { ...record.epoch, position }] }
    }
    case 'recover': {
      checkIsFullDevice(record.device)
      let devices = state.devices
      for (let i = 0; i < record.removed.length; i++) {
        const id = record.removed[i] as DeviceId
        if (i > 0 && compareBytes(record.removed[i - 1] as DeviceId, id) >= 0)
          throw refuse('the removed devices are not sorted')
        devices = withoutDevice(devices, id, position, record.cutHash)
      }
      devices = withDevice(sha512, devices, record.device, position)
      checkEpoch(record.epoch, devices, state.epochs)
      const recovery = record.nextRecovery ?? state.recovery
      return { ...next, recovery, devices, epochs: [...state.epochs, { ...record.epoch, position }] }
    }
  }
}

export function findDevice(state: KeyringState, id: DeviceId): KeyringDevice | undefined {
  return state.devices.get(bytesToHex(id))
}

export function activeDevice(state: KeyringState, id: DeviceId): KeyringDevice | undefined {
  const device = findDevice(state, id)
  return device?.removedAt === undefined ? device : undefined
}

export function activeDevices(devices: ReadonlyMap<string, KeyringDevice>): KeyringDevice[] {
  return [...devices.values()].filter((device) => device.removedAt === undefined)
}

export function newestEpoch(state: KeyringState): KeyringEpoch {
  return state.epochs[state.epochs.length - 1] as KeyringEpoch
}

export function epochAt(state: KeyringState, position: number): KeyringEpoch | undefined {
  return state.epochs.find((epoch) => epoch.position === position)
}

/** Genesis and recovery may leave one device alone: it must be able to do everything. */
function checkIsFullDevice(device: DeviceDescription): void {
  if (device.role !== 'device') throw refuse('a sign-in key cannot start or recover an account')
}

function withDevice(
  sha512: Sha512,
  devices: ReadonlyMap<string, KeyringDevice>,
  description: Omit<KeyringDevice, 'id' | 'addedAt'>,
  addedAt: number,
): Map<string, KeyringDevice> {
  const id = deviceIdOf(sha512, description.signing)
  const key = bytesToHex(id)
  // A key that was removed stays removed: a device that comes back makes a new one.
  if (devices.has(key)) throw refuse('the device is or was in the account already')
  if (activeDevices(devices).length >= MAX_ACTIVE_DEVICES)
    throw refuse(`an account may have ${MAX_ACTIVE_DEVICES} devices`)
  return new Map(devices).set(key, { ...description, id, addedAt })
}

function withoutDevice(
  devices: ReadonlyMap<string, KeyringDevice>,
  id: DeviceId,
  removedAt: number,
  cutHash: Hash,
): Map<string, KeyringDevice> {
  const key = bytesToHex(id)
  const device = devices.get(key)
  if (device === undefined || device.removedAt !== undefined) throw refuse('the device to remove is not active')
  return new Map(devices).set(key, { ...device, removedAt, cutHash })
}

/** An epoch key must reach exactly those who may read: a forgotten device would be locked out, an extra one let in. */
function checkEpoch(
  epoch: EpochBlock,
  devices: ReadonlyMap<string, KeyringDevice>,
  earlier: readonly EpochBlock[],
): void {
  if ((epoch.wrappedPrevious !== undefined) !== earlier.length > 0)
    throw refuse('the previous key is wrapped exactly when there is one')
  // An old key locks nobody out.
  if (earlier.some((each) => bytesEqual(each.keyId, epoch.keyId))) throw refuse('a new epoch needs a new key')
  checkEphemeral(epoch.ephemeral, devices, earlier)
  const members = [RECOVERY_MEMBER, ...activeDevices(devices).map((device) => device.id)].sort(compareBytes)
  if (members.length !== epoch.sealed.length) throw refuse('the key is not sealed to exactly the active members')
  for (let i = 0; i < members.length; i++) {
    if (!bytesEqual(members[i] as DeviceId, (epoch.sealed[i] as { member: DeviceId }).member)) {
      throw refuse('the key is not sealed to exactly the active members, in order')
    }
  }
}

/** Two keys in boxes from one ephemeral key to one member would share a nonce, and tell their difference to everybody. */
function checkEphemeral(
  ephemeral: Uint8Array,
  devices: ReadonlyMap<string, KeyringDevice>,
  epochs: readonly EpochBlock[],
): void {
  const isUsed =
    epochs.some((each) => bytesEqual(each.ephemeral, ephemeral)) ||
    [...devices.values()].some(({ sealedKey }) => sealedKey !== undefined && bytesEqual(sealedKey.ephemeral, ephemeral))
  if (isUsed) throw refuse('a key is sealed from a new ephemeral key')
}
