// A device as an app shows it: what it said of itself, what the keyring says of it, and what the relay saw of it.
import { bytesEqual, bytesToHex, type DeviceId, type KeyringDevice } from '@owlivion/sync-protocol'
import type { DeviceInfo } from '../account'
import type { AccountService } from './account-service'

/** A device of the account, as it described itself when it joined. */
export interface DeviceDetails {
  /** Hex of the device id. */
  readonly id: string
  /** Undefined when this device cannot open what the other said of itself. */
  readonly name: string | undefined
  readonly platform: string | undefined
  readonly addedAtMs: number | undefined
  readonly isThisDevice: boolean
  readonly isRemoved: boolean
  /** A `sign-in` key stands for the account's password, and may only let devices in. */
  readonly role: KeyringDevice['role']
  /** By the relay's clock, as the relay said at the last `refreshDevices`; undefined before, and for a device that it never saw. */
  readonly firstSeenMs: number | undefined
  readonly lastSeenMs: number | undefined
  /** Of the device's last connection, as the relay said; empty when the relay does not know or keeps no addresses. */
  readonly address: string | undefined
}

export function deviceDetails(
  device: KeyringDevice,
  own: DeviceId,
  info: DeviceInfo | undefined,
  sighting: ReturnType<AccountService['sightingOf']>,
): DeviceDetails {
  return {
    id: bytesToHex(device.id),
    name: info?.name,
    platform: info?.platform,
    addedAtMs: info?.addedAtMs,
    isThisDevice: bytesEqual(device.id, own),
    isRemoved: device.removedAt !== undefined,
    role: device.role,
    firstSeenMs: sighting?.firstSeenMs,
    lastSeenMs: sighting?.lastSeenMs,
    address: sighting?.address,
  }
}
