// Who asks on a logged-in connection, and what answers it has to work with.
import type { FrameType } from '@owlivion/sync-protocol'
import type { ConnectedAccount, Member } from './accounts'
import type { AuditLog } from './audit/audit-log'
import type { Follower } from './document-feed'
import type { RelayError } from './errors'
import type { KeyringPace } from './keyring-pace'
import type { RelayLimits } from './limits'
import type { Standing } from './login'
import type { RelayPlatform } from './platform'
import type { SnapshotDesk } from './snapshots/desk'
import type { RelayStore } from './store/relay-store'
import type { Tidier } from './tidier'
import type { Author, Turn } from './turn'

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

export interface Requester extends Author, Member, Follower {
  readonly isOpen: boolean
  refuse(request: FrameType | '', error: RelayError): void
  /** Bytes of a push or row that wait for their turn; `answered` follows. */
  queued(sizeBytes: number): void
  /** Where the connection came from; empty when the relay does not know. */
  readonly address: string
  /** Bytes that were sent and have not left yet. */
  readonly bufferedBytes: number
}

export interface Asking {
  readonly account: ConnectedAccount
  readonly standing: Standing
  readonly session: Requester
}
