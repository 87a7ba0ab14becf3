import type { ReissueDetails } from '@owlivion/sync'
import { useSyncExternalStore } from 'react'
import { useSync } from './context'
import { viewOfSync } from './sync-view'

/**
 * The open request for a new recovery phrase, as it comes and goes; undefined when nobody asks, and on a server. To be shown on every
 * device: it may be a thief's.
 *
 * @example
 * const sync = useSync()
 * const request = useReissue()
 * if (request === undefined || request.isMine) return null
 * return <button onClick={() => sync.vetoReissue()}>I did not ask for a new recovery phrase</button>
 */
export function useReissue(): ReissueDetails | undefined {
  const view = viewOfSync(useSync())
  return useSyncExternalStore(
    view.onStatus,
    () => view.reissue(),
    () => undefined,
  )
}
