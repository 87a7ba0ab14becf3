// Snapshots on their way to the relay, part by part. What is half here is bounded for a connection and for all of them together.
import {
  bytesToHex,
  type DocumentId,
  MAX_SNAPSHOT_BYTES,
  ProtocolFailure,
  SnapshotAssembly,
  type SnapshotPart,
} from '@owlivion/sync-protocol'
import { RelayError } from '../errors'
import type { RelayLimits } from '../limits'

interface Upload {
  readonly assembly: SnapshotAssembly
  heardAtMs: number
}

/** A device that sends nothing more for so long has given up, or is gone; its parts make room for others. */
const STALLED_MS = 30_000

export class SnapshotUploads {
  private readonly byHolder = new Map<object, Map<string, Upload>>()

  constructor(
    private readonly now: () => number,
    private readonly limits: Pick<RelayLimits, 'maxUploadBytes' | 'storageRetryMs'>,
  ) {}

  /**
   * @param holder the connection
   * @returns the whole file after its last part
   * @throws RelayError `snapshot-refused` for a part that does not follow, `busy` when there is no room; what was there is dropped
   */
  add(holder: object, document: DocumentId, part: SnapshotPart): Uint8Array | undefined {
    const uploads = this.byHolder.get(holder) ?? new Map<string, Upload>()
    this.byHolder.set(holder, uploads)
    const key = bytesToHex(document)
    const upload = uploads.get(key) ?? { assembly: new SnapshotAssembly(), heardAtMs: 0 }
    upload.heardAtMs = this.now()
    uploads.set(key, upload)
    try {
      this.makeRoom(holder, uploads, document, part)
      const file = upload.assembly.add(part)
      if (file !== undefined) uploads.delete(key)
      return file
    } catch (error) {
      uploads.delete(key)
      if (!(error instanceof ProtocolFailure)) throw error
      throw new RelayError('snapshot-refused', `The parts do not make a snapshot: ${error.message}.`, { document })
    }
  }

  /** The connection ended. */
  leave(holder: object): void {
    this.byHolder.delete(holder)
  }

  private makeRoom(
    holder: object,
    own: ReadonlyMap<string, Upload>,
    document: DocumentId,
    { bytes }: SnapshotPart,
  ): void {
    const { maxUploadBytes, storageRetryMs: retryAfterMs } = this.limits
    const fits = () => this.heldBytes() + bytes.length <= maxUploadBytes
    if (!fits()) this.dropStalled(holder)
    if (fits() && sizeOf(own) + bytes.length <= MAX_SNAPSHOT_BYTES) return
    throw new RelayError('busy', 'Too many snapshots are on their way.', { document, retryAfterMs })
  }

  private dropStalled(except: object): void {
    for (const [holder, uploads] of this.byHolder) {
      if (holder === except) continue
      for (const [key, { heardAtMs }] of uploads)
        if (Math.abs(this.now() - heardAtMs) >= STALLED_MS) uploads.delete(key)
      if (uploads.size === 0) this.byHolder.delete(holder)
    }
  }

  private heldBytes(): number {
    let bytes = 0
    for (const uploads of this.byHolder.values()) bytes += sizeOf(uploads)
    return bytes
  }
}

function sizeOf(uploads: ReadonlyMap<string, Upload>): number {
  let bytes = 0
  for (const { assembly } of uploads.values()) bytes += assembly.sizeBytes
  return bytes
}
