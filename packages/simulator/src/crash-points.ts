// Places in a process at which it can be made to die: not at a time, but at the nth moment of one kind. Virtual time alone would
// seldom hit the moments in which everything hangs on one await.

export type DevicePlace = 'begins a commit' | 'has committed' | 'sends a frame' | 'hears a frame' | 'signs'
export type RelayPlace = 'begins a commit' | 'has committed'

export const devicePlaces: readonly DevicePlace[] = [
  'begins a commit',
  'has committed',
  'sends a frame',
  'hears a frame',
  'signs',
]
export const relayPlaces: readonly RelayPlace[] = ['begins a commit', 'has committed']

interface Armed {
  readonly place: string
  nth: number
  readonly die: () => void
}

export class CrashPoints {
  #armed: Armed[] = []

  /** From now on, the `nth` time that the process comes to this place, it dies there. */
  arm(place: DevicePlace | RelayPlace, nth: number, die: () => void): void {
    this.#armed.push({ place, nth, die })
  }

  disarm(): void {
    this.#armed = []
  }

  reached(place: DevicePlace | RelayPlace): void {
    for (const each of this.#armed) {
      if (each.place !== place || --each.nth > 0) continue
      this.#armed = this.#armed.filter((other) => other !== each)
      each.die()
      return
    }
  }
}

/** What a dead process waits for. */
export function never<T>(): Promise<T> {
  return new Promise(() => {})
}
