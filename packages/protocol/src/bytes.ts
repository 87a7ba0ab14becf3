/** True when both hold the same bytes. Not constant-time: for public values only. */
export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Order by unsigned byte, shorter first when one is a prefix of the other. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const result = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    result.set(part, offset)
    offset += part.length
  }
  return result
}

const hexDigits = Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))
/** As many arguments as every engine takes in one call. */
const MAX_ARGUMENTS = 8_192

export function bytesToHex(bytes: Uint8Array): string {
  const codes: number[] = []
  for (const byte of bytes) codes.push(hexDigits[byte >> 4] as number, hexDigits[byte & 15] as number)
  // Made at once, and not added up: engines keep a sum of strings as the tree of its parts, ten times the size, for as long as it is a key of a map.
  if (codes.length <= MAX_ARGUMENTS) return String.fromCharCode(...codes)
  const parts: string[] = []
  for (let i = 0; i < codes.length; i += MAX_ARGUMENTS)
    parts.push(String.fromCharCode(...codes.slice(i, i + MAX_ARGUMENTS)))
  return parts.join('')
}

export function hexToBytes(hex: string): Uint8Array {
  if (hex.length % 2 !== 0 || /[^0-9a-f]/i.test(hex)) throw new TypeError('not a hex string')
  const bytes = new Uint8Array(hex.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)
  return bytes
}
