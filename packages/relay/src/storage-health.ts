// Whether the disk takes writes, for `/ready`. After a failure the relay tries by itself, since devices that were asked to
// wait may all be gone when the disk comes back.
import { toRefusal } from './errors'
import type { RelayLog, RelayPlatform } from './platform'
import type { RelayStore } from './store/relay-store'

export class StorageHealth {
  /** What is wrong, in a sentence; undefined when writes work. */
  reason: string | undefined = 'The relay is starting.'
  private cancelTimer: (() => void) | undefined
  private stopped = false

  constructor(
    private readonly platform: RelayPlatform,
    private readonly store: RelayStore,
    private readonly retryMs: number,
    private readonly log: RelayLog,
  ) {}

  async check(): Promise<void> {
    try {
      await this.store.probe()
      this.worked()
    } catch (error) {
      this.failed(error)
    }
  }

  worked(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
    if (this.reason !== undefined) this.log.info({}, 'storage takes writes')
    this.reason = undefined
  }

  failed(error: unknown): void {
    const { code, message } = toRefusal(error)
    if (this.reason !== message) this.log.error({ code, reason: message, cause: error }, 'storage refuses writes')
    this.reason = message
    if (this.stopped || this.cancelTimer !== undefined) return
    this.cancelTimer = this.platform.setTimer(this.retryMs, () => {
      this.cancelTimer = undefined
      void this.check()
    })
  }

  stop(): void {
    this.stopped = true
    this.cancelTimer?.()
  }
}
