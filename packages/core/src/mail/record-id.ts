// Ids of mail records. They come from what the record says, so that two devices that add the same person or the same
// account while offline write one record, not two.
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { normaliseText, utf8Bytes } from './text'

/** The bound of a record id; the engine refuses longer ones. */
const MAX_ID_BYTES = 256

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters separate the parts of a stored key, so an id has none.
const controlCharacter = /[\u0000-\u001f\u007f-\u009f]/

/** The normalised e-mail address when it can serve as a record id, undefined when it is empty, too long or not printable. */
export function emailId(email: string): string | undefined {
  const id = normaliseText(email)
  return id === '' || controlCharacter.test(id) || utf8Bytes(id) > MAX_ID_BYTES ? undefined : id
}

/** An id of fixed length from any text. 128 bits of SHA-256: people do not collide, and nobody gains by making them. */
export function digestId(kind: string, text: string): string {
  return `${kind}:${bytesToHex(sha256(utf8ToBytes(text)).subarray(0, 16))}`
}
