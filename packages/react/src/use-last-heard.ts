import { useMemo } from 'react'
import { useDevices } from './use-devices'

/**
 * When each of the account's other devices was last heard of, in ms since 1970 by hex id: `lastHeardMs` of `devices()`, by what they signed
 * themselves and not by what the relay says. A device that is missing has not been heard of yet.
 *
 * @example
 * const lastHeard = useLastHeard()
 * return useDevices().map(({ id, name }) => <p key={id}>{name}: {new Date(lastHeard.get(id) ?? 0).toLocaleString()}</p>)
 */
export function useLastHeard(): ReadonlyMap<string, number> {
  const devices = useDevices()
  return useMemo(() => {
    const heard = new Map<string, number>()
    for (const { id, lastHeardMs } of devices) if (lastHeardMs !== undefined) heard.set(id, lastHeardMs)
    return heard
  }, [devices])
}
