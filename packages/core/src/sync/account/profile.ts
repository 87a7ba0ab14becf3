// Who this device is and what it has read of the keyring: the rows that make a store a profile.
//
//   ['profile']            account, device keys, relay; for a device that was removed, who it was
//   ['joining']            the same of a device that may or may not have become a member yet
//   ['at-relay']           there once the relay has the account
//   ['clock']              how far the device's clock is from the relay's
//   ['keyring', position]  a verified keyring record, with its cut
import {
  ACCOUNT_ID_BYTES,
  type AccountId,
  DEVICE_ID_BYTES,
  type DeviceId,
  decodeWhole,
  type Reader,
  Writer,
} from '@owlivion/sync-protocol'
import { type DeviceInfo, type DeviceKeys, decodeDeviceKeys, encodeDeviceKeys } from '../../account'
import { SyncError } from '../../errors'
import type { Platform } from '../../platform'
import type { Store, StoreKey } from '../../storage'

export const profileKey: StoreKey = ['profile']
export const joiningKey: StoreKey = ['joining']
export const atRelayKey: StoreKey = ['at-relay']
export const clockKey: StoreKey = ['clock']
export const keyringPrefix: StoreKey = ['keyring']
export const keyringKey = (position: number): StoreKey => ['keyring', position]

const ROW_VERSION = 1
/** Of a profile without keys. */
const REMOVED_VERSION = 2
const MAX_ROW_TEXT_BYTES = 4_096
const MAX_ROW_BYTES = 1_048_576

export interface Profile {
  readonly account: AccountId
  readonly keys: DeviceKeys
  /** The relay's URL. */
  readonly relay: string
}

/** A device that was removed, or left: who it was, and nothing that opens or signs anything. */
export interface RemovedProfile {
  readonly account: AccountId
  readonly device: DeviceId
  readonly relay: string
  /** The device that signed the removal, itself when it left; undefined for the holder of the recovery phrase. */
  readonly removedBy: DeviceId | undefined
  /** What the devices said of themselves, by hex id: the keys that open it are gone. */
  readonly deviceInfos: ReadonlyMap<string, DeviceInfo>
}

export interface KeyringRow {
  readonly record: Uint8Array
  readonly cut?: Uint8Array
}

export function encodeProfile(profile: Profile): Uint8Array {
  return new Writer()
    .byte(ROW_VERSION)
    .fixed(profile.account)
    .bytes(encodeDeviceKeys(profile.keys))
    .text(profile.relay, MAX_ROW_TEXT_BYTES)
    .finish()
}

/** The profile in this store, if it holds one. @throws SyncError `profile-damaged` */
export async function readAnyProfile(platform: Platform, store: Store): Promise<Profile | RemovedProfile | undefined> {
  const bytes = await store.get(profileKey)
  if (bytes?.[0] === REMOVED_VERSION) return decodeRemovedProfile(bytes)
  return bytes && decodeProfile(platform, bytes)
}

/** As above, but only of a device that was not removed. */
export async function readProfile(platform: Platform, store: Store): Promise<Profile | undefined> {
  const profile = await readAnyProfile(platform, store)
  return profile !== undefined && 'keys' in profile ? profile : undefined
}

/** @throws SyncError `profile-damaged` */
export function decodeProfile(platform: Platform, bytes: Uint8Array): Profile {
  return readRow(bytes, 'profile', (reader) => ({
    account: reader.fixed<AccountId>(ACCOUNT_ID_BYTES).slice() as AccountId,
    keys: decodeDeviceKeys(reader.bytes(MAX_ROW_BYTES), platform.signing),
    relay: reader.text(MAX_ROW_TEXT_BYTES),
  }))
}

export function encodeRemovedProfile(profile: RemovedProfile): Uint8Array {
  const writer = new Writer().byte(REMOVED_VERSION).fixed(profile.account).fixed(profile.device)
  writer.text(profile.relay, MAX_ROW_TEXT_BYTES).optional(profile.removedBy, (id) => writer.fixed(id))
  writer.list([...profile.deviceInfos], ([id, { name, platform, addedAtMs }]) =>
    writer
      .text(id, MAX_ROW_TEXT_BYTES)
      .text(name, MAX_ROW_TEXT_BYTES)
      .text(platform, MAX_ROW_TEXT_BYTES)
      .varUint(addedAtMs),
  )
  return writer.finish()
}

function decodeRemovedProfile(bytes: Uint8Array): RemovedProfile {
  const readId = (reader: Reader): DeviceId => reader.fixed<DeviceId>(DEVICE_ID_BYTES).slice() as DeviceId
  const read = (reader: Reader): RemovedProfile => ({
    account: reader.fixed<AccountId>(ACCOUNT_ID_BYTES).slice() as AccountId,
    device: readId(reader),
    relay: reader.text(MAX_ROW_TEXT_BYTES),
    removedBy: reader.optional(() => readId(reader)),
    deviceInfos: new Map(
      reader.list(Number.MAX_SAFE_INTEGER, 4, () => {
        const id = reader.text(MAX_ROW_TEXT_BYTES)
        const name = reader.text(MAX_ROW_TEXT_BYTES)
        const platform = reader.text(MAX_ROW_TEXT_BYTES)
        return [id, { name, platform, addedAtMs: reader.varUint() }] as const
      }),
    ),
  })
  return readRow(bytes, 'profile', read, REMOVED_VERSION)
}

export function encodeKeyringRow(row: KeyringRow): Uint8Array {
  const writer = new Writer().byte(ROW_VERSION).bytes(row.record)
  return writer.optional(row.cut, (cut) => writer.bytes(cut)).finish()
}

export function decodeKeyringRow(bytes: Uint8Array): KeyringRow {
  return readRow(bytes, 'keyring', (reader) => {
    const record = reader.bytes(MAX_ROW_BYTES).slice()
    const cut = reader.optional(() => reader.bytes(MAX_ROW_BYTES).slice())
    return { record, ...(cut && { cut }) }
  })
}

/** @param offsetMs relay's clock minus the device's */
export function encodeClock(offsetMs: number): Uint8Array {
  return new Writer()
    .byte(ROW_VERSION)
    .flag(offsetMs < 0)
    .varUint(Math.abs(Math.round(offsetMs)))
    .finish()
}

export function decodeClock(bytes: Uint8Array): number {
  return readRow(bytes, 'clock', (reader) => {
    const isBehind = reader.flag()
    const size = reader.varUint()
    return isBehind ? -size : size
  })
}

function readRow<T>(bytes: Uint8Array, what: string, read: (reader: Reader) => T, version = ROW_VERSION): T {
  try {
    return decodeWhole(bytes, (reader) => {
      if (reader.byte() !== version)
        throw new SyncError('profile-damaged', `The ${what} was written by another version of the app.`)
      return read(reader)
    })
  } catch (cause) {
    if (cause instanceof SyncError) throw cause
    throw new SyncError('profile-damaged', `The ${what} in this device’s store cannot be read.`, { cause })
  }
}
