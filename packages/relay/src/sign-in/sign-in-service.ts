// Password sign-in as one service of a relay: optional, made in server.ts, unknown to the relay's core. It holds the secrets of the
// key file and what they open; the store holds rows that say nothing without them.
import type { MemberCaller } from '../calls/registry'
import type { CallService } from '../calls/service'
import { RelayError } from '../errors'
import { type AttemptLimitOptions, AttemptLimits, defaultAttemptLimits } from './attempt-limits'
import type { SignInKeys } from './key-file'
import { passkeyCalls } from './passkey-calls'
import { changeWithCode, passwordCalls, proofSchema } from './password-calls'
import { PasswordLogins } from './password-logins'
import type { PasswordProtocol } from './password-protocol'
import { registrationCalls } from './registration-calls'
import { SignInRecords } from './sign-in-records'
import { assertOwn, twoFactorCalls } from './two-factor-calls'

export interface SignInServiceOptions {
  readonly keys: SignInKeys
  readonly protocol: PasswordProtocol
  /** Sites that may ask for a passkey; none for no passkeys. */
  readonly passkeyOrigins: readonly string[]
  /** What authenticator apps and passkeys show as the service. */
  readonly issuer: string
  readonly limits?: Partial<AttemptLimitOptions>
}

/** For one relay: its methods are asked for once. */
export function createSignInService(options: SignInServiceOptions): CallService {
  const { keys, protocol, passkeyOrigins: origins, issuer } = options
  const limits = new AttemptLimits({ ...defaultAttemptLimits, ...options.limits })
  let proofs: { readonly records: SignInRecords; readonly logins: PasswordLogins } | undefined

  return {
    methods({ store, platform, accounts, audit }) {
      const records = new SignInRecords(store, platform, keys, audit)
      const logins = new PasswordLogins({ platform, audit, keys, protocol, records, limits })
      proofs = { records, logins }
      return {
        ...passwordCalls({ accounts, keys, records, logins }),
        ...registrationCalls({ keys, protocol, records, limits, passkeyOrigins: origins }),
        ...twoFactorCalls({ keys, records, logins, random: platform.random, issuer }),
        ...(origins.length > 0 && passkeyCalls({ platform, accounts, records, limits, origins, issuer })),
      }
    },

    /** Password and, where there is a second factor, code: as for signing in. */
    async mayDelete(caller: MemberCaller, proof: unknown): Promise<boolean> {
      const read = proofSchema.safeParse(proof)
      if (!read.success || proofs === undefined)
        throw new RelayError('call-refused', 'The proof is not that of a password.')
      const { logins, records } = proofs
      const proven = logins.prove(caller, read.data)
      assertOwn(caller, proven.account)
      await changeWithCode({ keys, records }, proven, read.data.code, caller.address, (next) => ({ next, events: [] }))
      await proven.succeeded()
      return true
    },
  }
}
