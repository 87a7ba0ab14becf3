// Where a schedule stands: what was chosen, what is due when, and how the runs went. It comes from a row and goes into one; what follows
// from it is the scheduler's.
import { SyncError } from '../../errors'
import { Deadline, type StoredDeadline } from '../connection/deadline'
import type { ScheduleChange, SyncSchedule } from './schedule'
import { encodeSchedule, isSyncMode, type LastRun, type ScheduleSettings, type StoredSchedule } from './schedule-row'

export class ScheduleState {
  settings: ScheduleSettings
  paused: Deadline | true | undefined
  /** The next run. */
  next: Deadline | undefined
  /** No run before: the relay asked for it. */
  hold: Deadline | undefined
  /** Runs in a row that failed. */
  failures: number
  private lastRun: LastRun | undefined
  lastDoneMs: number | undefined

  /** @param now the wall clock, in ms since 1970 */
  constructor(
    stored: StoredSchedule,
    readonly now: () => number,
  ) {
    const restored = (deadline: StoredDeadline | undefined) => deadline && Deadline.stored(deadline, now())
    const { paused } = stored
    this.settings = stored.settings
    this.paused = typeof paused === 'boolean' ? paused || undefined : restored(paused)
    this.next = restored(stored.next)
    this.hold = restored(stored.hold)
    this.failures = stored.failures
    this.lastRun = stored.lastRun
    this.lastDoneMs = stored.lastDoneMs
  }

  get isPaused(): boolean {
    return this.paused === true || this.paused?.hasCome(this.now()) === false
  }

  /** @throws SyncError `invalid-value`; nothing is changed then */
  change({ mode, onStart, onNetworkReturn, paused }: ScheduleChange): void {
    if (mode !== undefined && !isSyncMode(mode))
      throw new SyncError('invalid-value', `${JSON.stringify(mode)} is not a time to sync.`)
    if (typeof paused === 'object' && !Number.isFinite(paused.untilMs))
      throw new SyncError('invalid-value', 'A pause ends at a time in milliseconds, or when it is resumed.')
    const before = this.settings
    this.settings = {
      mode: mode ?? before.mode,
      onStart: onStart ?? before.onStart,
      onNetworkReturn: onNetworkReturn ?? before.onNetworkReturn,
    }
    if (typeof paused === 'object') this.paused = this.after(Math.max(0, paused.untilMs - this.now()))
    else if (paused !== undefined) this.paused = paused || undefined
  }

  after(waitMs: number): Deadline {
    return Deadline.after(waitMs, this.now())
  }

  /** How long the relay wants to be left alone yet, in ms. */
  get holdMs(): number {
    return this.hold?.waitMs(this.now()) ?? 0
  }

  /** A timer has counted this much. */
  counted(elapsedMs: number): void {
    for (const deadline of [this.paused, this.next, this.hold])
      if (deadline instanceof Deadline) deadline.counted(elapsedMs, this.now())
  }

  runOver(startedAtMs: number, failure: SyncError | undefined): void {
    const endedAtMs = this.now()
    this.lastRun = { startedAtMs, endedAtMs, failed: failure?.code }
    if (failure === undefined) this.lastDoneMs = endedAtMs
  }

  view({ isRunning, isNetworkOn }: Pick<SyncSchedule, 'isRunning' | 'isNetworkOn'>): SyncSchedule {
    const { isPaused } = this
    return {
      ...this.settings,
      isNetworkOn,
      isPaused,
      pausedUntilMs: isPaused && this.paused instanceof Deadline ? this.paused.atMs : undefined,
      isRunning,
      nextRunMs: isNetworkOn && !isRunning && !isPaused ? this.next?.atMs : undefined,
      lastRun: this.lastRun,
      lastDoneMs: this.lastDoneMs,
    }
  }

  /** @param next the run that is due next, should this be all that is left */
  toRow(next: Deadline | undefined): Uint8Array {
    const now = this.now()
    const { settings, paused, hold, failures, lastRun, lastDoneMs } = this
    return encodeSchedule({
      ...{ settings, failures, lastRun, lastDoneMs },
      paused: paused instanceof Deadline ? paused.toStored(now) : paused === true,
      next: next?.toStored(now),
      hold: hold?.toStored(now),
    })
  }
}
