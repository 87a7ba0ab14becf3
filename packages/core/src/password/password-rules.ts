// What counts as a password and as an address, before anything is sent. A password is taken whole: nothing is cut off or trimmed, so
// that what opens an account on one device opens it on every other.
import { SyncError } from '../errors'

/** A relay that was broken into, key file and all, can try passwords without limit: short ones fall in hours. */
export const MIN_PASSWORD_CHARACTERS = 10
const MAX_PASSWORD_BYTES = 1_024
const MAX_EMAIL_BYTES = 320

/**
 * The password in Unicode's compatibility form (NFKC): keyboards spell the same character in different ways.
 * @throws SyncError `password-length`
 */
export function checkedPassword(password: string): string {
  const normal = password.normalize('NFKC')
  if ([...normal].length < MIN_PASSWORD_CHARACTERS)
    throw new SyncError('password-length', `A password has at least ${MIN_PASSWORD_CHARACTERS} characters.`)
  if (new TextEncoder().encode(normal).length > MAX_PASSWORD_BYTES)
    throw new SyncError(
      'password-length',
      `A password has at most ${MAX_PASSWORD_BYTES} bytes; nothing of it is cut off.`,
    )
  return normal
}

/**
 * The address as it is sent. The relay compares it without regard to case.
 * @throws SyncError `email-invalid`
 */
export function checkedEmail(email: string): string {
  const normal = email.normalize('NFKC').trim()
  const isAddress = /^[^\s@]+@[^\s@]+$/u.test(normal) && new TextEncoder().encode(normal).length <= MAX_EMAIL_BYTES
  if (!isAddress) throw new SyncError('email-invalid', 'This is not an e-mail address.')
  return normal
}
