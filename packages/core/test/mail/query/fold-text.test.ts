import { foldText } from '@owlivion/sync/mail'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wordsOf } from '../../../src/mail/query/fold-text'

describe('text that people search for', () => {
  it.each([
    ['Ann LEE', 'ann lee'],
    ['İstanbul', 'istanbul'],
    ['ISPARTA ısparta', 'isparta isparta'],
    ['Iğdır', 'igdir'],
    ['Çağrı Öztürk Şükrü', 'cagri ozturk sukru'],
    ['Łódź', 'lodz'],
    ['Straße GROẞ', 'strasse gross'],
    ['Ærøskøbing', 'aeroskobing'],
    ['é', 'e'],
    ['e\u0301', 'e'],
    ['Ａｎｎ', 'ann'],
    ['Йод', 'иод'],
    ['Ελένη', 'ελενη'],
    ['ﬁn', 'fin'],
  ])('%s is found as %s', (text, folded) => {
    expect(foldText(text)).toBe(folded)
  })

  it('folds to itself, and in whatever form its letters came', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(foldText(foldText(text))).toBe(foldText(text))
        expect(foldText(text.normalize('NFD'))).toBe(foldText(text.normalize('NFC')))
      }),
    )
  })

  it('has words of letters and digits, in every script', () => {
    expect(wordsOf("Dr. Jean-Luc O'Neil (2nd)")).toEqual(['dr', 'jean', 'luc', 'o', 'neil', '2nd'])
    expect(wordsOf('हिन्दी 山田 太郎')).toEqual(['हिन्दी', '山田', '太郎'])
    expect(wordsOf(' .-@ ')).toEqual([])
  })
})
