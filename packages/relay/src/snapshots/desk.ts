// What a logged-in device may do with snapshots: store one, ask for one, judge one; and which of them a subscriber gets instead of
// the beginning of the log.
import {
  bytesEqual,
  type Cursor,
  type DeviceId,
  type DocumentId,
  encodeFrame,
  type Frame,
  type FrameType,
  snapshotVerdictBytes,
} from '@owlivion/sync-protocol'
import type { Asking, Requester } from '../asking'
import { Cuts } from '../cuts'
import { RelayError } from '../errors'
import type { RelayLimits } from '../limits'
import { assertNotSuspended } from '../not-suspended'
import type { RelayPlatform } from '../platform'
import type { RelayStore } from '../store/relay-store'
import type { SnapshotPut, SnapshotPutResult, StoredSnapshot } from '../store/snapshot-rows'
import { currentSnapshot, isAccepted } from '../store/snapshot-rules'
import type { Tidier } from '../tidier'
import { SnapshotNews } from './news'
import { readSnapshot } from './read-snapshot'
import { SnapshotSender } from './sender'
import { SnapshotUploads } from './uploads'

type FrameOf<T extends FrameType> = Extract<Frame, { type: T }>

export interface SnapshotDeskParts {
  readonly platform: RelayPlatform
  readonly store: RelayStore
  readonly limits: RelayLimits
  readonly tidier: Tidier
}

/** The device that asks. */
export interface AskingDevice {
  readonly id: DeviceId
  readonly publicKey: Uint8Array
}

/** A keyring that changes under a snapshot is read again; more often than this it would be an attack or a defect. */
const MAX_ATTEMPTS = 5

export class SnapshotDesk {
  /** Since the start. */
  stored = 0
  private readonly uploads: SnapshotUploads
  private readonly news = new SnapshotNews()
  private readonly senders = new WeakMap<Requester, SnapshotSender>()

  constructor(private readonly parts: SnapshotDeskParts) {
    this.uploads = new SnapshotUploads(() => parts.platform.now(), parts.limits)
  }

  /** The connection ended. */
  leave(session: object): void {
    this.uploads.leave(session)
  }

  /** @throws RelayError with the code to refuse with */
  async put(asking: Asking, device: AskingDevice, { document, part }: FrameOf<'snapshot-put'>): Promise<void> {
    const { session, account } = asking
    assertNotSuspended(asking, document)
    const file = this.uploads.add(session, document, part)
    if (file === undefined) return
    const { hash } = part
    for (let attempt = 1; ; attempt++) {
      const read = await readSnapshot(this.parts.platform, account, new Cuts(this.parts.store), {
        document,
        hash,
        file,
        sender: device.id,
      })
      assertNotSuspended(asking, document)
      const result = await this.store(asking, { account: account.id, document, hash, file, ...read })
      if (result.kind === 'keyring-moved' && attempt < MAX_ATTEMPTS) await account.reload()
      else if (result.kind === 'stored' || result.kind === 'known') break
      else throw this.toRefusal(asking, document, result)
    }
    session.send(encodeFrame({ type: 'snapshot-stored', document, hash }))
    await this.tellAll(asking, document)
  }

  /** @throws RelayError `snapshot-missing` */
  async fetch(asking: Asking, { document, hash }: FrameOf<'snapshot-fetch'>): Promise<void> {
    assertNotSuspended(asking, document)
    const snapshots = await this.parts.store.snapshots.list(asking.account.id, document)
    const found = hash ? snapshots.find((each) => bytesEqual(each.hash, hash)) : currentSnapshot(snapshots)
    if (found === undefined) throw new RelayError('snapshot-missing', undefined, { document })
    this.send(asking, 'snapshot-fetch', document, found)
  }

  /** @throws RelayError with the code to refuse with */
  async judge(asking: Asking, device: AskingDevice, frame: FrameOf<'snapshot-verdict'>): Promise<void> {
    const { platform, store } = this.parts
    const { document, hash, verdict, signature } = frame
    const { account, session } = asking
    const signed = snapshotVerdictBytes(account.id, document, hash, verdict)
    if (!(await platform.verify(device.publicKey, signed, signature)))
      throw new RelayError('bad-signature', 'The verdict is not signed by this device.', { document })
    assertNotSuspended(asking, document)
    const snapshots = await store.snapshots.list(account.id, document)
    const snapshot = snapshots.find((each) => bytesEqual(each.hash, hash))
    if (snapshot === undefined) throw new RelayError('snapshot-missing', undefined, { document })
    if (bytesEqual(snapshot.author, device.id))
      throw new RelayError('snapshot-refused', 'A device does not judge a snapshot of its own.', { document })
    const place = { account: account.id, document, hash }
    const atMs = platform.now()
    const isStored = await store.snapshots.judge({ ...place, device: device.id, verdict, signature, atMs })
    if (!isStored) throw new RelayError('snapshot-missing', undefined, { document })
    this.parts.tidier.soon()
    await this.tellAll(asking, document)
    // It may not follow the document, and the offer is its answer.
    this.news.tell(session, document, await store.snapshots.list(account.id, document))
  }

  /** The connection follows the document no more. */
  unfollowed({ session }: Asking, document: DocumentId): void {
    this.news.forget(session, document)
  }

  /** Tells a subscriber what it has not heard yet. @returns the document's snapshots */
  async offer({ account, session }: Asking, document: DocumentId): Promise<readonly StoredSnapshot[]> {
    const snapshots = await this.parts.store.snapshots.list(account.id, document)
    this.news.tell(session, document, snapshots)
    return snapshots
  }

  /**
   * The snapshot that a subscriber at `cursor` is better off with than with entries, if there is one.
   * @param prunedTo set when there are no entries behind the cursor
   */
  async insteadOfEntries(
    { account }: Asking,
    device: DeviceId,
    cursor: Cursor,
    snapshots: readonly StoredSnapshot[],
    prunedTo: number | undefined,
  ): Promise<StoredSnapshot | undefined> {
    const { document, number: after } = cursor
    // One that this device rejected would only be sent in circles.
    const standing = snapshots.filter((each) => each.rejectedAtMs === undefined && !isRejectedBy(each, device))
    const accepted = standing.filter(isAccepted).at(-1)
    if (prunedTo !== undefined) {
      const reaching = [accepted, ...standing, ...snapshots].filter((each) => (each?.coveredNumber ?? 0) >= prunedTo)
      return reaching[0]
    }
    if (accepted === undefined || after >= accepted.coveredNumber) return undefined
    if (after === 0) return accepted
    const { coveredNumber, sizeBytes } = accepted
    const entryBytes = await this.parts.store.snapshots.bytesBetween(account.id, document, after, coveredNumber)
    return sizeBytes < entryBytes ? accepted : undefined
  }

  /** Sends all parts and what is exempt, in the background. */
  send({ account, session }: Asking, request: FrameType, document: DocumentId, { hash }: StoredSnapshot): void {
    const { platform, store } = this.parts
    const sender = this.senders.get(session) ?? new SnapshotSender(platform, store, account, session)
    this.senders.set(session, sender)
    sender.send({ request, document, hash })
  }

  private async store(
    { account, session }: Asking,
    request: Omit<SnapshotPut, 'storedAtMs' | 'mayRebase' | 'mayHeal'>,
  ): Promise<SnapshotPutResult> {
    const { store, platform, limits, tidier } = this.parts
    const { document } = request
    const { leases } = account
    const result = await store.snapshots.put(
      {
        ...request,
        storedAtMs: platform.now(),
        mayRebase: leases.holds(document, 'rebase', session),
        mayHeal: leases.holds(document, 'heal', session),
      },
      { maxDocuments: limits.maxDocuments, maxBytes: limits.maxAccountBytes },
    )
    if (result.kind !== 'stored') return result
    // What was held up is of an old epoch now, or can go on.
    if (request.header.documentEpoch > 0) leases.release(document, 'rebase', session)
    this.stored++
    tidier.soon()
    return result
  }

  private async tellAll({ account }: Asking, document: DocumentId): Promise<void> {
    const snapshots = await this.parts.store.snapshots.list(account.id, document)
    for (const follower of account.feed.followersOf(document)) this.news.tell(follower, document, snapshots)
  }

  private toRefusal(
    { account }: Asking,
    document: DocumentId,
    result: Exclude<SnapshotPutResult, { kind: 'stored' | 'known' }>,
  ): RelayError {
    switch (result.kind) {
      case 'misfit':
        return new RelayError('snapshot-refused', result.reason, { document })
      case 'conflict':
        return new RelayError('snapshot-conflict', undefined, { document })
      case 'keyring-moved':
        return new RelayError('stale-epoch', undefined, { document })
      case 'lease-needed': {
        const retryAfterMs = account.leases.rebasingForMs(document)
        return new RelayError('lease-taken', 'A rebase needs the lease for it.', { document, retryAfterMs })
      }
      case 'too-many-documents':
        return new RelayError(result.kind, undefined, { document, state: this.parts.limits.maxDocuments })
      default:
        return new RelayError(result.kind, undefined, { document })
    }
  }
}

function isRejectedBy({ verdicts }: StoredSnapshot, device: DeviceId): boolean {
  return verdicts.some((each) => each.verdict === 'reject' && bytesEqual(each.device, device))
}
