// Looks whether devices sync when their schedules say so, however long they slept and whatever their clocks were set to. A run may come
// early; it must not come late.
import type { SyncSchedule } from '@owlivion/sync'
import type { VirtualTime } from './clock'
import type { SimDevice } from './device'
import { syncNow } from './expect-sent'
import { describeDevices } from './rest'

const MINUTE_MS = 60_000
/** A device looks at its clock once a minute; then it takes one of these looks to see it. */
const SLACK_MS = 3 * MINUTE_MS
/** The longest interval, and time for a run. */
const LONGEST_KEEP_MS = 250 * MINUTE_MS
/** As long as a relay may ask to be left alone. */
const LONGEST_HOLD_MS = 240 * MINUTE_MS
/** What a relay may ask this with. */
const codesThatHold: ReadonlySet<string | undefined> = new Set(['too-many-requests', 'draining', 'slow-consumer'])

interface Watched {
  /** What a run or another choice changes. */
  readonly mark: string
  /** Since when this device's clock and the world's go on together, as far as the device can know. */
  readonly sinceMs: number
  /** What it was awake of that, in a row in which it might have synced. */
  readonly awakeMs: number
  /** Since it woke up. */
  readonly upMs: number
  /** How often its clock had been set when it was last seen awake after that. */
  readonly seenSets: number | undefined
  /** The same, once it was awake for a minute more, and has looked at the clock itself. */
  readonly clockSets: number | undefined
}

function lookedAtClock(
  before: Watched | undefined,
  sets: number,
  isAsleep: boolean,
): Pick<Watched, 'seenSets' | 'clockSets'> {
  if (before?.seenSets !== sets) return { seenSets: isAsleep ? undefined : sets, clockSets: undefined }
  return { seenSets: sets, clockSets: isAsleep ? before.clockSets : sets }
}

export class ScheduleWatch {
  readonly #watched = new Map<SimDevice, Watched>()
  #isOver = false

  constructor(
    private readonly time: VirtualTime,
    private readonly devices: readonly SimDevice[],
    private readonly fail: (reason: string) => void,
  ) {}

  begin(): void {
    this.time.after(MINUTE_MS, () => {
      if (this.#isOver) return
      for (const device of this.devices) this.#look(device)
      this.begin()
    })
  }

  /**
   * Faults are over, and everybody is awake: those that sync only now and then are left to it for once.
   * @param until lets time pass; answers whether it came true
   */
  async keep(until: (limitMs: number, isTrue: () => boolean) => Promise<boolean>): Promise<void> {
    for (const { sync, life, choices } of this.devices) if (sync) choices.resume(sync, life)
    const before = new Map(this.devices.map((device) => [device, device.sync?.schedule.lastDoneMs]))
    const isLate = (device: SimDevice): boolean => {
      const { mode = 'live', lastDoneMs, isRunning } = device.sync?.schedule ?? {}
      if (mode === 'live' || lastDoneMs !== before.get(device)) return false
      if (mode === 'manual' && !isRunning) syncNow(device)
      return true
    }
    const late = () => this.devices.filter(isLate)
    if (late().length > 0 && !(await until(LONGEST_KEEP_MS, () => late().length === 0)))
      this.fail(`does not sync by its schedule: ${describeDevices(late())}`)
    this.#isOver = true
  }

  #look(device: SimDevice): void {
    const { sync, isAsleep } = device
    const schedule = sync?.schedule
    if (
      device.state !== 'open' ||
      schedule === undefined ||
      !mayRun(schedule) ||
      sync?.status.connection === 'removed'
    ) {
      this.#watched.delete(device)
      return
    }
    const { mode, isRunning, lastRun } = schedule
    const mark = [mode, isRunning, lastRun?.startedAtMs].join()
    const before = this.#watched.get(device)
    const { sets } = device.wallClock
    const nowMs = this.time.nowMs
    const isSetSince = device.clockSetsAtStart !== sets
    const clock = isSetSince ? lookedAtClock(before, sets, isAsleep) : { seenSets: sets, clockSets: sets }
    if (before === undefined || before.mark !== mark || isRunning) {
      this.#watched.set(device, { mark, sinceMs: nowMs, awakeMs: 0, upMs: 0, ...clock })
      return
    }
    const awakeMs = before.awakeMs + (isAsleep ? 0 : MINUTE_MS)
    const upMs = isAsleep ? 0 : before.upMs + MINUTE_MS
    const sinceMs = before.clockSets === undefined ? nowMs : before.sinceMs
    this.#watched.set(device, { mark, sinceMs, awakeMs, upMs, ...clock })
    const hold = codesThatHold.has(lastRun?.failed) ? LONGEST_HOLD_MS : 0
    const dueMs = Number(mode) * MINUTE_MS + hold + SLACK_MS
    if (awakeMs > dueMs) this.fail(`${device.name} does not sync every ${mode} minutes`)
    // A clock that was set tells nothing about how long it slept.
    if (clock.clockSets !== undefined && upMs > SLACK_MS && nowMs - sinceMs > dueMs)
      this.fail(`${device.name} has slept through its schedule of ${mode} minutes, and does not make up for it`)
  }
}

function mayRun({ mode, isNetworkOn, isPaused }: SyncSchedule): boolean {
  return typeof mode === 'number' && isNetworkOn && !isPaused
}
