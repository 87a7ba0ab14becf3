// A token bucket: a device may burst, but not for long. The clock is passed in, and may jump.

export class TokenBucket {
  private tokens: number
  private filledAt: number

  constructor(
    private readonly perSecond: number,
    private readonly capacity: number,
    nowMs: number,
  ) {
    this.tokens = capacity
    this.filledAt = nowMs
  }

  /** 0 when `cost` was taken, otherwise the milliseconds to wait; then nothing is taken. */
  take(cost: number, nowMs: number): number {
    const elapsedMs = Math.max(0, nowMs - this.filledAt)
    this.tokens = Math.min(this.capacity, this.tokens + (elapsedMs * this.perSecond) / 1000)
    this.filledAt = nowMs
    // What costs more than the bucket holds passes when it is full, or it could never pass.
    const needed = Math.min(cost, this.capacity)
    if (this.tokens < needed) return Math.ceil(((needed - this.tokens) * 1000) / this.perSecond)
    this.tokens -= needed
    return 0
  }
}

/** A frame costs one token, and one more for each of these. */
const BYTES_PER_TOKEN = 16_384

export function costOfFrame(sizeBytes: number): number {
  return 1 + Math.floor(sizeBytes / BYTES_PER_TOKEN)
}
