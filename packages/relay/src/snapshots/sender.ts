// Snapshots on their way to a device. One after another and behind the connection's back: the next part goes out when the last has
// nearly left, so that pages and heartbeats get through between them and nothing piles up here.
import {
  bytesEqual,
  type DocumentId,
  encodeFrame,
  type FrameType,
  type Hash,
  PAGE_BYTES,
  SNAPSHOT_PART_BYTES,
} from '@owlivion/sync-protocol'
import type { ConnectedAccount } from '../accounts'
import type { Requester } from '../asking'
import { RelayError, toRefusal } from '../errors'
import type { RelayPlatform } from '../platform'
import type { RelayStore } from '../store/relay-store'
import type { SnapshotPlace } from '../store/snapshot-rows'

interface Job {
  /** What it answers. */
  readonly request: FrameType
  readonly document: DocumentId
  readonly hash: Hash
}

/** Unsent bytes of a connection up to which the next part is handed over. */
const READY_BYTES = 2 * SNAPSHOT_PART_BYTES
const LOOK_AGAIN_MS = 50

export class SnapshotSender {
  private readonly jobs: Job[] = []
  private isSending = false

  constructor(
    private readonly platform: RelayPlatform,
    private readonly store: RelayStore,
    private readonly account: ConnectedAccount,
    private readonly session: Requester,
  ) {}

  /** A snapshot that waits already is sent once. */
  send(job: Job): void {
    const isWaiting = this.jobs.some(
      (each) => bytesEqual(each.hash, job.hash) && bytesEqual(each.document, job.document),
    )
    if (isWaiting) return
    this.jobs.push(job)
    if (!this.isSending) void this.work()
  }

  private async work(): Promise<void> {
    this.isSending = true
    for (let job = this.jobs[0]; job !== undefined && this.session.isOpen; job = this.jobs[0]) {
      try {
        await this.sendFile(job)
        await this.sendExempt(job)
      } catch (error) {
        this.session.refuse(job.request, withDocument(error, job.document))
      }
      this.jobs.shift()
    }
    this.isSending = false
  }

  private async sendFile({ document, hash }: Job): Promise<void> {
    const place = { account: this.account.id, document, hash }
    for (let index = 0, count = 1; index < count; index++) {
      if (!(await this.ready())) return
      const slice = await this.store.snapshots.readFile(place, index * SNAPSHOT_PART_BYTES, SNAPSHOT_PART_BYTES)
      if (slice === undefined) throw new RelayError('snapshot-missing', undefined, { document })
      count = Math.ceil(slice.sizeBytes / SNAPSHOT_PART_BYTES)
      this.session.send(encodeFrame({ type: 'snapshot', document, part: { hash, index, count, bytes: slice.bytes } }))
    }
  }

  private async sendExempt({ document, hash }: Job): Promise<void> {
    const place: SnapshotPlace = { account: this.account.id, document, hash }
    for (let after: number | undefined = 0; after !== undefined; ) {
      if (!(await this.ready())) return
      const page = await this.store.snapshots.readExempt(place, after, PAGE_BYTES)
      after = page.next
      const { entries, heads } = page
      this.session.send(encodeFrame({ type: 'exempt', document, hash, entries, heads, isLast: after === undefined }))
    }
  }

  /** Resolves when the connection can take more; false when it has ended. */
  private async ready(): Promise<boolean> {
    while (this.session.isOpen && this.session.bufferedBytes > READY_BYTES)
      await new Promise<void>((resolve) => void this.platform.setTimer(LOOK_AGAIN_MS, resolve))
    return this.session.isOpen
  }
}

function withDocument(error: unknown, document: DocumentId): RelayError {
  const { code, message, retryAfterMs, cause } = toRefusal(error)
  return new RelayError(code, message, { document, cause, ...(retryAfterMs !== undefined && { retryAfterMs }) })
}
