// What the relay knows of one account's sign-in, and how it is sealed into its row.
//
//   nonce 12 · AES-256-GCM(JSON) · tag 16, with the account as additional data, so that rows cannot be exchanged
import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { AccountId } from '@owlivion/sync-protocol'
import { RelayError } from '../errors'

/** A registration and the box that its password opens. They are of no use without each other. */
export interface PasswordPair {
  /** Base64url of the keyed hash of the address. */
  readonly name: string
  /** Of OPAQUE. */
  readonly registration: string
  /** Base64url: the secret of a sign-in key, sealed on the device. */
  readonly box: string
  /** Hex of the keyring member whose secret is in the box. */
  readonly member: string
}

export interface SecondFactor {
  /** Base32, as authenticator apps take it. */
  readonly secret: string
  /** The last half minute whose code was taken: nothing at or before it counts again. */
  readonly lastStep: number
  /** Base64url hashes of the backup codes that are left. */
  readonly backupCodes: readonly string[]
}

export interface Passkey {
  /** The credential id, base64url. */
  readonly id: string
  /** COSE, base64url. */
  readonly publicKey: string
  readonly counter: number
  readonly transports: readonly string[]
  /** The site it was made for. */
  readonly rpId: string
  /** What a person calls it. */
  readonly label: string
  readonly box: string
  readonly member: string
  readonly addedAtMs: number
  readonly lastUsedAtMs?: number
}

export interface SignIn {
  readonly password?: PasswordPair
  /** The pair before the last change, until somebody signed in with the new one. */
  readonly previousPassword?: PasswordPair
  readonly secondFactor?: SecondFactor
  /** Shown, and not yet confirmed with a code. */
  readonly offeredFactor?: { readonly secret: string; readonly atMs: number }
  /** Wrong codes in a row. */
  readonly wrongCodes: number
  readonly lockedUntilMs?: number
  readonly passkeys: readonly Passkey[]
}

export const emptySignIn: SignIn = { wrongCodes: 0, passkeys: [] }

/** True when there is nothing in it that anybody could sign in with. */
export function isVoid({ password, previousPassword, passkeys }: SignIn): boolean {
  return password === undefined && previousPassword === undefined && passkeys.length === 0
}

/** The hashes of the addresses that lead to it. */
export function namesOf({ password, previousPassword }: SignIn): Uint8Array[] {
  const names = [password, previousPassword].flatMap((pair) => pair?.name ?? [])
  return [...new Set(names)].map((name) => new Uint8Array(Buffer.from(name, 'base64url')))
}

const NONCE_BYTES = 12
const TAG_BYTES = 16

/** @param random for the nonce */
export function sealSignIn(
  key: Uint8Array,
  random: (length: number) => Uint8Array,
  account: AccountId,
  signIn: SignIn,
): Uint8Array {
  const nonce = random(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(account)
  const sealed = Buffer.concat([cipher.update(JSON.stringify(signIn), 'utf8'), cipher.final()])
  return new Uint8Array(Buffer.concat([nonce, sealed, cipher.getAuthTag()]))
}

/** @throws RelayError `sign-in-key-wrong` when the row was sealed with another key file, or altered */
export function openSignIn(key: Uint8Array, account: AccountId, content: Uint8Array): SignIn {
  try {
    const end = content.length - TAG_BYTES
    const decipher = createDecipheriv('aes-256-gcm', key, content.subarray(0, NONCE_BYTES))
    decipher.setAAD(account).setAuthTag(content.subarray(end))
    const opened = Buffer.concat([decipher.update(content.subarray(NONCE_BYTES, end)), decipher.final()])
    return JSON.parse(opened.toString('utf8')) as SignIn
  } catch (cause) {
    throw new RelayError('sign-in-key-wrong', 'A sign-in in the database was not made with this key file.', { cause })
  }
}
