// When to try the relay again after a connection ended: later after each failure, as late as the relay asked, and never given up.
import type { SyncError } from '../../errors'
import type { Platform } from '../../platform'
import { backoffMs } from './backoff'

/** How often the clock is looked at in a long wait. */
const LOOK_MS = 600_000

/** Why the connection before this one ended, and how long the relay asked to stay away, in ms. */
export interface ConnectionLoss {
  readonly error: SyncError
  readonly askedToWaitMs: number
}

export class Redial {
  private failures = 0
  /** Connections given up because of something untrue, until one held for a heartbeat. */
  private distrusts = 0
  private retryAfterMs = 0
  /** What the relay refused last, while nothing was well since. */
  private lastRefusal: SyncError | undefined
  /** The wait that is under way is the relay's, not ours. */
  relayAskedToWait = false
  loss: ConnectionLoss | undefined

  constructor(private readonly platform: Platform) {}

  /** Somebody wants a connection anew: what went wrong before is over. */
  start(): void {
    this.failures = 0
    this.distrusts = 0
  }

  failed(): void {
    this.failures++
  }

  distrusted(): void {
    this.distrusts++
  }

  refused(error: SyncError): void {
    this.retryAfterMs = error.retryAfterMs ?? 0
    this.lastRefusal = error
  }

  online(): void {
    this.loss = undefined
  }

  /** The relay answers; one that is restarted now and then is found again at once. */
  worked(): void {
    this.failures = 0
    this.lastRefusal = undefined
  }

  /** The connection held for a heartbeat. */
  held(): void {
    this.start()
  }

  ended(reason: SyncError): void {
    this.loss = { error: this.lastRefusal ?? reason, askedToWaitMs: this.retryAfterMs }
    this.lastRefusal = undefined
  }

  /** Calls `dial` when it is time. Timers sleep with the device, so a long wait is held against the clock now and then. */
  waitOut(timers: { start(name: 'retry', delayMs: number, action: () => void): void }, dial: () => void): void {
    const { platform } = this
    const waitMs = this.wait()
    const endMs = platform.now() + waitMs
    const wait = (leftMs: number): void =>
      timers.start('retry', Math.min(leftMs, LOOK_MS), () => {
        // A clock that was set back makes no wait longer.
        const restMs = Math.min(leftMs - LOOK_MS, endMs - platform.now())
        if (restMs > 0) wait(restMs)
        else dial()
      })
    wait(waitMs)
  }

  /** @returns how long from now, in ms */
  private wait(): number {
    const waitMs = Math.max(
      this.retryAfterMs,
      backoffMs(Math.max(1, this.failures + this.distrusts), this.platform.random),
    )
    this.relayAskedToWait = this.retryAfterMs > 0
    this.retryAfterMs = 0
    return waitMs
  }
}
