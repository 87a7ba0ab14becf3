// A second factor for the password, and what a device proves with both. A policy of the relay and not cryptography: it stops who has
// learned the password, and not who has the relay.
import { bytesToBase64url } from '@owlivion/sync-protocol'
import type { Sync } from '../client'
import { listIn, textIn } from '../sync'
import { type AccountAccess, accessTo, type Fields } from './account-access'
import { loadPasswordProver } from './password-prover'
import { checkedPassword } from './password-rules'

/** Shown to be scanned, and of no effect until `confirmTwoFactor`. */
export interface TwoFactorOffer {
  /** Base32, for typing it into an authenticator app. */
  readonly secret: string
  /** The same as an `otpauth:` URI, for a QR code. */
  readonly uri: string
}

/** Both factors. */
export interface PasswordAndCode {
  readonly password: string
  /** Left out when two-factor is off. */
  readonly code?: string
}

const PROOF_BYTES = 64

/**
 * Begins to switch two-factor on: the relay makes a secret for an authenticator app.
 * @param label what the app shows beside the service's name, usually the address
 * @throws SyncError `call-refused` when the account has no password, or two-factor is on already
 *
 * @example
 * const { uri } = await beginTwoFactor(sync, 'ann@example.com')
 * uri.startsWith('otpauth://totp/') // true
 */
export async function beginTwoFactor(sync: Sync, label: string): Promise<TwoFactorOffer> {
  const answer = await (await accessTo(sync)).call('two-factor.begin', { label })
  return { secret: textIn(answer, 'secret', /^[A-Z2-7]+$/), uri: textIn(answer, 'uri', /^otpauth:/) }
}

/**
 * Switches two-factor on, when the code shows that the app has the secret.
 * @returns ten backup codes, each good once, to be shown now and kept by a person: the relay has only hashes of them
 * @throws SyncError `code-wrong`; `call-refused` an hour after `beginTwoFactor`
 *
 * @example
 * const codes = await confirmTwoFactor(sync, prompt('The code that the app shows') ?? '')
 * console.log(codes.join('\n'))
 */
export async function confirmTwoFactor(sync: Sync, code: string): Promise<readonly string[]> {
  return backupCodesIn(await (await accessTo(sync)).call('two-factor.confirm', { code }))
}

/**
 * Ten new backup codes in place of those before.
 * @throws SyncError `code-wrong`, `sign-in-locked`
 *
 * @example
 * const codes = await newBackupCodes(sync, prompt('The code that the app shows') ?? '')
 */
export async function newBackupCodes(sync: Sync, code: string): Promise<readonly string[]> {
  return backupCodesIn(await (await accessTo(sync)).call('two-factor.backup-codes', { code }))
}

/**
 * Switches two-factor off, for who has both factors.
 * @throws SyncError `sign-in-failed`, `code-required`, `code-wrong`, `sign-in-locked`, `too-many-requests`
 *
 * @example
 * await disableTwoFactor(sync, { password: prompt('Password') ?? '', code: prompt('Code') ?? '' })
 */
export async function disableTwoFactor(sync: Sync, both: PasswordAndCode): Promise<void> {
  const access = await accessTo(sync)
  await access.call('two-factor.disable', await proofOf(access, both))
}

/**
 * Lets codes be tried again after six wrong ones.
 *
 * @example
 * if ((await signInState(sync)).lockedUntilMs !== undefined) await unlockSignIn(sync)
 */
export async function unlockSignIn(sync: Sync): Promise<void> {
  await (await accessTo(sync)).call('sign-in.unlock', {})
}

/**
 * Deletes the account at the relay, for good and for all devices. What this device holds stays until it is wiped.
 * @throws SyncError as `disableTwoFactor`
 *
 * @example
 * await deleteAccountWithPassword(sync, { password: prompt('Password') ?? '' })
 */
export async function deleteAccountWithPassword(sync: Sync, both: PasswordAndCode): Promise<void> {
  const access = await accessTo(sync)
  await access.call('account.delete', { proof: await proofOf(access, both) })
}

/** On the connection on which it is used: elsewhere it proves nothing. */
async function proofOf(access: AccountAccess, { password: typed, code }: PasswordAndCode): Promise<object> {
  const proving = (await loadPasswordProver()).prove(checkedPassword(typed))
  const proven = proving.finish(responsesIn(await access.call('sign-in.prove', { request: proving.request })))
  const { slot, proof } = proven ?? { slot: 0, proof: bytesToBase64url(access.platform.random(PROOF_BYTES)) }
  return { slot, proof, ...(code !== undefined && { code }) }
}

/** The relay's answers to the first message of a proof: two, of which one or none fits. */
export function responsesIn(answer: Fields): string[] {
  return listIn(answer, 'responses', 2).map(String)
}

function backupCodesIn(answer: Fields): string[] {
  return listIn(answer, 'backupCodes', 100).map(String)
}
