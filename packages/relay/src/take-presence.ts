// What must be true of a frame of presence before the relay passes it on.
import { bytesEqual, type DeviceId, envelopeKinds, epochAt, type Frame, newestEpoch } from '@owlivion/sync-protocol'
import type { Asking } from './asking'
import { RelayError } from './errors'
import type { RelayLimits } from './limits'
import { assertNotSuspended } from './not-suspended'
import { readEnvelope } from './push'

/**
 * Passes on what a device shows of itself.
 * @throws RelayError with the document and the code to refuse with
 */
export function takePresence(
  limits: RelayLimits,
  asking: Asking,
  device: DeviceId,
  { document, envelope }: Extract<Frame, { type: 'presence-put' }>,
): void {
  const { account, session } = asking
  assertNotSuspended(asking, document)
  const header = readEnvelope(envelope, document)
  if (header.kind !== envelopeKinds.presence)
    throw new RelayError('malformed-frame', 'A presence holds an envelope of kind presence.', { document })
  if (!bytesEqual(header.device, device))
    throw new RelayError('bad-signature', 'The presence is that of another device.', { document })
  const epoch = account.keyring && epochAt(account.keyring, header.epoch)
  if (account.keyring === undefined || epoch === undefined)
    throw new RelayError('unknown-epoch', undefined, { document })
  if (epoch !== newestEpoch(account.keyring)) throw new RelayError('stale-epoch', undefined, { document })
  account.presence.put(session, device, document, envelope, limits)
}
