// When a device syncs, as an app sees and changes it.
import type { LastRun, ScheduleSettings } from './schedule-row'

/** When this device syncs, and how it went. Times are by the device's clock, in ms since 1970. */
export interface SyncSchedule extends ScheduleSettings {
  /** The app lets this device use the network (`goOnline`); without it nothing connects. */
  readonly isNetworkOn: boolean
  /** Nothing connects until it is resumed, or until `pausedUntilMs`. */
  readonly isPaused: boolean
  readonly pausedUntilMs: number | undefined
  /** A run is under way. */
  readonly isRunning: boolean
  /** When the next run is due; undefined while none is planned: live, manual, offline, paused, or under way. */
  readonly nextRunMs: number | undefined
  readonly lastRun: LastRun | undefined
  /** When a run last sent and read everything. */
  readonly lastDoneMs: number | undefined
}

/** What is to be different from now on; what is left out stays. */
export interface ScheduleChange extends Partial<ScheduleSettings> {
  /** `true`: until somebody resumes. `{ untilMs }`: until then, by the device's clock. `false`: resume. */
  readonly paused?: boolean | { readonly untilMs: number }
}
