import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTypedCode, parseTypedCode, showTypedCode } from '../../src/pairing/typed-code'
import { FakePlatform } from '../sync/support/fake-platform'

const alphabet = '23456789ABCDEFGHJKMNPQRSTUVWXYZ'
const code = fc.integer({ min: 1, max: 1_000_000 }).map((seed) => createTypedCode(new FakePlatform(seed).random))

function codeOf(act: () => unknown): unknown {
  try {
    act()
    return 'accepted'
  } catch (error) {
    return (error as { code?: string }).code
  }
}

describe('the code that is typed', () => {
  it('is read as it was shown, whatever a person makes of case, spaces and hyphens', () => {
    fc.assert(
      fc.property(
        code,
        fc.constantFrom('', ' ', '-', '–', ' - ', '\u00a0', '\u200b', '.'),
        fc.boolean(),
        (made, gap, lower) => {
          const typed = [made.slice(0, 4), made.slice(4)].join(gap)
          expect(parseTypedCode(lower ? ` ${typed.toLowerCase()} ` : typed)).toBe(made)
          expect(parseTypedCode(showTypedCode(made))).toBe(made)
        },
      ),
    )
  })

  it('is refused when one character is another one', () => {
    fc.assert(
      fc.property(code, fc.nat(7), fc.constantFrom(...alphabet), (made, at, other) => {
        fc.pre(made[at] !== other)
        expect(codeOf(() => parseTypedCode(made.slice(0, at) + other + made.slice(at + 1)))).toBe('pairing-code')
      }),
    )
  })

  it('is refused when two characters have changed places', () => {
    fc.assert(
      fc.property(code, fc.nat(7), fc.nat(7), (made, i, j) => {
        fc.pre(made[i] !== made[j])
        const characters = [...made]
        characters[i] = made[j] as string
        characters[j] = made[i] as string
        expect(codeOf(() => parseTypedCode(characters.join('')))).toBe('pairing-code')
      }),
    )
  })

  it.each([
    ['', '8 characters; this one has 0'],
    ['ABCD', '8 characters; this one has 4'],
    ['ABCDEFGHJK', '8 characters; this one has 10'],
    ['ABCD-EF0H', '0, O, 1, I and L are never used'],
    ['ABCD-EFÄH', '"Ä" is not a character'],
  ])('says what is wrong with %j', (text, message) => {
    expect(() => parseTypedCode(text)).toThrow(message)
  })

  it('has every character about as often as every other', () => {
    const counts = new Map<string, number>()
    for (let seed = 1; seed <= 3_000; seed++)
      for (const character of createTypedCode(new FakePlatform(seed).random))
        counts.set(character, (counts.get(character) ?? 0) + 1)
    expect([...counts.keys()].sort().join('')).toBe(alphabet)
    const mean = 24_000 / alphabet.length
    for (const count of counts.values()) expect(Math.abs(count - mean) / mean).toBeLessThan(0.25)
  })
})
