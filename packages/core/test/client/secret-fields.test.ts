// Secrets are refused by name, wherever in a record they stand; everything else passes.
import { describe, expect, it } from 'vitest'
import { refuseSecrets } from '../../src/secret-fields'

const codeOf = (value: unknown, declared?: readonly string[]): string | undefined => {
  try {
    refuseSecrets(value, declared)
    return undefined
  } catch (error) {
    return `${(error as { code?: string }).code}: ${(error as Error).message}`
  }
}

describe('a field that holds a secret', () => {
  it.each([
    'password',
    'Password',
    'imapPassword',
    'smtp_password',
    'SMTP-PASSWORD',
    'imap password',
    'imap.password',
    'passphrase',
    'pwd',
    'token',
    'access_token',
    'oauthRefreshToken',
    'clientSecret',
    'apiKey',
    'secretKey',
    'pgpPrivateKey',
    'credentials',
    'passcode',
    // As the predecessor's database calls it.
    'password_encrypted',
    'passwordHash',
    'password2',
    'oauth_access_token_encrypted',
    'imapToken',
    'smtp_token',
    'gmailOauthToken',
    'sessionToken',
  ])('is known by the name %s', (name) => {
    expect(codeOf({ [name]: 'x' })).toBe(`secret-field: The field ${name} holds a secret and may not be synced.`)
    expect(codeOf({ account: [{ server: { [name]: '' } }] })).toMatch(`account.0.server.${name} holds a secret`)
  })

  it.each([
    'name',
    'note',
    'tokens',
    'secretary',
    'passport',
    'bypass',
    'keyboard',
    'tokenCount',
    'nextPageToken',
    'hash',
    'encrypted',
    'line2',
    'passwords hint',
    'é',
  ])('is not suspected behind the name %s', (name) => {
    expect(codeOf({ [name]: 'x' })).toBeUndefined()
  })

  it('is what the app declares one, at any depth', () => {
    expect(codeOf({ pin: '1' }, ['pin'])).toMatch(/pin/)
    expect(codeOf({ card: { pin: '1' } }, ['pin'])).toMatch(/card\.pin/)
    expect(codeOf({ pin: '1' })).toBeUndefined()
  })

  it('may be cleared, which writes nothing', () => {
    expect(codeOf({ password: undefined })).toBeUndefined()
    expect(codeOf({ password: null })).toMatch(/secret-field/)
  })

  it('is looked for in what any value may be, without end or hurry', () => {
    for (const value of [undefined, null, 'password', 5, true, ['password'], []]) expect(codeOf(value)).toBeUndefined()
    const circle: Record<string, unknown> = { name: 'x' }
    circle.self = circle
    expect(codeOf(circle)).toBeUndefined()
    let deep: unknown = {}
    for (let i = 0; i < 20_000; i++) deep = [deep]
    expect(codeOf(deep)).toBeUndefined()
    // One object in two places, 90 levels deep: 2^90 ways down.
    let wide: unknown = { name: 'x' }
    for (let i = 0; i < 90; i++) wide = { left: wide, right: wide }
    expect(codeOf(wide)).toBeUndefined()
    circle.list = [{ token: 'x' }]
    expect(codeOf(circle)).toMatch(/list\.0\.token/)
  })
})
