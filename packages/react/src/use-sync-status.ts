import type { SyncStatus } from '@owlivion/sync'
import { useSyncExternalStore } from 'react'
import { useSync } from './context'
import { viewOfSync } from './sync-view'

/** What a server can say of a device: it is none. */
const statusOnServer: SyncStatus = {
  connection: 'offline',
  state: 'local',
  unsent: 0,
  isGreen: false,
  healing: false,
  storage: undefined,
  refusal: undefined,
  owed: [],
  isPhraseConfirmed: true,
  keyringFork: false,
  isKeyringHidden: false,
  documents: {},
}

/**
 * The state of the account on this device, as it changes: connection, how far the edits have come, what is refused.
 * On a server it is that of a device which is offline.
 *
 * @example
 * const { connection, unsent } = useSyncStatus()
 * return <p>{connection === 'online' && unsent === 0 ? 'All changes are stored' : `${unsent} changes are still to be sent`}</p>
 */
export function useSyncStatus(): SyncStatus {
  const sync = useSync()
  const view = viewOfSync(sync)
  return useSyncExternalStore(
    view.onStatus,
    () => view.status(),
    () => statusOnServer,
  )
}
