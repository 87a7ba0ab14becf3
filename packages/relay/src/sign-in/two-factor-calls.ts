// Switching the second factor on and off: what the devices of an account call. It is on once a code has shown that the app has the
// secret, and off only for who has both factors.
import { z } from 'zod'
import { type CallMethods, type MemberCaller, memberCall } from '../calls/registry'
import { RelayError } from '../errors'
import { changeWithCode, codeSchema, judgeCode, type PasswordCallParts, proofSchema } from './password-calls'
import { eventOf } from './registration-calls'
import { confirmFactor, createBackupCodes, createFactorSecret, factorUri, OFFER_MS } from './second-factor'
import type { SignIn } from './sign-in-row'

export interface TwoFactorCallParts extends Omit<PasswordCallParts, 'accounts'> {
  readonly random: (length: number) => Uint8Array
  /** What authenticator apps show as the service. */
  readonly issuer: string
}

export function twoFactorCalls({ keys, records, logins, random, issuer }: TwoFactorCallParts): CallMethods {
  const newCodes = ({ account }: MemberCaller) => createBackupCodes(keys.codeKey, account.id, random)

  return {
    /** A second call shows another secret; only the last one counts. */
    'two-factor.begin': memberCall(z.strictObject({ label: z.string().max(320) }), async ({ account }, { label }) => {
      const secret = createFactorSecret(random)
      await records.change(account.id, (signIn, nowMs) => {
        if (signIn.password === undefined) throw new RelayError('call-refused', 'Set a password first.')
        if (signIn.secondFactor !== undefined) throw new RelayError('call-refused', 'Two-factor is on already.')
        return { next: { ...signIn, offeredFactor: { secret, atMs: nowMs } }, result: undefined }
      })
      return { secret, uri: factorUri(secret, issuer, label) }
    }),

    'two-factor.confirm': memberCall(z.strictObject({ code: codeSchema }), async (caller, { code }) => {
      const { codes, hashes } = newCodes(caller)
      await records.change(caller.account.id, ({ offeredFactor, ...signIn }, nowMs) => {
        if (offeredFactor === undefined || nowMs - offeredFactor.atMs > OFFER_MS)
          throw new RelayError('call-refused', 'The secret was shown too long ago; begin again.')
        const factor = confirmFactor(offeredFactor.secret, code, nowMs)
        // Nothing to guess here: the device has just been shown the secret.
        if (factor === undefined) throw new RelayError('code-wrong')
        return {
          next: { ...signIn, secondFactor: { ...factor, backupCodes: hashes } },
          events: [eventOf(caller, 'two-factor-enabled')],
          result: undefined,
        }
      })
      return { backupCodes: codes }
    }),

    'two-factor.disable': memberCall(proofSchema, async (caller, proof) => {
      const proven = logins.prove(caller, proof)
      assertOwn(caller, proven.account)
      await changeWithCode({ keys, records }, proven, proof.code, caller.address, ({ secondFactor, ...signIn }) => ({
        next: { ...signIn, wrongCodes: 0 },
        events: secondFactor === undefined ? [] : [eventOf(caller, 'two-factor-disabled')],
      }))
      await proven.succeeded()
      return {}
    }),

    /** In place of those before. */
    'two-factor.backup-codes': memberCall(z.strictObject({ code: codeSchema }), async (caller, { code }) => {
      const { codes, hashes } = newCodes(caller)
      const { account, address } = caller
      const refusal = await records.change(account.id, (signIn, nowMs) => {
        const { secondFactor } = signIn
        if (secondFactor === undefined) throw new RelayError('call-refused', 'Two-factor is off.')
        return judgeCode(keys, account.id, { ...signIn, secondFactor }, code, address, nowMs, (taken) => ({
          next: withBackupCodes(taken, hashes),
          events: [eventOf(caller, 'backup-codes-made')],
        }))
      })
      if (refusal !== undefined) throw refusal
      return { backupCodes: codes }
    }),
  }
}

export function assertOwn({ account }: MemberCaller, id: Uint8Array): void {
  if (!Buffer.from(account.id).equals(id))
    throw new RelayError('call-refused', 'The password is that of another account.')
}

function withBackupCodes(signIn: SignIn, backupCodes: readonly string[]): SignIn {
  return signIn.secondFactor === undefined
    ? signIn
    : { ...signIn, secondFactor: { ...signIn.secondFactor, backupCodes } }
}
