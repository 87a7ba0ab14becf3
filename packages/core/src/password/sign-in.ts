// From address and password to a member of the account: prove the password, get the box, and let the key in it add this device.
import { base64urlToBytes, bytesToBase64url } from '@owlivion/sync-protocol'
import { type JoiningOptions, joinOptions, openAccount } from '../accounts'
import type { Sync } from '../client'
import { isSyncError } from '../errors'
import type { Platform } from '../platform'
import { fieldsOf, joinWithKey, type MemberLogin, RelayDialog, textIn } from '../sync'
import { loadPasswordProver } from './password-prover'
import { checkedEmail, checkedPassword } from './password-rules'
import { openSignInKey } from './sign-in-box'
import { responsesIn } from './two-factor'

/** What is typed to sign in, and what every device needs that joins. */
export interface SignInOptions extends JoiningOptions {
  readonly email: string
  readonly password: string
  /**
   * The code of the authenticator app or a backup code, or a function that asks for it. It is called only when the account has a second
   * factor, and again after a wrong code; undefined from it gives up with `code-required`.
   */
  readonly code?: string | (() => Promise<string | undefined>)
}

const PROOF_BYTES = 64

/**
 * Makes this device a member of the account that has this address and password. Takes a second or two: the password is stretched on
 * this device, on purpose.
 * @throws SyncError `sign-in-failed` for a wrong password as for an address that nobody has; `code-required`, `code-wrong`,
 * `sign-in-locked`, `too-many-requests`; `profile-exists`, `relay-unreachable`. Nothing is written then
 *
 * @example
 * const sync = await signIn({
 *   store: await openIndexedDbStore('mail'),
 *   relay: 'wss://relay.example.com',
 *   deviceName: 'phone',
 *   email: 'ann@example.com',
 *   password: prompt('Password') ?? '',
 *   code: async () => prompt('The code of the authenticator app') ?? undefined,
 * })
 */
export async function signIn(options: SignInOptions): Promise<Sync> {
  const email = checkedEmail(options.email)
  const password = checkedPassword(options.password)
  const profile = joinOptions(options)
  await joinWithKey(profile, async () => {
    const dialog = await RelayDialog.openUnnamed(profile.platform, profile.relay)
    try {
      return await unlock(profile.platform, dialog, email, password, options.code)
    } finally {
      dialog.close()
    }
  })
  return openAccount(options)
}

async function unlock(
  platform: Platform,
  dialog: RelayDialog,
  email: string,
  password: string,
  code: SignInOptions['code'],
): Promise<MemberLogin> {
  const proving = (await loadPasswordProver()).prove(password)
  const answer = await dialog.call('sign-in.start', { email, request: proving.request })
  const proven = proving.finish(responsesIn(fieldsOf(answer)))
  // The relay says no, in the words it has for every no, and counts it.
  const { slot, proof } = proven ?? { slot: 0, proof: bytesToBase64url(platform.random(PROOF_BYTES)) }
  const released = await withCode(code, (text) => dialog.call('sign-in.finish', { slot, proof, ...text }))
  const box = base64urlToBytes(textIn(fieldsOf(released), 'box', /./))
  return openSignInKey(platform, 'password', proven?.exportKey ?? new Uint8Array(), box)
}

async function withCode(
  code: SignInOptions['code'],
  finish: (text: { readonly code?: string }) => Promise<object>,
): Promise<object> {
  let text = typeof code === 'string' ? code : undefined
  for (;;) {
    try {
      return await finish(text === undefined ? {} : { code: text })
    } catch (error) {
      const isAsked = isSyncError(error, 'code-required') || isSyncError(error, 'code-wrong')
      text = isAsked && typeof code === 'function' ? await code() : undefined
      if (text === undefined) throw error
    }
  }
}
