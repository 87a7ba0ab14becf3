import type { SyncSchedule } from '@owlivion/sync'
import { useSyncExternalStore } from 'react'
import { useSync } from './context'
import { viewOfSync } from './sync-view'

/** What a server can say of a device: it is none. */
const scheduleOnServer: SyncSchedule = {
  mode: 'live',
  onStart: true,
  onNetworkReturn: true,
  isNetworkOn: false,
  isPaused: false,
  pausedUntilMs: undefined,
  isRunning: false,
  nextRunMs: undefined,
  lastRun: undefined,
  lastDoneMs: undefined,
}

/**
 * When this device syncs, how the last run went and when the next one is due, as it changes. It is changed with `sync.setSchedule`, and a
 * run is asked for with `sync.syncNow`. On a server it is that of a device which is offline.
 *
 * @example
 * const sync = useSync()
 * const { isPaused, nextRunMs } = useSchedule()
 * if (isPaused) return <button onClick={() => sync.setSchedule({ paused: false })}>Resume</button>
 * return <p>{nextRunMs === undefined ? 'Syncs as it changes' : `Syncs at ${new Date(nextRunMs).toLocaleTimeString()}`}</p>
 */
export function useSchedule(): SyncSchedule {
  const view = viewOfSync(useSync())
  return useSyncExternalStore(
    view.onStatus,
    () => view.schedule(),
    () => scheduleOnServer,
  )
}
