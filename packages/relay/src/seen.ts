// A `seen` row says, sealed, how far a device has read a document: its author learns that another device has the edit even
// when that device never writes. It is signed by itself, since it stands in no chain.
import {
  bytesEqual,
  type DeviceId,
  entryHash,
  envelopeHash,
  envelopeKinds,
  epochAt,
  type Frame,
  headerBytes,
  type KeyringState,
  newestEpoch,
  seenSigningBytes,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import { RelayError } from './errors'
import type { RelayPlatform } from './platform'
import { readEnvelope } from './push'
import type { SeenPut } from './store/relay-store'

/** @throws RelayError with the document and the code to refuse with */
export async function readSeenPut(
  { sha512, verify }: RelayPlatform,
  keyring: KeyringState,
  device: { readonly id: DeviceId; readonly publicKey: Uint8Array },
  { document, envelope, signature }: Extract<Frame, { type: 'seen-put' }>,
): Promise<SeenPut> {
  const header = readEnvelope(envelope, document)
  if (header.kind !== envelopeKinds.seen)
    throw new RelayError('malformed-frame', 'A seen row holds an envelope of kind seen.', { document })
  if (!bytesEqual(header.device, device.id))
    throw new RelayError('bad-signature', 'The seen row is that of another device.', { document })
  const epoch = epochAt(keyring, header.epoch)
  if (epoch === undefined) throw new RelayError('unknown-epoch', undefined, { document })
  if (epoch !== newestEpoch(keyring)) throw new RelayError('stale-epoch', undefined, { document })
  const { account } = keyring
  const place = { account, document, keyId: epoch.keyId, previous: ZERO_HASH }
  const hash = entryHash(sha512, headerBytes(header, place), envelopeHash(sha512, envelope))
  if (!(await verify(device.publicKey, seenSigningBytes(account, document, hash), signature)))
    throw new RelayError('bad-signature', 'The signature of the seen row does not verify.', { document })
  return { account, document, device: device.id, envelope, signature }
}
