// What password sign-in needs of an account that is open here, and nothing more of it.
import {
  type AccountId,
  activeDevices,
  bytesToHex,
  type DeviceId,
  type KeyringState,
  type PublicKeys,
} from '@owlivion/sync-protocol'
import { engineOf, type Sync } from '../client'
import type { Platform } from '../platform'
import { fieldsOf } from '../sync'

/** A JSON object that the relay answered with; what is in it is for the reader to check. */
export type Fields = ReturnType<typeof fieldsOf>

export interface AccountAccess {
  readonly platform: Platform
  readonly account: AccountId
  keyring(): KeyringState
  /**
   * Runs the steps of a change. Of the sign-in keys that it names, those go afterwards that nothing unlocks, with a new key for the
   * account; after a crash, when this device is next online.
   */
  change<T>(members: readonly DeviceId[], steps: () => Promise<T>): Promise<T>
  /** Lets a sign-in key into the account. @returns when the relay has it */
  addSignInKey(keys: PublicKeys, name: string): Promise<void>
  /** Asks the relay on the connection that syncs. */
  call(method: string, body: object): Promise<Fields>
  /** The device's clock corrected by the relay's, in ms. */
  now(): number
  /** When the member described itself as added, by the clock of who added it. */
  addedAtMs(id: DeviceId): number | undefined
}

export async function accessTo(sync: Sync): Promise<AccountAccess> {
  const engine = await engineOf(sync)
  const { platform, account, membership } = engine
  return {
    platform,
    account,
    keyring: () => engine.keyring(),
    addSignInKey: (keys, name) =>
      membership.addMember(keys, 'sign-in', { name, platform: '', addedAtMs: Math.max(0, engine.now()) }),
    change: (members, steps) => engine.signInChange.run(members, steps),
    call: async (method, body) => fieldsOf(await engine.calls.ask(method, body)),
    now: () => engine.now(),
    addedAtMs: (id) => engine.devices().find((device) => device.id === bytesToHex(id))?.addedAtMs,
  }
}

/** The sign-in keys that may let devices in. */
export function signInKeysOf(state: KeyringState): DeviceId[] {
  return activeDevices(state.devices)
    .filter(({ role }) => role === 'sign-in')
    .map(({ id }) => id)
}
