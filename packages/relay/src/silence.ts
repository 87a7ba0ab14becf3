// Finds out that a connection has died without saying so: nothing was heard of it for one whole period and at the end of the next.
import type { RelayPlatform } from './platform'

export interface SilenceHandlers {
  /** Something was heard in the period that ends. */
  alive(): void
  silent(): void
}

export class SilenceWatch {
  private hasHeard = true
  private wasSilent = false
  private cancelTimer: () => void

  constructor(
    private readonly platform: RelayPlatform,
    private readonly periodMs: number,
    private readonly handlers: SilenceHandlers,
  ) {
    this.hasHeard = false
    this.cancelTimer = platform.setTimer(periodMs, () => this.look())
  }

  heard(): void {
    this.hasHeard = true
  }

  stop(): void {
    this.cancelTimer()
  }

  private look(): void {
    if (!this.hasHeard && this.wasSilent) {
      this.handlers.silent()
      return
    }
    this.wasSilent = !this.hasHeard
    const isAlive = this.hasHeard
    this.hasHeard = false
    this.cancelTimer = this.platform.setTimer(this.periodMs, () => this.look())
    if (isAlive) this.handlers.alive()
  }
}
