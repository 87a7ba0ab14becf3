// Bytes as text in the JSON of account calls: base64url without padding. One text for each sequence of bytes, so that two
// spellings of a key or a signature are never taken for two.
import { ProtocolFailure } from './codes'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const valueByCharacter = new Map([...alphabet].map((character, value) => [character, value]))

export function bytesToBase64url(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const group = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    const characters = Math.min(bytes.length - i, 3) + 1
    for (let j = 0; j < characters; j++) text += alphabet[(group >> (18 - 6 * j)) & 63]
  }
  return text
}

/** @throws ProtocolFailure `call-refused` for text that `bytesToBase64url` does not make */
export function base64urlToBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  let bits = 0
  let bitCount = 0
  let length = 0
  for (const character of text) {
    const value = valueByCharacter.get(character)
    if (value === undefined) throw notBase64url()
    bits = ((bits << 6) | value) & 0xffff
    bitCount += 6
    if (bitCount < 8) continue
    bitCount -= 8
    bytes[length++] = (bits >> bitCount) & 255
  }
  // Six bits left over are a character too many; other bits than zero would be a second spelling.
  if (bitCount === 6 || (bits & ((1 << bitCount) - 1)) !== 0) throw notBase64url()
  return bytes
}

function notBase64url(): ProtocolFailure {
  return new ProtocolFailure('call-refused', 'a text that should be base64url is not')
}
