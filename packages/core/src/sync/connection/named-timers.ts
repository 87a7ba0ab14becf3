// Timers by what they are for: starting one ends the one before it of the same name.
import type { Platform } from '../../platform'

export class NamedTimers<Name extends string> {
  private readonly cancelByName = new Map<Name, () => void>()

  constructor(private readonly platform: Pick<Platform, 'setTimer'>) {}

  start(name: Name, delayMs: number, action: () => void): void {
    this.stop(name)
    const run = (): void => {
      this.cancelByName.delete(name)
      action()
    }
    this.cancelByName.set(name, this.platform.setTimer(delayMs, run))
  }

  isRunning(name: Name): boolean {
    return this.cancelByName.has(name)
  }

  stop(name: Name): void {
    this.cancelByName.get(name)?.()
    this.cancelByName.delete(name)
  }

  stopAll(): void {
    for (const cancel of this.cancelByName.values()) cancel()
    this.cancelByName.clear()
  }
}
