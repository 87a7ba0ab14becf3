// What a connection sent and the relay has not handled yet: one frame after the other, and only so much at once.

/** Frames of one connection in the order in which they came. */
export class Inbox {
  private readonly frames: Uint8Array[] = []
  private isWorking = false
  private worked: Promise<void> = Promise.resolve()
  /** Bytes that were received and not answered yet, here or in a queue of the relay. */
  private inFlightBytes = 0

  /**
   * @param handle does what the frame asks; a failure is its own to report
   * @param failed called when even that failed: the connection is of no use any more
   */
  constructor(
    private readonly handle: (frame: Uint8Array) => Promise<void>,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** @returns false when there is no room for the frame; one frame alone always has room */
  put(frame: Uint8Array, maxInFlightBytes: number): boolean {
    if (this.inFlightBytes + frame.length > maxInFlightBytes && this.inFlightBytes > 0) return false
    this.inFlightBytes += frame.length
    this.frames.push(frame)
    if (!this.isWorking) this.worked = this.work()
    return true
  }

  /** Bytes that wait elsewhere for their turn. */
  queued(sizeBytes: number): void {
    this.inFlightBytes += sizeBytes
  }

  answered(sizeBytes: number): void {
    this.inFlightBytes -= sizeBytes
  }

  /** Drops what waits. */
  clear(): void {
    this.frames.length = 0
  }

  /** Resolves when what was received is handled. */
  settled(): Promise<void> {
    return this.worked
  }

  private async work(): Promise<void> {
    this.isWorking = true
    try {
      for (let frame = this.frames.shift(); frame !== undefined; frame = this.frames.shift()) {
        this.inFlightBytes -= frame.length
        await this.handle(frame)
      }
      // In the same breath as the last look: what arrives from here on starts the work anew.
      this.isWorking = false
    } catch (error) {
      this.failed(error)
    }
  }
}
