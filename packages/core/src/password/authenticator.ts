// The browser's side of passkeys. An authenticator signs for the relay, and derives a secret for this device alone (the PRF extension);
// the secret is taken out here, and what is sent is written down field by field, so that it cannot slip into a message.
import { base64urlToBytes, bytesToBase64url, hashParts, type Sha512 } from '@owlivion/sync-protocol'
import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  startAuthentication,
  startRegistration,
} from '@simplewebauthn/browser'
import { isSyncError, SyncError } from '../errors'

type Registered = Awaited<ReturnType<typeof startRegistration>>
type Authenticated = Awaited<ReturnType<typeof startAuthentication>>

/** Made by the authenticator: the message for the relay, and the secret that stays here. */
export interface PasskeyResult {
  readonly response: object
  readonly secret: Uint8Array
}

export interface AuthenticatorTools {
  readonly sha512: Sha512
  random(length: number): Uint8Array
}

/**
 * Makes a passkey. Authenticators that derive nothing while making one are asked a second time.
 * @throws SyncError `passkey-cancelled`, `passkey-unsupported`
 */
export function createPasskey(
  tools: AuthenticatorTools,
  options: PublicKeyCredentialCreationOptionsJSON,
): Promise<PasskeyResult> {
  return withAuthenticator(async (browser) => {
    const registered = await browser.startRegistration({
      optionsJSON: { ...options, extensions: { ...options.extensions, ...prfInput(tools) } },
    })
    const results = prfResults(registered)
    if (results?.enabled === false) throw unsupported()
    const secret = results?.first ?? (await deriveAgain(browser, tools, options, registered.id))
    const { id, rawId, type, response } = registered
    const { attestationObject, clientDataJSON, transports } = response
    const sent = { attestationObject, clientDataJSON, ...(transports && { transports }) }
    return { response: { id, rawId, type, response: sent }, secret }
  })
}

/** @throws SyncError `passkey-cancelled`, `passkey-unsupported` */
export function usePasskey(
  tools: AuthenticatorTools,
  options: PublicKeyCredentialRequestOptionsJSON,
): Promise<PasskeyResult> {
  return withAuthenticator(async (browser) => {
    const used = await browser.startAuthentication({ optionsJSON: { ...options, extensions: prfInput(tools) } })
    const secret = prfResults(used)?.first
    if (secret === undefined) throw unsupported()
    const { id, rawId, type, response } = used
    const { authenticatorData, clientDataJSON, signature, userHandle = '' } = response
    return {
      response: { id, rawId, type, response: { authenticatorData, clientDataJSON, signature, userHandle } },
      secret,
    }
  })
}

async function deriveAgain(
  browser: typeof import('@simplewebauthn/browser'),
  tools: AuthenticatorTools,
  { rp, timeout }: PublicKeyCredentialCreationOptionsJSON,
  id: string,
): Promise<Uint8Array> {
  const used = await browser.startAuthentication({
    optionsJSON: {
      // Nobody checks this signature: only the secret is wanted.
      challenge: bytesToBase64url(tools.random(32)),
      ...(rp.id !== undefined && { rpId: rp.id }),
      ...(timeout !== undefined && { timeout }),
      allowCredentials: [{ id, type: 'public-key' }],
      userVerification: 'required',
      extensions: prfInput(tools),
    },
  })
  const secret = prfResults(used)?.first
  if (secret === undefined) throw unsupported()
  return secret
}

async function withAuthenticator<T>(
  work: (browser: typeof import('@simplewebauthn/browser')) => Promise<T>,
): Promise<T> {
  const browser = await import('@simplewebauthn/browser')
  if (!browser.browserSupportsWebAuthn()) throw unsupported()
  try {
    return await work(browser)
  } catch (error) {
    if (isSyncError(error)) throw error
    const name = (error as { readonly name?: string } | null)?.name
    if (name === 'InvalidStateError')
      throw new SyncError('passkey-cancelled', 'This authenticator has a passkey of the account already.', {
        cause: error,
      })
    throw new SyncError('passkey-cancelled', 'The passkey was not used; the browser says why.', { cause: error })
  }
}

/** Each passkey derives from it something of its own, so it may be the same for all. */
function prfInput({ sha512 }: AuthenticatorTools): object {
  return { prf: { eval: { first: hashParts(sha512, 'passkey-prf') } } }
}

interface PrfResults {
  readonly enabled?: boolean
  readonly results?: { readonly first?: ArrayBuffer | ArrayBufferView | string }
}

function prfResults({ clientExtensionResults }: Registered | Authenticated) {
  const { prf } = clientExtensionResults as { readonly prf?: PrfResults }
  if (prf === undefined) return undefined
  const first = prf.results?.first
  return { enabled: prf.enabled, first: first === undefined ? undefined : toBytes(first) }
}

function toBytes(value: ArrayBuffer | ArrayBufferView | string): Uint8Array {
  if (typeof value === 'string') return base64urlToBytes(value)
  if (!ArrayBuffer.isView(value)) return new Uint8Array(value)
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
}

function unsupported(): SyncError {
  return new SyncError('passkey-unsupported', 'This browser or authenticator cannot unlock data with a passkey.')
}
