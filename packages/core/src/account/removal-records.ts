// Records after which devices are out. Each names the cut: where the chains of those that leave end, for all documents at once; what
// is not in it counts not at all.
import {
  activeDevices,
  bytesEqual,
  type CutEntry,
  compareBytes,
  cutHashOf,
  type DeviceId,
  encodeCut,
  type KeyringState,
} from '@owlivion/sync-protocol'
import type { DeviceInfo } from './device-info'
import type { DeviceKeys } from './device-keys'
import { lastWholeEpochKey, type Member } from './epoch-keys'
import { newEpoch, recoveryMember, remainingMembers } from './new-epoch'
import { proveRecovery, type RecoveryKeys } from './recovery-phrase'
import {
  checkRecoveryKey,
  checkSigner,
  describe,
  type KeyringPlatform,
  placeOf,
  signRecord,
  withSyncErrors,
} from './sign-record'

export interface Removal {
  readonly record: Uint8Array
  /** Encoded; must travel with the record. */
  readonly cut: Uint8Array
}

export interface RemoveInput {
  /** An active device that stays, or the recovery key. */
  readonly signer: Member
  /** In any order. */
  readonly removed: readonly DeviceId[]
  /** Where the chains of the removed devices end; a document that is not listed for a device counts not at all. */
  readonly cut: readonly CutEntry[]
}

/**
 * A record that locks devices out and gives the account a new key in the same step.
 * @throws SyncError `keyring-refused` when the rules forbid it, `wrong-account` when the phrase is another account's
 */
export async function createRemove(
  platform: KeyringPlatform,
  state: KeyringState,
  { signer, removed, cut }: RemoveInput,
): Promise<Removal> {
  checkSigner(state, signer)
  const previousKey = lastWholeEpochKey(state, signer)
  const isRemoved = (device: DeviceId): boolean => removed.some((id) => bytesEqual(id, device))
  const { epoch } = newEpoch(platform, remainingMembers(state, state.recovery, isRemoved), previousKey)
  const encodedCut = withSyncErrors(() => encodeCut(cut))
  const record = await signRecord(platform, state, signer, {
    type: 'remove',
    ...placeOf(state, signer),
    removed: [...removed].sort(compareBytes),
    cutHash: cutHashOf(platform.signing.sha512, encodedCut),
    epoch,
  })
  return { record, cut: encodedCut }
}

/**
 * A record with which a device signs itself out. The others owe a new key from then on, which this one must not know.
 * @param cut where its own chains end
 * @throws SyncError `keyring-refused` when the rules forbid it
 */
export async function createLeave(
  platform: KeyringPlatform,
  state: KeyringState,
  { device, cut }: { readonly device: DeviceKeys; readonly cut: readonly CutEntry[] },
): Promise<Removal> {
  const encodedCut = withSyncErrors(() => encodeCut(cut))
  const cutHash = cutHashOf(platform.signing.sha512, encodedCut)
  const record = await signRecord(platform, state, device, { type: 'leave', ...placeOf(state, device), cutHash })
  return { record, cut: encodedCut }
}

export interface RecoverInput {
  readonly recovery: RecoveryKeys
  readonly device: DeviceKeys
  readonly info: DeviceInfo
  /** As in `RemoveInput`. */
  readonly cut: readonly CutEntry[]
  /** Issues a new phrase: from this record on the old one opens nothing new and signs nothing. */
  readonly nextRecovery?: RecoveryKeys
}

/**
 * A record with which the holder of the phrase takes the account back: every active device is removed, this one comes in, and a new
 * epoch key seals what comes after.
 * @throws SyncError `wrong-account` when the phrase is another account's
 */
export async function createRecover(
  platform: KeyringPlatform,
  state: KeyringState,
  { recovery, device, info, cut, nextRecovery }: RecoverInput,
): Promise<Removal> {
  checkRecoveryKey(state, recovery)
  const previousKey = lastWholeEpochKey(state, recovery)
  const members = [recoveryMember(nextRecovery ?? recovery), device]
  const next = nextRecovery && (await proveRecovery(platform.signing, state.account, nextRecovery))
  const { epoch, epochKey } = newEpoch(platform, members, previousKey)
  const encodedCut = withSyncErrors(() => encodeCut(cut))
  const record = await signRecord(platform, state, recovery, {
    type: 'recover',
    ...placeOf(state, recovery),
    device: describe(platform, { position: state.length, epochKey }, device, 'device', info),
    removed: activeDevices(state.devices)
      .map(({ id }) => id)
      .sort(compareBytes),
    cutHash: cutHashOf(platform.signing.sha512, encodedCut),
    ...(next && { nextRecovery: next }),
    epoch,
  })
  return { record, cut: encodedCut }
}
