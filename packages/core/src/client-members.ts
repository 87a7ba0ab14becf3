// The part of an open account that says which devices belong to it, and under which key.
import { AccountAtRelay } from './client-relay'
import type { DeviceDetails } from './sync'

/** The devices of an account. */
export abstract class AccountMembers extends AccountAtRelay {
  /** The account's devices, removed ones included. */
  devices(): DeviceDetails[] {
    return this.engine.devices()
  }

  /**
   * Locks devices out and gives the account a new key, in one step: nothing that is written from then on opens to them, and nothing counts
   * that they write. What they had stored at the relay stays. Works while they are offline, and while they write.
   *
   * Stored before it is sent: it is done as soon as the relay can be reached, also after a crash or a restart. `status.owed` shows it until then.
   * @param ids hex ids as in `devices()`; those that are removed already are passed over
   * @returns when it is done
   * @throws SyncError `device-unknown` for an id that is no device of the account, `keyring-refused` for this device's own (it signs out
   * instead), `device-removed` when this device was removed first, `closed` when the account is closed before; it goes on when it is opened
   *
   * @example
   * const lost = sync.devices().find((device) => device.name === 'old laptop')
   * if (lost !== undefined) await sync.removeDevices([lost.id])
   */
  removeDevices(ids: readonly string[]): Promise<void> {
    return this.engine.membership.removeDevices(ids)
  }

  /**
   * Locks out every device but this one, in one step. Sign-in keys stay: whoever has the password or a passkey of the account lets a device in
   * again, until it is changed or removed.
   * @throws SyncError as `removeDevices`
   *
   * @param options `signInKeys`: end password sign-in and passkeys too. Do that after a theft: a thief with an unlocked device may have set one
   * @example
   * await sync.removeOtherDevices()
   * sync.devices().filter((device) => !device.isRemoved).length // 1
   */
  removeOtherDevices({ signInKeys = false }: { readonly signInKeys?: boolean } = {}): Promise<void> {
    return this.engine.membership.removeOtherDevices(signInKeys)
  }

  /**
   * Gives the account a new key for what is written from then on. Waits until everything is caught up and sent and nothing is kept aside.
   * After a removal it is not needed: that brings a new key by itself.
   * @returns when there is a new key, of this device or another
   * @throws SyncError `device-removed`, `closed`; as `removeDevices`
   *
   * @example
   * await sync.rotateKeys()
   */
  rotateKeys(): Promise<void> {
    return this.engine.membership.rotateKeys()
  }

  /**
   * Decides a fork of the account's keyring (`status.keyringFork`) with the recovery phrase: the device whose record began the branch that
   * is not kept is removed. Everything else that the devices had done on either branch they do again by themselves.
   * @param options `keep`: `ours` (default) is the branch of this device. With `theirs` this device may be the one that is removed
   * @throws SyncError `keyring-refused` when there is no fork, `wrong-account`, `phrase-length`, `phrase-word`, `phrase-checksum`, `relay-unreachable`,
   * `keyring-fork` when the phrase does not decide it; nothing is changed then
   *
   * @example
   * if (sync.status.keyringFork) await sync.resolveFork(prompt('The 24 words') ?? '')
   */
  resolveFork(recoveryPhrase: string, options: { readonly keep?: 'ours' | 'theirs' } = {}): Promise<void> {
    return this.engine.resolveFork(recoveryPhrase, options.keep ?? 'ours')
  }
}
