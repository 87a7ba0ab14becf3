import { accountKey } from '@owlivion/sync/mail'
import { describe, expect, it } from 'vitest'
import { isSyncError } from '../../src/errors'

describe('the id of a mail account', () => {
  it('is its e-mail address, whatever its spelling', () => {
    expect(accountKey({ email: ' Ann@Example.COM ' })).toBe('ann@example.com')
  })

  it.each([
    ['empty', '  '],
    ['too long', `${'a'.repeat(250)}@example.com`],
    ['broken over two lines', 'ann\n@example.com'],
  ])('is refused when the address is %s', (_, email) => {
    let thrown: unknown
    try {
      accountKey({ email })
    } catch (error) {
      thrown = error
    }
    expect(isSyncError(thrown, 'invalid-id')).toBe(true)
  })
})
