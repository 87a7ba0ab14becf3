// `syncService` of the old client, with the names and the parameters that its windows and hooks use.
import type { SyncCommandSet } from './create-commands'
import type {
  ConflictStrategy,
  DataType,
  DeviceDto,
  QueueResult,
  QueueStats,
  SchedulerStatus,
  SyncConfigChange,
  SyncConfigDto,
  SyncResult,
  SyncStatusDto,
} from './dto'
import { formatLastSync, platformIcon } from './words'

/** The service of the old client. A master password is taken and ignored. */
export interface SyncService {
  registerAccount(email: string, password: string, masterPassword?: string): Promise<void>
  loginAccount(email: string, password: string): Promise<void>
  logoutAccount(): Promise<void>
  startSync(masterPassword?: string): Promise<SyncResult>
  resolveConflict(dataType: DataType, strategy: ConflictStrategy, masterPassword?: string): Promise<void>
  getSyncConfig(): Promise<SyncConfigDto>
  updateSyncConfig(config: SyncConfigChange): Promise<void>
  getSyncStatus(): Promise<SyncStatusDto[]>
  listDevices(): Promise<DeviceDto[]>
  revokeDevice(deviceId: string): Promise<void>
  getQueueStats(): Promise<QueueStats>
  processQueue(masterPassword?: string): Promise<QueueResult>
  retryFailedSyncs(): Promise<number>
  clearCompletedQueue(olderThanDays: number): Promise<number>
  clearFailedQueue(): Promise<number>
  isSyncEnabled(): Promise<boolean>
  /** How long ago, in words; Turkish unless `language` says another. */
  formatLastSync(lastSync: string | null | undefined, language?: string): string
  getPlatformIcon(platform: string): string
  getSchedulerStatus(): Promise<SchedulerStatus>
  startScheduler(): Promise<void>
  stopScheduler(): Promise<void>
  updateSchedulerConfig(enabled: boolean, intervalMinutes: number): Promise<void>
  /** Not in the old service: calls `listener` when what it tells may have changed. @returns a function that ends it */
  subscribe(listener: () => void): () => void
}

/**
 * The old client's `syncService` on these commands.
 *
 * @param now the time that `formatLastSync` counts from, in ms since 1970
 *
 * @example
 * const commands = createSyncCommands({
 *   openStore: () => openIndexedDbStore('mail'),
 *   relay: 'wss://relay.example.com',
 *   deviceName: 'laptop',
 *   showRecoveryPhrase: (phrase) => alert(phrase),
 * })
 * const syncService = createSyncService(commands, Date.now)
 * const { contacts_synced, errors } = await syncService.startSync()
 */
export function createSyncService(commands: SyncCommandSet, now: () => number): SyncService {
  const master = (password: string | undefined) => (password === undefined ? {} : { master_password: password })
  return {
    registerAccount: (email, password, masterPassword) =>
      commands.sync_register({ email, password, ...master(masterPassword) }),
    loginAccount: (email, password) => commands.sync_login({ email, password }),
    logoutAccount: () => commands.sync_logout(),
    startSync: (masterPassword) => commands.sync_start(master(masterPassword)),
    resolveConflict: (dataType, strategy, masterPassword) =>
      commands.sync_resolve_conflict({ data_type: dataType, strategy, ...master(masterPassword) }),
    getSyncConfig: () => commands.sync_get_config(),
    updateSyncConfig: (config) => commands.sync_update_config({ config }),
    getSyncStatus: () => commands.sync_get_status(),
    listDevices: () => commands.sync_list_devices(),
    revokeDevice: (deviceId) => commands.sync_revoke_device({ device_id: deviceId }),
    getQueueStats: () => commands.sync_get_queue_stats(),
    processQueue: (masterPassword) => commands.sync_process_queue(master(masterPassword)),
    retryFailedSyncs: () => commands.sync_retry_failed(),
    clearCompletedQueue: (olderThanDays) => commands.sync_clear_completed_queue({ older_than_days: olderThanDays }),
    clearFailedQueue: () => commands.sync_clear_failed_queue(),
    isSyncEnabled: async () => (await commands.sync_get_config()).enabled,
    formatLastSync: (lastSync, language = 'tr') => formatLastSync(lastSync, now(), language),
    getPlatformIcon: platformIcon,
    getSchedulerStatus: () => commands.scheduler_get_status(),
    startScheduler: () => commands.scheduler_start(),
    stopScheduler: () => commands.scheduler_stop(),
    updateSchedulerConfig: (enabled, intervalMinutes) =>
      commands.scheduler_update_config({ enabled, interval_minutes: intervalMinutes }),
    subscribe: commands.subscribe,
  }
}
