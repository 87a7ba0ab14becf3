/** WebCrypto fills at most this many bytes in one call. */
const RANDOM_BYTES_PER_CALL = 65_536

/** `length` bytes from the browser's cryptographic random source. */
export function browserRandom(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let start = 0; start < length; start += RANDOM_BYTES_PER_CALL) {
    crypto.getRandomValues(bytes.subarray(start, start + RANDOM_BYTES_PER_CALL))
  }
  return bytes
}
