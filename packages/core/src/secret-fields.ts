// Passwords and tokens may not be synced: an app that tries is told at the call, before anything is written.
import { SyncError } from './errors'

/** Compared without case, `-` and `_`, at any depth of a record. */
const secretNames = new Set([
  'password',
  'passwd',
  'passphrase',
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
  'apikey',
  'privatekey',
]

/** Deeper than any value may be: what is, or holds itself, is refused by the check of values that follows. */
const MAX_DEPTH = 100

/** @throws SyncError `secret-field` naming the field */
export function refuseSecrets(value: unknown, declared: readonly string[] = [], path = '', depth = 0): void {
  if (depth > MAX_DEPTH || typeof value !== 'object' || value === null) return
  for (const [name, inner] of Object.entries(value)) {
    const here = path === '' ? name : `${path}.${name}`
    if (!Array.isArray(value) && inner !== undefined && (declared.includes(name) || isSecretName(name))) {
      throw new SyncError('secret-field', `The field ${here} holds a secret and may not be synced.`)
    }
    refuseSecrets(inner, declared, here, depth + 1)
  }
}

function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replaceAll(/[-_ ]/g, '')
  return secretNames.has(plain) || secretEndings.some((ending) => plain.endsWith(ending))
}
