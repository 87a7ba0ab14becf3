// From a member's own secret to every key that ever sealed the account's data: the newest one it was handed opens the one before,
// and so on back to the first. Each must have the hash that the keyring names, so nobody can hand out another.
import {
  bytesEqual,
  bytesToHex,
  type DeviceId,
  findDevice,
  type KeyringEpoch,
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
 * @throws SyncError `keyring-invalid` when no key is sealed to this member, or the newest one that is does not open or is not the one that
 * the keyring names
 */
export function openEpochKeys(state: KeyringState, member: Member): ReadonlyMap<number, Uint8Array> {
  const keys = openKnownEpochKeys(state, member)
  const newest = state.epochs.findLast((epoch) => sealedIn(state, epoch, member) !== undefined)
  if (newest === undefined) throw invalid('The keyring holds no key for this member.')
  if (!keys.has(newest.position))
    throw invalid(
      `The key of keyring position ${newest.position} does not open, or is not the one that the keyring names.`,
    )
  return keys
}

/**
 * As `openEpochKeys`, without those that the member was not handed: whoever makes a key may seal to others what is none, which only they
 * can see. They must go on without it, or one record of a thief would keep them from ever removing him.
 */
export function openKnownEpochKeys(state: KeyringState, member: Member): ReadonlyMap<number, Uint8Array> {
  const keys = new Map<number, Uint8Array>()
  let carried: Uint8Array | undefined
  for (const epoch of [...state.epochs].reverse()) {
    // A key that does not belong here may be that of an earlier epoch: its author had not been handed those between.
    const key = isKeyOf(epoch, carried) ? carried : openOwn(state, epoch, member)
    if (key === undefined) continue
    keys.set(epoch.position, key)
    carried = epoch.wrappedPrevious && unwrapKey(key, epoch.wrappedPrevious)
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

/**
 * Positions of those keys from which everything before opens, key after key. One that wraps what is no key opens nothing to devices that
 * join later, so nothing may be sealed under it.
 * @param keys as `openKnownEpochKeys` gave them
 */
export function wholeEpochs(state: KeyringState, keys: ReadonlyMap<number, Uint8Array>): ReadonlySet<number> {
  const ids = new Set<string>()
  const positions = new Set<number>()
  for (const [index, { position, keyId, wrappedPrevious }] of state.epochs.entries()) {
    const key = keys.get(position)
    if (key === undefined) continue
    const before = wrappedPrevious && unwrapKey(key, wrappedPrevious)
    const isWhole = index === 0 || (before !== undefined && ids.has(bytesToHex(epochKeyId(sha512, before))))
    if (!isWhole) continue
    ids.add(bytesToHex(keyId))
    positions.add(position)
  }
  return positions
}

/** The newest key from which all before opens, for wrapping it under the next one. @throws SyncError `keyring-invalid` when there is none */
export function lastWholeEpochKey(state: KeyringState, member: Member): Uint8Array {
  const keys = openKnownEpochKeys(state, member)
  const key = keys.get([...wholeEpochs(state, keys)].at(-1) ?? -1)
  if (key === undefined) throw invalid('No key of the keyring opens for this member.')
  return key
}

interface SealedTo {
  readonly ephemeral: Uint8Array
  readonly box: Uint8Array
}

function openOwn(state: KeyringState, epoch: KeyringEpoch, member: Member): Uint8Array | undefined {
  const own = sealedIn(state, epoch, member)
  const key = own && openSealedKey(sha512, own.ephemeral, member, own.box)
  return isKeyOf(epoch, key) ? key : undefined
}

/** The epoch's key as it was handed to the member: by the record that made it, or by the `add` record that brought the member in. */
function sealedIn(state: KeyringState, epoch: KeyringEpoch, member: Member): SealedTo | undefined {
  const id = memberId(member)
  const own = epoch.sealed.find((key) => bytesEqual(key.member, id))
  if (own !== undefined) return { ephemeral: epoch.ephemeral, box: own.box }
  const added = findDevice(state, id)?.sealedKey
  return added?.epoch === epoch.position ? added : undefined
}

function isKeyOf({ keyId }: KeyringEpoch, key: Uint8Array | undefined): boolean {
  return key !== undefined && bytesEqual(epochKeyId(sha512, key), keyId)
}

function invalid(message: string): SyncError {
  return new SyncError('keyring-invalid', message)
}
