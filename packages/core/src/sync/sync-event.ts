// What an open account tells besides the data itself.
import type { SyncError } from '../errors'
import type { ConnectionState } from './connection/connection-state'

/** What an app may want to know besides the data itself. */
export type SyncEvent =
  | { readonly type: 'connection'; readonly state: ConnectionState }
  /**
   * This device was removed from the account, which a signed record says. Its keys are wiped from its store, its records stay readable until
   * `wipe`. `by` is the hex id of the device that did it, this one when it left; undefined for the holder of the recovery phrase.
   */
  | { readonly type: 'removed'; readonly by: string | undefined }
  /**
   * The relay has less than this device, or something else: its disk was lost, or it was put back to a backup. This device brings back what
   * is missing; nothing here is given up for it. `status.healing` is true meanwhile.
   */
  | { readonly type: 'healing' }
  /**
   * The relay has everything again that this device has. `documents`: how many were concerned; `restored`: entries that this device gave back, 0
   * when another device did; `dropped`: entries that the relay refuses for good, since a removed device wrote them too late.
   */
  | { readonly type: 'healed'; readonly documents: number; readonly restored: number; readonly dropped: number }
  /**
   * Another device of the account was not heard of for three days: it may be off, or the relay keeps its news back. `device` is its hex id;
   * `lastHeardMs` as in `devices()`. Told once for each silence while the account is open.
   */
  | { readonly type: 'device-silent'; readonly device: string; readonly lastHeardMs: number | undefined }
  /** Something went wrong or was not true. Nothing is lost by it; `error.retryable` tells whether it mends itself. */
  | { readonly type: 'error'; readonly error: SyncError }
