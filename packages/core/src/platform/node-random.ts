import { randomFillSync } from 'node:crypto'

/** `length` bytes from the system's cryptographic random source. */
export function nodeRandom(length: number): Uint8Array {
  return randomFillSync(new Uint8Array(length))
}
