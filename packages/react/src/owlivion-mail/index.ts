'use client'

/**
 * The six hooks of Owlivion Mail's own sync, on a service of `@owlivion/sync/commands`: for a client whose windows stay as they are.
 * @module
 */
export {
  type AskingResult,
  type DevicesResult,
  type SchedulerResult,
  type SyncConfigResult,
  type SyncEnabledResult,
  type SyncStatusResult,
  type SyncTriggerResult,
  useDevices,
  useScheduler,
  useSyncConfig,
  useSyncEnabled,
  useSyncStatus,
  useSyncTrigger,
} from './hooks'
export { SyncServiceProvider, type SyncServiceProviderProps } from './service-context'
