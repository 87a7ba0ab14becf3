// Whoever waits for a run of syncing: for its end, or only for its connection.
import type { SyncError } from '../../errors'

export class RunWaiters {
  private readonly forEnd = new Set<(failure: SyncError | undefined) => void>()
  private readonly forConnection = new Set<() => void>()

  /** @throws the failure of the run; the reason of `signal` when it aborts, and the run goes on */
  end(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        this.forEnd.delete(over)
        signal?.removeEventListener('abort', abort)
        act()
      }
      const over = (failure: SyncError | undefined): void =>
        settle(() => (failure === undefined ? resolve() : reject(failure)))
      const abort = (): void => settle(() => reject(signal?.reason))
      this.forEnd.add(over)
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  /** Resolves as well when the run ends without one. */
  connection(): Promise<void> {
    return new Promise((resolve) => {
      this.forConnection.add(resolve)
    })
  }

  connected(): void {
    for (const resolve of this.forConnection) resolve()
    this.forConnection.clear()
  }

  ended(failure: SyncError | undefined): void {
    for (const over of [...this.forEnd]) over(failure)
    this.connected()
  }
}
