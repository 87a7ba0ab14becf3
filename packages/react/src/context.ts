// Which account the components below work on. The provider neither opens nor closes it: React mounts and unmounts as it likes
// (StrictMode does so twice on purpose), and an account that ended with a component would end in the middle of an edit.
import type { Sync } from '@owlivion/sync'
import { createContext, createElement, type ReactNode, useContext } from 'react'

const SyncContext = createContext<Sync | undefined>(undefined)

/** What `SyncProvider` takes. */
export interface SyncProviderProps {
  /** From `createAccount`, `joinAccount` or `openAccount`. Closing it stays with whoever opened it. */
  readonly sync: Sync
  readonly children?: ReactNode
}

/**
 * Gives an open account to the components below.
 *
 * @example
 * const sync = await openAccount({ store: await openIndexedDbStore('mail') })
 * root.render(<SyncProvider sync={sync}><AddressBook /></SyncProvider>)
 */
export function SyncProvider({ sync, children }: SyncProviderProps): ReactNode {
  return createElement(SyncContext.Provider, { value: sync }, children)
}

/**
 * The account of the nearest provider.
 * @throws Error without a provider above
 *
 * @example
 * const sync = useSync()
 * return <button onClick={() => sync.goOffline()}>Work offline</button>
 */
export function useSync(): Sync {
  const sync = useContext(SyncContext)
  if (sync === undefined) {
    throw new Error(
      'No account for the hooks of @owlivion/sync-react: put <SyncProvider sync={sync}> above this component, and render it once openAccount, createAccount or joinAccount has resolved.',
    )
  }
  return sync
}
