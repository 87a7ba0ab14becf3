// Records that let a device in: the first one of an account, and those that join it.
import { type DeviceDescription, type KeyringState, type PublicKeys, ZERO_HASH } from '@owlivion/sync-protocol'
import { ephemeralKeys, sealKey } from '../crypto'
import type { DeviceInfo } from './device-info'
import type { DeviceKeys } from './device-keys'
import { type Member, openNewestEpochKey } from './epoch-keys'
import { newEpoch, recoveryMember } from './new-epoch'
import type { RecoveryKeys } from './recovery-phrase'
import { checkSigner, describe, type KeyringPlatform, placeOf, publicKeysOf, signRecord } from './sign-record'

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
  return signRecord(platform, undefined, recovery, {
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
  checkSigner(state, signer)
  const newest = openNewestEpochKey(state, signer)
  const { sha512 } = platform.signing
  const ephemeral = ephemeralKeys(platform.signing, platform.random, newest.epochKey)
  return signRecord(platform, state, signer, {
    type: 'add',
    ...placeOf(state, signer),
    device: describe(platform, newest, device, role, info),
    ephemeral: ephemeral.box,
    sealedKey: sealKey(sha512, ephemeral, device.box, newest.epochKey),
  })
}
