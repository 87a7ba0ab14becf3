// Setting, changing and ending a password, in an order in which every crash leaves an account that can be signed in to: the new key
// comes into the keyring, the relay exchanges registration and box in one transaction, and then the old key goes.
import { bytesToBase64url, bytesToHex } from '@owlivion/sync-protocol'
import { createDeviceKeys } from '../account'
import type { Sync } from '../client'
import { textIn } from '../sync'
import { type AccountAccess, accessTo, signInKeysOf } from './account-access'
import { loadPasswordProver } from './password-prover'
import { checkedEmail, checkedPassword } from './password-rules'
import { sealSignInKey } from './sign-in-box'

/** A first password, or another in its place. */
export interface PasswordOptions {
  /** What is typed with the password. The relay keeps a keyed hash of it. */
  readonly email: string
  /** At least ten characters. */
  readonly password: string
}

/**
 * Lets the account be opened with an address and a password, on any device and without the recovery phrase.
 *
 * The relay cannot read what the password unlocks. A relay that was broken into, together with its key file, can try passwords
 * without limit: a good password is what stands against that.
 * @throws SyncError `password-length`, `email-invalid`, `email-taken`, `too-many-requests`; `connection-lost` while this device is
 * offline; `unknown-call` when the relay knows no passwords
 *
 * @example
 * await registerPassword(sync, { email: 'ann@example.com', password: 'correct horse battery staple' })
 */
export async function registerPassword(sync: Sync, { email, password }: PasswordOptions): Promise<void> {
  await setPassword(await accessTo(sync), checkedEmail(email), password)
}

/**
 * Puts another password in the place of the one there is, which a device may do without knowing that one. The old password ends, and
 * with it the key that it unlocked; two-factor stays as it is.
 * @param options.email another address from now on; left out, it stays
 * @throws SyncError as `registerPassword`; `call-refused` when the account has no password
 *
 * @example
 * await changePassword(sync, { password: 'a new and longer password' })
 */
export async function changePassword(
  sync: Sync,
  { email, password }: Partial<PasswordOptions> & Pick<PasswordOptions, 'password'>,
): Promise<void> {
  await setPassword(await accessTo(sync), email === undefined ? undefined : checkedEmail(email), password)
}

/**
 * Ends sign-in with a password, and two-factor with it. Passkeys stay.
 * @throws SyncError `connection-lost` while this device is offline
 *
 * @example
 * await removePassword(sync)
 * const { hasPassword } = await signInState(sync)
 * hasPassword // false
 */
export async function removePassword(sync: Sync): Promise<void> {
  const access = await accessTo(sync)
  await access.change(signInKeysOf(access.keyring()), () => access.call('sign-in.remove', {}))
}

async function setPassword(access: AccountAccess, email: string | undefined, typed: string): Promise<void> {
  const { platform, account } = access
  const password = checkedPassword(typed)
  const name = email !== undefined && { email }
  const registering = (await loadPasswordProver()).register(password)
  const answer = await access.call('sign-in.register-start', { ...name, request: registering.request })
  const { registration, exportKey } = registering.finish(textIn(answer, 'response', /./))
  const device = createDeviceKeys(platform.random, platform.signing)
  const box = bytesToBase64url(sealSignInKey(platform, 'password', exportKey, { account, device }))
  // All that are there, too: what the relay does not name any more was unlocked by an earlier password.
  await access.change([device.id, ...signInKeysOf(access.keyring())], async () => {
    await access.addSignInKey(device, 'Password')
    await access.call('sign-in.register', { ...name, registration, box, member: bytesToHex(device.id) })
  })
}
