// Who is on the other side. A login is a signature over the relay's address, the account and a fresh nonce, and depends on no
// epoch key, so that a device that missed every rotation still gets in to catch up.
import {
  accountIdOf,
  bytesEqual,
  bytesToHex,
  type DeviceId,
  deviceIdOf,
  type Frame,
  findDevice,
  type Hash,
  loginSigningBytes,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import type { Accounts, ConnectedAccount } from './accounts'
import { RelayError } from './errors'
import type { RelayPlatform } from './platform'
import type { RelayStore } from './store/relay-store'

/**
 * What a connection may do.
 * - `device`: an active device of the account.
 * - `recovery`: the holder of the phrase, who reads and extends the keyring.
 * - `newcomer`: a device that the relay's keyring does not name, or whose account the relay does not know. It may open the account, or bring
 *   back a keyring in which it is active: the relay may have lost it, or its end. Until then it learns nothing of the account.
 * - `removed`: a device that was removed or left; it reads the keyring up to the record that says so, and believes that record
 *   and not the relay. It may bring a branch of the keyring that counts more than the relay's.
 */
export type Standing =
  | { readonly kind: 'device'; readonly id: DeviceId; readonly publicKey: Uint8Array; readonly mayPush: boolean }
  | { readonly kind: 'recovery'; readonly publicKey: Uint8Array }
  | { readonly kind: 'newcomer'; readonly id: DeviceId; readonly publicKey: Uint8Array }
  | {
      readonly kind: 'removed'
      readonly id: DeviceId
      readonly publicKey: Uint8Array
      /** The keyring as it was when the device was removed: its end, for this device. */
      readonly length: number
      readonly head: Hash
    }

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
  return enteredWith(context, account, () => {
    if (account.isDeleted) throw new RelayError('account-deleted')
    return standingOf(account, id, auth.publicKey.slice())
  })
}

/** The account is left again when there is no standing in it. */
function enteredWith(
  { accounts }: LoginContext,
  account: ConnectedAccount,
  standing: () => Standing,
): { account: ConnectedAccount; standing: Standing } {
  try {
    return { account, standing: standing() }
  } catch (error) {
    accounts.leave(account)
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
  context: LoginContext,
  recoveryKey: Uint8Array,
  publicKey: Uint8Array,
): Promise<{ account: ConnectedAccount; standing: Standing }> {
  if (!bytesEqual(recoveryKey, publicKey)) throw new RelayError('bad-challenge')
  const id = await context.store.accountByRecovery(accountIdOf(context.platform.sha512, recoveryKey))
  if (id === undefined) throw new RelayError('account-unknown')
  const account = await context.accounts.enter(id)
  const standing: Standing = { kind: 'recovery', publicKey: publicKey.slice() }
  // The key may have been replaced since it was looked up.
  return enteredWith(context, account, () => standingNow(account, standing))
}

/**
 * What a connection may do by the keyring as it is now.
 * @throws RelayError `account-deleted`, `account-unknown` for a recovery key that was replaced
 */
export function standingNow(account: ConnectedAccount, standing: Standing): Standing {
  if (account.isDeleted) throw new RelayError('account-deleted')
  if (standing.kind !== 'recovery') return standingOf(account, standing.id, standing.publicKey)
  if (account.keyring === undefined || !bytesEqual(account.keyring.recovery.signing, standing.publicKey))
    throw new RelayError('account-unknown')
  return standing
}

function standingOf(account: ConnectedAccount, id: DeviceId, publicKey: Uint8Array): Standing {
  const device = account.keyring && findDevice(account.keyring, id)
  if (device === undefined) return { kind: 'newcomer', id, publicKey }
  if (device.removedAt === undefined) return { kind: 'device', id, publicKey, mayPush: device.role === 'device' }
  const length = device.removedAt + 1
  return { kind: 'removed', id, publicKey, length, head: account.headAt(length) }
}

/** The keyring as far as a connection may know it. */
export function keyringFor({ keyring }: ConnectedAccount, standing: Standing): { length: number; head: Hash } {
  if (standing.kind === 'removed') return { length: standing.length, head: standing.head }
  if (standing.kind === 'newcomer' || keyring === undefined) return { length: 0, head: ZERO_HASH }
  return { length: keyring.length, head: keyring.head }
}

/** Hex of the device id, by which a second connection of the device is recognised. */
export function deviceKeyOf(standing: Standing): string | undefined {
  return standing.kind === 'recovery' ? undefined : bytesToHex(standing.id)
}
