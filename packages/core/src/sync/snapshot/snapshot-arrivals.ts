// Puts together what the relay sends of a snapshot: the parts of the file, and after them the entries that it covers by number and does
// not hold. Nothing is looked into here.
import {
  bytesEqual,
  decodeSnapshotFile,
  decodeSnapshotHeader,
  type ExemptEntry,
  type Frame,
  type Hash,
  type SignedHead,
  SnapshotAssembly,
} from '@owlivion/sync-protocol'

type FrameOf<T extends Frame['type']> = Extract<Frame, { type: T }>

export interface ArrivedSnapshot {
  /** What the relay calls it; not verified. */
  readonly hash: Hash
  /** The file. */
  readonly bytes: Uint8Array
  /** By rising number. */
  readonly exempt: readonly ExemptEntry[]
  readonly heads: readonly SignedHead[]
}

export class SnapshotArrivals {
  private readonly assembly = new SnapshotAssembly()
  private file: { readonly hash: Hash; readonly bytes: Uint8Array } | undefined
  private exempt: ExemptEntry[] = []
  private heads: SignedHead[] = []

  /**
   * @returns the snapshot when this was the last frame of it
   * @throws ProtocolFailure for a part that does not follow
   */
  receive(frame: FrameOf<'snapshot'> | FrameOf<'exempt'>): ArrivedSnapshot | undefined {
    if (frame.type === 'snapshot') {
      if (frame.part.index === 0) this.clear()
      // A part is a view into its frame, and stays until the last one is there.
      const bytes = this.assembly.add(frame.part)
      if (bytes !== undefined) this.file = { hash: frame.part.hash.slice() as Hash, bytes }
      return undefined
    }
    const { file } = this
    if (file === undefined || !bytesEqual(file.hash, frame.hash)) return undefined
    this.exempt.push(...frame.entries)
    this.heads.push(...frame.heads)
    if (!frame.isLast) return undefined
    const arrived = { ...file, exempt: this.exempt, heads: this.heads }
    this.clear()
    return arrived
  }

  /** The connection is gone, and with it the rest of what was on its way. */
  clear(): void {
    this.assembly.clear()
    this.file = undefined
    this.exempt = []
    this.heads = []
  }
}

/** As it says itself; undefined when it cannot be read. */
export function documentEpochOf({ bytes }: ArrivedSnapshot): number | undefined {
  try {
    return decodeSnapshotHeader(decodeSnapshotFile(bytes).header).documentEpoch
  } catch {
    // Whoever opens it says what that means.
    return undefined
  }
}
