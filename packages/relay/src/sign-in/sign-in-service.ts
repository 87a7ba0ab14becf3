// Password sign-in as one service of a relay: optional, made in server.ts, unknown to the relay's core. It holds the secrets of the
// key file and what they open; the store holds rows that say nothing without them.
import type { CallMethods } from '../calls/registry'
import type { CallService, CallTools } from '../calls/service'
import { type AttemptLimitOptions, AttemptLimits, defaultAttemptLimits } from './attempt-limits'
import type { SignInKeys } from './key-file'
import { passkeyCalls } from './passkey-calls'
import { passwordCalls } from './password-calls'
import { PasswordLogins } from './password-logins'
import type { PasswordProtocol } from './password-protocol'
import { registrationCalls } from './registration-calls'
import { SignInRecords } from './sign-in-records'
import { twoFactorCalls } from './two-factor-calls'

export interface SignInServiceOptions {
  readonly keys: SignInKeys
  readonly protocol: PasswordProtocol
  /** Sites that may ask for a passkey; none for no passkeys. */
  readonly passkeyOrigins: readonly string[]
  /** What authenticator apps and passkeys show as the service. */
  readonly issuer: string
  readonly limits?: Partial<AttemptLimitOptions>
}

export function createSignInService(options: SignInServiceOptions): CallService {
  const { keys, protocol, passkeyOrigins, issuer } = options
  const limits = new AttemptLimits({ ...defaultAttemptLimits, ...options.limits })

  return {
    methods({ store, platform, accounts, log }: CallTools): CallMethods {
      const records = new SignInRecords(store, platform, keys)
      const logins = new PasswordLogins({ platform, log, keys, protocol, records, limits })
      return {
        ...passwordCalls({ accounts, keys, records, logins }),
        ...registrationCalls({ keys, protocol, records, limits, passkeyOrigins }),
        ...twoFactorCalls({ keys, records, logins, random: platform.random, issuer }),
        ...(passkeyOrigins.length > 0 &&
          passkeyCalls({ platform, accounts, records, limits, origins: passkeyOrigins, issuer })),
      }
    },
  }
}
