// The device's end of password sign-in, with the library alone: what it sends, and what it makes of the answers.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bytesToHex, decodeCallBody, encodeCallBody, type Frame, type ProtocolCode } from '@owlivion/sync-protocol'
import { client as opaque, ready } from '@serenity-kit/opaque'
import { Secret, TOTP } from 'otpauth'
import type { AttemptLimitOptions } from '../../src/sign-in/attempt-limits'
import { openKeyFile, type SignInKeys } from '../../src/sign-in/key-file'
import { loadPasswordProtocol, type PasswordProtocol } from '../../src/sign-in/password-protocol'
import { createSignInService } from '../../src/sign-in/sign-in-service'
import { random, TestAccount, TestDevice } from './account'
import type { TestClient } from './client'
import { startTestRelay, type TestRelay, type TestRelayOptions } from './relay'

export const silent = { debug() {}, info() {}, warn() {}, error() {} }
/** The relay never sees it; the smallest keeps the tests quick. */
export const keyStretching = { 'argon2id-custom': { iterations: 1, memory: 8, parallelism: 1 } }

export class Refused extends Error {
  constructor(
    readonly code: string,
    readonly retryAfterMs: number | undefined,
    message: string,
  ) {
    super(message)
  }
}

let nextId = 1

/** @throws Refused */
export async function call<T = Record<string, never>>(
  client: TestClient,
  method: string,
  body: object = {},
): Promise<T> {
  const id = nextId++
  client.send({ type: 'call', id, method, body: encodeCallBody(body) })
  for (;;) {
    const frame: Frame = await client.nextOf('answer', 'refused', 'keyring-changed')
    if (frame.type === 'answer' && frame.id === id) return decodeCallBody(frame.body) as T
    if (frame.type === 'refused' && frame.state === id) throw new Refused(frame.code, frame.retryAfterMs, frame.message)
  }
}

/** The code that the call is refused with. */
export async function refusalOf(answer: Promise<unknown>): Promise<ProtocolCode> {
  const outcome = await answer.then(
    () => 'answered',
    (error: unknown) => error,
  )
  if (outcome instanceof Refused) return outcome.code as ProtocolCode
  throw outcome === 'answered' ? new Error('it was answered') : outcome
}

export interface Released {
  readonly account: string
  readonly box: string
  readonly member: string
}

/** The first half: what must be said to prove the password, or what is said when it cannot be. */
export async function prove(client: TestClient, method: string, body: object, password: string) {
  const { clientLoginState, startLoginRequest } = opaque.startLogin({ password })
  const { responses } = await call<{ responses: string[] }>(client, method, { ...body, request: startLoginRequest })
  for (const [slot, loginResponse] of responses.entries()) {
    const finished = opaque.finishLogin({ clientLoginState, loginResponse, password, keyStretching })
    if (finished !== undefined) return { slot, proof: finished.finishLoginRequest }
  }
  return { slot: 0, proof: Buffer.from(random(64)).toString('base64url') }
}

export async function signIn(client: TestClient, email: string, password: string, code?: string): Promise<Released> {
  const proof = await prove(client, 'sign-in.start', { email }, password)
  return call<Released>(client, 'sign-in.finish', { ...proof, ...(code !== undefined && { code }) })
}

/** Lets a new sign-in key into the keyring, and registers a password for it. */
export async function setPassword(
  client: TestClient,
  account: TestAccount,
  password: string,
  { email, box = 'Ym94', member }: { email?: string; box?: string; member?: string } = {},
): Promise<string> {
  const name = email !== undefined && { email }
  const { clientRegistrationState, registrationRequest } = opaque.startRegistration({ password })
  const { response } = await call<{ response: string }>(client, 'sign-in.register-start', {
    ...name,
    request: registrationRequest,
  })
  const { registrationRecord: registration } = opaque.finishRegistration({
    clientRegistrationState,
    registrationResponse: response,
    password,
    keyStretching,
  })
  const key = member ?? (await addSignInKey(client, account))
  await call(client, 'sign-in.register', { ...name, registration, box, member: key })
  return key
}

export async function addSignInKey(client: TestClient, account: TestAccount): Promise<string> {
  const key = new TestDevice(account)
  client.send(account.add(key, account.first, 'sign-in'))
  await client.next('keyring-changed')
  return bytesToHex(key.id)
}

export function codeOf(secret: string, atMs: number): string {
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: atMs })
}

export async function temporaryKeys(): Promise<{ keys: SignInKeys; protocol: PasswordProtocol }> {
  await ready
  const protocol = await loadPasswordProtocol()
  const folder = mkdtempSync(join(tmpdir(), 'owlivion-keys-'))
  try {
    const createOpaqueSetup = () => protocol.createSetup()
    const path = join(folder, 'sign-in.json')
    return { keys: openKeyFile({ path, random, createOpaqueSetup, mayCreate: true, log: silent }), protocol }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export interface SignInRelay extends TestRelay {
  readonly account: TestAccount
  /** Logged in as the account's first device. */
  readonly device: TestClient
  readonly keys: SignInKeys
}

export interface SignInRelayOptions extends TestRelayOptions {
  readonly attempts?: Partial<AttemptLimitOptions>
  readonly watch?: (protocol: PasswordProtocol) => PasswordProtocol
}

/** A relay with password sign-in, and an account that is open there. */
export async function startSignInRelay({ attempts, watch, ...options }: SignInRelayOptions = {}): Promise<SignInRelay> {
  const { keys, protocol } = await temporaryKeys()
  const service = createSignInService({
    keys,
    protocol: watch?.(protocol) ?? protocol,
    passkeyOrigins: ['https://mail.example'],
    issuer: 'Owlivion',
    limits: { attemptsPerName: 1_000, attemptsPerAddress: 1_000, registrationsPerDay: 1_000, ...attempts },
  })
  const relay = startTestRelay({ ...options, services: [service] })
  const account = new TestAccount()
  const device = relay.connect()
  await device.open(account)
  return { ...relay, account, device, keys }
}
