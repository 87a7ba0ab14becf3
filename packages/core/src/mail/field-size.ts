// Keeping a field within the bound of the engine, by shortening it where the alternative is to lose it.
import { MAX_FIELD_BYTES } from './limits'
import { canonicalText, utf8Bytes } from './text'

export function fitsField(value: unknown): boolean {
  return utf8Bytes(canonicalText(value)) <= MAX_FIELD_BYTES
}

/** The longest beginning of `items` that fits one field. */
export function fitList<Item>(items: readonly Item[]): readonly Item[] {
  let bytes = '[]'.length
  const tooMany = items.findIndex((item) => {
    bytes += utf8Bytes(canonicalText(item)) + ','.length
    return bytes > MAX_FIELD_BYTES
  })
  return tooMany === -1 ? items : items.slice(0, tooMany)
}

/** The longest beginning of `text` that fits one field; never half a character. */
export function fitText(text: string): string {
  if (fitsField(text)) return text
  // Halving finds it. JSON spells half of a surrogate pair with more bytes than the pair, so the end never falls inside one.
  let fits = 0
  let tooLong = text.length
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1
    if (fitsField(text.slice(0, middle))) fits = middle
    else tooLong = middle
  }
  return text.slice(0, fits)
}
