import nacl from 'tweetnacl'
import { describe, expect, it } from 'vitest'
import { createRecoveryPhrase, parseRecoveryPhrase, recoveryKeysOf } from '../../src/account'
import { nearestWord } from '../../src/account/nearest-word'
import { isSyncError } from '../../src/errors'

const random = (length: number) => nacl.randomBytes(length)
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const zeros = `${'abandon '.repeat(23)}art`

async function refusal(text: string): Promise<{ code: string; message: string }> {
  const error = await parseRecoveryPhrase(text).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!isSyncError(error)) throw new TypeError('the phrase was not refused')
  return { code: error.code, message: error.message }
}

describe('a recovery phrase', () => {
  it('is 24 words that stand for 32 random bytes', async () => {
    const { text, entropy } = await createRecoveryPhrase(random)
    expect(text.split(' ')).toHaveLength(24)
    expect(entropy).toHaveLength(32)
    expect(hexOf(await parseRecoveryPhrase(text))).toBe(hexOf(entropy))
  })

  it('is that of BIP-39', async () => {
    expect((await createRecoveryPhrase((length) => new Uint8Array(length))).text).toBe(zeros)
    const known =
      'void come effort suffer camp survey warrior heavy shoot primary clutch crush open amazing screen patrol group space point ten exist slush involve unfold'
    expect(hexOf(await parseRecoveryPhrase(known))).toBe(
      'f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f',
    )
  })

  it('may be typed in capitals, over several lines, numbered, with commas and invisible characters', async () => {
    const words = zeros.split(' ')
    const spellings = [
      zeros.toUpperCase(),
      `  ${words.join('\n\t ')}\r\n`,
      words.map((word, i) => `${i + 1}. ${word}`).join('\n'),
      words.map((word, i) => `${i + 1}) ${word}`).join('   '),
      words.join(', '),
      `\ufeff${words.join('\u00a0\u200b')}`,
      zeros.replace(/abandon/g, 'ábandon'),
      zeros.replace(/a/g, '\uff41'),
    ]
    for (const spelling of spellings) expect(hexOf(await parseRecoveryPhrase(spelling)), spelling).toBe('00'.repeat(32))
  })

  it('is refused with another number of words', async () => {
    expect(await refusal('')).toEqual({
      code: 'phrase-length',
      message: 'A recovery phrase has 24 words; this one has 0.',
    })
    expect((await refusal('abandon '.repeat(23))).message).toContain('23')
    expect((await refusal(`${zeros} art`)).message).toContain('25')
  })

  it('is refused with the word that is not in the list, its position and the nearest one that is', async () => {
    const words = zeros.split(' ')
    words[4] = 'abandom'
    expect(await refusal(words.join(' '))).toEqual({
      code: 'phrase-word',
      message: 'Word 5, "abandom", is not a word of a recovery phrase. Did you mean "abandon"?',
    })
    words[2] = 'qqqqqqqq'
    expect(await refusal(words.join(' '))).toEqual({
      code: 'phrase-word',
      message: 'Word 3, "qqqqqqqq", is not a word of a recovery phrase.',
    })
  })

  it('is refused when the checksum word, the last, does not fit', async () => {
    const wrong = await refusal(`${'abandon '.repeat(23)}able`)
    expect(wrong.code).toBe('phrase-checksum')
    expect(wrong.message).toContain('the last word, "able"')
    const exchanged = (await createRecoveryPhrase((length) => Uint8Array.from({ length }, (_, i) => i))).text.split(' ')
    ;[exchanged[0], exchanged[1]] = [exchanged[1] as string, exchanged[0] as string]
    expect((await refusal(exchanged.join(' '))).code).toBe('phrase-checksum')
  })
})

describe('the nearest word', () => {
  const words = ['able', 'about', 'above', 'absent', 'zoo', 'receive', 'recipe']
  it.each([
    ['abuot', 'about'],
    ['abov', 'above'],
    ['abbsent', 'absent'],
    ['recieve', 'receive'],
    ['zo0', 'zoo'],
    ['zzzzzz', undefined],
  ])('to %s is %s', (typed, nearest) => {
    expect(nearestWord(typed, words)).toBe(nearest)
  })
})

describe('the keys of a recovery phrase', () => {
  it('are always the same for one phrase, and others for another', () => {
    const keys = recoveryKeysOf(new Uint8Array(32))
    expect(recoveryKeysOf(new Uint8Array(32))).toEqual(keys)
    expect(recoveryKeysOf(new Uint8Array(32).fill(1)).account).not.toEqual(keys.account)
    expect(new Set([keys.signingSeed, keys.boxSecret, keys.signing, keys.box, keys.account].map(hexOf)).size).toBe(5)
  })

  it('do not change', () => {
    const keys = recoveryKeysOf(new Uint8Array(32))
    expect(hexOf(keys.signing)).toMatchInlineSnapshot(
      `"a0401c0f8c88a0be299051eda56453138eb9d1dbd503a9f554da3239c3144819"`,
    )
    expect(hexOf(keys.box)).toMatchInlineSnapshot(`"ecb4b2ee0628d8fa0538e1711df361a7243dddacc8ba57140d0697893a476a3c"`)
    expect(hexOf(keys.account)).toMatchInlineSnapshot(
      `"2e4ba76cd61ef78c31f8bba9e12ff481a76c98876da34fc4ffa7daa0e17b5eac"`,
    )
  })
})
