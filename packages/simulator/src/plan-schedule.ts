// When the devices of a seed sync: some only every so many minutes or when asked, some are paused or asleep for a while. In some of these
// worlds a night lies between two edits, in which nothing happens but that schedules go on.
import type { SyncMode } from '@owlivion/sync'
import type { RandomStream } from './random'

export type ScheduleAction =
  | {
      readonly kind: 'set schedule'
      readonly device: number
      readonly mode: SyncMode
      readonly onStart: boolean
      readonly onNetworkReturn: boolean
    }
  /** Until it is resumed, when no time is given. */
  | { readonly kind: 'pause'; readonly device: number; readonly lastsMs: number | undefined }
  | { readonly kind: 'resume' | 'network returns' | 'sync now'; readonly device: number }
  /** The machine stands still; only its wall clock goes on. */
  | { readonly kind: 'sleep'; readonly device: number; readonly lastsMs: number }

export interface Night {
  readonly atMs: number
  readonly lastsMs: number
}

/** The clock of a device jumps, by hours, either way: a schedule counts on. */
export interface ClockJump {
  readonly kind: 'set clock'
  readonly device: number
  readonly offsetMs: number
}

type ScheduleStep = (ScheduleAction | ClockJump) & { readonly atMs: number }

export interface Schedules {
  readonly steps: readonly ScheduleStep[]
  readonly night: Night | undefined
}

const HOUR_MS = 3_600_000
const modes: readonly SyncMode[] = ['live', 15, 15, 30, 60, 120, 240, 'manual']

export function drawSchedules(random: RandomStream, devices: number, endMs: number): Schedules {
  if (!random.chance(0.35)) return { steps: [], night: undefined }
  const steps: ScheduleStep[] = []
  for (let n = random.between(2, 8); n > 0; n--) {
    const [device, atMs] = [random.between(0, devices - 1), random.between(0, endMs)]
    const later = atMs + random.delay(100, endMs)
    random.weighted<() => void>([
      [
        4,
        () => {
          const [onStart, onNetworkReturn] = [random.chance(0.5), random.chance(0.5)]
          steps.push({ atMs, kind: 'set schedule', device, mode: random.pick(modes), onStart, onNetworkReturn })
        },
      ],
      [
        2,
        () => {
          const lastsMs = random.chance(0.5) ? random.delay(500, HOUR_MS) : undefined
          steps.push({ atMs, kind: 'pause', device, lastsMs })
          if (lastsMs === undefined && random.chance(0.6)) steps.push({ atMs: later, kind: 'resume', device })
        },
      ],
      [2, () => steps.push({ atMs, kind: 'sleep', device, lastsMs: random.delay(500, HOUR_MS) })],
      [1, () => steps.push({ atMs, kind: 'network returns', device })],
      [1, () => steps.push({ atMs, kind: 'sync now', device })],
    ])()
  }
  const hasNight = random.chance(0.5)
  const night = { atMs: random.between(0, endMs), lastsMs: random.between(HOUR_MS, 5 * HOUR_MS) }
  for (let device = 0; device < devices; device++) {
    const offsetMs = random.between(-24 * HOUR_MS, 24 * HOUR_MS)
    if (random.chance(0.4)) steps.push({ atMs: night.atMs, kind: 'set clock', device, offsetMs })
  }
  if (!hasNight) return { steps, night: undefined }
  for (let device = 0; device < devices; device++) {
    // Awake a while before it ends, or somebody edits on it the moment it wakes.
    const lastsMs = Math.floor(night.lastsMs * random.pick([0.3, 0.7, 1]))
    if (random.chance(0.5)) steps.push({ atMs: night.atMs, kind: 'sleep', device, lastsMs })
  }
  return { steps, night }
}

/** What comes after the night is later by as much. */
export function afterNight<Each extends { readonly atMs: number }>(step: Each, night: Night | undefined): Each {
  return night === undefined || step.atMs <= night.atMs ? step : { ...step, atMs: step.atMs + night.lastsMs }
}
