// What a store holds of an account, read and locked: everything that an open account is made of but its connection and documents.
import type { CutEntry, DeviceId } from '@owlivion/sync-protocol'
import type { DeviceKeys } from '../../account'
import { SyncError } from '../../errors'
import type { Platform } from '../../platform'
import type { Store, StoreBatch } from '../../storage'
import { RelayClock } from '../connection/relay-clock'
import { AccountKeyring } from '../keyring/account-keyring'
import { KeyringClaims } from '../keyring/keyring-claims'
import { readLostKeys, readLostRecords } from '../keyring/lost-branch'
import { Membership } from '../keyring/membership'
import { decodeChecked, keyringCheckedKey } from '../keyring/reissue-wait'
import { StoreWriter } from '../store-writer'
import { lockNameOf } from './adopt-profile'
import {
  atRelayKey,
  clockKey,
  decodeClock,
  decodeKeyringRow,
  keyringPrefix,
  type Profile,
  type RemovedProfile,
  readAnyProfile,
} from './profile'

export interface StoredAccount {
  readonly platform: Platform
  readonly store: Store
  readonly profile: Profile | RemovedProfile
  readonly keyring: AccountKeyring
  readonly clock: RelayClock
  readonly isAtRelay: boolean
  readonly writer: StoreWriter
  readonly membership: Membership
  readonly claims: KeyringClaims
  readonly unlock: () => void
}

/** Takes the lock of this name. @returns undefined when somebody else has it */
export type ProfileLock = (name: string) => Promise<(() => void) | undefined>

/** What the parts ask of the account once it is open. */
export interface AccountHooks {
  storageChanged(failure: SyncError | undefined): void
  chainEnds(devices: readonly DeviceId[]): Promise<CutEntry[]>
  isClean(): boolean
  now(): number
  report(error: SyncError): void
  onStatus(): void
}

/** @throws SyncError `profile-missing`, `profile-in-use`, `profile-damaged`; it is not locked then */
export async function readAccount(
  platform: Platform,
  store: Store,
  hooks: AccountHooks,
  lock: ProfileLock = (name) => platform.lock(name),
): Promise<StoredAccount> {
  const profile = await readAnyProfile(platform, store)
  if (profile === undefined) throw new SyncError('profile-missing', 'This store holds no account.')
  const id = 'keys' in profile ? profile.keys.id : profile.device
  const unlock = await lock(lockNameOf(id))
  if (unlock === undefined)
    throw new SyncError('profile-in-use', 'This account is open already in another window or process.')
  try {
    const [rows, clock, atRelay, checked] = await Promise.all([
      store.list(keyringPrefix),
      store.get(clockKey),
      store.get(atRelayKey),
      store.get(keyringCheckedKey),
    ])
    const writer = new StoreWriter(store, platform, (failure) => hooks.storageChanged(failure))
    const records = rows.map(([, bytes]) => decodeKeyringRow(bytes))
    const writeStrictly = (batch: StoreBatch): Promise<void> => writer.write(batch, { strict: true })
    const keyring = await AccountKeyring.open(platform, { id, ...profile }, records, writeStrictly, {
      lostKeys: await readLostKeys(store),
      lostRecords: await readLostRecords(store),
      checked: checked === undefined ? [] : decodeChecked(checked),
    })
    const claims = await KeyringClaims.open(store, keyring, id, writeStrictly, hooks.report)
    const keys = 'keys' in profile ? profile.keys : withoutSecrets(id)
    const membership = await Membership.open({ ...hooks, platform, store, keys, keyring, write: writeStrictly })
    if (membership.hasLeft) {
      // It signed out, and ended before the rest of it was done.
      await writer.close()
      await store.destroy()
      throw new SyncError('profile-missing', 'This device has signed out of the account.')
    }
    return {
      platform,
      store,
      profile,
      keyring,
      clock: new RelayClock(platform, writer, clock && decodeClock(clock)),
      // Whoever joined, or saw another join, did it through the relay.
      isAtRelay: atRelay !== undefined || records.length > 1,
      writer,
      membership,
      claims,
      unlock,
    }
  } catch (error) {
    unlock()
    throw error
  }
}

/** For what asks only who this device is. */
function withoutSecrets(id: DeviceId): DeviceKeys {
  const none = new Uint8Array()
  return { id, signing: none, signingSeed: none, box: none, boxSecret: none }
}
