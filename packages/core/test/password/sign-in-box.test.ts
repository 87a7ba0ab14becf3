import { describe, expect, it } from 'vitest'
import { createDeviceKeys } from '../../src/account'
import { checkedEmail, checkedPassword } from '../../src/password/password-rules'
import { openSignInKey, sealSignInKey } from '../../src/password/sign-in-box'
import { nodePlatform } from '../../src/platform/node'

const platform = nodePlatform()
const secret = platform.random(64)
const key = {
  account: platform.random(32) as never,
  device: createDeviceKeys(platform.random, platform.signing),
}

const codeOf = (work: () => unknown): string => {
  try {
    work()
    return 'nothing'
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('the box that a password opens', () => {
  it('gives back the key and the account that were sealed', () => {
    expect(openSignInKey(platform, 'password', secret, sealSignInKey(platform, 'password', secret, key))).toEqual(key)
  })

  it('opens with its own secret only, for what it was made for, and whole', () => {
    const box = sealSignInKey(platform, 'password', secret, key)
    expect(codeOf(() => openSignInKey(platform, 'password', platform.random(64), box))).toBe('relay-misbehaved')
    expect(codeOf(() => openSignInKey(platform, 'passkey', secret, box))).toBe('relay-misbehaved')
    for (const place of [0, 1, 30, box.length - 1]) {
      const altered = box.slice()
      altered[place] = (altered[place] as number) ^ 1
      expect(codeOf(() => openSignInKey(platform, 'password', secret, altered))).toBe('relay-misbehaved')
    }
    expect(codeOf(() => openSignInKey(platform, 'password', secret, box.slice(0, 20)))).toBe('relay-misbehaved')
  })
})

describe('what is typed', () => {
  it('is one password however its characters are composed', () => {
    expect(checkedPassword('Gru\u0308\u00dfe an alle')).toBe('Gr\u00fc\u00dfe an alle')
    expect(checkedPassword('\uff50assword123')).toBe('password123')
  })

  it('is counted in characters and limited in bytes', () => {
    expect(codeOf(() => checkedPassword('🦉'.repeat(9)))).toBe('password-length')
    expect(checkedPassword('🦉'.repeat(10))).toBe('🦉'.repeat(10))
    expect(codeOf(() => checkedPassword('🦉'.repeat(257)))).toBe('password-length')
    expect(checkedPassword(' spaces count ')).toBe(' spaces count ')
  })

  it('is an address or is refused', () => {
    expect(checkedEmail(' Ann@Example.com ')).toBe('Ann@Example.com')
    for (const text of ['', 'ann', '@example.com', 'ann@', 'a b@example.com', `${'a'.repeat(320)}@example.com`])
      expect(codeOf(() => checkedEmail(text))).toBe('email-invalid')
  })
})
