// What an authenticator app shows (RFC 6238), computed from the standard alone and with none of the relay's code.
import { createHmac } from 'node:crypto'

const PERIOD_MS = 30_000
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** @param ahead half minutes from now; the relay takes one code ahead of its clock */
export function appCode(key: string, ahead = 0): string {
  const bits = [...key.replaceAll(' ', '')].map((each) => alphabet.indexOf(each).toString(2).padStart(5, '0')).join('')
  const secret = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / PERIOD_MS) + ahead))
  const mac = createHmac('sha1', secret).update(counter).digest()
  const number = mac.readUInt32BE((mac.at(-1) ?? 0) & 15) & 0x7fff_ffff
  return String(number % 1_000_000).padStart(6, '0')
}
