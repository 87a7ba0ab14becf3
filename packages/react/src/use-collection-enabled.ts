import { useCallback, useSyncExternalStore } from 'react'
import { useSync } from './context'
import { viewOfSync } from './sync-view'

/**
 * Whether this device syncs a data type, and a function that switches it. The type need not be open. True on a server.
 *
 * @example
 * const [isEnabled, setEnabled] = useCollectionEnabled('messages')
 * return <input type="checkbox" checked={isEnabled} onChange={({ target }) => setEnabled(target.checked)} />
 */
export function useCollectionEnabled(name: string): readonly [boolean, (isEnabled: boolean) => Promise<void>] {
  const sync = useSync()
  const isEnabled = useSyncExternalStore(
    viewOfSync(sync).onStatus,
    () => sync.isCollectionEnabled(name),
    () => true,
  )
  const setEnabled = useCallback((to: boolean) => sync.setCollectionEnabled(name, to), [sync, name])
  return [isEnabled, setEnabled]
}
