// What a password or a passkey unlocks: the secret of a sign-in key, a member of the account that may do nothing but let a device in.
// Sealed here, kept by the relay.
//
//   version 1 · nonce 24 · box(account 32 · keys of the member)
import {
  ACCOUNT_ID_BYTES,
  type AccountId,
  concatBytes,
  decodeWhole,
  NONCE_BYTES,
  ProtocolFailure,
  Writer,
} from '@owlivion/sync-protocol'
import nacl from 'tweetnacl'
import { decodeDeviceKeys, encodeDeviceKeys } from '../account'
import { deriveKey } from '../crypto'
import { SyncError } from '../errors'
import type { Platform } from '../platform'
import type { MemberLogin } from '../sync'

/** What the secret comes from: OPAQUE's export key, or what an authenticator derived. */
export type Unlocking = 'password' | 'passkey'

const FORMAT_VERSION = 1

export function sealSignInKey(
  platform: Pick<Platform, 'random'>,
  unlocking: Unlocking,
  secret: Uint8Array,
  { account, device }: MemberLogin,
): Uint8Array {
  const nonce = platform.random(NONCE_BYTES)
  const content = concatBytes(account, encodeDeviceKeys(device))
  const box = nacl.secretbox(content, nonce, boxKey(unlocking, secret))
  return new Writer().byte(FORMAT_VERSION).fixed(nonce, NONCE_BYTES).rest(box).finish()
}

/** @throws SyncError `relay-misbehaved`: password or passkey were right, so the relay handed out another box or a broken one */
export function openSignInKey(
  platform: Pick<Platform, 'signing'>,
  unlocking: Unlocking,
  secret: Uint8Array,
  bytes: Uint8Array,
): MemberLogin {
  try {
    const content = decodeWhole(bytes, (reader) => {
      if (reader.byte() !== FORMAT_VERSION) throw new ProtocolFailure('unsupported-version', 'a box of another version')
      const nonce = reader.fixed(NONCE_BYTES)
      return nacl.secretbox.open(reader.rest(), nonce, boxKey(unlocking, secret))
    })
    if (content === null) throw new ProtocolFailure('bad-signature', 'the box does not open')
    return decodeWhole(content, (reader) => ({
      account: reader.fixed<AccountId>(ACCOUNT_ID_BYTES).slice() as AccountId,
      device: decodeDeviceKeys(reader.rest(), platform.signing),
    }))
  } catch (cause) {
    throw new SyncError('relay-misbehaved', 'What the relay keeps for this sign-in does not open.', { cause })
  }
}

function boxKey(unlocking: Unlocking, secret: Uint8Array): Uint8Array {
  return deriveKey(secret, `${unlocking}-box`)
}
