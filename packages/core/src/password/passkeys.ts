// Passkeys in the place of a password. Each unlocks a sign-in key of its own, so that one that is lost is ended by itself.
import { base64urlToBytes, bytesToBase64url, bytesToHex, type DeviceId, hexToBytes } from '@owlivion/sync-protocol'
import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/browser'
import { createDeviceKeys } from '../account'
import { type JoiningOptions, joinOptions, openAccount } from '../accounts'
import type { Sync } from '../client'
import type { Platform } from '../platform'
import { fieldsOf, joinWithKey, RelayDialog, textIn } from '../sync'
import { accessTo } from './account-access'
import { type AuthenticatorTools, createPasskey, usePasskey } from './authenticator'
import { openSignInKey, sealSignInKey } from './sign-in-box'
import { readState } from './state'

/**
 * Makes a passkey with which the account can be opened, on this site, without a password. Call it from a click: browsers ask their user,
 * some of them twice.
 * @param label what its owner calls it, for example "security key"
 * @returns its id
 * @throws SyncError `passkey-unsupported`, `passkey-cancelled`; `call-refused` when the relay takes none for this site
 *
 * @example
 * const id = await addPasskey(sync, 'phone')
 */
export async function addPasskey(sync: Sync, label: string): Promise<string> {
  const access = await accessTo(sync)
  const { platform, account } = access
  const { options } = await access.call('passkey.begin', { origin: location.origin, label })
  // The browser checks it, and refuses what is not as it must be.
  const asked = fieldsOf(options) as object as PublicKeyCredentialCreationOptionsJSON
  const { response, secret } = await createPasskey(toolsOf(platform), asked)
  const device = createDeviceKeys(platform.random, platform.signing)
  const box = bytesToBase64url(sealSignInKey(platform, 'passkey', secret, { account, device }))
  return access.change([device.id], async () => {
    await access.addSignInKey(device, label)
    return textIn(await access.call('passkey.add', { response, label, box, member: bytesToHex(device.id) }), 'id', /./)
  })
}

/**
 * Ends a passkey. The authenticator may go on offering it; it opens nothing any more.
 * @param id from `signInState`
 * @throws SyncError `connection-lost` while this device is offline
 *
 * @example
 * const { passkeys } = await signInState(sync)
 * for (const { id } of passkeys) await removePasskey(sync, id)
 */
export async function removePasskey(sync: Sync, id: string): Promise<void> {
  const access = await accessTo(sync)
  const removed = (await readState(access)).passkeys.filter((passkey) => passkey.id === id)
  const members = removed.map(({ member }) => hexToBytes(member) as DeviceId)
  await access.change(members, () => access.call('passkey.remove', { id }))
}

/**
 * Makes this device a member of the account that a passkey belongs to. Call it from a click.
 * @throws SyncError `sign-in-failed`, `passkey-unsupported`, `passkey-cancelled`, `too-many-requests`; `profile-exists`,
 * `relay-unreachable`. Nothing is written then
 *
 * @example
 * const store = await openIndexedDbStore('mail')
 * const sync = await signInWithPasskey({ store, relay: 'wss://relay.example.com', deviceName: 'phone' })
 */
export async function signInWithPasskey(options: JoiningOptions): Promise<Sync> {
  const profile = joinOptions(options)
  const { platform, relay } = profile
  await joinWithKey(profile, async () => {
    const dialog = await RelayDialog.openUnnamed(platform, relay)
    try {
      const started = fieldsOf(await dialog.call('sign-in.passkey-start', { origin: location.origin }))
      const asked = fieldsOf(started.options) as object as PublicKeyCredentialRequestOptionsJSON
      const { response, secret } = await usePasskey(toolsOf(platform), asked)
      const released = fieldsOf(await dialog.call('sign-in.passkey-finish', { response }))
      return openSignInKey(platform, 'passkey', secret, base64urlToBytes(textIn(released, 'box', /./)))
    } finally {
      dialog.close()
    }
  })
  return openAccount(options)
}

function toolsOf({ signing, random }: Platform): AuthenticatorTools {
  return { sha512: signing.sha512, random }
}
