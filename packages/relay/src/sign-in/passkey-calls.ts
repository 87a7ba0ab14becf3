// Passkeys: a key in an authenticator, released by finger, face or PIN, that also derives a secret (the PRF extension of WebAuthn).
// The relay checks the signature and hands out the box; what opens the box is that secret, which never comes here.
import {
  ACCOUNT_ID_BYTES,
  type AccountId,
  activeDevice,
  bytesToHex,
  type DeviceId,
  hexToBytes,
} from '@owlivion/sync-protocol'
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server'
import { z } from 'zod'
import type { Accounts } from '../accounts'
import { type Caller, type CallMethods, memberCall, openCall } from '../calls/registry'
import { RelayError } from '../errors'
import type { RelayPlatform } from '../platform'
import type { AttemptLimits } from './attempt-limits'
import { assertSignInKey, boxSchema, eventOf, memberSchema, withoutDead } from './registration-calls'
import type { SignInRecords } from './sign-in-records'
import type { Passkey } from './sign-in-row'

export interface PasskeyCallParts {
  readonly platform: RelayPlatform
  readonly accounts: Accounts
  readonly records: SignInRecords
  readonly limits: AttemptLimits
  /** Sites that may ask for a passkey, for example `https://mail.example.com`. */
  readonly origins: readonly string[]
  /** What authenticators show as the service. */
  readonly issuer: string
}

interface Challenge {
  readonly use: 'add' | 'sign-in'
  readonly challenge: string
  readonly origin: string
  readonly atMs: number
}

const MEMORY_KEY = 'passkey'
/** Long enough for a person to find the key. */
const CHALLENGE_MS = 120_000
export const MAX_PASSKEYS = 16
/** A signature of whatever kind the authenticator makes. */
const VERIFY_COST = 500

const base64url = z.base64url().max(16_384)
const transports = z.array(z.string().max(32)).max(16).optional()
// The extension's results have no place here: what the authenticator derives stays on the device.
const envelope = { id: base64url, rawId: base64url, type: z.literal('public-key') }
const registrationSchema = z.strictObject({
  ...envelope,
  response: z.strictObject({ attestationObject: base64url, clientDataJSON: base64url, transports }),
})
const authenticationSchema = z.strictObject({
  ...envelope,
  response: z.strictObject({
    authenticatorData: base64url,
    clientDataJSON: base64url,
    signature: base64url,
    userHandle: base64url,
  }),
})

export function passkeyCalls(parts: PasskeyCallParts): CallMethods {
  const { platform, accounts, records, limits, origins, issuer } = parts

  function siteOf(origin: string): { readonly origin: string; readonly rpId: string } {
    if (!origins.includes(origin)) throw new RelayError('call-refused', `This relay takes no passkeys for ${origin}.`)
    return { origin, rpId: new URL(origin).hostname }
  }

  function remember({ memory }: Caller, use: Challenge['use'], challenge: string, origin: string): void {
    memory.set(MEMORY_KEY, { use, challenge, origin, atMs: platform.now() } satisfies Challenge)
  }

  /** Once: whatever follows, the next attempt needs a new one. */
  function takeChallenge({ memory }: Caller, use: Challenge['use']): Challenge | undefined {
    const held = memory.get(MEMORY_KEY) as Challenge | undefined
    memory.delete(MEMORY_KEY)
    return held !== undefined && held.use === use && platform.now() - held.atMs <= CHALLENGE_MS ? held : undefined
  }

  return {
    'passkey.begin': memberCall(
      z.strictObject({ origin: z.string().max(300), label: z.string().max(64) }),
      async (caller, body) => {
        const { origin, rpId } = siteOf(body.origin)
        const { passkeys } = withoutDead(await records.read(caller.account.id), caller.account.keyring)
        if (passkeys.length >= MAX_PASSKEYS)
          throw new RelayError('call-refused', `An account may have ${MAX_PASSKEYS} passkeys; remove one first.`)
        const options = await generateRegistrationOptions({
          rpName: issuer,
          rpID: rpId,
          userName: body.label,
          // By it a passkey finds its account again.
          userID: new Uint8Array(caller.account.id),
          challenge: new Uint8Array(platform.random(32)),
          timeout: CHALLENGE_MS,
          attestationType: 'none',
          excludeCredentials: passkeys.map(({ id, transports: known }) => ({ id, transports: [...known] })),
          authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        })
        remember(caller, 'add', options.challenge, origin)
        return { options }
      },
    ),

    'passkey.add': memberCall(
      z.strictObject({ response: registrationSchema, label: z.string().max(64), box: boxSchema, member: memberSchema }),
      async (caller, { response, label, box, member }) => {
        const held = takeChallenge(caller, 'add')
        if (held === undefined) throw new RelayError('call-refused', 'The passkey took too long; begin again.')
        const { origin, rpId } = siteOf(held.origin)
        const verified = await verifyRegistrationResponse({
          response: { ...response, clientExtensionResults: {} } as RegistrationResponseJSON,
          expectedChallenge: held.challenge,
          expectedOrigin: origin,
          expectedRPID: rpId,
          requireUserVerification: true,
        }).catch(() => ({ verified: false as const, registrationInfo: undefined }))
        if (!verified.verified) throw new RelayError('call-refused', 'The passkey does not verify.')
        assertSignInKey(caller, member)
        const { credential } = verified.registrationInfo
        const passkey: Passkey = {
          id: credential.id,
          publicKey: Buffer.from(credential.publicKey).toString('base64url'),
          counter: credential.counter,
          transports: response.response.transports ?? [],
          rpId,
          label,
          box,
          member,
          addedAtMs: platform.now(),
        }
        await records.change(caller.account.id, (stored) => {
          const signIn = withoutDead(stored, caller.account.keyring)
          if (signIn.passkeys.length >= MAX_PASSKEYS || signIn.passkeys.some(({ id }) => id === passkey.id))
            throw new RelayError('call-refused', 'The passkey is there already, or there are too many.')
          const next = { ...signIn, passkeys: [...signIn.passkeys, passkey] }
          return { next, events: [eventOf(caller, 'passkey-added', member)], result: undefined }
        })
        return { id: passkey.id }
      },
      { cost: VERIFY_COST },
    ),

    'passkey.remove': memberCall(z.strictObject({ id: base64url }), async (caller, { id }) => {
      await records.change(caller.account.id, (signIn) => {
        const removed = signIn.passkeys.find((each) => each.id === id)
        if (removed === undefined) return { result: undefined }
        const next = { ...signIn, passkeys: signIn.passkeys.filter((each) => each !== removed) }
        return { next, events: [eventOf(caller, 'passkey-removed', removed.member)], result: undefined }
      })
      return {}
    }),

    'sign-in.passkey-start': openCall(z.strictObject({ origin: z.string().max(300) }), async (caller, body) => {
      const { origin, rpId } = siteOf(body.origin)
      await limits.takeAddress(caller.address)
      // No list of credentials: the relay does not know who asks, and would tell whom it knows.
      const options = await generateAuthenticationOptions({
        rpID: rpId,
        challenge: new Uint8Array(platform.random(32)),
        timeout: CHALLENGE_MS,
        userVerification: 'required',
      })
      remember(caller, 'sign-in', options.challenge, origin)
      return { options }
    }),

    'sign-in.passkey-finish': openCall(
      z.strictObject({ response: authenticationSchema }),
      async (caller, { response }) => {
        const held = takeChallenge(caller, 'sign-in')
        const handle = Buffer.from(response.response.userHandle, 'base64url')
        if (held === undefined || handle.length !== ACCOUNT_ID_BYTES) throw new RelayError('sign-in-failed')
        const { origin, rpId } = siteOf(held.origin)
        const account = new Uint8Array(handle) as AccountId
        return records.change(account, async (signIn, nowMs) => {
          const passkey = signIn.passkeys.find((each) => each.id === response.id && each.rpId === rpId)
          if (passkey === undefined) throw new RelayError('sign-in-failed')
          const counter = await verifiedCounter(passkey, response, { challenge: held.challenge, origin })
          if (counter === undefined || !(await isMember(accounts, account, passkey)))
            throw new RelayError('sign-in-failed')
          const used = { ...passkey, counter, lastUsedAtMs: nowMs }
          const target = hexToBytes(passkey.member) as DeviceId
          return {
            next: { ...signIn, passkeys: signIn.passkeys.map((each) => (each === passkey ? used : each)) },
            events: [{ kind: 'sign-in', target, address: caller.address, detail: 'passkey' }],
            result: { account: bytesToHex(account), box: passkey.box, member: passkey.member },
          }
        })
      },
      { cost: VERIFY_COST },
    ),
  }
}

/** @returns the authenticator's new counter, or undefined when the signature is not good */
async function verifiedCounter(
  { id, publicKey, counter, rpId }: Passkey,
  response: z.output<typeof authenticationSchema>,
  expected: { readonly challenge: string; readonly origin: string },
): Promise<number | undefined> {
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: { ...response, clientExtensionResults: {} } as AuthenticationResponseJSON,
      expectedChallenge: expected.challenge,
      expectedOrigin: expected.origin,
      expectedRPID: rpId,
      credential: { id, publicKey: new Uint8Array(Buffer.from(publicKey, 'base64url')), counter },
      requireUserVerification: true,
    })
    return verified ? authenticationInfo.newCounter : undefined
  } catch {
    // The library throws for what does not fit; to the caller there is one "no".
    return undefined
  }
}

async function isMember(accounts: Accounts, account: AccountId, { member }: Passkey): Promise<boolean> {
  const entered = await accounts.enter(account)
  try {
    return entered.keyring !== undefined && activeDevice(entered.keyring, hexToBytes(member) as DeviceId) !== undefined
  } finally {
    accounts.leave(entered)
  }
}
