// Who has been told what of a document's snapshots, so that a device that subscribes again and again hears of each once.
import { bytesToHex, type DocumentId, encodeFrame, MAX_ACTIVE_DEVICES, type RelayFrame } from '@owlivion/sync-protocol'
import type { Follower } from '../document-feed'
import type { StoredSnapshot } from '../store/snapshot-rows'
import { currentSnapshot } from '../store/snapshot-rules'

type Offer = Extract<RelayFrame, { type: 'snapshot-offered' }>

export class SnapshotNews {
  private readonly toldByFollower = new WeakMap<Follower, Map<string, string>>()

  /** Sends what this connection was not told last time. */
  tell(follower: Follower, document: DocumentId, snapshots: readonly StoredSnapshot[]): void {
    const told = this.toldByFollower.get(follower) ?? new Map<string, string>()
    const offers = offersOf(document, snapshots)
    const news = offers.map(signatureOf).join()
    if (offers.length === 0 || told.get(bytesToHex(document)) === news) return
    this.toldByFollower.set(follower, told.set(bytesToHex(document), news))
    for (const offer of offers) follower.send(encodeFrame(offer))
  }

  /** The connection wants nothing of the document any more: should it come back to it, it has forgotten what it was told. */
  forget(follower: Follower, document: DocumentId): void {
    this.toldByFollower.get(follower)?.delete(bytesToHex(document))
  }
}

/** The current one, after those beyond it that were rejected: their authors must learn of it. */
function offersOf(document: DocumentId, snapshots: readonly StoredSnapshot[]): Offer[] {
  const current = currentSnapshot(snapshots)
  const from = current === undefined ? 0 : snapshots.indexOf(current) + 1
  const rejected = snapshots.slice(from)
  return [...rejected, ...(current ? [current] : [])].map((each) => ({
    type: 'snapshot-offered',
    document,
    hash: each.hash,
    coveredNumber: each.coveredNumber,
    coveredHash: each.coveredHash,
    documentEpoch: each.documentEpoch,
    author: each.author,
    sizeBytes: each.sizeBytes,
    storedAtMs: each.storedAtMs,
    isCurrent: each === current,
    verdicts: each.verdicts.slice(0, MAX_ACTIVE_DEVICES),
  }))
}

function signatureOf({ hash, isCurrent, verdicts }: Offer): string {
  return `${bytesToHex(hash)} ${isCurrent} ${verdicts.map(({ device, verdict }) => `${bytesToHex(device)}${verdict}`)}`
}
