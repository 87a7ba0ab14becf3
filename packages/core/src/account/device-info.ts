// What a person knows a device by. It stands in the keyring, which the relay reads, so it is sealed: under a key from the epoch
// that is newest at the device's record and from the device's own signing key, so that it opens for that device only.
//
//   version 1 · epoch varuint · nonce 24 · box(padded(name text · platform text · added varuint))
import { concatBytes, decodeWhole, hashParts, NONCE_BYTES, type Sha512, Writer } from '@owlivion/sync-protocol'
import nacl from 'tweetnacl'
import { deviceInfoKey, pad, unpad } from '../crypto'

export interface DeviceInfo {
  /** For people, for example "Ann's laptop". Cut to 120 bytes of UTF-8. */
  readonly name: string
  /** For example "Firefox on Linux". Cut to 64 bytes. */
  readonly platform: string
  /** The device's own clock when it joined, in milliseconds since 1970. */
  readonly addedAtMs: number
}

const FORMAT_VERSION = 1
// Together with what surrounds them they fit one bucket of 256 bytes, and with the box the 512 that a record may hold.
const NAME_BYTES = 120
const PLATFORM_BYTES = 64
const SEALED_INFO_BYTES = 512

/** The key that seals the device's information, and where in the keyring it comes from. */
export interface InfoKey {
  readonly position: number
  readonly epochKey: Uint8Array
}

export function sealDeviceInfo(
  sha512: Sha512,
  random: (length: number) => Uint8Array,
  { position, epochKey }: InfoKey,
  deviceSigningKey: Uint8Array,
  info: DeviceInfo,
): Uint8Array {
  const { name, platform } = fitDeviceInfo(info)
  const content = new Writer()
    .text(name, NAME_BYTES)
    .text(platform, PLATFORM_BYTES)
    .varUint(Math.max(0, Math.floor(info.addedAtMs)))
    .finish()
  const key = deviceInfoKey(epochKey, deviceSigningKey)
  const padded = pad({ compressed: false, content })
  // As for entries: a cloned machine that draws the same random bytes seals another text under another nonce.
  const nonce = hashParts(sha512, 'info-nonce', key, random(NONCE_BYTES), padded).slice(0, NONCE_BYTES)
  const clear = new Writer().byte(FORMAT_VERSION).varUint(position).finish()
  return concatBytes(clear, nonce, nacl.secretbox(padded, nonce, key))
}

/** What a device's information is cut to, for showing it before it is sealed. */
export function fitDeviceInfo({ name, platform }: Omit<DeviceInfo, 'addedAtMs'>): Omit<DeviceInfo, 'addedAtMs'> {
  return { name: cut(name, NAME_BYTES), platform: cut(platform, PLATFORM_BYTES) }
}

/** @returns undefined when it cannot be opened; the device counts as a member all the same, only without a name */
export function openDeviceInfo(
  epochKeys: ReadonlyMap<number, Uint8Array>,
  deviceSigningKey: Uint8Array,
  sealed: Uint8Array,
): DeviceInfo | undefined {
  try {
    return decodeWhole(sealed, (reader) => {
      if (reader.byte() !== FORMAT_VERSION) return undefined
      const epochKey = epochKeys.get(reader.varUint())
      const nonce = reader.fixed(NONCE_BYTES)
      const box = reader.rest()
      if (epochKey === undefined || box.length > SEALED_INFO_BYTES) return undefined
      const padded = nacl.secretbox.open(box, nonce, deviceInfoKey(epochKey, deviceSigningKey))
      const content = padded === null ? undefined : unpad(padded)
      return content && !content.compressed ? readInfo(content.content) : undefined
    })
  } catch {
    // A newer app wrote it, or a broken one. The name is the least of a device.
    return undefined
  }
}

function readInfo(content: Uint8Array): DeviceInfo {
  return decodeWhole(content, (reader) => ({
    name: reader.text(NAME_BYTES),
    platform: reader.text(PLATFORM_BYTES),
    addedAtMs: reader.varUint(),
  }))
}

/** As many whole characters as fit: a long host name must not keep a device from joining. */
function cut(text: string, limitBytes: number): string {
  let kept = ''
  let sizeBytes = 0
  for (const character of text) {
    // Half a character has no bytes of its own.
    if (/\p{Surrogate}/u.test(character)) continue
    sizeBytes += new TextEncoder().encode(character).length
    if (sizeBytes > limitBytes) break
    kept += character
  }
  return kept
}
