// Who is on the other side. A login is a signature over the relay's address, the account and a fresh nonce, and depends on no
// epoch key, so that a device that missed every rotation still gets in to catch up.
import {
  accountIdOf,
  activeDevice,
  bytesEqual,
  bytesToHex,
  type DeviceId,
  deviceIdOf,
  type Frame,
  findDevice,
  type Hash,
  loginSigningBytes,
} from '@owlivion/sync-protocol'
import type { Accounts, ConnectedAccount } from './accounts'
import { RelayError } from './errors'
import type { RelayPlatform } from './platform'
import type { RelayStore } from './store/relay-store'

/**
 * What a connection may do.
 * - `device`: an active device of the account.
 * - `recovery`: the holder of the phrase, who reads and extends the keyring.
 * - `newcomer`: a device whose account the relay does not know; it may open it.
 */
export type Standing =
  | { readonly kind: 'device'; readonly id: DeviceId; readonly publicKey: Uint8Array; readonly mayPush: boolean }
  | { readonly kind: 'recovery'; readonly publicKey: Uint8Array }
  | { readonly kind: 'newcomer'; readonly id: DeviceId; readonly publicKey: Uint8Array }

export interface LoginContext {
  readonly platform: RelayPlatform
  readonly store: RelayStore
  readonly accounts: Accounts
}

export interface LoginAttempt {
  readonly hello: Extract<Frame, { type: 'hello' }>
  readonly auth: Extract<Frame, { type: 'auth' }>
  readonly nonce: Hash
  /** Addresses under which devices may have dialled this relay. */
  readonly hosts: readonly string[]
}

/**
 * @returns the account, entered: the caller leaves it
 * @throws RelayError with the code to refuse with
 */
export async function logIn(
  context: LoginContext,
  attempt: LoginAttempt,
): Promise<{ account: ConnectedAccount; standing: Standing }> {
  const { hello, auth } = attempt
  await verifyLogin(context.platform, attempt)
  if (hello.recoveryKey !== undefined) return logInForRecovery(context, hello.recoveryKey, auth.publicKey)
  const id = hello.device as DeviceId
  // Before anything is said about the account: a stranger learns nothing of its devices.
  if (!bytesEqual(deviceIdOf(context.platform.sha512, auth.publicKey), id)) throw new RelayError('device-unknown')
  const account = await context.accounts.enter(hello.account)
  try {
    return { account, standing: standingOf(account, id, auth.publicKey.slice()) }
  } catch (error) {
    context.accounts.leave(account)
    throw error
  }
}

async function verifyLogin(platform: RelayPlatform, { hello, auth, nonce, hosts }: LoginAttempt): Promise<void> {
  for (const host of hosts) {
    const message = loginSigningBytes(host, hello.account, auth.publicKey, nonce)
    if (await platform.verify(auth.publicKey, message, auth.signature)) return
  }
  throw new RelayError('bad-challenge')
}

async function logInForRecovery(
  { platform, store, accounts }: LoginContext,
  recoveryKey: Uint8Array,
  publicKey: Uint8Array,
): Promise<{ account: ConnectedAccount; standing: Standing }> {
  if (!bytesEqual(recoveryKey, publicKey)) throw new RelayError('bad-challenge')
  const id = await store.accountByRecovery(accountIdOf(platform.sha512, recoveryKey))
  if (id === undefined) throw new RelayError('account-unknown')
  return { account: await accounts.enter(id), standing: { kind: 'recovery', publicKey: publicKey.slice() } }
}

/** @throws RelayError `device-unknown` or `device-removed` */
export function standingOf({ keyring }: ConnectedAccount, id: DeviceId, publicKey: Uint8Array): Standing {
  if (keyring === undefined) return { kind: 'newcomer', id, publicKey }
  const device = findDevice(keyring, id)
  if (device === undefined) throw new RelayError('device-unknown')
  if (activeDevice(keyring, id) === undefined) throw new RelayError('device-removed')
  return { kind: 'device', id, publicKey, mayPush: device.role === 'device' }
}

/** Hex of the device id, by which a second connection of the device is recognised. */
export function deviceKeyOf(standing: Standing): string | undefined {
  return standing.kind === 'recovery' ? undefined : bytesToHex(standing.id)
}
