// What every maker of a keyring record does at its end: the record follows the newest one, its signer signs it, and it goes
// through the same rules as everybody else will put it through, so that nothing is sent that would be refused.
import {
  bytesEqual,
  type DeviceDescription,
  type DeviceId,
  encodeSignedRecord,
  encodeUnsignedRecord,
  type Hash,
  type KeyringRecord,
  type KeyringState,
  ProtocolFailure,
  type PublicKeys,
  recordSigningBytes,
} from '@owlivion/sync-protocol'
import { SyncError } from '../errors'
import type { Platform } from '../platform'
import { verifiedAppend } from './append-record'
import { type DeviceInfo, type InfoKey, sealDeviceInfo } from './device-info'
import type { Member } from './epoch-keys'
import type { RecoveryKeys } from './recovery-phrase'

/** What making a record needs of the world. */
export type KeyringPlatform = Pick<Platform, 'signing' | 'random'>

/** Where a record that this member signs now stands. */
export function placeOf(
  state: KeyringState,
  signer: Member,
): { readonly position: number; readonly previous: Hash; readonly signer: DeviceId | undefined } {
  return { position: state.length, previous: state.head, signer: 'id' in signer ? signer.id : undefined }
}

/** @throws SyncError `keyring-refused` when the rules forbid the record */
export async function signRecord(
  { signing }: KeyringPlatform,
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

/** @throws SyncError `wrong-account` when the signer is a phrase, and not the one that counts in this account now */
export function checkSigner(state: KeyringState, signer: Member): void {
  if (!('id' in signer)) checkRecoveryKey(state, signer)
}

export function checkRecoveryKey(state: KeyringState, recovery: RecoveryKeys): void {
  if (!bytesEqual(recovery.signing, state.recovery.signing)) {
    throw new SyncError('wrong-account', 'The recovery phrase is not the one of this account.')
  }
}

export function describe(
  platform: KeyringPlatform,
  infoKey: InfoKey,
  keys: PublicKeys,
  role: DeviceDescription['role'],
  info: DeviceInfo,
): DeviceDescription {
  const sealed = sealDeviceInfo(platform.signing.sha512, platform.random, infoKey, keys.signing, info)
  return { ...publicKeysOf(keys), role, info: sealed }
}

/** Without the secrets that a member's keys also hold. */
export function publicKeysOf({ signing, box }: PublicKeys): PublicKeys {
  return { signing, box }
}

export function withSyncErrors<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw asSyncError(error)
  }
}

function asSyncError(error: unknown): unknown {
  return error instanceof ProtocolFailure ? new SyncError(error.code, error.message, { cause: error }) : error
}
