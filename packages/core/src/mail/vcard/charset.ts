// From bytes to text. A vCard names its character set per property, may leave it out, or may name the wrong one, so a file is
// kept as bytes (one character a byte) until each value is known.

const CHUNK_BYTES = 8_192
const encoder = new TextEncoder()
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads every byte, so it is where all guesses end. It is also what `iso-8859-1` means in practice. */
const lastResort = 'windows-1252'

/**
 * What windows-1252 has at 0x80 to 0x9f. Some runtimes (Node up to 22) answer the control characters of ISO 8859-1 there,
 * and the first euro sign or curly quote of an address book would vanish.
 */
const windows1252Specials = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'

/** One character of code 0 to 255 a byte. */
export function bytesToBinary(bytes: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK_BYTES))
  }
  return binary
}

export function binaryToBytes(binary: string): Uint8Array {
  const bytes = new Uint8Array(binary.length)
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at)
  return bytes
}

export interface FileText {
  /** The file, one character a byte. */
  readonly binary: string
  /** True when the bytes are UTF-8 whatever the properties claim: the file was text, or UTF-16 and converted. */
  readonly isUtf8: boolean
}

/** Takes off byte order marks and brings UTF-16 and text to UTF-8. */
export function readFileText(input: Uint8Array | string): FileText {
  if (typeof input === 'string')
    return { binary: bytesToBinary(encoder.encode(input.replace(/^\uFEFF/, ''))), isUtf8: true }
  const utf16 = utf16Of(input)
  if (utf16) return readFileText(new TextDecoder(utf16).decode(input))
  const marked = input[0] === 0xef && input[1] === 0xbb && input[2] === 0xbf
  return { binary: bytesToBinary(marked ? input.subarray(3) : input), isUtf8: false }
}

/** Zip and gzip, in which some programs export. They are not unpacked: a small file may hold any amount. */
export function isCompressed(input: Uint8Array | string): boolean {
  const [first, second, third] = [0, 1, 2].map((at) => (typeof input === 'string' ? input.charCodeAt(at) : input[at]))
  return (first === 0x50 && second === 0x4b && third === 3) || (first === 0x1f && second === 0x8b)
}

function utf16Of([first, second]: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  const B = 0x42
  if ((first === 0xff && second === 0xfe) || (first === B && second === 0)) return 'utf-16le'
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === B)) return 'utf-16be'
  return undefined
}

export interface DecodedText {
  readonly text: string
  /** Set when the named character set is unknown or does not fit the bytes, and UTF-8 or windows-1252 was read instead. */
  readonly insteadOf?: string
}

/** Reads bytes in the character set `label`; without one, or when it does not fit, as UTF-8 if they are, else as windows-1252. */
export function decodeText(binary: string, label: string | undefined): DecodedText {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII without escape (0x1b), which ISO-2022 sets switch with.
  if (/^[\u0000-\u001a\u001c-\u007f]*$/.test(binary) && !/^(utf-?16|utf-?7)/i.test(label ?? '')) return { text: binary }
  const bytes = binaryToBytes(binary)
  if (label !== undefined) {
    const named = decodeStrictly(bytes, label)
    if (named !== undefined) return { text: named }
  }
  const text = decodeStrictly(bytes, 'utf-8') ?? decodeStrictly(bytes, lastResort) ?? binary
  return label === undefined ? { text } : { text, insteadOf: label }
}

/** A whole file that names no character set: UTF-16 by its mark or its zeros, else UTF-8 if it is that, else windows-1252. */
export function decodeFile(input: Uint8Array | string): string {
  if (typeof input === 'string') return input.replace(/^\uFEFF/, '')
  const [first, second] = input
  if (first !== 0 && second === 0) return new TextDecoder('utf-16le').decode(input)
  if (first === 0 && second !== 0) return new TextDecoder('utf-16be').decode(input)
  const { binary, isUtf8 } = readFileText(input)
  return isUtf8 ? new TextDecoder().decode(binaryToBytes(binary)) : decodeText(binary, undefined).text
}

export function isUtf8Text(binary: string): boolean {
  return decodeStrictly(binaryToBytes(binary), 'utf-8') !== undefined
}

function decodeStrictly(bytes: Uint8Array, label: string): string | undefined {
  try {
    const decoder = /^utf-?8$/i.test(label) ? strictUtf8 : new TextDecoder(label, { fatal: true })
    const text = decoder.decode(bytes)
    return decoder.encoding === lastResort ? withSpecials(text) : text
  } catch {
    // An unknown label and bytes that do not fit are both answered by the caller's next guess.
    return undefined
  }
}

function withSpecials(text: string): string {
  return text.replace(/[\u0080-\u009f]/g, (control) => windows1252Specials[control.charCodeAt(0) - 0x80]!)
}

/** Undoes `=XX`. What is no pair of hexadecimal digits stays as it is: it is more likely text than damage. */
export function decodeQuotedPrintable(encoded: string): string {
  return encoded.replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** Undoes base64; undefined when it is none. */
export function decodeBase64(encoded: string): string | undefined {
  const digits = encoded.replace(/\s+/g, '')
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(digits)) return undefined
  try {
    return atob(digits)
  } catch {
    return undefined // A length that no bytes encode to.
  }
}
