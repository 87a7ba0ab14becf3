// What can be said of a snapshot without the log: its shape, its hash and its signature. It is sealed; whether it is true, only
// devices can tell.
import {
  bytesEqual,
  type DeviceId,
  type DocumentId,
  decodeLargeEnvelope,
  decodeSnapshotFile,
  decodeSnapshotHeader,
  ENVELOPE_VERSION,
  type Envelope,
  envelopeKinds,
  epochAt,
  findDevice,
  type Hash,
  type KeyringState,
  newestEpoch,
  type SnapshotFile,
  type SnapshotHeader,
  SUITE_SECRETBOX,
  snapshotHash,
  snapshotSigningBytes,
} from '@owlivion/sync-protocol'
import type { ConnectedAccount } from '../accounts'
import type { Cuts } from '../cuts'
import { RelayError, toRefusal } from '../errors'
import type { RelayPlatform } from '../platform'
import type { SnapshotPut } from '../store/snapshot-rows'

export interface ReceivedSnapshot {
  readonly document: DocumentId
  /** By which the device named it. */
  readonly hash: Hash
  readonly file: Uint8Array
  /** Who sent it. */
  readonly sender: DeviceId
}

type ReadSnapshot = Pick<SnapshotPut, 'header' | 'author' | 'isFresh' | 'keyringHead'>

interface Parts {
  readonly file: SnapshotFile
  readonly header: SnapshotHeader
  readonly envelope: Envelope
}

/** @throws RelayError `snapshot-refused`, `unknown-epoch` or `unsupported-version`, with the document */
export async function readSnapshot(
  platform: RelayPlatform,
  account: ConnectedAccount,
  cuts: Cuts,
  { document, hash, file: bytes, sender }: ReceivedSnapshot,
): Promise<ReadSnapshot> {
  const keyring = account.keyring as KeyringState
  const refuse = (message: string) => new RelayError('snapshot-refused', message, { document })
  const { file, header, envelope } = decode(bytes, refuse)
  if (envelope.version !== ENVELOPE_VERSION || envelope.suite !== SUITE_SECRETBOX)
    throw new RelayError('unsupported-version', 'This relay does not know the suite of the snapshot.', { document })
  if (envelope.kind !== envelopeKinds.snapshot) throw refuse('Its envelope is not one of a snapshot.')
  if (envelope.documentEpoch !== header.documentEpoch || envelope.sequence !== Math.max(1, header.coveredNumber))
    throw refuse('Its envelope speaks of another place in the log than its header.')
  const epoch = epochAt(keyring, envelope.epoch)
  if (epoch === undefined) throw new RelayError('unknown-epoch', undefined, { document })
  const place = { account: account.id, document, keyId: epoch.keyId }
  if (!bytesEqual(snapshotHash(platform.sha512, place, file), hash)) throw refuse('It is another than it was named.')
  const author = findDevice(keyring, envelope.device)
  if (author === undefined) throw refuse('Its author is not in the keyring.')
  if (!bytesEqual(account.headAt(header.keyringHead.length) ?? hash, header.keyringHead.hash))
    throw new RelayError('stale-epoch', 'It was made under a keyring that this relay does not have.', { document })
  const signed = snapshotSigningBytes(account.id, document, hash)
  if (!(await platform.verify(author.signing, signed, file.signature))) throw refuse('Its signature does not verify.')
  for (const head of header.vector)
    if (!(await cuts.allow(keyring, document, head, head.sequence)))
      throw refuse('It holds what a removed device wrote after its end.')
  const isOwn = bytesEqual(author.id, sender)
  const isNewest = epoch === newestEpoch(keyring) && bytesEqual(header.keyringHead.hash, keyring.head)
  return { header, author: author.id, isFresh: isOwn && isNewest, keyringHead: keyring.head }
}

function decode(bytes: Uint8Array, refuse: (message: string) => RelayError): Parts {
  try {
    const file = decodeSnapshotFile(bytes)
    return { file, header: decodeSnapshotHeader(file.header), envelope: decodeLargeEnvelope(file.envelope) }
  } catch (error) {
    throw refuse(toRefusal(error).message)
  }
}
