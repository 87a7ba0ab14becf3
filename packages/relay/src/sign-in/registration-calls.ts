// Setting, changing and ending the password of an account: what its devices call. A device is authority enough, since it could
// add a key that any password opens; the keyring and the audit log show what it did.
import {
  activeDevice,
  bytesToBase64url,
  bytesToHex,
  type DeviceId,
  hexToBytes,
  type KeyringState,
} from '@owlivion/sync-protocol'
import { z } from 'zod'
import { type CallMethods, type MemberCaller, memberCall } from '../calls/registry'
import { RelayError } from '../errors'
import type { AttemptLimits } from './attempt-limits'
import type { SignInKeys } from './key-file'
import { emailSchema, messageSchema } from './password-calls'
import type { PasswordProtocol } from './password-protocol'
import { isStillLocked } from './second-factor'
import type { SignInEvent, SignInRecords } from './sign-in-records'
import type { SignIn } from './sign-in-row'

export interface RegistrationCallParts {
  readonly keys: SignInKeys
  readonly protocol: PasswordProtocol
  readonly records: SignInRecords
  readonly limits: AttemptLimits
  /** Sites that a passkey may be made for. */
  readonly passkeyOrigins: readonly string[]
}

/** Two elliptic curve operations. */
const REGISTER_COST = 300

export const boxSchema = z.base64url().max(4_096)
export const memberSchema = z.string().regex(/^[0-9a-f]{32}$/)

export function registrationCalls({
  keys,
  protocol,
  records,
  limits,
  passkeyOrigins,
}: RegistrationCallParts): CallMethods {
  /** Of the address that is named, or of the one that the account has. */
  async function nameFor({ account }: MemberCaller, email: string | undefined): Promise<string> {
    if (email !== undefined) return bytesToBase64url(keys.nameOf(email))
    const { password } = await records.read(account.id)
    if (password === undefined) throw new RelayError('call-refused', 'A first password comes with an address.')
    return password.name
  }

  return {
    'sign-in.state': memberCall(z.strictObject({}), async ({ account }) =>
      describe(withoutDead(await records.read(account.id), account.keyring), passkeyOrigins),
    ),

    'sign-in.register-start': memberCall(
      z.strictObject({ email: emailSchema.optional(), request: messageSchema }),
      async (caller, { email, request }) => {
        await limits.takeAddress(caller.address)
        const response = protocol.answerRegistration(keys.opaqueSetup, await nameFor(caller, email), request)
        if (response === undefined)
          throw new RelayError('call-refused', 'The first message of the registration is malformed.')
        return { response }
      },
      { cost: REGISTER_COST },
    ),

    'sign-in.register': memberCall(
      z.strictObject({
        email: emailSchema.optional(),
        registration: messageSchema,
        box: boxSchema,
        member: memberSchema,
      }),
      async (caller, { email, registration, box, member }) => {
        assertSignInKey(caller, member)
        await limits.takeRegistration(caller.address, bytesToHex(caller.account.id))
        const name = await nameFor(caller, email)
        if (!protocol.isRegistration(keys.opaqueSetup, name, registration))
          throw new RelayError('call-refused', 'The registration is malformed.')
        await records.change(caller.account.id, (signIn) => {
          const { password: before, previousPassword: _dropped, ...rest } = withoutDead(signIn, caller.account.keyring)
          // Sent once more because the answer was lost.
          if (before?.registration === registration && before.member === member) return { result: undefined }
          const password = { name, registration, box, member }
          const kind = before === undefined ? 'password-set' : 'password-changed'
          return {
            next: { ...rest, password, ...(before && { previousPassword: before }) },
            events: [eventOf(caller, kind, member)],
            result: undefined,
          }
        })
        return {}
      },
    ),

    'sign-in.remove': memberCall(z.strictObject({}), async (caller) => {
      await records.change(caller.account.id, ({ password, secondFactor, passkeys }) =>
        password === undefined && secondFactor === undefined
          ? { result: undefined }
          : {
              next: { wrongCodes: 0, passkeys },
              events: [
                ...(password === undefined ? [] : [eventOf(caller, 'password-removed', password.member)]),
                // Who looks for changes of the second factor must find that it is off, whatever took it along.
                ...(secondFactor === undefined ? [] : [eventOf(caller, 'two-factor-disabled')]),
              ],
              result: undefined,
            },
      )
      return {}
    }),

    'sign-in.unlock': memberCall(z.strictObject({}), async (caller) => {
      await records.change(caller.account.id, ({ lockedUntilMs, ...signIn }, nowMs) => {
        if (signIn.wrongCodes === 0 && !isStillLocked(lockedUntilMs, nowMs)) return { result: undefined }
        return {
          next: { ...signIn, wrongCodes: 0 },
          events: [eventOf(caller, 'sign-in-unlocked')],
          result: undefined,
        }
      })
      return {}
    }),
  }
}

/** A box is kept only for a key that the account's devices let in to add devices. */
export function assertSignInKey({ account }: MemberCaller, member: string): void {
  const device = account.keyring && activeDevice(account.keyring, hexToBytes(member) as DeviceId)
  if (device?.role !== 'sign-in')
    throw new RelayError('call-refused', 'The keyring has no sign-in key of this name; add it before it is registered.')
}

export function eventOf({ standing, address }: MemberCaller, kind: SignInEvent['kind'], member?: string): SignInEvent {
  return {
    kind,
    address,
    ...(standing.kind === 'device' && { device: standing.id }),
    ...(member !== undefined && { target: hexToBytes(member) as DeviceId }),
  }
}

/**
 * Without what opens nothing, because its key was removed from the account: by a device, or by a recovery, which removes all.
 * @param keyring as of now
 */
export function withoutDead(signIn: SignIn, keyring: KeyringState | undefined): SignIn {
  const isAlive = ({ member }: { readonly member: string }) =>
    keyring !== undefined && activeDevice(keyring, hexToBytes(member) as DeviceId) !== undefined
  const { password, previousPassword, passkeys, ...rest } = signIn
  return {
    ...rest,
    ...(password !== undefined && isAlive(password) && { password }),
    ...(previousPassword !== undefined && isAlive(previousPassword) && { previousPassword }),
    passkeys: passkeys.filter(isAlive),
  }
}

/** What devices may know of their account's sign-in: everything but what opens it. */
function describe(signIn: SignIn, passkeyOrigins: readonly string[]) {
  const { password, secondFactor, lockedUntilMs, passkeys } = signIn
  return {
    hasPassword: password !== undefined,
    hasSecondFactor: secondFactor !== undefined,
    backupCodes: secondFactor?.backupCodes.length ?? 0,
    ...(lockedUntilMs !== undefined && { lockedUntilMs }),
    passkeys: passkeys.map(({ id, label, rpId, member, addedAtMs, lastUsedAtMs }) => ({
      id,
      label,
      rpId,
      member,
      addedAtMs,
      ...(lastUsedAtMs !== undefined && { lastUsedAtMs }),
    })),
    passkeyOrigins,
    // Sign-in keys that are not among these are of a change before, or of one that was not finished.
    keys: [password, ...passkeys].flatMap((each) => each?.member ?? []),
  }
}
