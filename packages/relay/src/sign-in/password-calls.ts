// Signing in with address and password: what a device calls that is not a member yet. The sealed box is given out only after the
// password was proven and, with a second factor, the code was right.
import { activeDevice, bytesToHex, type DeviceId, hexToBytes } from '@owlivion/sync-protocol'
import { z } from 'zod'
import type { Accounts } from '../accounts'
import { type CallMethods, memberCall, openCall } from '../calls/registry'
import { RelayError } from '../errors'
import type { SignInKeys } from './key-file'
import type { PasswordLogins, ProvenPassword } from './password-logins'
import { isStillLocked, takeCode } from './second-factor'
import type { SignInEvent, SignInRecords } from './sign-in-records'
import type { SecondFactor, SignIn } from './sign-in-row'

export interface PasswordCallParts {
  readonly accounts: Accounts
  readonly keys: SignInKeys
  readonly records: SignInRecords
  readonly logins: PasswordLogins
}

/** Two elliptic curve answers and a few reads: more than any other call. */
const START_COST = 500

export const messageSchema = z.string().max(1_024)
export const emailSchema = z.string().min(1).max(320)
export const codeSchema = z.string().max(64)
export const proofSchema = z.strictObject({
  slot: z.literal([0, 1]),
  proof: messageSchema,
  code: codeSchema.optional(),
})

export function passwordCalls({ accounts, keys, records, logins }: PasswordCallParts): CallMethods {
  return {
    'sign-in.start': openCall(
      z.strictObject({ email: emailSchema, request: messageSchema }),
      (caller, { email, request }) => logins.startByAddress(caller, email, request),
      { cost: START_COST },
    ),

    'sign-in.finish': openCall(proofSchema, async (caller, proof) => {
      const proven = logins.prove(caller, proof)
      await assertMember(accounts, proven)
      const { account, pair } = proven
      const { address } = caller
      const target = hexToBytes(pair.member) as DeviceId
      await changeWithCode({ keys, records }, proven, proof.code, address, (signIn) => {
        const isNewest = signIn.password?.registration === pair.registration
        const { previousPassword, ...rest } = signIn
        // The pair before a change is of no more use once somebody got in with the one after it.
        return { next: isNewest ? rest : signIn, events: [{ kind: 'sign-in', target, address, detail: 'password' }] }
      })
      await proven.succeeded()
      return { account: bytesToHex(account), box: pair.box, member: pair.member }
    }),

    'sign-in.prove': memberCall(
      z.strictObject({ request: messageSchema }),
      (caller, { request }) => logins.startOfAccount(caller, caller.account.id, request),
      { cost: START_COST },
    ),
  }
}

/** A key that was removed from the account adds no device: said to those only who know the password. */
async function assertMember(accounts: Accounts, { account, pair }: ProvenPassword): Promise<void> {
  const entered = await accounts.enter(account)
  try {
    const id = hexToBytes(pair.member) as DeviceId
    if (entered.keyring === undefined || activeDevice(entered.keyring, id) === undefined)
      throw new RelayError(
        'sign-in-failed',
        'A device of the account ended sign-in with this password; set a password again on a device.',
      )
  } finally {
    accounts.leave(entered)
  }
}

/**
 * Changes a sign-in whose password was proven, after the code where there is a second factor.
 * @param change what follows from both; stored together with what the code leaves behind
 * @throws RelayError `sign-in-failed`, `code-required`, `code-wrong`, `sign-in-locked`
 */
export async function changeWithCode(
  { keys, records }: Pick<PasswordCallParts, 'keys' | 'records'>,
  { account, pair }: Pick<ProvenPassword, 'account' | 'pair'>,
  code: string | undefined,
  address: string,
  change: (signIn: SignIn) => { readonly next: SignIn; readonly events: readonly SignInEvent[] },
): Promise<void> {
  const refusal = await records.change(account, (signIn, nowMs) => {
    // It may have been changed since the proof was begun.
    const isThere = [signIn.password, signIn.previousPassword].some((each) => each?.registration === pair.registration)
    if (!isThere) throw new RelayError('sign-in-failed')
    const { secondFactor } = signIn
    if (secondFactor === undefined) return { ...change(signIn), result: undefined }
    return judgeCode(keys, account, { ...signIn, secondFactor }, code, address, nowMs, change)
  })
  if (refusal !== undefined) throw refusal
}

/** @returns what to store, and what to refuse with; a wrong code must be counted before it is refused */
export function judgeCode(
  keys: SignInKeys,
  account: ProvenPassword['account'],
  signIn: SignIn & { readonly secondFactor: SecondFactor },
  code: string | undefined,
  address: string,
  nowMs: number,
  change: (signIn: SignIn) => { readonly next: SignIn; readonly events: readonly SignInEvent[] },
): { readonly next?: SignIn; readonly events?: readonly SignInEvent[]; readonly result: RelayError | undefined } {
  if (code === undefined && !isStillLocked(signIn.lockedUntilMs, nowMs))
    return { result: new RelayError('code-required') }
  const verdict = takeCode(keys.codeKey, account, signIn, code ?? '', nowMs)
  switch (verdict.kind) {
    case 'right': {
      const { next, events } = change(verdict.next)
      const left = verdict.next.secondFactor?.backupCodes.length ?? 0
      const used: SignInEvent[] = verdict.isBackupCode
        ? [{ kind: 'backup-code-used', address, detail: `${left} left` }]
        : []
      return { next, events: [...used, ...events], result: undefined }
    }
    case 'wrong':
      return {
        next: verdict.next,
        events: [{ kind: 'sign-in-failed', address, detail: 'code' }],
        result: new RelayError('code-wrong'),
      }
    case 'locked':
      return {
        ...(verdict.isNew && { next: verdict.next, events: [{ kind: 'sign-in-locked' as const, address }] }),
        result: new RelayError('sign-in-locked', undefined, { retryAfterMs: verdict.untilMs - nowMs }),
      }
  }
}
