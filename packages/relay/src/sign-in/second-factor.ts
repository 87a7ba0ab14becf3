// One-time codes: from an authenticator app (TOTP, RFC 6238), or one of ten that were written down. A policy of the relay, not
// cryptography: whoever has the relay and its key file is not stopped by a code.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { type AccountId, bytesToBase64url } from '@owlivion/sync-protocol'
import { Secret, TOTP } from 'otpauth'
import type { SecondFactor, SignIn } from './sign-in-row'

const PERIOD_SECONDS = 30
/** Half minutes before and after: clocks of phones are off, and people type slowly. */
const WINDOW_STEPS = 1
const SECRET_BYTES = 20
export const BACKUP_CODES = 10
/** 50 random bits, as ten characters. */
const BACKUP_CODE_LENGTH = 10
/** Crockford's 32: what is left out looks like something else, and is read as that. */
const backupAlphabet = '0123456789abcdefghjkmnpqrstvwxyz'
export const MAX_WRONG_CODES = 6
/** How long six wrong codes in a row lock for; any device of the account may unlock before. */
export const LOCK_MS = 86_400_000
/** How long a secret that was shown waits for its first code. */
export const OFFER_MS = 3_600_000

export function createFactorSecret(random: (length: number) => Uint8Array): string {
  return new Secret({ buffer: new Uint8Array(random(SECRET_BYTES)).buffer }).base32
}

/** What an authenticator app reads from a QR code. */
export function factorUri(secret: string, issuer: string, label: string): string {
  return new TOTP({ issuer, label, secret: Secret.fromBase32(secret), period: PERIOD_SECONDS }).toString()
}

/** @returns the half minute that the code belongs to, or undefined when it is none of now */
function stepOf(secret: string, code: string, nowMs: number): number | undefined {
  const totp = new TOTP({ secret: Secret.fromBase32(secret), period: PERIOD_SECONDS })
  const delta = totp.validate({ token: code, timestamp: nowMs, window: WINDOW_STEPS })
  return delta === null ? undefined : Math.floor(nowMs / 1_000 / PERIOD_SECONDS) + delta
}

/** @returns the factor, when the code shows that the app has the secret */
export function confirmFactor(secret: string, code: string, nowMs: number): SecondFactor | undefined {
  const lastStep = stepOf(secret, plainCode(code), nowMs)
  return lastStep === undefined ? undefined : { secret, lastStep, backupCodes: [] }
}

/** @returns codes to be shown once, and the hashes to be kept */
export function createBackupCodes(
  key: Uint8Array,
  account: AccountId,
  random: (length: number) => Uint8Array,
): { readonly codes: readonly string[]; readonly hashes: readonly string[] } {
  const codes = Array.from({ length: BACKUP_CODES }, () => {
    // 32 characters: five bits of each byte, none more likely than another.
    const characters = [...random(BACKUP_CODE_LENGTH)].map((byte) => backupAlphabet[byte & 31])
    return `${characters.slice(0, 5).join('')}-${characters.slice(5).join('')}`
  })
  return { codes, hashes: codes.map((code) => hashOf(key, account, backupCode(code))) }
}

/** Keyed, so that the database alone lets nobody try codes, and with the account, so that a hash says nothing about another's. */
function hashOf(key: Uint8Array, account: AccountId, code: string): string {
  return bytesToBase64url(new Uint8Array(createHmac('sha256', key).update(account).update(code).digest()))
}

function plainCode(code: string): string {
  return code.normalize('NFKC').toLowerCase().replace(/[\s-]/gu, '')
}

function backupCode(code: string): string {
  return plainCode(code).replace(/o/g, '0').replace(/[il]/g, '1')
}

/** What became of a code, and the sign-in as it is to be stored. */
export type CodeVerdict =
  | { readonly kind: 'right'; readonly next: SignIn; readonly isBackupCode: boolean }
  | { readonly kind: 'wrong'; readonly next: SignIn }
  /** Too many wrong ones: this was the last, or it was before. */
  | { readonly kind: 'locked'; readonly next: SignIn; readonly untilMs: number; readonly isNew: boolean }

/** Takes a code of an account that has a second factor. The result counts only when `next` was stored in place of `signIn`. */
export function takeCode(
  key: Uint8Array,
  account: AccountId,
  signIn: SignIn & { readonly secondFactor: SecondFactor },
  text: string,
  nowMs: number,
): CodeVerdict {
  const { lockedUntilMs, ...unlocked } = signIn
  if (lockedUntilMs !== undefined && isStillLocked(lockedUntilMs, nowMs))
    return { kind: 'locked', next: signIn, untilMs: lockedUntilMs, isNew: false }
  const code = plainCode(text)
  const { secondFactor } = signIn
  const step = stepOf(secondFactor.secret, code, nowMs)
  // A code that was seen over a shoulder or on the wire counts once, and so does none before it.
  if (step !== undefined && step > secondFactor.lastStep) {
    const next = { ...unlocked, wrongCodes: 0, secondFactor: { ...secondFactor, lastStep: step } }
    return { kind: 'right', next, isBackupCode: false }
  }
  const hash = hashOf(key, account, backupCode(code))
  const backupCodes = secondFactor.backupCodes.filter((each) => !isSame(each, hash))
  if (backupCodes.length < secondFactor.backupCodes.length) {
    const next = { ...unlocked, wrongCodes: 0, secondFactor: { ...secondFactor, backupCodes } }
    return { kind: 'right', next, isBackupCode: true }
  }
  const wrongCodes = signIn.wrongCodes + 1
  if (wrongCodes < MAX_WRONG_CODES) return { kind: 'wrong', next: { ...unlocked, wrongCodes } }
  const untilMs = nowMs + LOCK_MS
  return { kind: 'locked', next: { ...unlocked, wrongCodes: 0, lockedUntilMs: untilMs }, untilMs, isNew: true }
}

function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}

export function isStillLocked(lockedUntilMs: number | undefined, nowMs: number): boolean {
  return lockedUntilMs !== undefined && lockedUntilMs > nowMs
}
