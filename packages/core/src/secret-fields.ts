// Passwords and tokens may not be synced: an app that tries is told at the call, before anything is written.
import { SyncError } from './errors'

/** Compared without case, `-` and `_`, at any depth of a record. */
const secretNames = new Set([
  'password',
  'passwd',
  'passphrase',
  'passcode',
  'pwd',
  'secret',
  'clientsecret',
  'token',
  'accesstoken',
  'refreshtoken',
  'idtoken',
  'authtoken',
  'oauthtoken',
  'bearertoken',
  'apikey',
  'secretkey',
  'privatekey',
  'credentials',
])
/** `imapPassword`, `smtp_password`, `oauthAccessToken`. */
const secretEndings = [
  'password',
  'passwd',
  'passphrase',
  'secret',
  'accesstoken',
  'refreshtoken',
  'authtoken',
  'bearertoken',
  'sessiontoken',
  'imaptoken',
  'smtptoken',
  'apikey',
  'secretkey',
  'privatekey',
]

/** What a secret was made into is one, too: `password_encrypted`, `passwordHash`, `password2`. */
const madeInto = /(?:encrypted|hashed|hash|\d+)$/

/** Deeper than any value may be: the check of values that follows refuses what is. */
const MAX_DEPTH = 100

/** @throws SyncError `secret-field` naming the field */
export function refuseSecrets(value: unknown, declared: readonly string[] = []): void {
  walk(value, declared, [], new Set())
}

/** @param walked objects seen so far: one that stands in many places, or holds itself, is looked at once */
function walk(value: unknown, declared: readonly string[], path: readonly string[], walked: Set<object>): void {
  if (typeof value !== 'object' || value === null || walked.has(value) || path.length > MAX_DEPTH) return
  walked.add(value)
  for (const [name, inner] of Object.entries(value)) {
    const here = [...path, name]
    if (!Array.isArray(value) && inner !== undefined && (declared.includes(name) || isSecretName(name))) {
      throw new SyncError('secret-field', `The field ${here.join('.')} holds a secret and may not be synced.`)
    }
    walk(inner, declared, here, walked)
  }
}

function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replaceAll(/[-_ ]/g, '').replace(madeInto, '')
  return secretNames.has(plain) || secretEndings.some((ending) => plain.endsWith(ending))
}
