// Who asks on a logged-in connection.
import type { FrameType } from '@owlivion/sync-protocol'
import type { ConnectedAccount, Member } from './accounts'
import type { Follower } from './document-feed'
import type { RelayError } from './errors'
import type { Standing } from './login'
import type { Author } from './turn'

export interface Requester extends Author, Member, Follower {
  readonly isOpen: boolean
  refuse(request: FrameType | '', error: RelayError): void
  /** Bytes of a push or row that wait for their turn; `answered` follows. */
  queued(sizeBytes: number): void
  /** Where the connection came from; empty when the relay does not know. */
  readonly address: string
}

export interface Asking {
  readonly account: ConnectedAccount
  readonly standing: Standing
  readonly session: Requester
}
