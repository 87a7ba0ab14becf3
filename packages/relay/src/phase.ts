// How far a connection has come, and what it has in hand there.
import type { Frame, FrameType, Hash } from '@owlivion/sync-protocol'
import type { ConnectedAccount } from './accounts'
import type { Standing } from './login'
import type { MailboxSeat } from './mailboxes'

export type FrameOf<T extends FrameType> = Extract<Frame, { type: T }>

export type Phase =
  | { readonly kind: 'hello' }
  /** Asks what needs no login; may log in behind it. */
  | { readonly kind: 'calling' }
  | { readonly kind: 'auth'; readonly hello: FrameOf<'hello'>; readonly nonce: Hash }
  /** One side of a pairing; it never logs in. */
  | { readonly kind: 'mailbox'; readonly seat: MailboxSeat }
  | { readonly kind: 'open'; readonly account: ConnectedAccount; standing: Standing }
  | { readonly kind: 'closed' }
