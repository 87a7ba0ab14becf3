// A moment to come, told by two clocks at once: the wall clock, which goes on while a device sleeps but may be set, and the time that
// timers have counted, which cannot be set but stands still in sleep. It has come when either says so: what is done too early by a
// clock that jumped ahead is harmless, while a clock set back by years would otherwise put it off by years.

/** How a deadline is stored. */
export interface StoredDeadline {
  /** By the device's wall clock, in ms since 1970. */
  readonly atMs: number
  /** What was left to wait when it was stored, in ms: it is never further away than that. */
  readonly leftMs: number
}

export class Deadline {
  private constructor(
    private at: number,
    private left: number,
  ) {}

  /** @param nowMs by the wall clock */
  static after(waitMs: number, nowMs: number): Deadline {
    return new Deadline(nowMs + waitMs, waitMs)
  }

  static stored({ atMs, leftMs }: StoredDeadline, nowMs: number): Deadline {
    const deadline = new Deadline(atMs, leftMs)
    deadline.counted(0, nowMs)
    return deadline
  }

  /** By the wall clock as it was when last looked at. */
  get atMs(): number {
    return this.at
  }

  /** What is left to wait; 0 when it has come. */
  waitMs(nowMs: number): number {
    return Math.max(0, Math.min(this.left, this.at - nowMs))
  }

  hasCome(nowMs: number): boolean {
    return this.waitMs(nowMs) === 0
  }

  /** A timer has counted this much, or, with 0, the clock may have been set. */
  counted(elapsedMs: number, nowMs: number): void {
    this.left = Math.max(0, this.left - elapsedMs)
    // Further away than what is left: the clock was set back.
    this.at = Math.min(this.at, nowMs + this.left)
  }

  toStored(nowMs: number): StoredDeadline {
    return { atMs: this.at, leftMs: this.waitMs(nowMs) }
  }
}
