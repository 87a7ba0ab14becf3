// The device's clock corrected by the relay's, remembered from one start to the next: what is written offline carries a time that
// other devices can live with.
import type { Platform } from '../../platform'
import { clockKey, encodeClock } from '../account/profile'
import type { StoreWriter } from '../store-writer'

/** A change of the offset below this is network delay, not worth a write. */
const SMALL_OFFSET_MS = 1_000
/** A clock that was put back by more than this is believed: nothing is dated ahead of it for long. */
const AHEAD_MS = 1_000

export class RelayClock {
  /** When the relay told last since this was opened, by the device's clock in ms. */
  toldAtMs: number | undefined
  private endedMs = Number.NEGATIVE_INFINITY
  private writtenMs = Number.NEGATIVE_INFINITY

  constructor(
    private readonly platform: Platform,
    private readonly writer: StoreWriter,
    private offset: number | undefined,
  ) {}

  /** The relay's clock minus the device's, in ms; undefined until the relay told. */
  get offsetMs(): number | undefined {
    return this.offset
  }

  now(): number {
    const now = this.platform.now() + (this.offset ?? 0)
    return this.endedMs - now > AHEAD_MS ? now : Math.max(now, this.endedMs + 1)
  }

  /** @param t what was written is dated so */
  wrote(t: number): void {
    this.writtenMs = this.writtenMs - this.now() > AHEAD_MS ? t : Math.max(this.writtenMs, t)
  }

  /**
   * Ends the millisecond: what is dated from now on is later.
   * @returns the millisecond; what was written before is no later, but for values that another clock had dated ahead of this one
   */
  endMillisecond(): number {
    const now = Math.floor(this.now())
    this.endedMs = this.writtenMs - now > AHEAD_MS ? now : Math.max(now, this.writtenMs)
    return this.endedMs
  }

  /** @returns true when it was not known before */
  told(timeMs: number): boolean {
    const before = this.offset
    this.toldAtMs = this.platform.now()
    const offset = timeMs - this.platform.now()
    if (before !== undefined && Math.abs(offset - before) < SMALL_OFFSET_MS) return false
    this.offset = offset
    // Closing rejects it, and then the next connection tells again.
    void this.writer.write({ put: [[clockKey, encodeClock(offset)]] }).catch(() => {})
    return before === undefined
  }
}
