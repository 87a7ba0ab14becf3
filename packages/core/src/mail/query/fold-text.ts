// Text as people search for it: without case, without accents, in words. Two spellings of one name must fold to one text, and a person
// who has no Turkish or Polish keyboard must find Turkish and Polish names.

// Letters that are no base letter with a mark, as far as Latin-script names use them.
const plainByLetter: Readonly<Record<string, string>> = {
  ı: 'i',
  ł: 'l',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
}

const printableAscii = /^[ -~]*$/

/**
 * Lower case, accents gone, full-width and joined letters as plain ones. All four letters i of Turkish (i, İ, ı, I) are one.
 *
 * @example
 * foldText('İstanbul ISPARTA Iğdır Łódź') // 'istanbul isparta igdir lodz'
 */
export function foldText(text: string): string {
  if (printableAscii.test(text)) return text.toLowerCase()
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[ıłøđðþßæœ]/g, (letter) => plainByLetter[letter] as string)
}

/**
 * The words of a text, folded: runs of letters, digits and the marks that belong to them.
 *
 * @example
 * wordsOf('Dr. Müller-Łoś') // [ 'dr', 'muller', 'los' ]
 */
export function wordsOf(text: string): string[] {
  return foldText(text).match(/[\p{L}\p{N}\p{M}]+/gu) ?? []
}
