// From options to the service: the key file is found or made, and tried on what the database holds, before the relay listens.
import type { CallService } from '../calls/service'
import { RelayError } from '../errors'
import type { RelayLog, RelayPlatform } from '../platform'
import type { RelayStore } from '../store/relay-store'
import type { SignInRow } from '../store/sign-in-store'
import type { AttemptLimitOptions } from './attempt-limits'
import { defaultKeyFile, openKeyFile } from './key-file'
import { loadPasswordProtocol } from './password-protocol'
import { openSignIn } from './sign-in-row'
import { createSignInService } from './sign-in-service'

/** Switches password sign-in on, and says where its secrets are. */
export interface SignInOptions {
  /** Default: in a folder `keys` beside the data. Never in the data folder, or a copy of the data could be tried for passwords. */
  readonly keyFile?: string
  /** Sites that may ask for a passkey, for example `https://mail.example.com`. Default: the accepted hosts. */
  readonly passkeyOrigins?: readonly string[]
  /** What authenticator apps and passkeys show as the service. Default: Owlivion. */
  readonly issuer?: string
  readonly limits?: Partial<AttemptLimitOptions>
}

export interface SignInSurroundings {
  readonly data: string
  readonly acceptHosts: readonly string[]
  readonly store: RelayStore
  readonly platform: RelayPlatform
  readonly log: RelayLog
}

/** @throws RelayError `sign-in-key-missing`, `sign-in-key-exposed`, `sign-in-key-damaged` or `sign-in-key-wrong` */
export async function openSignInService(
  { keyFile, passkeyOrigins, issuer = 'Owlivion', limits }: SignInOptions,
  { data, acceptHosts, store, platform, log }: SignInSurroundings,
): Promise<CallService> {
  const protocol = await loadPasswordProtocol()
  const row = await anyRow(store)
  const keys = openKeyFile({
    path: keyFile ?? defaultKeyFile(data),
    random: platform.random,
    createOpaqueSetup: () => protocol.createSetup(),
    mayCreate: row === 'none',
    log,
  })
  if (typeof row === 'object') openSignIn(keys.sealingKey, row.account, row.content)
  return createSignInService({
    keys,
    protocol,
    passkeyOrigins: passkeyOrigins ?? acceptHosts.flatMap(originOf),
    issuer,
    ...(limits && { limits }),
  })
}

async function anyRow(store: RelayStore): Promise<SignInRow | 'none' | 'unknown'> {
  try {
    return (await store.signIns.any()) ?? 'none'
  } catch (error) {
    // The relay starts on a disk that refuses; without looking, no key is made in place of one that may be needed.
    if (error instanceof RelayError && error.retryable) return 'unknown'
    throw error
  }
}

/** Browsers give passkeys to sites with TLS and to this machine under its name, never to a bare address. */
function originOf(host: string): string[] {
  const { hostname } = new URL(`https://${host}`)
  if (hostname === 'localhost') return [`http://${host}`]
  return /^[\d.]+$|^\[/.test(hostname) ? [] : [`https://${host}`]
}
