// What an open account tells besides the data itself.
import type { SyncError } from '../errors'
import type { ConnectionState } from './session-options'

/** What an app may want to know besides the data itself. */
export type SyncEvent =
  | { readonly type: 'connection'; readonly state: ConnectionState }
  /**
   * This device was removed from the account, which a signed record says. Its keys are wiped from its store, its records stay readable until
   * `wipe`. `by` is the hex id of the device that did it, this one when it left; undefined for the holder of the recovery phrase.
   */
  | { readonly type: 'removed'; readonly by: string | undefined }
  /** Something went wrong or was not true. Nothing is lost by it; `error.retryable` tells whether it mends itself. */
  | { readonly type: 'error'; readonly error: SyncError }
