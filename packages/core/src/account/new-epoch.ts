// A new epoch key: sealed to exactly those who may read from now on, and opening the one before, so that history stays readable.
import {
  activeDevices,
  compareBytes,
  type DeviceId,
  type EpochBlock,
  type KeyringState,
  type PublicKeys,
  RECOVERY_MEMBER,
} from '@owlivion/sync-protocol'
import { ephemeralKeys, epochKeyId, KEY_BYTES, sealKey, wrapKey } from '../crypto'
import type { KeyringPlatform } from './sign-record'

export interface SealedMember {
  readonly id: DeviceId
  readonly box: Uint8Array
}

/** The devices of the account as they are now, without those that leave, and the recovery key. */
export function remainingMembers(
  state: KeyringState,
  recovery: PublicKeys,
  leaving: (device: DeviceId) => boolean = () => false,
): readonly SealedMember[] {
  return [recoveryMember(recovery), ...activeDevices(state.devices).filter(({ id }) => !leaving(id))]
}

export function recoveryMember(recovery: PublicKeys): SealedMember {
  return { id: RECOVERY_MEMBER, box: recovery.box }
}

/** @param previousKey of the newest epoch; none before the first */
export function newEpoch(
  { signing, random }: KeyringPlatform,
  members: readonly SealedMember[],
  previousKey?: Uint8Array,
): { readonly epoch: EpochBlock; readonly epochKey: Uint8Array } {
  const epochKey = random(KEY_BYTES)
  const { sha512 } = signing
  const ephemeral = ephemeralKeys(signing, random, epochKey)
  const sealed = [...members]
    .sort((a, b) => compareBytes(a.id, b.id))
    .map(({ id, box }) => ({ member: id, box: sealKey(sha512, ephemeral, box, epochKey) }))
  const wrappedPrevious = previousKey && wrapKey(random, epochKey, previousKey)
  const keyId = epochKeyId(sha512, epochKey)
  return { epoch: { keyId, ...(wrappedPrevious && { wrappedPrevious }), ephemeral: ephemeral.box, sealed }, epochKey }
}
