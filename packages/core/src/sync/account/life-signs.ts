// While a device is connected and nothing happens, it says once an hour, in one collection after another, what it has read: so that the others know
// that it lives, and that the relay shows all of them one log. At the same time it looks which of them were not heard of for long.
import type { Platform } from '../../platform'

const HOUR_MS = 60 * 60 * 1_000
/** What the relay has of the others has come by then. */
const FIRST_LOOK_MS = 60_000

/** A collection that this device syncs. */
interface Telling {
  /** Tells the others anew what this device has read of it. */
  tellSeen(): void
}

export interface LifeSignsOptions {
  readonly platform: Pick<Platform, 'setTimer'>
  documents(): readonly Telling[]
  /** Called soon after connecting, and with every sign. */
  look(): void
}

export class LifeSigns {
  private cancelTimer: (() => void) | undefined
  private told = 0

  constructor(private readonly options: LifeSignsOptions) {}

  connected(): void {
    this.disconnected()
    this.wait(FIRST_LOOK_MS, () => this.options.look())
  }

  disconnected(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
  }

  private wait(delayMs: number, action: () => void): void {
    this.cancelTimer = this.options.platform.setTimer(delayMs, () => {
      action()
      this.wait(HOUR_MS, () => this.sign())
    })
  }

  private sign(): void {
    const documents = this.options.documents()
    documents[this.told++ % documents.length]?.tellSeen()
    this.options.look()
  }
}
