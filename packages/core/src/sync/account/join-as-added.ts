// Becoming the device that a member has added: log in with the keys that it was told, read the keyring, and believe nothing of what
// was said beside it.
import { type AccountId, bytesEqual, findDevice, type Hash, recordHash } from '@owlivion/sync-protocol'
import { createDeviceKeys, type DeviceKeys, openEpochKeys } from '../../account'
import { isSyncError, SyncError } from '../../errors'
import type { Platform } from '../../platform'
import type { Store } from '../../storage'
import { RelayDialog } from '../connection/relay-dialog'
import { KeyringReader } from '../keyring/keyring-reader'
import type { ProfilePlace } from './adopt-profile'
import { decodeProfile, encodeProfile, joiningKey } from './profile'

/** Stands where the account is named, as long as it is not known: no account has this id, which is a hash. */
const UNKNOWN_ACCOUNT = new Uint8Array(32) as AccountId

/**
 * The keys under which this device asks to be let in: those of an attempt whose end nobody knows, or new ones. On disk before anybody is told
 * them: if a member added them and this device then crashed, the next attempt finds that it is a member already.
 */
export async function keysForJoining(platform: Platform, store: Store, relay: string): Promise<DeviceKeys> {
  const earlier = await store.get(joiningKey)
  if (earlier !== undefined) return decodeProfile(platform, earlier).keys
  const keys = createDeviceKeys(platform.random, platform.signing)
  const row = encodeProfile({ account: UNKNOWN_ACCOUNT, keys, relay })
  await store.commit({ put: [[joiningKey, row]] }, { durability: 'strict' })
  return keys
}

/** The next attempt begins with other keys. */
export async function forgetJoining(store: Store): Promise<void> {
  await store.commit({ remove: [joiningKey] }, { durability: 'strict' })
}

export interface AddedDevice {
  readonly platform: Platform
  readonly place: ProfilePlace
  readonly relay: string
  readonly keys: DeviceKeys
  readonly account: AccountId
  /** The keyring as the member knew it that has added this device. */
  readonly keyring: { readonly length: number; readonly head: Hash }
}

/** More would be of no use to somebody who waits in front of the screen. */
const ATTEMPTS = 4
const RETRY_MS = 1_000

/**
 * Makes the store the profile of this device, in one commit.
 * @throws SyncError `keyring-invalid` when the relay's keyring is not the one the member spoke of, or does not name this device's keys;
 * `device-removed` when it was removed again meanwhile; nothing is written then
 */
export async function joinAsAdded(added: AddedDevice): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await joinOnce(added)
      return
    } catch (error) {
      const isPassing = isSyncError(error, 'connection-lost') || isSyncError(error, 'relay-unreachable')
      if (!isPassing || attempt === ATTEMPTS) throw error
      await new Promise<void>((resolve) => added.platform.setTimer(RETRY_MS, resolve))
    }
  }
}

async function joinOnce({ platform, place, relay, keys, account, keyring }: AddedDevice): Promise<void> {
  const { dialog, welcome } = await RelayDialog.open(platform, relay, { account, device: keys })
  try {
    const clockOffsetMs = welcome.timeMs - platform.now()
    const reader = new KeyringReader(platform.signing)
    const state = await reader.read(dialog)
    const last = reader.records[keyring.length - 1]
    if (!bytesEqual(state.account, account)) throw invalid('The relay sent the keyring of another account.')
    if (last === undefined || !bytesEqual(recordHash(platform.signing.sha512, last.record), keyring.head))
      throw invalid('The relay shows another keyring than the device that let this one in.')
    const self = findDevice(state, keys.id)
    if (self === undefined || !bytesEqual(self.box, keys.box))
      throw invalid('The keyring does not name this device, or names another key as its own.')
    if (self.removedAt !== undefined)
      throw new SyncError(
        'device-removed',
        'This device was let in and removed again before it could join; pair again.',
      )
    // A key that does not open must not reach the disk, from which the account could not be opened.
    openEpochKeys(state, keys)
    await place.take({ account, keys, relay }, reader.records, clockOffsetMs)
  } finally {
    dialog.close()
  }
}

function invalid(message: string): SyncError {
  return new SyncError('keyring-invalid', message)
}
