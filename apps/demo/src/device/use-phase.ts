import { useSyncExternalStore } from 'react'
import type { Device, DevicePhase } from './device'

export function usePhase(device: Device): DevicePhase {
  return useSyncExternalStore(device.subscribe, () => device.phase)
}
