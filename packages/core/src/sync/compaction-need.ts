// When a log is long enough to be summed up: by its bytes since the last snapshot, against what a snapshot of the document would take. The
// bytes are counted as entries arrive; the size of the document is estimated rarely enough to cost nothing.
import { deflateSize } from '../crypto'
import { readStoredBase } from './base'
import { documentLimitsOf } from './document-limits'
import type { DocumentState } from './document-state'
import { readLog } from './log-history'

/** How many times the size of a snapshot the log after it may take: so much work there is between two of them. */
const TAIL_PER_STATE = 2

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
    const bytes = await this.tailBytes(current?.coveredNumber ?? 0)
    if (bytes <= documentLimitsOf(this.state.context.platform).minTailBytes) return false
    if (current !== undefined) return bytes > TAIL_PER_STATE * current.sizeBytes
    if (this.estimatedBytes !== undefined && bytes <= TAIL_PER_STATE * this.estimatedBytes) return false
    if (!isIdle) return true
    // It has grown since; as the log doubles in length, this is done once.
    this.estimatedBytes = deflateSize(this.state.registers.encodeState())
    return bytes > TAIL_PER_STATE * this.estimatedBytes
  }

  private async tailBytes(after: number): Promise<number> {
    const { state } = this
    const from = Math.max(after, state.foundation?.number ?? 0)
    if (state.logTail?.after !== from) state.logTail = { after: from, bytes: await this.count(from) }
    return state.logTail.bytes
  }

  private async count(after: number): Promise<number> {
    const { context, document, foundation } = this.state
    await context.writer.barrier()
    const entries = await readLog(context, document, foundation, await readStoredBase(context, document))
    return entries.reduce((sum, [number, { bytes }]) => (number > after ? sum + bytes.length : sum), 0)
  }
}
