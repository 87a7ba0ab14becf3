// Sends large things in parts, each once the one before has left this machine: what is written meanwhile, and the heartbeat, wait behind
// one part at most. One thing at a time, since the relay puts together one at a time.
import type { Frame } from '@owlivion/sync-protocol'
import type { Platform } from '../../platform'

/** With more than this on its way, the next part waits. */
const MAX_BUFFERED_BYTES = 65_536
const LOOK_AGAIN_MS = 100

export interface PacedOutlet {
  send(frame: Frame): void
  /** Bytes that have not left yet. */
  bufferedBytes(): number
}

export class PacedSender {
  private queue: Iterator<Frame>[] = []
  private cancelTimer: (() => void) | undefined

  constructor(
    private readonly platform: Pick<Platform, 'setTimer'>,
    private readonly outlet: PacedOutlet,
  ) {}

  /** @param frames are made when their turn comes */
  send(frames: Iterable<Frame>): void {
    this.queue.push(frames[Symbol.iterator]())
    if (this.queue.length === 1) this.sendNext()
  }

  /** The connection is gone: what is left of it is of no use on the next. */
  clear(): void {
    this.queue = []
    this.cancelTimer?.()
    this.cancelTimer = undefined
  }

  private sendNext(): void {
    while (this.queue.length > 0 && this.outlet.bufferedBytes() <= MAX_BUFFERED_BYTES) {
      const next = this.queue[0]?.next()
      if (next === undefined || next.done) this.queue.shift()
      else this.outlet.send(next.value)
    }
    if (this.queue.length === 0) return
    this.cancelTimer = this.platform.setTimer(LOOK_AGAIN_MS, () => {
      this.cancelTimer = undefined
      this.sendNext()
    })
  }
}
