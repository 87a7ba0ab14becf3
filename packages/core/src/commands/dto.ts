// What the old client's windows read, field by field. Times are ISO 8601 in UTC, as they were.

/** A data type of the old sync, or one that is new: the name of a collection of `mailTypes`. */
export type DataType = string

/** What a sync brought about. */
export interface SyncResult {
  readonly accounts_synced: boolean
  readonly contacts_synced: boolean
  readonly preferences_synced: boolean
  readonly signatures_synced: boolean
  /** Sentences for the person; empty when all is well. */
  readonly errors: readonly string[]
  /** What nobody has decided; it keeps nothing from syncing. */
  readonly conflicts?: readonly ConflictInfo[]
}

/** One field of a conflict, with both sides. */
export interface FieldChange {
  readonly field: string
  readonly local_value: unknown
  readonly server_value: unknown
}

/** A record with values that did not know each other. One for each record; the old sync had one for each data type. */
export interface ConflictInfo {
  readonly data_type: DataType
  /** The record's id: with it a conflict is decided apart from the others of its type. */
  readonly record_id: string
  readonly local_version: number
  readonly server_version: number
  readonly local_updated_at?: string
  readonly server_updated_at?: string
  readonly strategy: 'manual'
  /** A sentence for the person, with the names of the devices. */
  readonly conflict_details: string
  /** The record as this device has it. */
  readonly local_data: unknown
  /** The record as the other has it; null where that deleted it. */
  readonly server_data: unknown
  readonly field_changes: readonly FieldChange[]
}

/** How a conflict is decided. `merge`: field by field what was written last. `manual`: the value that is given. */
export type ConflictStrategy = 'use_local' | 'use_server' | 'merge' | 'manual'

/** The settings of syncing on this device. */
export interface SyncConfigDto {
  /** Signed in and not paused. */
  readonly enabled: boolean
  readonly user_id?: string
  /** Empty before the device is in an account. */
  readonly device_id: string
  readonly device_name: string
  readonly platform: string
  readonly last_sync_at?: string
  readonly sync_accounts: boolean
  readonly sync_contacts: boolean
  readonly sync_preferences: boolean
  readonly sync_signatures: boolean
}

/** What may be changed of it; what is left out stays. */
export interface SyncConfigChange extends Partial<SyncConfigDto> {
  /** 0 is by hand. */
  readonly sync_interval_minutes?: number
  readonly sync_on_startup?: boolean
}

/** Where one data type stands. */
export interface SyncStatusDto {
  readonly data_type: DataType
  /** Number of its newest entry at the relay that this device has. */
  readonly version: number
  readonly last_sync_at?: string
  readonly status: 'idle' | 'syncing' | 'error' | 'conflict'
}

/** A device of the account. */
export interface DeviceDto {
  readonly device_id: string
  readonly device_name: string
  readonly platform: string
  readonly last_seen_at: string
  readonly created_at: string
}

/** Edits on their way. They are kept until the relay has them, whatever the numbers say. */
export interface QueueStats {
  readonly pending_count: number
  readonly in_progress_count: number
  readonly failed_count: number
  /** Since the client was started. */
  readonly completed_count: number
  readonly total_count: number
}

/** What became of the edits that waited. */
export interface QueueResult {
  readonly processed: number
  readonly succeeded: number
  readonly failed: number
}

/** A step in the history of a data type: what one device wrote in one go. */
export interface SyncHistoryEntry {
  readonly id: number
  readonly data_type: DataType
  /** Number of its entry at the relay. */
  readonly version: number
  /** A name of the step: what is at the relay is sealed, and a hash of it would say nothing. */
  readonly snapshot_hash: string
  readonly device_id: string
  /** `push`: written here. `pull`: on another device. */
  readonly operation: 'push' | 'pull' | 'merge'
  /** Records that changed. */
  readonly items_count: number
  readonly sync_status: 'success' | 'failed' | 'conflict'
  readonly error_message?: string
  readonly created_at: string
}

/** When this device syncs by itself. */
export interface SchedulerStatus {
  readonly enabled: boolean
  readonly running: boolean
  /** 15, 30, 60, 120 or 240; 1 while changes travel at once. */
  readonly interval_minutes: number
  readonly last_run?: string
  readonly next_run?: string
}

/** A device that may use the account. The relay knows no places, so `country_code` and `city` are null. */
export interface SessionDto {
  readonly device_id: string
  readonly device_name: string
  readonly platform: string
  readonly ip_address: string | null
  readonly country_code: null
  readonly city: null
  readonly last_activity_at: string | null
  readonly created_at: string | null
  readonly is_current: boolean
}

/** Which rows of the audit log are wanted. */
export interface AuditFilters {
  /** From 1. */
  readonly page?: number
  /** Rows of a page, at most 100. Default 50. */
  readonly limit?: number
  /** The relay does not know which type an entry is of, so any value but an empty one finds nothing. */
  readonly data_type?: string
  /** A kind of `auditKinds`. */
  readonly action?: string
  readonly start_date?: string
  readonly end_date?: string
  readonly success?: boolean
  readonly device_id?: string
}

/** A row of the audit log. */
export interface AuditLogDto {
  readonly id: number
  readonly timestamp: string
  readonly data_type: null
  readonly action: string
  readonly device_id: string | null
  readonly device_name: string | null
  readonly ip_address: string | null
  readonly success: boolean
  readonly error_message: string | null
}

/** A page of the audit log, the newest row first. */
export interface AuditLogPage {
  readonly logs: readonly AuditLogDto[]
  readonly pagination: {
    readonly page: number
    readonly limit: number
    readonly total: number
    readonly total_pages: number
  }
}

/** How often what happened. */
export interface AuditStatsDto {
  readonly overall: {
    readonly total_operations: number
    readonly successful_operations: number
    readonly failed_operations: number
    /** Percent. */
    readonly success_rate: number
    readonly unique_devices: number
  }
  /** Always empty: the relay does not know types. */
  readonly by_data_type: readonly { readonly data_type: string; readonly count: number }[]
  readonly by_action: readonly { readonly action: string; readonly count: number }[]
  /** The last 30 days, the newest first. */
  readonly recent_activity: readonly { readonly date: string; readonly count: number }[]
  /** The last ten. */
  readonly recent_failures: readonly AuditLogDto[]
}

/** Whether a second factor is asked for. */
export interface TwoFactorStatus {
  readonly enabled: boolean
  readonly enabled_at: string | null
  readonly backup_codes_remaining: number
}

/** What an authenticator app is set up with. */
export interface TwoFactorSetup {
  readonly secret: string
  /** An `otpauth:` address, which the window draws as a QR code. */
  readonly qr_code_url: string
  readonly manual_entry_key: string
}

/** That the second factor was right. */
export interface TwoFactorVerified {
  readonly success: true
  readonly backup_code_used: boolean
  readonly remaining_backup_codes: number
}
