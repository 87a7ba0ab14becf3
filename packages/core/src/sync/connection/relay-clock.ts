// The device's clock corrected by the relay's, remembered from one start to the next: what is written offline carries a time that
// other devices can live with.
import type { Platform } from '../../platform'
import { clockKey, encodeClock } from '../account/profile'
import type { StoreWriter } from '../store-writer'

/** A change of the offset below this is network delay, not worth a write. */
const SMALL_OFFSET_MS = 1_000

export class RelayClock {
  /** When the relay told last since this was opened, by the device's clock in ms. */
  toldAtMs: number | undefined

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
    return this.platform.now() + (this.offset ?? 0)
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
