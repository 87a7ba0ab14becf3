import { useEffect } from 'react'
import { useSync } from './context'

/**
 * Tells the account when the network returns and when somebody comes back to the page: a connection that was lost is made anew at once, and a
 * device that syncs at intervals syncs, if its schedule says so. The account listens to nothing by itself; use this once, near the top.
 *
 * @example
 * useNetworkReturn()
 * return <p>Mail</p>
 */
export function useNetworkReturn(): void {
  const sync = useSync()
  useEffect(() => {
    const returned = (): void => sync.networkReturned()
    const shown = (): void => {
      if (document.visibilityState === 'visible') returned()
    }
    window.addEventListener('online', returned)
    document.addEventListener('visibilitychange', shown)
    return () => {
      window.removeEventListener('online', returned)
      document.removeEventListener('visibilitychange', shown)
    }
  }, [sync])
}
