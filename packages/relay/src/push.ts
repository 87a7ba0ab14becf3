// What can be said about a push without the log: its shape, its author, and, once the entry before it is known, its chain.
import {
  bytesEqual,
  type DeviceId,
  type DocumentId,
  decodeEnvelope,
  ENVELOPE_VERSION,
  type Envelope,
  entryHash,
  envelopeHash,
  envelopeKinds,
  epochAt,
  type Frame,
  type Hash,
  headerBytes,
  type KeyringState,
  newestEpoch,
  type Sha512,
  SUITE_SECRETBOX,
} from '@owlivion/sync-protocol'
import { RelayError, toRefusal } from './errors'
import type { AppendEntry } from './store/relay-store'

export interface PushedEntry {
  readonly header: Envelope
  readonly envelope: Uint8Array
  readonly envelopeHash: Hash
}

/** A push whose shape is right: contiguous entries of one device and incarnation. */
export interface Push {
  readonly document: DocumentId
  readonly device: DeviceId
  readonly incarnation: number
  readonly documentEpoch: number
  readonly entries: readonly PushedEntry[]
  readonly first: number
  readonly last: number
  readonly headHash: Hash
  readonly signature: Uint8Array
  readonly sizeBytes: number
}

/** @throws RelayError with the document, when the push cannot be one of this device */
export function readPush(sha512: Sha512, frame: Extract<Frame, { type: 'push' }>, device: DeviceId): Push {
  const { document, headHash, signature } = frame
  const refuse = (...[code, message]: ConstructorParameters<typeof RelayError>) =>
    new RelayError(code, message, { document })
  const entries: PushedEntry[] = []
  let sizeBytes = 0
  for (const envelope of frame.entries) {
    sizeBytes += envelope.length
    const header = readEnvelope(envelope, document)
    if (header.kind !== envelopeKinds.update) throw refuse('malformed-frame', 'Only updates are entries of a log.')
    if (!bytesEqual(header.device, device)) throw refuse('bad-signature', 'The entries are those of another device.')
    const before = entries[entries.length - 1]?.header
    if (before !== undefined && header.documentEpoch !== before.documentEpoch)
      throw refuse('malformed-frame', 'The entries of a push are of one document epoch.')
    if (before !== undefined && (header.incarnation !== before.incarnation || header.sequence !== before.sequence + 1))
      throw refuse('malformed-frame', 'The entries of a push follow each other without a gap.')
    entries.push({ header, envelope, envelopeHash: envelopeHash(sha512, envelope) })
  }
  // A frame with no entries is not decoded.
  const first = (entries[0] as PushedEntry).header
  const last = first.sequence + entries.length - 1
  const { incarnation, documentEpoch } = first
  return {
    document,
    device,
    incarnation,
    documentEpoch,
    entries,
    first: first.sequence,
    last,
    headHash,
    signature,
    sizeBytes,
  }
}

/** @throws RelayError `malformed-frame`, `entry-too-large` or `unsupported-version` */
export function readEnvelope(bytes: Uint8Array, document: DocumentId): Envelope {
  let envelope: Envelope
  try {
    envelope = decodeEnvelope(bytes)
  } catch (error) {
    const { code, message } = toRefusal(error)
    throw new RelayError(code, message, { document })
  }
  if (envelope.version !== ENVELOPE_VERSION || envelope.suite !== SUITE_SECRETBOX)
    throw new RelayError(
      'unsupported-version',
      `This relay takes entries of version ${ENVELOPE_VERSION} and suite ${SUITE_SECRETBOX}.`,
      { document },
    )
  return envelope
}

export interface ChainedPush {
  readonly entries: readonly AppendEntry[]
  /** Entries before this sequence are sealed under an older key than the newest. */
  readonly freshFrom: number
  /** False when the chain, computed from what the relay has, ends in another hash than the device signed. */
  readonly endsAsSigned: boolean
}

/** @throws RelayError `unknown-epoch` */
export function chainPush(sha512: Sha512, push: Push, keyring: KeyringState, previous: Hash): ChainedPush {
  const { account } = keyring
  const { document } = push
  const newest = newestEpoch(keyring).position
  let freshFrom = push.first
  let end = previous
  const entries = push.entries.map(({ header, envelope, envelopeHash: hash }) => {
    const epoch = epochAt(keyring, header.epoch)
    if (epoch === undefined) throw new RelayError('unknown-epoch', undefined, { document })
    if (header.epoch !== newest) freshFrom = header.sequence + 1
    end = entryHash(sha512, headerBytes(header, { account, document, keyId: epoch.keyId, previous: end }), hash)
    return { sequence: header.sequence, envelope, envelopeHash: hash, entryHash: end }
  })
  return { entries, freshFrom, endsAsSigned: bytesEqual(end, push.headHash) }
}
