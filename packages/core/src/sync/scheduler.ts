// When this device is connected: always, every so many minutes, when asked, or not while it is paused. It owns the wish to be connected;
// how a connection is made and kept is the session's. Timers that fire late, a clock that was set, and restarts are the same to it: it
// asks whether a run is due, and one run makes up for all that were missed.
//
// Above it stands the app's own switch (`goOnline`, `goOffline`): without it nothing connects, whatever the schedule says.
import { SyncError } from '../errors'
import type { Platform } from '../platform'
import { jitterMs } from './backoff'
import { Deadline, type StoredDeadline } from './deadline'
import { NamedTimers } from './named-timers'
import {
  encodeSchedule,
  isSyncMode,
  type LastRun,
  type ScheduleSettings,
  type StoredSchedule,
  type SyncMode,
} from './schedule-row'
import { type RunConnection, SyncRun, type WorkLeft } from './sync-run'

/** When this device syncs, and how it went. Times are by the device's clock, in ms since 1970. */
export interface SyncSchedule extends ScheduleSettings {
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

export interface ScheduledConnection extends RunConnection {
  goOnline(): void
  goOffline(): void
}

export interface SchedulerOptions {
  readonly platform: Pick<Platform, 'now' | 'random' | 'setTimer'>
  readonly connection: ScheduledConnection
  readonly stored: StoredSchedule
  save(row: Uint8Array): Promise<void>
  work(): WorkLeft
  /** Something of the keyring waits for a connection: it is not put off until the next run. */
  hasUrgentWork(): boolean
  onChange(): void
}

const MINUTE_MS = 60_000
/** Timers stand still while a device sleeps: the clock is looked at this often. */
const LONGEST_TICK_MS = MINUTE_MS
/** The wait after the first run that failed; it doubles up to the interval. */
const FIRST_RETRY_MS = MINUTE_MS
const LONGEST_RETRY_MS = 60 * MINUTE_MS
/** A relay that asks for more is asked again after this: it may be a mistake, and must not switch a device off. */
const LONGEST_HOLD_MS = 240 * MINUTE_MS
/** A network that comes and goes is no reason to sync each time. */
const SETTLED_MS = MINUTE_MS

export class Scheduler {
  private settings: ScheduleSettings
  private paused: Deadline | true | undefined
  private next: Deadline | undefined
  private hold: Deadline | undefined
  private failures: number
  private lastRun: LastRun | undefined
  private lastDoneMs: number | undefined

  private isAllowed = false
  private hasStarted = false
  private isClosed = false
  /** The connection is to stay. */
  private isLive = false
  private run: SyncRun | undefined
  private runStartedAtMs = 0
  /** The run would be tried again by itself. */
  private isAutomatic = false
  private hadUrgentWork = false
  /** Whoever waits for the end of a run, and for its connection. */
  private readonly waiting = new Set<(failure: SyncError | undefined) => void>()
  private readonly connecting = new Set<() => void>()
  private readonly timers: NamedTimers<'tick'>

  constructor(private readonly options: SchedulerOptions) {
    const { stored, platform } = options
    const now = platform.now()
    const restored = (deadline: StoredDeadline | undefined) => deadline && Deadline.stored(deadline, now)
    this.settings = stored.settings
    this.paused = stored.paused === false ? undefined : stored.paused === true ? true : restored(stored.paused)
    this.next = restored(stored.next)
    this.hold = restored(stored.hold)
    this.failures = stored.failures
    this.lastRun = stored.lastRun
    this.lastDoneMs = stored.lastDoneMs
    this.timers = new NamedTimers(platform)
  }

  get schedule(): SyncSchedule {
    const isPaused = this.isPaused
    const isPlanned = this.isAllowed && !isPaused && this.run === undefined
    return {
      ...this.settings,
      isPaused,
      pausedUntilMs: isPaused && this.paused instanceof Deadline ? this.paused.atMs : undefined,
      isRunning: this.run !== undefined,
      nextRunMs: isPlanned ? this.next?.atMs : undefined,
      lastRun: this.lastRun,
      lastDoneMs: this.lastDoneMs,
    }
  }

  // -- what the app says

  /** The app lets this device use the network; said again, that the network is there. */
  allow(): void {
    if (this.isClosed) return
    if (this.isAllowed) {
      if (this.isLive) this.options.connection.goOnline()
      else this.networkReturned()
      return
    }
    this.isAllowed = true
    const { onStart, onNetworkReturn } = this.settings
    const isOccasion = this.hasStarted ? onNetworkReturn : onStart
    this.hasStarted = true
    if (this.settings.mode !== 'live' && (isOccasion || this.options.hasUrgentWork())) this.next = this.atOnce()
    this.settle()
  }

  forbid(): void {
    this.isAllowed = false
    this.interrupt(new SyncError('sync-offline', 'The app has switched the network off.'))
    this.settle()
  }

  networkReturned(): void {
    if (!this.isAllowed || !this.settings.onNetworkReturn) return
    if (this.isLive) this.options.connection.goOnline()
    else if (Math.abs(this.now() - (this.lastDoneMs ?? Number.NEGATIVE_INFINITY)) >= SETTLED_MS) this.soon()
  }

  /** A run that is not waited for; while it is paused, as soon as that ends. */
  soon(): void {
    if (this.isClosed || this.isLive || this.run !== undefined) return
    this.next = this.atOnce()
    this.settle()
  }

  /** @returns when it is stored. @throws SyncError `invalid-value` */
  change({ mode, onStart, onNetworkReturn, paused }: ScheduleChange): Promise<void> {
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
    if (this.settings.mode !== before.mode) this.modeChanged(before.mode)
    if (paused !== undefined) this.pause(paused)
    this.settle()
    this.options.onChange()
    return this.save()
  }

  private pause(paused: NonNullable<ScheduleChange['paused']>): void {
    const now = this.now()
    if (paused === false) this.paused = undefined
    else {
      this.paused = paused === true ? true : Deadline.after(Math.max(0, paused.untilMs - now), now)
      if (this.isPaused) this.interrupt(new SyncError('sync-paused', 'Syncing was paused.'))
    }
  }

  /** A run, so that a device that was connected goes with everything sent, and one that was not need not wait for the first interval. */
  private modeChanged(before: SyncMode): void {
    const { mode } = this.settings
    this.failures = 0
    const isAtOnce = mode !== 'live' && (mode !== 'manual' || before === 'live')
    this.next = isAtOnce ? this.atOnce() : undefined
  }

  /**
   * @returns when everything is sent and read
   * @throws SyncError `sync-offline`, `sync-paused`, `device-removed`, `closed`, `too-many-requests` while the relay asked to wait,
   * `relay-unreachable`, `connection-lost`, `sync-unfinished`, and what the relay refuses with
   */
  async runNow(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const refusal = this.refusal()
    if (refusal !== undefined) throw refusal
    this.begin({ isAutomatic: false })
    await this.runEnd(signal)
  }

  /** For what needs a connection at this moment: resolves when there is one, or none is to be had. */
  connected(): Promise<void> {
    if (this.isLive || this.options.connection.state === 'online' || this.refusal() !== undefined)
      return Promise.resolve()
    this.begin({ isAutomatic: false })
    return new Promise((resolve) => {
      this.connecting.add(resolve)
    })
  }

  private tellConnected(): void {
    for (const resolve of this.connecting) resolve()
    this.connecting.clear()
  }

  private refusal(): SyncError | undefined {
    if (this.isClosed) return new SyncError('closed', 'The account is closed.')
    if (this.options.connection.state === 'removed')
      return new SyncError('device-removed', 'This device was removed from the account.')
    if (!this.isAllowed) return new SyncError('sync-offline', 'The app has switched the network off.')
    if (this.isPaused) return new SyncError('sync-paused', 'Syncing is paused.')
    const retryAfterMs = this.isLive || this.run !== undefined ? 0 : (this.hold?.waitMs(this.now()) ?? 0)
    if (retryAfterMs === 0) return undefined
    return new SyncError('too-many-requests', 'The relay asked this device to wait.', { retryAfterMs })
  }

  private runEnd(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (failure: SyncError | undefined): void => {
        this.waiting.delete(end)
        signal?.removeEventListener('abort', abort)
        if (failure === undefined) resolve()
        else reject(failure)
      }
      const abort = (): void => {
        this.waiting.delete(end)
        reject(signal?.reason)
      }
      this.waiting.add(end)
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  /** Nothing is left of it but what is stored. */
  close(): void {
    this.isClosed = true
    this.interrupt(new SyncError('closed', 'The account was closed.'))
    this.timers.stopAll()
  }

  // -- what the account says

  connectionChanged(): void {
    this.run?.connectionChanged()
    if (this.options.connection.state === 'online') this.tellConnected()
  }

  statusChanged(): void {
    this.run?.statusChanged()
    const isUrgent = this.options.hasUrgentWork()
    if (isUrgent && !this.hadUrgentWork && this.isAllowed) this.soon()
    this.hadUrgentWork = isUrgent
  }

  // -- what is due

  private now(): number {
    return this.options.platform.now()
  }

  private atOnce(): Deadline {
    return Deadline.after(0, this.now())
  }

  private get isPaused(): boolean {
    return this.paused === true || this.paused?.hasCome(this.now()) === false
  }

  /** Brings the connection to what was decided. */
  private settle(): void {
    if (this.isClosed) return
    const { connection } = this.options
    const { mode } = this.settings
    if (this.paused !== undefined && !this.isPaused) this.paused = undefined
    const mayConnect = this.isAllowed && this.paused === undefined && connection.state !== 'removed'
    const wasLive = this.isLive
    this.isLive = mayConnect && mode === 'live'
    if (mode === 'live') this.next = undefined
    else if (mode !== 'manual' && this.run === undefined) this.next ??= Deadline.after(mode * MINUTE_MS, this.now())
    if (this.isLive && !wasLive) connection.goOnline()
    if (mayConnect && this.next?.hasCome(this.now())) this.begin({ isAutomatic: true })
    if (!this.isLive && this.run === undefined && connection.state !== 'offline') connection.goOffline()
    this.arm()
  }

  private begin({ isAutomatic }: { readonly isAutomatic: boolean }): void {
    const { connection, platform, work } = this.options
    if (this.run !== undefined || connection.state === 'removed') return
    const holdMs = this.isLive ? 0 : (this.hold?.waitMs(this.now()) ?? 0)
    if (holdMs > 0) {
      this.next = Deadline.after(holdMs, this.now())
      return
    }
    this.isAutomatic = isAutomatic
    this.runStartedAtMs = this.now()
    this.run = new SyncRun({
      platform,
      connection,
      work: () => ({ ...work(), ...(this.isLive && { isQuiet: true }) }),
      ended: (failure) => this.ended(failure),
    })
    this.next = undefined
    connection.goOnline()
    this.arm()
    this.options.onChange()
  }

  private ended(failure: SyncError | undefined): void {
    const now = this.now()
    const askedMs = failure?.retryAfterMs ?? this.options.connection.loss?.askedToWaitMs ?? 0
    const holdMs = failure === undefined ? 0 : Math.min(askedMs, LONGEST_HOLD_MS)
    this.hold = holdMs > 0 ? Deadline.after(holdMs, now) : undefined
    this.failures = failure === undefined ? 0 : this.failures + 1
    const waitMs = this.waitAfter(failure)
    this.next = waitMs === undefined ? undefined : Deadline.after(Math.max(waitMs, holdMs), now)
    if (failure === undefined) this.lastDoneMs = now
    this.runOver(failure)
    this.settle()
    void this.save().catch(() => {
      // Closing rejects it; the store says by itself when it refuses.
    })
    this.options.onChange()
  }

  /** To the next run; undefined when none follows by itself. */
  private waitAfter(failure: SyncError | undefined): number | undefined {
    const { mode } = this.settings
    if (mode === 'live' || (mode === 'manual' && (failure === undefined || !this.isAutomatic))) return undefined
    const intervalMs = mode === 'manual' ? LONGEST_RETRY_MS : mode * MINUTE_MS
    if (failure === undefined || !failure.retryable) return mode === 'manual' ? undefined : intervalMs
    const ceiling = Math.min(intervalMs, LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.failures - 1, 10))
    // Devices that lost a relay together do not come back together, and none comes back at once.
    return ceiling / 2 + jitterMs(ceiling / 2, this.options.platform.random)
  }

  /** Ends a run that is under way, which is made up for when that may be. */
  private interrupt(reason: SyncError): void {
    if (this.run === undefined) return
    this.run.abandon()
    if (this.settings.mode !== 'live' && this.isAutomatic) this.next = this.atOnce()
    this.runOver(reason)
  }

  private runOver(failure: SyncError | undefined): void {
    this.run = undefined
    this.lastRun = { startedAtMs: this.runStartedAtMs, endedAtMs: this.now(), failed: failure?.code }
    for (const end of [...this.waiting]) end(failure)
    this.tellConnected()
  }

  /** One timer, for whatever comes first. */
  private arm(): void {
    this.timers.stop('tick')
    if (this.isClosed || !this.isAllowed || this.options.connection.state === 'removed') return
    const deadline = this.paused ?? (this.run === undefined ? this.next : undefined)
    if (!(deadline instanceof Deadline)) return
    const waitMs = Math.min(LONGEST_TICK_MS, Math.max(1, deadline.waitMs(this.now())))
    this.timers.start('tick', waitMs, () => this.tick(waitMs))
  }

  private tick(elapsedMs: number): void {
    const now = this.now()
    const wasPaused = this.paused !== undefined
    for (const deadline of [this.paused, this.next, this.hold])
      if (deadline instanceof Deadline) deadline.counted(elapsedMs, now)
    this.settle()
    if (wasPaused && this.paused === undefined) {
      void this.save().catch(() => {})
      this.options.onChange()
    }
  }

  private save(): Promise<void> {
    const now = this.now()
    const { settings, paused, next, hold, failures, lastRun, lastDoneMs } = this
    const stored = {
      ...{ settings, failures, lastRun, lastDoneMs },
      paused: paused instanceof Deadline ? paused.toStored(now) : paused === true,
      next: next?.toStored(now),
      hold: hold?.toStored(now),
    }
    return this.options.save(encodeSchedule(stored))
  }
}
