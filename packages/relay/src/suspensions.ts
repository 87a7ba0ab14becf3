// Which devices are held off while another one prepares their removal. In memory only: a relay that forgets a suspension lets the
// device write once more, and the removal is refused with `cut-behind` and made again.
import { type AccountId, activeDevice, bytesToHex, type DeviceId, type KeyringState } from '@owlivion/sync-protocol'

/** Whoever signs keyring records: a device, or the recovery key that was current. */
export type SignerKey = string & { readonly signer: unique symbol }

export function deviceSigner(id: DeviceId): SignerKey {
  return `device ${bytesToHex(id)}` as SignerKey
}

export function recoverySigner(publicKey: Uint8Array): SignerKey {
  return `recovery ${bytesToHex(publicKey)}` as SignerKey
}

export class Suspensions {
  /** By account, device and whoever holds it off: the end, in milliseconds since 1970. */
  private readonly byAccount = new Map<string, Map<string, Map<SignerKey, number>>>()

  /** @param now wall clock in milliseconds since 1970 */
  constructor(private readonly now: () => number) {}

  suspend(account: AccountId, suspender: SignerKey, devices: readonly DeviceId[], forMs: number): void {
    this.forgetLapsed()
    const key = bytesToHex(account)
    const byDevice = this.byAccount.get(key) ?? new Map<string, Map<SignerKey, number>>()
    this.byAccount.set(key, byDevice)
    for (const id of devices) {
      const device = bytesToHex(id)
      byDevice.set(device, (byDevice.get(device) ?? new Map<SignerKey, number>()).set(suspender, this.now() + forMs))
    }
  }

  /** How long the device is still held off; undefined when it is not. */
  remainingMs(account: AccountId, device: DeviceId): number | undefined {
    const ends = this.byAccount.get(bytesToHex(account))?.get(bytesToHex(device))?.values() ?? []
    const remainingMs = Math.max(0, ...[...ends].map((untilMs) => untilMs - this.now()))
    return remainingMs > 0 ? remainingMs : undefined
  }

  /**
   * The keyring is another now. What its signers held off is free again, since what they were about to do is done; and so is what
   * somebody held off who has no say any more.
   */
  keyringChanged(keyring: KeyringState, signers: ReadonlySet<SignerKey>): void {
    const active = new Set([recoverySigner(keyring.recovery.signing)])
    for (const device of keyring.devices.values())
      if (activeDevice(keyring, device.id) !== undefined) active.add(deviceSigner(device.id))
    for (const bySuspender of this.byAccount.get(bytesToHex(keyring.account))?.values() ?? [])
      for (const suspender of bySuspender.keys())
        if (signers.has(suspender) || !active.has(suspender)) bySuspender.delete(suspender)
  }

  private forgetLapsed(): void {
    for (const [account, byDevice] of this.byAccount) {
      for (const [device, bySuspender] of byDevice) {
        for (const [suspender, untilMs] of bySuspender) if (untilMs <= this.now()) bySuspender.delete(suspender)
        if (bySuspender.size === 0) byDevice.delete(device)
      }
      if (byDevice.size === 0) this.byAccount.delete(account)
    }
  }
}
