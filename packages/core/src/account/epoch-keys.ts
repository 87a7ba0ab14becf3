// From a member's own secret to every key that ever sealed the account's data: the newest one it was handed opens the one before,
// and so on back to the first. Each must have the hash that the keyring names, so nobody can hand out another.
import {
  bytesEqual,
  type DeviceId,
  findDevice,
  type KeyringState,
  newestEpoch,
  RECOVERY_MEMBER,
} from '@owlivion/sync-protocol'
import { epochKeyId, openSealedKey, unwrapKey } from '../crypto'
import { SyncError } from '../errors'
import { tweetnaclSigning } from '../platform'
import type { DeviceKeys } from './device-keys'
import type { RecoveryKeys } from './recovery-phrase'

/** Whoever epoch keys are sealed to. */
export type Member = DeviceKeys | RecoveryKeys

// Called once per keyring record, so the portable hash is fast enough.
const { sha512 } = tweetnaclSigning

/** The id under which a key is sealed to a member: a device's own, or zeros for the recovery key. */
export function memberId(member: Member): DeviceId {
  return 'id' in member ? member.id : RECOVERY_MEMBER
}

/**
 * Epoch keys by keyring position: all of them for an active member, those up to its removal for a device that was removed.
 * @throws SyncError `keyring-invalid` when no key is sealed to this member, or one does not open or is not the one that the keyring names
 */
export function openEpochKeys(state: KeyringState, member: Member): ReadonlyMap<number, Uint8Array> {
  const newest = sealedTo(state, member)
  if (newest === undefined) throw invalid('The keyring holds no key for this member.')
  let key = openSealedKey(sha512, newest.ephemeral, member, newest.box)
  const keys = new Map<number, Uint8Array>()
  for (let i = newest.index; i >= 0; i--) {
    const epoch = state.epochs[i] as KeyringState['epochs'][number]
    if (key === undefined) throw invalid(`The key of keyring position ${epoch.position} does not open.`)
    if (!bytesEqual(epochKeyId(sha512, key), epoch.keyId)) {
      throw invalid(`The key of keyring position ${epoch.position} is not the one that the keyring names.`)
    }
    keys.set(epoch.position, key)
    key = epoch.wrappedPrevious && unwrapKey(key, epoch.wrappedPrevious)
  }
  return keys
}

/** The newest epoch's position and key, for sealing. @throws SyncError as `openEpochKeys`, also when the member was removed */
export function openNewestEpochKey(state: KeyringState, member: Member): { position: number; epochKey: Uint8Array } {
  const { position } = newestEpoch(state)
  const epochKey = openEpochKeys(state, member).get(position)
  if (epochKey === undefined) throw invalid('The newest key is not sealed to this member.')
  return { position, epochKey }
}

interface SealedTo {
  /** Which of the keyring's epochs. */
  readonly index: number
  readonly ephemeral: Uint8Array
  readonly box: Uint8Array
}

/** The newest key that was handed to the member: by a record that made a key, or by the `add` record that brought it in. */
function sealedTo(state: KeyringState, member: Member): SealedTo | undefined {
  const id = memberId(member)
  for (let index = state.epochs.length - 1; index >= 0; index--) {
    const { ephemeral, sealed } = state.epochs[index] as KeyringState['epochs'][number]
    const own = sealed.find((key) => bytesEqual(key.member, id))
    if (own !== undefined) return { index, ephemeral, box: own.box }
  }
  const added = findDevice(state, id)?.sealedKey
  return added && { ...added, index: state.epochs.findIndex((epoch) => epoch.position === added.epoch) }
}

function invalid(message: string): SyncError {
  return new SyncError('keyring-invalid', message)
}
