// When nothing happens: what snapshots stand for is pruned, and disk space given back. A relay that never rests does it all the same.
import type { RelayLimits } from './limits'
import type { RelayLog, RelayPlatform } from './platform'
import type { StorageHealth } from './storage-health'
import type { RelayStore } from './store/relay-store'
import type { Pruned } from './store/snapshot-rows'

/** The longest that a relay without a quiet moment goes untidied. */
const TIDY_LATEST_MS = 600_000
/** What is to go goes with time, also at a relay that nobody writes to. */
const TIDY_AGAIN_MS = 3_600_000

export interface TidierParts {
  readonly platform: RelayPlatform
  readonly store: RelayStore
  readonly limits: Pick<RelayLimits, 'tidyAfterMs'>
  readonly health: StorageHealth
  readonly log: RelayLog
}

export class Tidier {
  /** Since the start. */
  pruned: Pruned = { entries: 0, snapshots: 0 }
  private cancelTimer: (() => void) | undefined
  private cancelAgain: (() => void) | undefined
  private stopped = false
  private tidiedAtMs: number

  constructor(private readonly parts: TidierParts) {
    this.tidiedAtMs = parts.platform.now()
    // It may have been down for long.
    this.soon()
  }

  /** Something is going on: tidying waits, but not for ever. */
  postpone(): void {
    if (Math.abs(this.parts.platform.now() - this.tidiedAtMs) < TIDY_LATEST_MS) this.cancel()
  }

  /** Tidies when nothing has happened for a while. */
  soon(): void {
    if (this.stopped || this.cancelTimer !== undefined) return
    const { platform, limits } = this.parts
    this.cancelTimer = platform.setTimer(limits.tidyAfterMs, () => void this.tidy())
  }

  stop(): void {
    this.stopped = true
    this.cancel()
    this.cancelAgain?.()
  }

  private again(): void {
    this.cancelAgain?.()
    if (this.stopped) return
    this.cancelAgain = this.parts.platform.setTimer(TIDY_AGAIN_MS, () => {
      this.soon()
      this.again()
    })
  }

  private cancel(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
  }

  private async tidy(): Promise<void> {
    const { platform, store, health, log } = this.parts
    this.cancelTimer = undefined
    this.tidiedAtMs = platform.now()
    this.again()
    try {
      const pruned = await store.snapshots.prune(this.tidiedAtMs)
      this.pruned = {
        entries: this.pruned.entries + pruned.entries,
        snapshots: this.pruned.snapshots + pruned.snapshots,
      }
      if (pruned.entries + pruned.snapshots > 0) log.info(pruned, 'pruned')
      if (await store.tidy()) this.soon()
    } catch (error) {
      health.failed(error)
    }
  }
}
