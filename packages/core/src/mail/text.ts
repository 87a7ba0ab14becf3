// Small rules about text that ids and fields of mail records share.

const encoder = new TextEncoder()

/** Text as two devices must agree on it before it is compared or used as an id: NFC, lower case, outer white space gone. */
export function normaliseText(text: string): string {
  return wellFormed(text).normalize('NFC').toLowerCase().trim()
}

export function utf8Bytes(text: string): number {
  return encoder.encode(text).length
}

/** Replaces halves of surrogate pairs. They have no UTF-8 form, so two different texts would be stored as the same bytes. */
export function wellFormed(text: string): string {
  return text.replace(/[\uD800-\uDBFF][\uDC00-\uDFFF]|[\uD800-\uDFFF]/g, (found) =>
    found.length === 2 ? found : '\uFFFD',
  )
}

/** JSON with sorted object keys and undefined members left out: equal values give equal text. */
export function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    each !== null && typeof each === 'object' && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : each,
  )
}
