// The commands by name, with what they take and give. The one list of them: the facade has each, and tests take them from here.
import type {
  AuditFilters,
  AuditLogPage,
  AuditStatsDto,
  ConflictStrategy,
  DataType,
  DeviceDto,
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

/** A parameter that the old commands had. It is ignored: nothing needs a password after the device is in the account. */
interface MasterPassword {
  readonly master_password?: string
}

/** Which conflicts are decided, and for what. */
export interface ResolveParameters extends MasterPassword {
  readonly data_type: DataType
  readonly strategy: ConflictStrategy
  /** Only those of this record; default all of the type. */
  readonly record_id?: string
  /** Only this field; default all of the record. */
  readonly field?: string
  /** With `manual`: what the field is to be. It needs record and field. */
  readonly value?: unknown
}

/**
 * The commands of the old client, each with one object of its parameters.
 *
 * Every one of them but `sync_register`, `sync_login`, `sync_verify_2fa`, `sync_get_config`, `sync_get_status`, `sync_get_queue_stats`,
 * `scheduler_get_status` and `sync_logout` rejects with SyncError `profile-missing` while the device is in no account.
 */
export interface SyncCommands {
  /** Makes an account with a password, and gives its recovery phrase to `showRecoveryPhrase`. */
  sync_register(parameters: { readonly email: string; readonly password: string } & MasterPassword): Promise<void>
  /** Makes this device a member of the account with this password. */
  sync_login(parameters: { readonly email: string; readonly password: string }): Promise<void>
  /** Takes this device out of the account and deletes what it keeps of it. */
  sync_logout(parameters?: { readonly discard_unsent?: boolean }): Promise<void>
  sync_start(parameters?: MasterPassword): Promise<SyncResult>
  sync_get_config(): Promise<SyncConfigDto>
  sync_update_config(parameters: { readonly config: SyncConfigChange }): Promise<void>
  sync_get_status(): Promise<SyncStatusDto[]>
  sync_list_devices(): Promise<DeviceDto[]>
  sync_revoke_device(parameters: { readonly device_id: string }): Promise<void>
  sync_resolve_conflict(parameters: ResolveParameters): Promise<void>
  sync_get_queue_stats(): Promise<QueueStats>
  sync_process_queue(parameters?: MasterPassword): Promise<QueueResult>
  sync_retry_failed(): Promise<number>
  sync_clear_completed_queue(parameters: { readonly older_than_days: number }): Promise<number>
  sync_clear_failed_queue(): Promise<number>
  get_sync_history(parameters: { readonly data_type: DataType; readonly limit: number }): Promise<SyncHistoryEntry[]>
  rollback_sync(parameters: { readonly data_type: DataType; readonly version: number } & MasterPassword): Promise<void>
  enforce_sync_retention(parameters: { readonly retention_days: number }): Promise<number>
  scheduler_start(): Promise<void>
  scheduler_stop(): Promise<void>
  scheduler_get_status(): Promise<SchedulerStatus>
  scheduler_update_config(parameters: { readonly enabled: boolean; readonly interval_minutes: number }): Promise<void>
  sync_get_sessions(): Promise<SessionDto[]>
  sync_revoke_session(parameters: { readonly device_id: string }): Promise<void>
  sync_revoke_all_sessions(): Promise<number>
  sync_get_audit_logs(parameters?: { readonly filters?: AuditFilters }): Promise<AuditLogPage>
  sync_get_audit_stats(): Promise<AuditStatsDto>
  sync_export_audit_logs(parameters?: { readonly start?: string; readonly end?: string }): Promise<string>
  sync_get_2fa_status(): Promise<TwoFactorStatus>
  sync_setup_2fa(): Promise<TwoFactorSetup>
  sync_enable_2fa(parameters: { readonly token: string }): Promise<string[]>
  sync_disable_2fa(parameters: { readonly password: string; readonly token: string }): Promise<void>
  sync_verify_2fa(parameters: {
    readonly email: string
    readonly token: string
    readonly remember_device?: boolean
  }): Promise<TwoFactorVerified>
}

/** The name of a command. */
export type CommandName = keyof SyncCommands

const named: { readonly [Name in CommandName]: true } = {
  sync_register: true,
  sync_login: true,
  sync_logout: true,
  sync_start: true,
  sync_get_config: true,
  sync_update_config: true,
  sync_get_status: true,
  sync_list_devices: true,
  sync_revoke_device: true,
  sync_resolve_conflict: true,
  sync_get_queue_stats: true,
  sync_process_queue: true,
  sync_retry_failed: true,
  sync_clear_completed_queue: true,
  sync_clear_failed_queue: true,
  get_sync_history: true,
  rollback_sync: true,
  enforce_sync_retention: true,
  scheduler_start: true,
  scheduler_stop: true,
  scheduler_get_status: true,
  scheduler_update_config: true,
  sync_get_sessions: true,
  sync_revoke_session: true,
  sync_revoke_all_sessions: true,
  sync_get_audit_logs: true,
  sync_get_audit_stats: true,
  sync_export_audit_logs: true,
  sync_get_2fa_status: true,
  sync_setup_2fa: true,
  sync_enable_2fa: true,
  sync_disable_2fa: true,
  sync_verify_2fa: true,
}

/**
 * The names of all commands.
 *
 * @example
 * commandNames.length // 33
 */
export const commandNames = Object.keys(named) as readonly CommandName[]
