// Which service the hooks below ask. The old hooks imported theirs; a test, or a window of a second account, could not give them another.
import type { SyncService } from '@owlivion/sync/commands'
import { createContext, createElement, type ReactNode, useContext } from 'react'

const ServiceContext = createContext<SyncService | undefined>(undefined)

/** What `SyncServiceProvider` takes. */
export interface SyncServiceProviderProps {
  /** From `createSyncService`. Closing its commands stays with whoever made them. */
  readonly service: SyncService
  readonly children?: ReactNode
}

/**
 * Gives the service to the old client's components below.
 *
 * @example
 * import { SyncServiceProvider } from '@owlivion/sync-react/owlivion-mail'
 * import { createSyncCommands, createSyncService } from '@owlivion/sync/commands'
 * import { openIndexedDbStore } from '@owlivion/sync/indexeddb'
 * const commands = createSyncCommands({
 *   openStore: () => openIndexedDbStore('mail'),
 *   relay: 'wss://relay.example.com',
 *   deviceName: 'laptop',
 *   showRecoveryPhrase: (phrase) => alert(phrase),
 * })
 * const service = createSyncService(commands, () => Date.now())
 * root.render(<SyncServiceProvider service={service}><AddressBook /></SyncServiceProvider>)
 */
export function SyncServiceProvider({ service, children }: SyncServiceProviderProps): ReactNode {
  return createElement(ServiceContext.Provider, { value: service }, children)
}

/** @throws Error without a provider above */
export function useService(): SyncService {
  const service = useContext(ServiceContext)
  if (service === undefined)
    throw new Error(
      'No service for the hooks of @owlivion/sync-react/owlivion-mail: put <SyncServiceProvider service={…}> above this component.',
    )
  return service
}
