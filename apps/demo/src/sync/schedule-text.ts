import { type SyncMode, type SyncSchedule, syncIntervals } from '@owlivion/sync'
import { timeText } from '../account/device-text'

export const modes: readonly { readonly mode: SyncMode; readonly words: string }[] = [
  { mode: 'live', words: 'As it changes' },
  ...syncIntervals.map((mode) => ({ mode, words: intervalText(mode) })),
  { mode: 'manual', words: 'By hand' },
]

function intervalText(minutes: number): string {
  if (minutes < 60) return `Every ${minutes} minutes`
  return minutes === 60 ? 'Every hour' : `Every ${minutes / 60} hours`
}

export function lastRunText({ lastRun }: SyncSchedule): string {
  if (lastRun === undefined) return 'None yet'
  const time = timeText(lastRun.endedAtMs)
  return lastRun.failed === undefined ? time : `${time}, not finished (${lastRun.failed})`
}

export function nextRunText({
  mode,
  isNetworkOn,
  isPaused,
  pausedUntilMs,
  isRunning,
  nextRunMs,
}: SyncSchedule): string {
  if (!isNetworkOn) return 'When the device is online'
  if (isPaused) return pausedUntilMs === undefined ? 'When it is resumed' : `After ${timeText(pausedUntilMs)}`
  if (isRunning) return 'Now'
  if (mode === 'live') return 'As it changes'
  return nextRunMs === undefined ? 'By hand' : timeText(nextRunMs)
}
