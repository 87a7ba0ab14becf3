/**
 * The commands, the service and the data of Owlivion Mail's own sync, on an account of this library: for a client whose windows stay as they are.
 * @module
 */
export type { OutdatedParameter, SyncCommandsOptions } from './account-holder'
export { createSyncCommands, type SyncCommandSet } from './create-commands'
export type {
  AuditFilters,
  AuditLogDto,
  AuditLogPage,
  AuditStatsDto,
  ConflictInfo,
  ConflictStrategy,
  DataType,
  DeviceDto,
  FieldChange,
  QueueResult,
  QueueStats,
  SchedulerStatus,
  SessionDto,
  SyncConfigChange,
  SyncConfigDto,
  SyncHistoryEntry,
  SyncResult,
  SyncStatusDto,
  TwoFactorSetup,
  TwoFactorStatus,
  TwoFactorVerified,
} from './dto'
export { createSyncService, type SyncService } from './service'
export { type CommandName, commandNames, type ResolveParameters, type SyncCommands } from './signatures'
