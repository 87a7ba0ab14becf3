// A device's own two key pairs. They are made here, never leave the device and never rotate: a device that must change them leaves
// the account and joins again as another.
import { bytesEqual, type DeviceId, decodeWhole, deviceIdOf, ProtocolFailure, Writer } from '@owlivion/sync-protocol'
import { type BoxKeys, boxKeysOf, KEY_BYTES } from '../crypto'
import { SyncError } from '../errors'
import { publicKeyOf, type SigningProvider } from '../platform'

export interface DeviceKeys extends BoxKeys {
  /** Ed25519. */
  readonly signingSeed: Uint8Array
  readonly signing: Uint8Array
  /** Hash of the public signing key. */
  readonly id: DeviceId
}

const FORMAT_VERSION = 1

/** What makes public keys, and a name of one. */
type KeyTools = Pick<SigningProvider, 'sha512' | 'publicKey' | 'boxPublicKey'>

export function createDeviceKeys(random: (length: number) => Uint8Array, signing: KeyTools): DeviceKeys {
  return deviceKeysOf(signing, random(KEY_BYTES), random(KEY_BYTES))
}

function deviceKeysOf(tools: KeyTools, signingSeed: Uint8Array, boxSecret: Uint8Array): DeviceKeys {
  const signing = publicKeyOf(tools, signingSeed)
  return { signingSeed, signing, ...boxKeysOf(boxSecret, tools), id: deviceIdOf(tools.sha512, signing) }
}

/** For the device's disk: version 1 · signing seed 32 · box secret 32 · signing key 32 · box key 32. The caller keeps it secret. */
export function encodeDeviceKeys(keys: DeviceKeys): Uint8Array {
  return new Writer()
    .byte(FORMAT_VERSION)
    .fixed(keys.signingSeed, KEY_BYTES)
    .fixed(keys.boxSecret, KEY_BYTES)
    .fixed(keys.signing, KEY_BYTES)
    .fixed(keys.box, KEY_BYTES)
    .finish()
}

/** @throws SyncError `profile-damaged` when the bytes are not a device's keys, or a bit of them has turned */
export function decodeDeviceKeys(bytes: Uint8Array, signing: KeyTools): DeviceKeys {
  const stored = readStored(bytes)
  const keys = deviceKeysOf(signing, stored.signingSeed, stored.boxSecret)
  if (!bytesEqual(keys.signing, stored.signing) || !bytesEqual(keys.box, stored.box)) {
    throw new SyncError('profile-damaged', 'The keys of this device do not fit each other.')
  }
  return keys
}

function readStored(bytes: Uint8Array): Omit<DeviceKeys, 'id'> {
  try {
    return decodeWhole(bytes, (reader) => {
      if (reader.byte() !== FORMAT_VERSION) throw new ProtocolFailure('unsupported-version', 'keys of another version')
      return {
        signingSeed: reader.fixed(KEY_BYTES).slice(),
        boxSecret: reader.fixed(KEY_BYTES).slice(),
        signing: reader.fixed(KEY_BYTES),
        box: reader.fixed(KEY_BYTES),
      }
    })
  } catch (error) {
    throw new SyncError('profile-damaged', 'The keys of this device cannot be read.', { cause: error })
  }
}
