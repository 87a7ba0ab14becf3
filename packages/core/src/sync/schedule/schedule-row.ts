// What a device keeps of its schedule: what was chosen, and where it stands, so that a restart neither skips a run nor repeats one.
//
//   ['schedule']   one row, written when something was chosen and after every run
import { decodeWhole, type Reader, Writer } from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import type { StoreKey } from '../../storage'
import type { StoredDeadline } from '../connection/deadline'

export const scheduleKey: StoreKey = ['schedule']

/** Minutes from the end of one run to the next. */
export const syncIntervals = [15, 30, 60, 120, 240] as const
/** Minutes from the end of one run to the next. */
export type SyncInterval = (typeof syncIntervals)[number]

/**
 * When this device syncs. `live`: it stays connected, and changes travel at once. A number: every so many minutes. `manual`: only by
 * `syncNow`, and at the occasions that are switched on.
 */
export type SyncMode = 'live' | SyncInterval | 'manual'

/** What a person chooses. */
export interface ScheduleSettings {
  readonly mode: SyncMode
  /** Sync once when the account is opened. */
  readonly onStart: boolean
  /** Sync once when the network returns. */
  readonly onNetworkReturn: boolean
}

/** A run that is over. */
export interface LastRun {
  /** By the device's clock, in ms since 1970. */
  readonly startedAtMs: number
  readonly endedAtMs: number
  /** Code of what it failed with; undefined for one that sent and read everything. */
  readonly failed: string | undefined
}

export interface StoredSchedule {
  readonly settings: ScheduleSettings
  /** `true`: until somebody resumes. */
  readonly paused: StoredDeadline | boolean
  readonly next: StoredDeadline | undefined
  /** No run before: the relay asked for it. */
  readonly hold: StoredDeadline | undefined
  /** Runs in a row that failed. */
  readonly failures: number
  readonly lastRun: LastRun | undefined
  /** When a run last sent and read everything. */
  readonly lastDoneMs: number | undefined
}

export const defaultSchedule: StoredSchedule = {
  settings: { mode: 'live', onStart: true, onNetworkReturn: true },
  paused: false,
  next: undefined,
  hold: undefined,
  failures: 0,
  lastRun: undefined,
  lastDoneMs: undefined,
}

const ROW_VERSION = 1
const modes: readonly SyncMode[] = ['live', 'manual', ...syncIntervals]
const MAX_CODE_BYTES = 64

export function isSyncMode(value: unknown): value is SyncMode {
  return modes.includes(value as SyncMode)
}

export function encodeSchedule({
  settings,
  paused,
  next,
  hold,
  failures,
  lastRun,
  lastDoneMs,
}: StoredSchedule): Uint8Array {
  const writer = new Writer().byte(ROW_VERSION).byte(modes.indexOf(settings.mode))
  const time = (ms: number): number => Math.max(0, Math.floor(ms))
  const deadline = (each: StoredDeadline): Writer => writer.varUint(time(each.atMs)).varUint(time(each.leftMs))
  writer
    .flag(settings.onStart)
    .flag(settings.onNetworkReturn)
    .flag(paused !== false)
  writer.optional(typeof paused === 'boolean' ? undefined : paused, deadline)
  writer.optional(next, deadline).optional(hold, deadline).varUint(failures)
  writer.optional(lastRun, (run) => {
    writer.varUint(time(run.startedAtMs)).varUint(time(run.endedAtMs))
    writer.optional(run.failed, (code) => writer.text(code, MAX_CODE_BYTES))
  })
  writer.optional(lastDoneMs, (ms) => writer.varUint(time(ms)))
  return writer.finish()
}

/** @throws SyncError `profile-damaged` */
export function decodeSchedule(bytes: Uint8Array): StoredSchedule {
  try {
    return decodeWhole(bytes, readSchedule)
  } catch (cause) {
    if (cause instanceof SyncError) throw cause
    throw new SyncError('profile-damaged', 'When this device syncs cannot be read.', { cause })
  }
}

function readSchedule(reader: Reader): StoredSchedule {
  if (reader.byte() !== ROW_VERSION)
    throw new SyncError('profile-damaged', 'The schedule was written by another version of the app.')
  const mode = modes[reader.byte()]
  if (mode === undefined) throw new SyncError('profile-damaged', 'The schedule is of a kind that is not known.')
  const settings = { mode, onStart: reader.flag(), onNetworkReturn: reader.flag() }
  const deadline = (): StoredDeadline => ({ atMs: reader.varUint(), leftMs: reader.varUint() })
  const isPaused = reader.flag()
  const pausedUntil = reader.optional(deadline)
  return {
    settings,
    paused: isPaused ? (pausedUntil ?? true) : false,
    next: reader.optional(deadline),
    hold: reader.optional(deadline),
    failures: reader.varUint(),
    lastRun: reader.optional(() => ({
      startedAtMs: reader.varUint(),
      endedAtMs: reader.varUint(),
      failed: reader.optional(() => reader.text(MAX_CODE_BYTES)),
    })),
    lastDoneMs: reader.optional(() => reader.varUint()),
  }
}
