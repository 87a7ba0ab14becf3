// Looks for texts where only ciphertext may be: as UTF-8, as UTF-16, and in base64 wherever its groups of three happen to begin.

/** A text that was found, and how it was spelled there. */
export interface Finding {
  readonly text: string
  readonly spelling: string
  readonly at: number
}

interface Needle {
  readonly text: string
  readonly spelling: string
  readonly bytes: Buffer
}

/**
 * Four given bytes turn up by chance in some megabytes of ciphertext, seven do not. A shorter text is therefore looked for
 * with what JSON puts around it, and its UTF-16 and base64 only where they are this long.
 */
const MIN_NEEDLE_BYTES = 7
const JSON_OPENINGS = [':"', ',"', '["']

export class PlaintextSearch {
  /** By the first four bytes. */
  private readonly needles = new Map<number, Needle[]>()
  private readonly firstTwoBytes = new Uint8Array(65_536)

  /** @param minBytes shortest run of bytes that counts; less than the default only for logs, where chance has no part */
  constructor(
    texts: Iterable<string>,
    private readonly minBytes = MIN_NEEDLE_BYTES,
  ) {
    for (const text of new Set(texts)) {
      const utf8 = Buffer.from(text)
      this.add({ text, spelling: 'utf-8', bytes: utf8 })
      if (utf8.length < minBytes)
        for (const opening of JSON_OPENINGS)
          this.add({ text, spelling: 'quoted', bytes: Buffer.from(`${opening}${text}"`) })
      this.add({ text, spelling: 'utf-16', bytes: Buffer.from(text, 'utf16le') })
      for (const shift of [0, 1, 2]) this.add({ text, spelling: `base64+${shift}`, bytes: base64Core(utf8, shift) })
      // As JSON writes it, where that differs: quotes and line breaks escaped.
      const json = Buffer.from(JSON.stringify(text).slice(1, -1))
      if (!json.equals(utf8)) this.add({ text, spelling: 'json', bytes: json })
    }
  }

  findIn(haystack: Buffer): Finding[] {
    const found: Finding[] = []
    for (let at = 0; at + 4 <= haystack.length; at++) {
      if (this.firstTwoBytes[haystack.readUInt16BE(at)] === 0) continue
      for (const { text, spelling, bytes } of this.needles.get(haystack.readUInt32BE(at)) ?? []) {
        if (haystack.subarray(at, at + bytes.length).equals(bytes)) found.push({ text, spelling, at })
      }
    }
    return found
  }

  private add(needle: Needle): void {
    if (needle.bytes.length < this.minBytes) return
    const first = needle.bytes.readUInt32BE(0)
    this.needles.set(first, [...(this.needles.get(first) ?? []), needle])
    this.firstTwoBytes[first >>> 16] = 1
  }
}

/** The characters of the text's base64 that do not depend on what stands before and after it. */
function base64Core(bytes: Buffer, shift: number): Buffer {
  const encoded = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replaceAll('=', '')
  const start = shift === 0 ? 0 : shift + 1
  const end = (shift + bytes.length) % 3 === 0 ? encoded.length : encoded.length - 1
  return Buffer.from(encoded.slice(start, end))
}

/** Every text of at least `minLength` characters inside a JSON value. */
export function textsOf(value: unknown, minLength: number): string[] {
  if (typeof value === 'string') return value.length >= minLength ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap((inner) => textsOf(inner, minLength))
}
