// Making keyring records and taking in those of others. Which record may follow which is the protocol's business
// (`keyring-rules.ts` there); here signatures are made and verified, and keys are sealed to those who may read.
import {
  activeDevices,
  applyRecord,
  bytesEqual,
  type CutEntry,
  compareBytes,
  cutHashOf,
  type DeviceDescription,
  type DeviceId,
  type EpochBlock,
  encodeCut,
  encodeSignedRecord,
  encodeUnsignedRecord,
  type KeyringRecord,
  type KeyringState,
  ProtocolFailure,
  type PublicKeys,
  prepareRecord,
  RECOVERY_MEMBER,
  recordSigningBytes,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import { ephemeralKeys, epochKeyId, KEY_BYTES, sealKey, wrapKey } from '../crypto'
import { SyncError } from '../errors'
import type { Platform, SigningProvider } from '../platform'
import { type DeviceInfo, type InfoKey, sealDeviceInfo } from './device-info'
import type { DeviceKeys } from './device-keys'
import { type Member, openNewestEpochKey } from './epoch-keys'
import type { RecoveryKeys } from './recovery-phrase'

/** What making a record needs of the world. */
export type KeyringPlatform = Pick<Platform, 'signing' | 'random'>

/**
 * The keyring with one more record, when its signature verifies and the rules allow it.
 * @param state undefined before the genesis record
 * @throws SyncError `keyring-conflict` when the record follows another head, `unsupported-version` when a newer app wrote it,
 * `keyring-invalid` when it is malformed, badly signed or against the rules
 */
export async function appendRecord(
  signing: SigningProvider,
  state: KeyringState | undefined,
  record: Uint8Array,
): Promise<KeyringState> {
  try {
    return await verifiedAppend(signing, state, record)
  } catch (error) {
    if (!(error instanceof ProtocolFailure)) throw error
    const passed = error.code === 'keyring-conflict' || error.code === 'unsupported-version'
    throw new SyncError(passed ? error.code : 'keyring-invalid', error.message, { cause: error })
  }
}

async function verifiedAppend(
  signing: SigningProvider,
  state: KeyringState | undefined,
  bytes: Uint8Array,
): Promise<KeyringState> {
  const prepared = prepareRecord(signing.sha512, state, bytes)
  if (!(await signing.verify(prepared.publicKey, prepared.signingBytes, prepared.signature))) {
    throw new ProtocolFailure(
      'keyring-refused',
      `the signature of keyring record ${prepared.record.position} is not good`,
    )
  }
  return applyRecord(signing.sha512, state, prepared)
}

/** The first record of an account: its recovery key, its first device and its first epoch key. */
export async function createGenesis(
  platform: KeyringPlatform,
  {
    recovery,
    device,
    info,
  }: { readonly recovery: RecoveryKeys; readonly device: DeviceKeys; readonly info: DeviceInfo },
): Promise<Uint8Array> {
  const { epoch, epochKey } = newEpoch(platform, [recoveryMember(recovery), device])
  return signRecord(platform.signing, undefined, recovery, {
    type: 'genesis',
    position: 0,
    previous: ZERO_HASH,
    signer: undefined,
    recovery: publicKeysOf(recovery),
    device: describe(platform, { position: 0, epochKey }, device, 'device', info),
    epoch,
  })
}

export interface AddInput {
  /** An active device, or the recovery key: whoever holds the phrase lets the device in that it was typed on. */
  readonly signer: Member
  /** The public keys of the device that joins. */
  readonly device: PublicKeys
  readonly role?: DeviceDescription['role']
  readonly info: DeviceInfo
}

/**
 * A record that lets a device in and hands it the newest epoch key, which opens all before.
 * @throws SyncError `wrong-account` when the phrase is another account's, `keyring-refused` when the rules forbid it
 */
export async function createAdd(
  platform: KeyringPlatform,
  state: KeyringState,
  { signer, device, role = 'device', info }: AddInput,
): Promise<Uint8Array> {
  if (!('id' in signer)) checkRecoveryKey(state, signer)
  const newest = openNewestEpochKey(state, signer)
  const { sha512 } = platform.signing
  const ephemeral = ephemeralKeys(sha512, platform.random, newest.epochKey)
  return signRecord(platform.signing, state, signer, {
    type: 'add',
    position: state.length,
    previous: state.head,
    signer: 'id' in signer ? signer.id : undefined,
    device: describe(platform, newest, device, role, info),
    ephemeral: ephemeral.box,
    sealedKey: sealKey(sha512, ephemeral, device.box, newest.epochKey),
  })
}

export interface RecoverInput {
  readonly recovery: RecoveryKeys
  readonly device: DeviceKeys
  readonly info: DeviceInfo
  /** Where the chains of the removed devices end; a document that is not listed for a device counts not at all. */
  readonly cut: readonly CutEntry[]
  /** Issues a new phrase: from this record on the old one opens nothing new and signs nothing. */
  readonly nextRecovery?: PublicKeys
}

/**
 * A record with which the holder of the phrase takes the account back: every active device is removed, this one comes in, and a new
 * epoch key seals what comes after.
 * @returns the record, and the encoded cut that must travel with it
 * @throws SyncError `wrong-account` when the phrase is another account's
 */
export async function createRecover(
  platform: KeyringPlatform,
  state: KeyringState,
  { recovery, device, info, cut, nextRecovery }: RecoverInput,
): Promise<{ readonly record: Uint8Array; readonly cut: Uint8Array }> {
  checkRecoveryKey(state, recovery)
  const { epochKey: previousKey } = openNewestEpochKey(state, recovery)
  const members = [recoveryMember(nextRecovery ?? recovery), device]
  const { epoch, epochKey } = newEpoch(platform, members, previousKey)
  const encodedCut = withSyncErrors(() => encodeCut(cut))
  const record = await signRecord(platform.signing, state, recovery, {
    type: 'recover',
    position: state.length,
    previous: state.head,
    signer: undefined,
    device: describe(platform, { position: state.length, epochKey }, device, 'device', info),
    removed: activeDevices(state.devices)
      .map(({ id }) => id)
      .sort(compareBytes),
    cutHash: cutHashOf(platform.signing.sha512, encodedCut),
    ...(nextRecovery && { nextRecovery: publicKeysOf(nextRecovery) }),
    epoch,
  })
  return { record, cut: encodedCut }
}

function checkRecoveryKey(state: KeyringState, recovery: RecoveryKeys): void {
  if (!bytesEqual(recovery.signing, state.recovery.signing)) {
    throw new SyncError('wrong-account', 'The recovery phrase is not the one of this account.')
  }
}

/** Signs a record and puts it through the same rules as everyone else will, so that nothing is sent that would be refused. */
async function signRecord(
  signing: SigningProvider,
  state: KeyringState | undefined,
  signer: Member,
  record: KeyringRecord,
): Promise<Uint8Array> {
  const account = state?.account ?? ('account' in signer ? signer.account : undefined)
  if (account === undefined) throw new SyncError('keyring-refused', 'Only the recovery key starts an account.')
  const unsigned = withSyncErrors(() => encodeUnsignedRecord(record))
  const signature = await signing.sign(signer.signingSeed, recordSigningBytes(account, unsigned))
  try {
    const bytes = encodeSignedRecord(unsigned, signature)
    await verifiedAppend(signing, state, bytes)
    return bytes
  } catch (error) {
    throw asSyncError(error)
  }
}

function describe(
  platform: KeyringPlatform,
  infoKey: InfoKey,
  keys: PublicKeys,
  role: DeviceDescription['role'],
  info: DeviceInfo,
): DeviceDescription {
  const sealed = sealDeviceInfo(platform.signing.sha512, platform.random, infoKey, keys.signing, info)
  return { ...publicKeysOf(keys), role, info: sealed }
}

interface SealedMember {
  readonly id: DeviceId
  readonly box: Uint8Array
}

function recoveryMember(recovery: PublicKeys): SealedMember {
  return { id: RECOVERY_MEMBER, box: recovery.box }
}

function newEpoch(
  { signing: { sha512 }, random }: KeyringPlatform,
  members: readonly SealedMember[],
  previousKey?: Uint8Array,
): { readonly epoch: EpochBlock; readonly epochKey: Uint8Array } {
  const epochKey = random(KEY_BYTES)
  const ephemeral = ephemeralKeys(sha512, random, epochKey)
  const sealed = [...members]
    .sort((a, b) => compareBytes(a.id, b.id))
    .map(({ id, box }) => ({ member: id, box: sealKey(sha512, ephemeral, box, epochKey) }))
  const wrappedPrevious = previousKey && wrapKey(random, epochKey, previousKey)
  const keyId = epochKeyId(sha512, epochKey)
  return { epoch: { keyId, ...(wrappedPrevious && { wrappedPrevious }), ephemeral: ephemeral.box, sealed }, epochKey }
}

/** Without the secrets that a member's keys also hold. */
function publicKeysOf({ signing, box }: PublicKeys): PublicKeys {
  return { signing, box }
}

function withSyncErrors<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw asSyncError(error)
  }
}

function asSyncError(error: unknown): unknown {
  return error instanceof ProtocolFailure ? new SyncError(error.code, error.message, { cause: error }) : error
}
