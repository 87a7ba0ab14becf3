// Virtual time: a queue of events, run one after another in order of time and, within a millisecond, in the order in which they were
// scheduled. After each event all microtasks are run dry, so that nothing an event started is still under way when the next begins.

/** When the worlds begin, in milliseconds since 1970. */
export const WORLD_START_MS = 1_750_000_000_000

/**
 * A process that can die. What it scheduled dies with it: its timers never fire and its calls to disk and cryptography are never
 * answered. A process of the real world that is killed in the middle of anything looks the same from outside.
 */
export class Life {
  #alive = true
  /** What waits for a process that stands still, in the order in which it came. */
  #waiting: (() => void)[] | undefined
  #fellAsleepAtMs = 0
  #sleptMs = 0
  /** Timers that were set and have neither fired nor been cancelled. */
  openTimers = 0

  get alive(): boolean {
    return this.#alive
  }

  end(): void {
    this.#alive = false
    this.#waiting = undefined
  }

  /** The machine sleeps: the process stands still, its timers with it, and only the wall clock goes on. */
  get isAsleep(): boolean {
    return this.#waiting !== undefined
  }

  /** In all, in ms, until it last woke up. */
  get sleptMs(): number {
    return this.#sleptMs
  }

  fallAsleep(nowMs: number): void {
    if (!this.#alive || this.isAsleep) return
    this.#waiting = []
    this.#fellAsleepAtMs = nowMs
  }

  /** What has come meanwhile is heard piece by piece, as from a socket. */
  wakeUp(time: VirtualTime): void {
    const waiting = this.#waiting
    if (waiting === undefined) return
    this.#waiting = undefined
    this.#sleptMs += time.nowMs - this.#fellAsleepAtMs
    for (const run of waiting) time.after(0, () => this.whenAwake(run))
  }

  /** Now, or when it has woken up; never, when it dies in its sleep. */
  whenAwake(run: () => void): void {
    if (this.#waiting === undefined) run()
    else this.#waiting.push(run)
  }

  /** A timer that dies with the process, counted so that one left behind is noticed. */
  setTimer(time: VirtualTime, delayMs: number, callback: () => void): () => void {
    this.openTimers++
    let isOpen = true
    const settle = () => {
      if (isOpen) this.openTimers--
      isOpen = false
    }
    const cancel = time.after(
      delayMs,
      () => {
        settle()
        callback()
      },
      this,
    )
    return () => {
      settle()
      cancel()
    }
  }
}

interface QueuedEvent {
  atMs: number
  /** What its process had slept when this time was set. */
  sleptMs: number
  readonly order: number
  readonly life: Life | undefined
  run: (() => void) | undefined
}

export class VirtualTime {
  #nowMs = 0
  #scheduled = 0
  readonly #heap: QueuedEvent[] = []

  /** Milliseconds since the world began. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** Calls `run` after `delayMs`, unless it is cancelled or `life` ends first. */
  after(delayMs: number, run: () => void, life?: Life): () => void {
    const atMs = this.#nowMs + Math.max(0, Math.ceil(delayMs))
    const event: QueuedEvent = { atMs, sleptMs: life?.sleptMs ?? 0, order: this.#scheduled++, life, run }
    this.#push(event)
    return () => {
      event.run = undefined
    }
  }

  /** Resolves after `delayMs`; never, when `life` ends first. */
  sleep(delayMs: number, life?: Life): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, resolve, life)
    })
  }

  /** Runs everything that is due up to this time, or until `isDone` says so after an event. */
  async runUntil(endMs: number, isDone: () => boolean = () => false): Promise<void> {
    // What was started from outside comes before the first event.
    await drainMicrotasks()
    for (;;) {
      const event = this.#heap[0]
      if (event === undefined || event.atMs > endMs) break
      this.#pop()
      if (event.run === undefined || event.life?.alive === false || this.#isPutOff(event)) continue
      this.#nowMs = event.atMs
      event.run()
      await drainMicrotasks()
      if (isDone()) return
    }
    this.#nowMs = Math.max(this.#nowMs, endMs)
  }

  /** Sleep does not count: what a process waits for is later by as much as it has slept. */
  #isPutOff(event: QueuedEvent): boolean {
    const { life } = event
    if (life === undefined) return false
    const putOff = (): void => {
      event.atMs += life.sleptMs - event.sleptMs
      event.sleptMs = life.sleptMs
      this.#push(event)
    }
    if (!life.isAsleep && life.sleptMs === event.sleptMs) return false
    life.whenAwake(putOff)
    return true
  }

  #push(event: QueuedEvent): void {
    const heap = this.#heap
    let at = heap.push(event) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(event, heap[parent] as QueuedEvent)) break
      heap[at] = heap[parent] as QueuedEvent
      at = parent
    }
    heap[at] = event
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop() as QueuedEvent
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as QueuedEvent, heap[child] as QueuedEvent)) child++
      if (!isBefore(heap[child] as QueuedEvent, last)) break
      heap[at] = heap[child] as QueuedEvent
      at = child
    }
    heap[at] = last
  }
}

/** Node runs every microtask, those of microtasks included, before the next immediate. It costs about 2 µs. */
export function drainMicrotasks(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function isBefore(a: QueuedEvent, b: QueuedEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}

/** A device's own clock: wrong from the start, a little too fast or slow, and set anew now and then. */
export class WallClock {
  #offsetMs: number
  #passedMs = 0
  /** How often it was set. */
  sets = 0

  constructor(
    private readonly time: VirtualTime,
    offsetMs: number,
    /** How much faster than true time it runs, for example 1e-5. */
    private readonly drift: number,
  ) {
    this.#offsetMs = offsetMs
  }

  now(): number {
    return Math.floor(WORLD_START_MS + this.time.nowMs * (1 + this.drift) + this.#offsetMs + this.#passedMs)
  }

  set(offsetMs: number): void {
    this.sets++
    this.#offsetMs = offsetMs
  }

  /** The whole world is later by this much at once. */
  pass(ms: number): void {
    this.#passedMs += ms
  }
}
