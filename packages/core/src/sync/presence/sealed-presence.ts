// A presence as it travels: sealed under the document's key, for this account, document, device and moment.
import {
  activeDevice,
  bytesEqual,
  type DeviceId,
  type DocumentId,
  decodeEnvelope,
  decodePresenceBody,
  ENVELOPE_VERSION,
  encodePresenceBody,
  envelopeKinds,
  epochAt,
  type PresenceState,
  SUITE_SECRETBOX,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import { openEntry, sealEntry } from '../../crypto'
import type { AccountContext } from '../account-context'

/** A presence that is older or newer than this was kept by somebody. */
const MAX_AGE_MS = 60_000

/** Which of a device's presences in one document this is. */
export interface PresencePlace {
  readonly incarnation: number
  readonly sequence: number
}

export interface OpenedPresence extends PresencePlace {
  readonly device: DeviceId
  readonly states: readonly PresenceState[]
}

export function sealPresence(
  context: AccountContext,
  document: DocumentId,
  { incarnation, sequence }: PresencePlace,
  states: readonly PresenceState[],
): Uint8Array {
  const { position, keyId, key } = context.newestKey(document)
  const header = {
    version: ENVELOPE_VERSION,
    suite: SUITE_SECRETBOX,
    kind: envelopeKinds.presence,
    documentEpoch: 0,
    epoch: position,
    device: context.device,
    incarnation,
    sequence,
  }
  const place = { account: context.account, document, keyId, previous: ZERO_HASH }
  const content = encodePresenceBody({ sealedAtMs: Math.max(0, Math.floor(context.now())), states })
  const { signing, random } = context.platform
  return sealEntry({ sha512: signing.sha512, random, key, header, place, content }).envelope
}

/**
 * @returns undefined for one that shows nobody: of a device or under a key that is not known, or too old
 * @throws ProtocolFailure, and TypeError when it does not open
 */
export function openPresence(
  context: AccountContext,
  document: DocumentId,
  bytes: Uint8Array,
): OpenedPresence | undefined {
  const envelope = decodeEnvelope(bytes)
  const { device, incarnation, sequence } = envelope
  const epoch = epochAt(context.keyring(), envelope.epoch)
  const key = context.keyAt(document, envelope.epoch)
  const isKnown = activeDevice(context.keyring(), device) !== undefined && !bytesEqual(device, context.device)
  if (epoch === undefined || key === undefined || !isKnown || envelope.kind !== envelopeKinds.presence) return undefined
  const place = { account: context.account, document, keyId: epoch.keyId, previous: ZERO_HASH }
  const opened = openEntry({ sha512: context.platform.signing.sha512, key, bytes, envelope, place })
  if (!opened.ok) throw new TypeError(`a presence is ${opened.reason}`)
  const { sealedAtMs, states } = decodePresenceBody(opened.content)
  if (Math.abs(context.now() - sealedAtMs) > MAX_AGE_MS) return undefined
  return { device: device.slice() as DeviceId, incarnation, sequence, states }
}
