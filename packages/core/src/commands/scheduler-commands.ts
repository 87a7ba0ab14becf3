// The old scheduler's commands on the schedule of this device. It ran never or every so many minutes, and could not sync anything, since it
// had no password; this one needs none.
import type { SyncMode } from '../sync'
import { syncIntervals } from '../sync'
import type { AccountHolder } from './account-holder'
import type { SyncCommands } from './signatures'
import { timeField } from './times'

type SchedulerCommands = Pick<
  SyncCommands,
  'scheduler_start' | 'scheduler_stop' | 'scheduler_get_status' | 'scheduler_update_config'
>

/** What the old scheduler began with. */
const FIRST_INTERVAL = 30
/** What stands for at once where a number of minutes is asked for. */
const AT_ONCE = 1

export function schedulerCommands(holder: AccountHolder): SchedulerCommands {
  /** What to go on with after it was stopped. */
  let interval = FIRST_INTERVAL

  const minutesOf = (mode: SyncMode): number => (mode === 'live' ? AT_ONCE : mode === 'manual' ? interval : mode)

  return {
    async scheduler_start() {
      const sync = await holder.get()
      const { mode, isPaused } = sync.schedule
      await sync.setSchedule({
        ...(mode === 'manual' && { mode: schedulerMode(interval) }),
        ...(isPaused && { paused: false }),
      })
    },

    async scheduler_stop() {
      const sync = await holder.get()
      interval = minutesOf(sync.schedule.mode)
      await sync.setSchedule({ mode: 'manual' })
    },

    async scheduler_get_status() {
      const sync = await holder.find()
      if (sync === undefined) return { enabled: false, running: false, interval_minutes: interval }
      const { mode, isPaused, isNetworkOn, lastRun, nextRunMs } = sync.schedule
      const enabled = mode !== 'manual' && !isPaused
      return {
        enabled,
        running: enabled && isNetworkOn,
        interval_minutes: minutesOf(mode),
        ...timeField('last_run', lastRun?.endedAtMs ?? holder.lastGreenMs),
        ...timeField('next_run', nextRunMs),
      }
    },

    async scheduler_update_config({ enabled, interval_minutes }) {
      const sync = await holder.get()
      const mode = schedulerMode(interval_minutes)
      interval = minutesOf(mode)
      await sync.setSchedule(enabled ? { mode, paused: false } : { mode: 'manual' })
    },
  }
}

/** The nearest of the intervals that there are; less than the shortest is at once. Over half a day is a way to say never, and is four hours here. */
export function schedulerMode(minutes: number): SyncMode {
  if (minutes < syncIntervals[0]) return 'live'
  return syncIntervals.reduce((best, each) => (Math.abs(each - minutes) < Math.abs(best - minutes) ? each : best))
}
