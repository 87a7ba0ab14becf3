// Records that change keys and leave everybody in: another epoch key, and another recovery phrase, with the request and the veto
// that come before it where nobody has the old one.
import type { KeyringState, NextRecovery } from '@owlivion/sync-protocol'
import { SyncError } from '../errors'
import type { DeviceKeys } from './device-keys'
import { lastWholeEpochKey, type Member } from './epoch-keys'
import { newEpoch, remainingMembers } from './new-epoch'
import { proveRecovery, type RecoveryKeys } from './recovery-phrase'
import { checkSigner, type KeyringPlatform, placeOf, signRecord } from './sign-record'

/** @throws SyncError `keyring-refused` when the rules forbid it, `wrong-account` when the phrase is another account's */
export async function createRekey(
  platform: KeyringPlatform,
  state: KeyringState,
  { signer }: { readonly signer: Member },
): Promise<Uint8Array> {
  checkSigner(state, signer)
  const previousKey = lastWholeEpochKey(state, signer)
  const { epoch } = newEpoch(platform, remainingMembers(state, state.recovery), previousKey)
  return signRecord(platform, state, signer, { type: 'rekey', ...placeOf(state, signer), epoch })
}

/**
 * Asks for a new recovery phrase without the old one: every device sees it, and has a week to veto.
 * @param next with the proof of `proveRecovery`: the phrase itself need not be at hand when the record is made
 * @throws SyncError `keyring-refused` when one is asked for already
 */
export function createRequest(
  platform: KeyringPlatform,
  state: KeyringState,
  { device, next }: { readonly device: DeviceKeys; readonly next: NextRecovery },
): Promise<Uint8Array> {
  return signRecord(platform, state, device, { type: 'request', ...placeOf(state, device), next })
}

/**
 * Withdraws the open request for a new recovery phrase.
 * @throws SyncError `keyring-refused` when there is none, `wrong-account` when the phrase is another account's
 */
export async function createVeto(
  platform: KeyringPlatform,
  state: KeyringState,
  { signer }: { readonly signer: Member },
): Promise<Uint8Array> {
  checkSigner(state, signer)
  const { position } = openRequest(state)
  return signRecord(platform, state, signer, { type: 'veto', ...placeOf(state, signer), request: position })
}

/** The old phrase gives the account any other; a device only the one that was asked for. */
export type ReissueInput =
  | { readonly signer: RecoveryKeys; readonly next: RecoveryKeys }
  | { readonly signer: DeviceKeys }

/**
 * From this record on only the new recovery phrase counts. The new epoch key is sealed to it and no more to the old one.
 * @throws SyncError `keyring-refused` when the rules forbid it, `wrong-account` when the phrase is not the account's
 */
export async function createReissue(
  platform: KeyringPlatform,
  state: KeyringState,
  input: ReissueInput,
): Promise<Uint8Array> {
  const { signer } = input
  checkSigner(state, signer)
  const request = 'next' in input ? undefined : openRequest(state)
  // The device that asked proved the phrase; whoever grants it has no part in it.
  const next =
    'next' in input ? await proveRecovery(platform.signing, state.account, input.next) : openRequest(state).next
  const previousKey = lastWholeEpochKey(state, signer)
  const { epoch } = newEpoch(platform, remainingMembers(state, next), previousKey)
  return signRecord(platform, state, signer, {
    type: 'reissue',
    ...placeOf(state, signer),
    next,
    ...(request && { request: request.position }),
    epoch,
  })
}

function openRequest({ reissueRequest }: KeyringState): NonNullable<KeyringState['reissueRequest']> {
  if (reissueRequest === undefined)
    throw new SyncError('keyring-refused', 'Nobody asks for a new recovery phrase at this time.')
  return reissueRequest
}
