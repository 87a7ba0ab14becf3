// One run of syncing: it waits for a connection, then until everything is read and sent and nothing else needs the connection, and ends
// with the reason when that does not come about. It decides; connecting and disconnecting are its owner's.
import { SyncError } from '../../errors'
import type { Platform } from '../../platform'
import type { ConnectionState } from '../connection/connection-state'
import { NamedTimers } from '../connection/named-timers'

/** The connection as a run sees it. */
export interface RunConnection {
  readonly state: ConnectionState
  /** Why the relay will not have this device, when it will not. */
  readonly refusal: SyncError | undefined
  /** Why the connection before this one ended, and how long the relay asked to stay away, in ms. */
  readonly loss: { readonly error: SyncError; readonly askedToWaitMs: number } | undefined
  /** Calls back when the relay has handled everything that was sent before; never when the connection ends first. */
  ping(answered: () => void): void
}

/** What is left to be done on a connection. */
export interface WorkLeft {
  /** Everything is read, and sent and confirmed, except for what is refused for good. */
  readonly isDone: boolean
  /** Nothing else needs the connection: tasks of the keyring, calls, seen rows. */
  readonly isQuiet: boolean
  /** What the relay refuses for good. */
  readonly refused: SyncError | undefined
  /** What stands in the way, should nothing move any more. */
  readonly obstacle: SyncError | undefined
  /** Another text whenever something has moved. */
  readonly mark: string
}

/** Connections that may be lost in one run: a relay that restarts is no reason to fail, a network that is not there is. */
const MAX_LOSSES = 3
/** A relay's wish to be left alone that is longer ends the run. */
const SHORT_WAIT_MS = 10_000
/** Nothing moved for so long: nothing will. A push or a question has an answer within 15 s, or the connection is given up. */
const STALL_MS = 60_000
/** What is done beside syncing may take so long: a document waits up to half a minute before it sums up its log, and then sends it. */
const LINGER_MS = 90_000
/** Meanwhile it is looked at this often: not everything that ends says so. */
const LOOK_MS = 1_000

export interface SyncRunOptions {
  readonly platform: Pick<Platform, 'setTimer'>
  readonly connection: RunConnection
  work(): WorkLeft
  /** Called once. */
  ended(failure: SyncError | undefined): void
}

export class SyncRun {
  private losses = 0
  private mark: string | undefined
  private isLeaving = false
  private isOver = false
  private isCheckDue = false
  private readonly timers: NamedTimers<'stall' | 'linger' | 'look'>

  constructor(private readonly options: SyncRunOptions) {
    this.timers = new NamedTimers(options.platform)
    this.moved()
    this.checkSoon()
  }

  /** The connection came, went, or was given up. */
  connectionChanged(): void {
    if (this.options.connection.state === 'waiting') this.losses++
    this.isLeaving = false
    this.checkSoon()
  }

  /** Something else changed. */
  statusChanged(): void {
    this.checkSoon()
  }

  /** Ends it without a word: whoever does this says why. */
  abandon(): void {
    this.isOver = true
    this.timers.stopAll()
  }

  /** In the next turn: whoever tells of a change is in the middle of it, and tells of many at once. */
  private checkSoon(): void {
    if (this.isCheckDue) return
    this.isCheckDue = true
    void Promise.resolve().then(() => {
      this.isCheckDue = false
      if (!this.isOver) this.check()
    })
  }

  private check(): void {
    const { connection } = this.options
    switch (connection.state) {
      case 'refused':
      case 'removed':
        this.end(connection.refusal ?? new SyncError('not-authenticated', 'The relay will not have this device.'))
        return
      case 'waiting': {
        const { error, askedToWaitMs } = connection.loss ?? { error: unreachable(), askedToWaitMs: 0 }
        if (this.losses >= MAX_LOSSES || askedToWaitMs > SHORT_WAIT_MS) this.end(error)
        return
      }
      case 'online':
        this.checkWork()
    }
  }

  private checkWork(): void {
    const { isDone, isQuiet, mark } = this.options.work()
    if (mark !== this.mark) {
      this.mark = mark
      this.moved()
    }
    if (!isDone) {
      this.timers.stop('linger')
      if (!this.timers.isRunning('stall')) this.moved()
      return
    }
    this.timers.stop('stall')
    if (isQuiet) {
      this.leave(false)
      return
    }
    this.timers.start('look', LOOK_MS, () => this.checkSoon())
    if (!this.timers.isRunning('linger')) this.timers.start('linger', LINGER_MS, () => this.leave(true))
  }

  /**
   * The relay drops what it has not handled when a connection ends: it is asked whether it has come that far.
   * @param isForced whatever else needs the connection has had its time
   */
  private leave(isForced: boolean): void {
    if (this.isLeaving) return
    this.isLeaving = true
    this.options.connection.ping(() => {
      if (this.isOver || !this.isLeaving) return
      this.isLeaving = false
      const { isDone, isQuiet, refused } = this.options.work()
      if (isDone && (isQuiet || isForced)) this.end(refused)
      else this.checkSoon()
    })
  }

  private moved(): void {
    this.timers.start('stall', STALL_MS, () => this.stalled())
  }

  private stalled(): void {
    const { obstacle } = this.options.work()
    const message = 'Not everything could be sent and read; it goes on from here the next time.'
    this.end(obstacle ?? new SyncError('sync-unfinished', message))
  }

  private end(failure: SyncError | undefined): void {
    this.abandon()
    this.options.ended(failure)
  }
}

function unreachable(): SyncError {
  return new SyncError('relay-unreachable', 'The relay cannot be reached.')
}
