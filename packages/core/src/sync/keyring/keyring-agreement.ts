// Entries by a device that nobody here knows: it was let in at a relay that is gone, or the relay does not show the record that let it in. While that
// is open they are kept aside and the app is told. It is settled once another device says that it has read as far and goes by the same keyring:
// then the device is in no branch that counts, and what it wrote is left out, as what a removed device wrote beyond its cut is. Nobody waits for
// it any more, and when it is let in after all, it is read again. A device that had read it while its author was in the account writes it again as its
// own, unless somebody was removed since: that may have been the one who let the author in.
import {
  activeDevice,
  activeDevices,
  bytesEqual,
  type DeviceId,
  decodeEnvelope,
  findDevice,
  type Hash,
  type KeyringHead,
} from '@owlivion/sync-protocol'
import type { AccountContext } from '../account-context'
import type { StoredEntry } from '../document/rows'

export class KeyringAgreement {
  private head: Hash | undefined
  private number = 0

  constructor(private readonly context: AccountContext) {}

  /** How far in the log that is settled; Infinity where nobody else could say so. */
  get through(): number {
    const { context } = this
    const { devices, head } = context.keyring()
    if (context.isKeyringHidden) return 0
    if (activeDevices(devices).filter(({ role }) => role === 'device').length <= 1) return Number.POSITIVE_INFINITY
    return this.head !== undefined && bytesEqual(this.head, head) ? this.number : 0
  }

  /**
   * A device says, in a row that was verified, how far it has read and by which keyring.
   * @returns true when something is settled that was not
   */
  note(device: DeviceId, number: number, { hash }: KeyringHead): boolean {
    const keyring = this.context.keyring()
    const isOther = !bytesEqual(device, this.context.device) && activeDevice(keyring, device) !== undefined
    if (!isOther || !bytesEqual(hash, keyring.head) || number <= this.through) return false
    this.head = keyring.head
    this.number = number
    return true
  }

  /** @param number of its entry; left out for one that is only spoken of */
  isStranger(device: DeviceId, number = 1): boolean {
    return findDevice(this.context.keyring(), device) === undefined && this.through >= number
  }

  /** Whether somebody was removed since the entry's key was new. */
  isAfterRemoval({ bytes }: StoredEntry): boolean {
    const { epoch } = decodeEnvelope(bytes)
    return [...this.context.keyring().devices.values()].some(
      ({ removedAt }) => removedAt !== undefined && removedAt > epoch,
    )
  }
}
