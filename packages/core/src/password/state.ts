// What the relay says about an account's sign-in, and what is left over of a change that broke off.
import { bytesToHex } from '@owlivion/sync-protocol'
import type { Sync } from '../client'
import { countIn, fieldsOf, keysInUse, listIn, textIn } from '../sync'
import { type AccountAccess, accessTo, type Fields, signInKeysOf } from './account-access'

/** A passkey of the account, as the relay lists it. */
export interface PasskeyDetails {
  /** By it the passkey is removed. */
  readonly id: string
  /** What its owner calls it. */
  readonly label: string
  /** The site it was made for, for example `mail.example.com`. */
  readonly rpId: string
  readonly addedAtMs: number
  readonly lastUsedAtMs?: number
}

/** How an account can be signed in to without a device. */
export interface SignInState {
  readonly hasPassword: boolean
  readonly hasTwoFactor: boolean
  /** Backup codes that are left. */
  readonly backupCodes: number
  /** Until when wrong codes have locked it; `unlockSignIn` ends that. */
  readonly lockedUntilMs: number | undefined
  readonly passkeys: readonly PasskeyDetails[]
}

/** With what only matters here: which key of the keyring each of them unlocks. */
interface StateAnswer extends Omit<SignInState, 'passkeys'> {
  readonly passkeys: readonly (PasskeyDetails & { readonly member: string })[]
  readonly keys: ReadonlySet<string>
}

const MAX_PASSKEYS = 1_000
const anyText = /^/
const memberText = /^[0-9a-f]{32}$/

/** A key that is younger may belong to a change that another device is making just now. */
const CHANGE_TAKES_MS = 600_000

/**
 * How the account can be signed in to, as the relay has it.
 * @throws SyncError `connection-lost` while this device is offline, `unknown-call` when the relay knows no passwords
 *
 * @example
 * const { hasPassword, hasTwoFactor, backupCodes } = await signInState(sync)
 * if (hasTwoFactor && backupCodes < 3) console.log('Make new backup codes.')
 */
export async function signInState(sync: Sync): Promise<SignInState> {
  const access = await accessTo(sync)
  const { keys, passkeys, ...state } = await readState(access)
  await removeLeftovers(access, keys)
  return { ...state, passkeys: passkeys.map(({ member: _member, ...details }) => details) }
}

/** @throws SyncError as `signInState` */
export async function readState(access: AccountAccess): Promise<StateAnswer> {
  const answer = await access.call('sign-in.state', {})
  return {
    hasPassword: answer.hasPassword === true,
    hasTwoFactor: answer.hasSecondFactor === true,
    backupCodes: countIn(answer, 'backupCodes'),
    lockedUntilMs: optional(answer, 'lockedUntilMs', countIn),
    keys: keysInUse(answer),
    passkeys: listIn(answer, 'passkeys', MAX_PASSKEYS).map((each) => {
      const fields = fieldsOf(each)
      const lastUsedAtMs = optional(fields, 'lastUsedAtMs', countIn)
      return {
        id: textIn(fields, 'id', anyText),
        label: textIn(fields, 'label', anyText),
        rpId: textIn(fields, 'rpId', anyText),
        member: textIn(fields, 'member', memberText),
        addedAtMs: countIn(fields, 'addedAtMs'),
        ...(lastUsedAtMs !== undefined && { lastUsedAtMs }),
      }
    }),
  }
}

function optional<T>(fields: Fields, name: string, read: (fields: Fields, name: string) => T): T | undefined {
  return fields[name] === undefined ? undefined : read(fields, name)
}

/**
 * Takes sign-in keys out of the account that nothing unlocks: left over from a change that broke off on a device that did not come
 * back to complete it.
 */
async function removeLeftovers(access: AccountAccess, keys: ReadonlySet<string>): Promise<void> {
  const oldEnough = access.now() - CHANGE_TAKES_MS
  const unused = signInKeysOf(access.keyring()).filter((id) => !keys.has(bytesToHex(id)))
  const leftovers = unused.filter((id) => (access.addedAtMs(id) ?? 0) < oldEnough)
  if (leftovers.length > 0) await access.change(leftovers, async () => {})
}
