// Who shows what of itself in which document right now. Nothing of it is stored: a frame goes to whoever follows the document, and to one
// who is slow the newest of each device later.
import { bytesToHex, type DeviceId, type DocumentId, encodeFrame } from '@owlivion/sync-protocol'
import type { DocumentFeed, Follower } from './document-feed'
import { RelayError } from './errors'
import type { RelayLimits } from './limits'
import type { RelayPlatform } from './platform'
import { TokenBucket } from './rate-limit'

/** A follower with more than this on its way gets no presence for now: its entries come first. */
const BUSY_BYTES = 65_536
/** How long until a slow follower is tried again. */
const RETRY_MS = 250
/** Frames that wait for one slow follower; the oldest goes first. A device shows itself again every few seconds. */
const MAX_WAITING = 64

interface Shown {
  readonly device: DeviceId
  readonly bucket: TokenBucket
  readonly documents: Map<string, DocumentId>
}

/** The presence of one account. */
export class Presence {
  private readonly shownByAuthor = new Map<Follower, Shown>()
  private readonly waitingByFollower = new Map<Follower, Map<string, Uint8Array>>()
  private cancelRetry: (() => void) | undefined

  constructor(
    private readonly platform: Pick<RelayPlatform, 'now' | 'setTimer'>,
    private readonly feed: DocumentFeed,
  ) {}

  /** @throws RelayError `too-many-requests` when this connection shows itself too often */
  put(author: Follower, device: DeviceId, document: DocumentId, envelope: Uint8Array, limits: RelayLimits): void {
    const shown = this.shownBy(author, device, limits)
    const retryAfterMs = shown.bucket.take(1, this.platform.now())
    if (retryAfterMs > 0) throw new RelayError('too-many-requests', undefined, { document, retryAfterMs })
    const key = bytesToHex(document)
    if (!shown.documents.has(key) && shown.documents.size >= limits.maxDocuments)
      throw new RelayError('too-many-documents', undefined, { document, state: limits.maxDocuments })
    shown.documents.set(key, document)
    this.tell(author, device, document, encodeFrame({ type: 'presence', document, envelope }))
  }

  /** The connection ended, and what it showed is gone. */
  leave(follower: Follower): void {
    this.waitingByFollower.delete(follower)
    const shown = this.shownByAuthor.get(follower)
    this.shownByAuthor.delete(follower)
    for (const document of shown?.documents.values() ?? []) {
      const { device } = shown as Shown
      this.tell(follower, device, document, encodeFrame({ type: 'presence-gone', document, device }))
    }
    if (this.waitingByFollower.size === 0) this.stopRetrying()
  }

  private shownBy(author: Follower, device: DeviceId, { presencePerSecond, presenceBurst }: RelayLimits): Shown {
    const present = this.shownByAuthor.get(author)
    if (present !== undefined) return present
    const bucket = new TokenBucket(presencePerSecond, presenceBurst, this.platform.now())
    const shown = { device, bucket, documents: new Map() }
    this.shownByAuthor.set(author, shown)
    return shown
  }

  private tell(author: Follower, device: DeviceId, document: DocumentId, frame: Uint8Array): void {
    const key = `${bytesToHex(document)} ${bytesToHex(device)}`
    for (const follower of this.feed.followersOf(document)) {
      if (follower === author) continue
      const waiting = this.waitingByFollower.get(follower)
      if (follower.bufferedBytes <= BUSY_BYTES) {
        waiting?.delete(key)
        follower.send(frame)
      } else this.wait(follower, key, frame)
    }
  }

  private wait(follower: Follower, key: string, frame: Uint8Array): void {
    const waiting = this.waitingByFollower.get(follower) ?? new Map<string, Uint8Array>()
    waiting.delete(key)
    waiting.set(key, frame)
    const [oldest] = waiting.keys()
    if (waiting.size > MAX_WAITING && oldest !== undefined) waiting.delete(oldest)
    this.waitingByFollower.set(follower, waiting)
    this.cancelRetry ??= this.platform.setTimer(RETRY_MS, () => this.retry())
  }

  private retry(): void {
    this.cancelRetry = undefined
    for (const [follower, waiting] of this.waitingByFollower) {
      if (follower.bufferedBytes > BUSY_BYTES) continue
      this.waitingByFollower.delete(follower)
      for (const frame of waiting.values()) follower.send(frame)
    }
    if (this.waitingByFollower.size > 0) this.cancelRetry = this.platform.setTimer(RETRY_MS, () => this.retry())
  }

  private stopRetrying(): void {
    this.cancelRetry?.()
    this.cancelRetry = undefined
  }
}
