// Which record may follow which: one pure function that the relay and every device run, so that nobody needs to trust the
// other's verdict. Rules go by position in the chain, never by time.
import { bytesEqual, bytesToHex, compareBytes } from './bytes'
import { ProtocolFailure } from './codes'
import { accountIdOf, deviceIdOf, type Sha512 } from './hash'
import { type AccountId, type DeviceId, type Hash, RECOVERY_MEMBER, ZERO_HASH } from './ids'
import {
  type AddRecord,
  type DeviceDescription,
  decodeSignedRecord,
  type EpochBlock,
  type GenesisRecord,
  type KeyringRecord,
  type NextRecovery,
  type PublicKeys,
  type RecoverRecord,
  type ReissueRecord,
  type RemoveRecord,
  recordHash,
  recordSigningBytes,
  recoveryProofBytes,
  type SignedRecord,
} from './keyring-record'
import { MAX_ACTIVE_DEVICES } from './limits'
import { isSoundBoxKey, isSoundSigningKey } from './public-keys'

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

/** An open wish for a new recovery phrase that the old one did not sign. */
export interface ReissueRequest {
  readonly position: number
  readonly signer: DeviceId
  readonly next: NextRecovery
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
  /** A device left that knows the newest key: whoever sees this makes another. */
  readonly owesRekey: boolean
  readonly reissueRequest?: ReissueRequest
}

function refuse(message: string): ProtocolFailure {
  return new ProtocolFailure('keyring-refused', message)
}

/** A record with what must be verified before it counts. */
export interface RecordToVerify extends SignedRecord {
  readonly bytes: Uint8Array
  readonly account: AccountId
  /** The signer's. */
  readonly publicKey: Uint8Array
  /** The record's own, and the proof of a new recovery phrase. Each of them must verify. */
  readonly signatures: readonly SignatureToVerify[]
}

export interface SignatureToVerify {
  readonly publicKey: Uint8Array
  readonly signingBytes: Uint8Array
  readonly signature: Uint8Array
}

/**
 * Decodes the record that is to follow `state` (undefined before genesis) and names the key that must have signed it.
 * @throws ProtocolFailure `keyring-conflict` when it follows another head, `keyring-refused` when its signer may not sign it
 */
export function prepareRecord(sha512: Sha512, state: KeyringState | undefined, bytes: Uint8Array): RecordToVerify {
  // An own copy: what is verified now is applied later, and parts of it are kept, while the transport may reuse its buffer.
  const own = new Uint8Array(bytes)
  const signed = decodeSignedRecord(own)
  const { record } = signed
  checkKeysAreSound(record)
  if (state === undefined) {
    if (record.type !== 'genesis') throw refuse('a keyring starts with its genesis record')
    if (record.position !== 0 || !bytesEqual(record.previous, ZERO_HASH))
      throw refuse('a genesis record follows nothing')
    if (record.signer !== undefined) throw refuse('the recovery key signs the genesis record')
    const account = accountIdOf(sha512, record.recovery.signing)
    return toVerify(signed, own, account, record.recovery.signing)
  }
  checkFollows(state, record)
  return toVerify(signed, own, state.account, signerKey(state, record))
}

function toVerify(signed: SignedRecord, bytes: Uint8Array, account: AccountId, publicKey: Uint8Array): RecordToVerify {
  const { record, unsigned, signature } = signed
  const own = { publicKey, signingBytes: recordSigningBytes(account, unsigned), signature }
  const next = nextRecoveryOf(record)
  const proof = next && {
    publicKey: next.signing,
    signingBytes: recoveryProofBytes(account, next),
    signature: next.proof,
  }
  return { ...signed, bytes, account, publicKey, signatures: proof ? [own, proof] : [own] }
}

/** The first recovery key proves itself: it signs the genesis record, and its hash is the account. */
function nextRecoveryOf(record: KeyringRecord): NextRecovery | undefined {
  if (record.type === 'recover') return record.nextRecovery
  return record.type === 'request' || record.type === 'reissue' ? record.next : undefined
}

/** What is sealed to or from a key of small order, anybody opens; and a key of two spellings would be two members. */
function checkKeysAreSound(record: KeyringRecord): void {
  type Fields = Omit<GenesisRecord, 'type'> &
    Omit<AddRecord, 'type'> &
    Omit<RecoverRecord, 'type'> &
    Omit<ReissueRecord, 'type'>
  const fields: Partial<Fields> = record
  const people = [fields.recovery, fields.device, fields.next, fields.nextRecovery]
  const ephemeral = [fields.epoch?.ephemeral, fields.ephemeral]
  const isSound =
    people.every((keys) => keys === undefined || (isSoundSigningKey(keys.signing) && isSoundBoxKey(keys.box))) &&
    ephemeral.every((key) => key === undefined || isSoundBoxKey(key))
  if (!isSound) throw refuse('a public key is none that an honest device has')
}

function checkFollows(state: KeyringState, record: KeyringRecord): void {
  if (record.type === 'genesis') throw new ProtocolFailure('keyring-conflict', 'the account exists already')
  if (record.position !== state.length || !bytesEqual(record.previous, state.head))
    throw new ProtocolFailure('keyring-conflict', 'the record follows another head of the keyring')
}

function signerKey(state: KeyringState, record: KeyringRecord): Uint8Array {
  if (record.signer === undefined) {
    if (record.type === 'leave' || record.type === 'request') throw refuse('only a device leaves or asks for a phrase')
    return state.recovery.signing
  }
  if (record.type === 'recover') throw refuse('only the recovery key signs a recovery')
  const device = activeDevice(state, record.signer)
  if (device === undefined) throw refuse('the signer is not an active device of the account')
  if (device.role === 'sign-in' && (record.type !== 'add' || record.device.role !== 'device'))
    throw refuse('a sign-in key may only add a device')
  return device.signing
}

/**
 * The keyring after a record of which every signature was verified.
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
    const epochs = [{ ...record.epoch, position: 0 }]
    return { account, length: 1, head, recovery: record.recovery, devices, epochs, owesRekey: false }
  }
  if (state === undefined) throw refuse('a keyring starts with its genesis record')
  const position = record.position
  const { reissueRequest, ...kept } = state
  const next = { ...kept, length: position + 1, head }
  const withRequest = reissueRequest && { reissueRequest }
  const withEpoch = (epoch: EpochBlock, devices: KeyringState['devices']) => {
    checkEpoch(epoch, devices, state.epochs)
    return { devices, epochs: [...state.epochs, { ...epoch, position }], owesRekey: false }
  }
  switch (record.type) {
    case 'add': {
      const sealedKey = { epoch: newestEpoch(state).position, ephemeral: record.ephemeral, box: record.sealedKey }
      const devices = withDevice(sha512, state.devices, { ...record.device, sealedKey }, position)
      checkEphemeral(record.ephemeral, state.devices, state.epochs)
      return { ...next, ...withRequest, devices }
    }
    case 'rekey':
      return { ...next, ...withRequest, ...withEpoch(record.epoch, state.devices) }
    case 'remove': {
      if (record.removed.length === 0) throw refuse('a removal names at least one device')
      // Its author makes the new key, so a device that removed itself would keep on reading.
      if (record.removed.some((id) => record.signer !== undefined && bytesEqual(record.signer, id)))
        throw refuse('a device cannot remove itself')
      const devices = withoutDevices(state.devices, record, position)
      return { ...next, ...requestAfter(state, devices), ...withEpoch(record.epoch, devices) }
    }
    case 'recover': {
      checkIsFullDevice(record.device)
      const devices = withDevice(sha512, withoutDevices(state.devices, record, position), record.device, position)
      const recovery = record.nextRecovery ? publicKeysOf(record.nextRecovery) : state.recovery
      return { ...next, recovery, ...withEpoch(record.epoch, devices) }
    }
    case 'leave': {
      const removed = [record.signer as DeviceId]
      const devices = withoutDevices(state.devices, { removed, cutHash: record.cutHash }, position)
      return { ...next, ...requestAfter(state, devices), devices, owesRekey: true }
    }
    case 'request': {
      if (reissueRequest !== undefined) throw refuse('a new recovery phrase is asked for already')
      checkIsNewRecovery(state, record.next)
      return { ...next, reissueRequest: { position, signer: record.signer as DeviceId, next: record.next } }
    }
    case 'veto':
      if (reissueRequest?.position !== record.request) throw refuse('there is no such request to veto')
      return next
    case 'reissue': {
      checkGrantsRequest(state, record)
      checkIsNewRecovery(state, record.next)
      return { ...next, recovery: publicKeysOf(record.next), ...withEpoch(record.epoch, state.devices) }
    }
  }
}

/** True when nobody but the device that asked for it signed this new recovery phrase: others have REISSUE_WAIT_MS to veto. */
export function isOwnReissue(state: KeyringState, record: KeyringRecord): boolean {
  return (
    record.type === 'reissue' &&
    record.signer !== undefined &&
    state.reissueRequest !== undefined &&
    bytesEqual(record.signer, state.reissueRequest.signer)
  )
}

/**
 * Position of the record from which REISSUE_WAIT_MS must have passed before this new recovery phrase counts; undefined when it
 * counts at once. A device that was let in lately says no more than the one that asks: a thief could have let it in.
 */
export function reissueWaitsSince(state: KeyringState, record: KeyringRecord): number | undefined {
  const { reissueRequest } = state
  if (record.type !== 'reissue' || record.signer === undefined || reissueRequest === undefined) return undefined
  if (isOwnReissue(state, record)) return reissueRequest.position
  return Math.min(reissueRequest.position, findDevice(state, record.signer)?.addedAt ?? reissueRequest.position)
}

function checkGrantsRequest({ reissueRequest }: KeyringState, { signer, request, next }: ReissueRecord): void {
  if (signer === undefined) {
    if (request !== undefined) throw refuse('the recovery key asks nobody')
    return
  }
  if (reissueRequest === undefined || reissueRequest.position !== request)
    throw refuse('a device gives a new recovery phrase only where one was asked for')
  const asked = reissueRequest.next
  const isSame =
    bytesEqual(asked.signing, next.signing) && bytesEqual(asked.box, next.box) && bytesEqual(asked.proof, next.proof)
  if (!isSame) throw refuse('the new recovery phrase is another than the one that was asked for')
}

function publicKeysOf({ signing, box }: PublicKeys): PublicKeys {
  return { signing, box }
}

function checkIsNewRecovery({ recovery }: KeyringState, next: PublicKeys): void {
  if (bytesEqual(recovery.signing, next.signing)) throw refuse('the new recovery phrase is the old one')
}

/** A request goes with the device that made it. */
function requestAfter(
  { reissueRequest }: KeyringState,
  devices: KeyringState['devices'],
): Pick<KeyringState, 'reissueRequest'> | undefined {
  if (reissueRequest === undefined) return undefined
  const isActive = devices.get(bytesToHex(reissueRequest.signer))?.removedAt === undefined
  return isActive ? { reissueRequest } : undefined
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

function withoutDevices(
  devices: ReadonlyMap<string, KeyringDevice>,
  { removed, cutHash }: Pick<RemoveRecord, 'removed' | 'cutHash'>,
  removedAt: number,
): ReadonlyMap<string, KeyringDevice> {
  const next = new Map(devices)
  removed.forEach((id, i) => {
    if (i > 0 && compareBytes(removed[i - 1] as DeviceId, id) >= 0) throw refuse('the removed devices are not sorted')
    const key = bytesToHex(id)
    const device = next.get(key)
    if (device === undefined || device.removedAt !== undefined) throw refuse('the device to remove is not active')
    next.set(key, { ...device, removedAt, cutHash })
  })
  return next
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
