import type { DeviceDetails } from '@owlivion/sync'
import { useSyncExternalStore } from 'react'
import { useSync } from './context'
import { viewOfSync } from './sync-view'

const none: readonly never[] = []

/**
 * The account's devices, removed ones included, as they change. The same list until something in it changed; empty on a server.
 * When and from where the relay saw them is there once `sync.refreshDevices()` was called.
 *
 * @example
 * const sync = useSync()
 * const devices = useDevices()
 * return devices
 *   .filter((device) => !device.isRemoved && !device.isThisDevice)
 *   .map(({ id, name }) => <button onClick={() => sync.removeDevices([id])}>Lock out {name}</button>)
 */
export function useDevices(): readonly DeviceDetails[] {
  const view = viewOfSync(useSync())
  return useSyncExternalStore(
    view.onStatus,
    () => view.devices(),
    () => none,
  )
}
