// When this device is connected: always, every so many minutes, when asked, or not while it is paused. It owns the wish to be connected;
// how a connection is made and kept is the session's. Timers that fire late, a clock that was set, and restarts are the same to it: it
// asks whether a run is due, and one run makes up for all that were missed.
//
// Above it stands the app's own switch (`goOnline`, `goOffline`): without it nothing connects, whatever the schedule says.
import { SyncError } from '../../errors'
import type { Platform } from '../../platform'
import { Deadline } from '../connection/deadline'
import { NamedTimers } from '../connection/named-timers'
import { MINUTE_MS, waitAfterRun } from './next-run'
import { RunWaiters } from './run-waiters'
import type { ScheduleChange, SyncSchedule } from './schedule'
import type { StoredSchedule, SyncMode } from './schedule-row'
import { ScheduleState } from './schedule-state'
import { type RunConnection, SyncRun, type WorkLeft } from './sync-run'

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

/** Timers stand still while a device sleeps: the clock is looked at this often. */
const LONGEST_TICK_MS = MINUTE_MS
/** A relay that asks for more is asked again after this: it may be a mistake, and must not switch a device off. */
const LONGEST_HOLD_MS = 240 * MINUTE_MS
/** A network that comes and goes is no reason to sync each time. */
const SETTLED_MS = MINUTE_MS

export class Scheduler {
  private readonly state: ScheduleState
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
  private readonly waiters = new RunWaiters()
  private readonly timers: NamedTimers<'tick'>

  constructor(private readonly options: SchedulerOptions) {
    const { stored, platform } = options
    this.state = new ScheduleState(stored, () => platform.now())
    this.timers = new NamedTimers(platform)
  }

  get schedule(): SyncSchedule {
    return this.state.view({ isRunning: this.run !== undefined, isNetworkOn: this.isAllowed })
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
    const { onStart, onNetworkReturn } = this.state.settings
    const isOccasion = this.hasStarted ? onNetworkReturn : onStart
    this.hasStarted = true
    if (this.state.settings.mode !== 'live' && (isOccasion || this.options.hasUrgentWork()))
      this.state.next = this.state.after(0)
    this.settle()
  }

  forbid(): void {
    this.isAllowed = false
    this.interrupt(new SyncError('sync-offline', 'The app has switched the network off.'))
    this.settle()
  }

  networkReturned(): void {
    if (!this.isAllowed || !this.state.settings.onNetworkReturn) return
    if (this.isLive) this.options.connection.goOnline()
    else if (Math.abs(this.state.now() - (this.state.lastDoneMs ?? Number.NEGATIVE_INFINITY)) >= SETTLED_MS) this.soon()
  }

  /** A run that is not waited for; while it is paused, as soon as that ends. */
  soon(): void {
    if (this.isClosed || this.isLive || this.run !== undefined) return
    this.state.next = this.state.after(0)
    this.settle()
  }

  /** @returns when it is stored. @throws SyncError `invalid-value` */
  change(change: ScheduleChange): Promise<void> {
    const before = this.state.settings.mode
    this.state.change(change)
    if (this.state.settings.mode !== before) this.modeChanged(before)
    if (this.state.isPaused) this.interrupt(new SyncError('sync-paused', 'Syncing was paused.'))
    this.settle()
    this.options.onChange()
    return this.save()
  }

  /** A run, so that a device that was connected goes with everything sent, and one that was not need not wait for the first interval. */
  private modeChanged(before: SyncMode): void {
    const { mode } = this.state.settings
    this.state.failures = 0
    const isAtOnce = mode !== 'live' && (mode !== 'manual' || before === 'live')
    this.state.next = isAtOnce ? this.state.after(0) : undefined
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
    await this.waiters.end(signal)
  }

  /** For what needs a connection at this moment: resolves when there is one, or none is to be had. */
  connected(): Promise<void> {
    if (this.isLive || this.options.connection.state === 'online' || this.refusal() !== undefined)
      return Promise.resolve()
    this.begin({ isAutomatic: false })
    return this.waiters.connection()
  }

  private refusal(): SyncError | undefined {
    if (this.isClosed) return new SyncError('closed', 'The account is closed.')
    if (this.options.connection.state === 'removed')
      return new SyncError('device-removed', 'This device was removed from the account.')
    if (!this.isAllowed) return new SyncError('sync-offline', 'The app has switched the network off.')
    if (this.state.isPaused) return new SyncError('sync-paused', 'Syncing is paused.')
    const retryAfterMs = this.isLive || this.run !== undefined ? 0 : this.state.holdMs
    if (retryAfterMs === 0) return undefined
    return new SyncError('too-many-requests', 'The relay asked this device to wait.', { retryAfterMs })
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
    if (this.options.connection.state === 'online') this.waiters.connected()
  }

  statusChanged(): void {
    this.run?.statusChanged()
    const isUrgent = this.options.hasUrgentWork()
    if (isUrgent && !this.hadUrgentWork && this.isAllowed) this.soon()
    this.hadUrgentWork = isUrgent
  }

  // -- what is due

  /** Brings the connection to what was decided. */
  private settle(): void {
    if (this.isClosed) return
    const { connection } = this.options
    const { mode } = this.state.settings
    if (this.state.paused !== undefined && !this.state.isPaused) this.state.paused = undefined
    const mayConnect = this.isAllowed && this.state.paused === undefined && connection.state !== 'removed'
    const wasLive = this.isLive
    this.isLive = mayConnect && mode === 'live'
    if (mode === 'live') this.state.next = undefined
    else if (mode !== 'manual' && this.run === undefined) this.state.next ??= this.state.after(mode * MINUTE_MS)
    if (this.isLive && !wasLive) connection.goOnline()
    if (mayConnect && this.state.next?.hasCome(this.state.now())) this.begin({ isAutomatic: true })
    if (!this.isLive && this.run === undefined && connection.state !== 'offline') connection.goOffline()
    this.arm()
  }

  private begin({ isAutomatic }: { readonly isAutomatic: boolean }): void {
    const { connection, platform, work } = this.options
    if (this.run !== undefined || connection.state === 'removed') return
    const holdMs = this.isLive ? 0 : this.state.holdMs
    if (holdMs > 0) {
      this.state.next = this.state.after(holdMs)
      return
    }
    this.isAutomatic = isAutomatic
    this.runStartedAtMs = this.state.now()
    this.run = new SyncRun({
      platform,
      connection,
      work: () => ({ ...work(), ...(this.isLive && { isQuiet: true }) }),
      ended: (failure) => this.ended(failure),
    })
    this.state.next = undefined
    connection.goOnline()
    this.arm()
    this.options.onChange()
  }

  private ended(failure: SyncError | undefined): void {
    const askedMs = failure?.retryAfterMs ?? this.options.connection.loss?.askedToWaitMs ?? 0
    const holdMs = failure === undefined ? 0 : Math.min(askedMs, LONGEST_HOLD_MS)
    this.state.hold = holdMs > 0 ? this.state.after(holdMs) : undefined
    this.state.failures = failure === undefined ? 0 : this.state.failures + 1
    const { settings, failures } = this.state
    const waitMs = waitAfterRun(
      { mode: settings.mode, failure, failures, isAutomatic: this.isAutomatic },
      this.options.platform.random,
    )
    this.state.next = waitMs === undefined ? undefined : this.state.after(Math.max(waitMs, holdMs))
    this.runOver(failure)
    this.settle()
    void this.save().catch(() => {
      // Closing rejects it; the store says by itself when it refuses.
    })
    this.options.onChange()
  }

  /** Ends a run that is under way, which is made up for when that may be. */
  private interrupt(reason: SyncError): void {
    if (this.run === undefined) return
    this.run.abandon()
    if (this.state.settings.mode !== 'live' && this.isAutomatic) this.state.next = this.state.after(0)
    this.runOver(reason)
  }

  private runOver(failure: SyncError | undefined): void {
    this.run = undefined
    this.state.runOver(this.runStartedAtMs, failure)
    this.waiters.ended(failure)
  }

  /** One timer, for whatever comes first. */
  private arm(): void {
    this.timers.stop('tick')
    if (this.isClosed || !this.isAllowed || this.options.connection.state === 'removed') return
    const deadline = this.state.paused ?? (this.run === undefined ? this.state.next : undefined)
    if (!(deadline instanceof Deadline)) return
    const waitMs = Math.min(LONGEST_TICK_MS, Math.max(1, deadline.waitMs(this.state.now())))
    this.timers.start('tick', waitMs, () => this.tick(waitMs))
  }

  private tick(elapsedMs: number): void {
    const wasPaused = this.state.paused !== undefined
    this.state.counted(elapsedMs)
    this.settle()
    if (wasPaused && this.state.paused === undefined) {
      void this.save().catch(() => {})
      this.options.onChange()
    }
  }

  /** A run that is under way is due still, should the process end before it does. */
  private save(): Promise<void> {
    const isDue = this.run !== undefined && this.isAutomatic
    return this.options.save(this.state.toRow(isDue ? this.state.after(0) : this.state.next))
  }
}
