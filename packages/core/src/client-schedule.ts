// The part of an open account that says when this device syncs, and what of it.
import { AccountPhrase } from './client-phrase'
import type { ScheduleChange, SyncSchedule } from './sync'

/** When and what this device syncs. All of it is kept on the device and is its own: other devices have theirs. */
export abstract class AccountSchedule extends AccountPhrase {
  /** When this device syncs, how the last run went, and when the next one is due. `subscribe` tells when it changed. */
  get schedule(): SyncSchedule {
    return this.engine.scheduler.schedule
  }

  /**
   * Changes when this device syncs. With `live`, which is how an account begins, it stays connected. With 15, 30, 60, 120 or 240 it connects
   * every so many minutes, reads and sends everything, and disconnects; with `manual` it does so only by `syncNow`. Both also do it once
   * when the account is opened (`onStart`) and when the network returns (`onNetworkReturn`), unless that is switched off, and for what
   * cannot wait, as the removal of a device. A run that fails is tried again after a minute, then less and less often.
   *
   * The schedule counts while the app is online: `goOffline` stands above it. Nothing of it needs a password.
   * @param change what is left out stays as it is
   * @returns when it is stored
   * @throws SyncError `invalid-value`
   *
   * @example
   * await sync.setSchedule({ mode: 30 })
   * await sync.setSchedule({ paused: { untilMs: Date.parse('2030-01-01') } })
   * sync.schedule.isPaused // true
   * await sync.setSchedule({ paused: false })
   */
  async setSchedule(change: ScheduleChange): Promise<void> {
    await this.engine.scheduler.change(change)
  }

  /**
   * Reads and sends everything now, whatever the schedule says. While a run is under way it waits for the end of that.
   * @param options `signal`: stops waiting; the run goes on
   * @returns when everything that the relay has is here, and everything written here, during the run too, is on the relay's disk
   * @throws SyncError `sync-offline` after `goOffline`, `sync-paused`, `too-many-requests` with `retryAfterMs` while the relay asked to be left
   * alone, `relay-unreachable`, `connection-lost`, `sync-unfinished` when nothing moves any more, `device-removed`, `closed`, and what the relay
   * refuses with. Nothing is lost by any of them. The reason of `signal` when it aborts
   *
   * @example
   * try {
   *   await sync.syncNow()
   * } catch (error) {
   *   if (isSyncError(error)) console.log(error.message, error.action)
   * }
   */
  syncNow(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    return this.engine.scheduler.runNow(options.signal)
  }

  /**
   * Tells that the network is there again, or that the device has woken up: a lost connection is made anew at once, and a device that is not
   * live syncs, if `onNetworkReturn` is on and it has not just done so. It never brings a device online that was taken offline.
   *
   * @example
   * window.addEventListener('online', () => sync.networkReturned())
   */
  networkReturned(): void {
    this.engine.scheduler.networkReturned()
  }

  /** False for a data type that this device does not sync. */
  isCollectionEnabled(name: string): boolean {
    return this.engine.isCollectionOn(name.normalize('NFC'))
  }

  /**
   * Switches the syncing of a data type off or on, on this device. While it is off nothing of it goes over the network, in either direction;
   * it can be read and written, and what is written is sent once it is on again, when everything that the others wrote arrives too. Works
   * before the collection was ever opened.
   * @returns when it is stored
   * @throws SyncError `device-removed`, `closed`
   *
   * @example
   * await sync.setCollectionEnabled('messages', false)
   * const messages = await sync.open('messages')
   * messages.status.isOff // true
   */
  setCollectionEnabled(name: string, isEnabled: boolean): Promise<void> {
    return this.engine.setCollectionOn(name.normalize('NFC'), isEnabled)
  }
}
