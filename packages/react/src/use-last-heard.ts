import { useMemo } from 'react'
import { useSyncStatus } from './use-sync-status'

/**
 * When each of the account's other devices was last heard of, in ms since 1970 by hex id: by what they signed themselves, in the collections that
 * are open, and not by what the relay says. A device that is missing has not been heard of yet.
 *
 * @example
 * const lastHeard = useLastHeard()
 * return useDevices().map(({ id, name }) => <p key={id}>{name}: {new Date(lastHeard.get(id) ?? 0).toLocaleString()}</p>)
 */
export function useLastHeard(): ReadonlyMap<string, number> {
  const { documents } = useSyncStatus()
  return useMemo(() => {
    const heard = new Map<string, number>()
    for (const { copies } of Object.values(documents))
      for (const { device, lastHeardMs } of copies) heard.set(device, Math.max(lastHeardMs, heard.get(device) ?? 0))
    return heard
  }, [documents])
}
