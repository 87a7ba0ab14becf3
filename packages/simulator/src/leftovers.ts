// What a process must not leave behind when its app closes: timers, connections, its lock. Only the last word of a pairing may still be on
// its way for a moment.
import type { Life, VirtualTime } from './clock'
import type { DeviceLock } from './device-platform'
import type { Network } from './network'

export interface LeftoversOptions {
  readonly name: string
  readonly time: VirtualTime
  readonly network: Network
  readonly fail: (reason: string) => void
}

/** A mailbox waits so long until the other device has heard the last word. */
const LINGER_MS = 5_000

export class Leftovers {
  #lingersUntilMs = 0

  constructor(
    private readonly options: LeftoversOptions,
    private readonly lock: DeviceLock,
  ) {}

  /** However it ended. */
  readonly pairingOver = (): void => {
    this.#lingersUntilMs = this.options.time.nowMs + LINGER_MS
  }

  /** Call when the app has closed. */
  check(life: Life): void {
    const { name, time, network, fail } = this.options
    if (this.lock.isHeld) fail(`${name} left its lock behind`)
    if (time.nowMs < this.#lingersUntilMs) return
    if (life.openTimers > 0) fail(`${name} left ${life.openTimers} timers behind`)
    if (network.isHeldBy(name)) fail(`${name} left a connection open`)
  }
}
