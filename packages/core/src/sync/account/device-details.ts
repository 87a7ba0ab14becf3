// A device as an app shows it: what it said of itself, what the keyring says of it, and what the relay saw of it.
import { bytesEqual, bytesToHex, type DeviceId, type KeyringDevice } from '@owlivion/sync-protocol'
import type { DeviceInfo } from '../../account'
import type { AccountService } from './account-service'
import { isSilentSince } from './heard-devices'

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
  /**
   * When the device itself last said or wrote something that this device could verify, in ms since 1970, by its own clock as the relay corrects it;
   * never later than now. A device that is connected says something every hour. Undefined for this device, and for one that was never heard of.
   */
  readonly lastHeardMs: number | undefined
  /**
   * True for another device of the account that was not heard of for three days. It may be off; if it is in use, the relay keeps what it writes
   * from this one, which cannot be proved otherwise.
   */
  readonly isSilent: boolean
  /** Of the device's last connection, as the relay said; empty when the relay does not know or keeps no addresses. */
  readonly address: string | undefined
}

export function deviceDetails(
  device: KeyringDevice,
  own: DeviceId,
  info: DeviceInfo | undefined,
  sighting: ReturnType<AccountService['sightingOf']>,
  { lastHeardMs, nowMs }: { readonly lastHeardMs: number | undefined; readonly nowMs: number },
): DeviceDetails {
  const isThisDevice = bytesEqual(device.id, own)
  const isRemoved = device.removedAt !== undefined
  return {
    id: bytesToHex(device.id),
    name: info?.name,
    platform: info?.platform,
    addedAtMs: info?.addedAtMs,
    isThisDevice,
    isRemoved,
    role: device.role,
    firstSeenMs: sighting?.firstSeenMs,
    lastSeenMs: sighting?.lastSeenMs,
    address: sighting?.address,
    lastHeardMs: isThisDevice ? undefined : lastHeardMs,
    isSilent:
      !isThisDevice && !isRemoved && device.role === 'device' && isSilentSince(lastHeardMs ?? info?.addedAtMs, nowMs),
  }
}
