// When a log is long enough to be summed up: by its bytes since the last snapshot, against what a snapshot of the document would take. The
// bytes are counted as entries arrive; the size of the document is estimated rarely enough to cost nothing.
import { SNAPSHOT_KEEP_MS } from '@owlivion/sync-protocol'
import { deflateSize } from '../../crypto'
import { documentLimitsOf } from '../document/document-limits'
import type { DocumentState } from '../document/document-state'
import type { LogTail } from '../document/state-row'
import { readStoredBase, tryOpenStored } from '../log/base'
import { type NumberedEntry, readLog } from '../log/log-history'

/** How many times the size of a snapshot the log after it may take: so much work there is between two of them. */
const TAIL_PER_STATE = 2
/** Once it has begun to age: at rest, the snapshot and the log after it take no more than twice the state. */
const OLD_TAIL_PER_STATE = 1

export class CompactionNeed {
  private estimatedBytes: number | undefined

  constructor(private readonly state: DocumentState) {}

  /**
   * Call within a job, for the log may be read from disk.
   * @param current what the relay's current snapshot covers, and its size; undefined when there is none
   * @param isIdle nobody is kept waiting by an estimate; otherwise the answer is true when one would be needed
   */
  async isThere(
    current: { readonly coveredNumber: number; readonly sizeBytes: number } | undefined,
    isIdle: boolean,
  ): Promise<boolean> {
    const tail = await this.tail(current?.coveredNumber ?? 0)
    if (tail.bytes <= documentLimitsOf(this.state.context.platform).minTailBytes) return false
    const perState = this.isOld(tail) ? OLD_TAIL_PER_STATE : TAIL_PER_STATE
    if (current !== undefined) return tail.bytes > perState * current.sizeBytes
    if (this.estimatedBytes !== undefined && tail.bytes <= perState * this.estimatedBytes) return false
    if (!isIdle) return true
    // It has grown since; as the log doubles in length, or becomes old, this is done once.
    this.estimatedBytes = deflateSize(this.state.registers.encodeState(), this.state.context.platform.deflate)
    return tail.bytes > perState * this.estimatedBytes
  }

  /** It begins before everything that is kept for its age alone. */
  private isOld({ sinceMs }: LogTail): boolean {
    return sinceMs !== undefined && this.state.context.now() - sinceMs >= SNAPSHOT_KEEP_MS
  }

  private async tail(after: number): Promise<LogTail> {
    const { state } = this
    const from = Math.max(after, state.foundation?.number ?? 0)
    if (state.logTail?.after !== from) state.logTail = await this.count(from)
    return state.logTail
  }

  private async count(after: number): Promise<LogTail> {
    const { context, document, foundation } = this.state
    await context.writer.barrier()
    const entries = await readLog(context, document, foundation, await readStoredBase(context, document))
    const tail = entries.filter(([number]) => number > after)
    return { after, bytes: tail.reduce((sum, [, { bytes }]) => sum + bytes.length, 0), sinceMs: this.sealedFirst(tail) }
  }

  private sealedFirst(tail: readonly NumberedEntry[]): number | undefined {
    const { context, document } = this.state
    for (const [, entry] of tail) {
      const opened = tryOpenStored(context, document, entry)
      if (opened !== undefined) return opened.body.sealedAtMs
    }
    return undefined
  }
}
