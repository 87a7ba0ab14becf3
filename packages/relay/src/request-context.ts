// What answers a request has to work with.
import type { AuditLog } from './audit/audit-log'
import type { KeyringPace } from './keyring-pace'
import type { RelayLimits } from './limits'
import type { RelayPlatform } from './platform'
import type { SnapshotDesk } from './snapshots/desk'
import type { RelayStore } from './store/relay-store'
import type { Tidier } from './tidier'
import type { Turn } from './turn'

export interface RequestContext {
  readonly platform: RelayPlatform
  readonly store: RelayStore
  readonly limits: RelayLimits
  readonly turn: Turn
  readonly audit: AuditLog
  readonly keyringPace: KeyringPace
  readonly snapshots: SnapshotDesk
  readonly tidier: Tidier
}
