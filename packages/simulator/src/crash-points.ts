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

/** Wherever a process does something that is seen outside, or goes on because the world has answered: every await ends at one of these. */
export type Boundary =
  | DevicePlace
  | RelayPlace
  | 'has signed'
  | 'has verified'
  | 'has read'
  | 'has its lock'
  | 'has closed its store'
  | 'wipes its store'
  | 'has wiped its store'
  | 'is connected'
  | 'is disconnected'
  | 'wakes'

interface Armed {
  readonly place: string
  nth: number
  readonly die: () => void
}

export class CrashPoints {
  #armed: Armed[] = []
  #passed: Boundary[] = []
  #deaths = new Map<number, () => void>()
  #isOver = false

  /** Every boundary that the process has come to until faults ended, in all of its lives. */
  get passed(): readonly Boundary[] {
    return this.#passed
  }

  /** From now on, the `nth` time that the process comes to this place, it dies there. */
  arm(place: DevicePlace | RelayPlace, nth: number, die: () => void): void {
    this.#armed.push({ place, nth, die })
  }

  /** It dies at the boundary that has this position in `passed`. */
  armAt(position: number, die: () => void): void {
    this.#deaths.set(position, die)
  }

  /** Faults are over. */
  disarm(): void {
    this.#armed = []
    this.#deaths.clear()
    this.#isOver = true
  }

  reached(place: Boundary): void {
    if (this.#isOver) return
    const position = this.#passed.push(place) - 1
    this.#deaths.get(position)?.()
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
