// The two ways in which a store says no. What the platform could not do may work later; what the caller handed in never will.
import { isSyncError, SyncError } from '../errors'

/** The store could not do it now: disk full, access lost, connection gone. Keeps the platform's error as the cause. */
export function storageFailure(message: string, cause: unknown): SyncError {
  return isSyncError(cause) ? cause : new SyncError('storage-failed', `${message}: ${messageOf(cause)}`, { cause })
}

/** The call itself cannot be served, now or later. */
export function storageRefusal(message: string, cause?: unknown): SyncError {
  return new SyncError('storage-failed', message, { retryable: false, cause })
}

/** Another tab has taken the store. */
export function fencedOff(): SyncError {
  return new SyncError('lead-lost', 'Another window of the app writes this profile now.')
}

export function storeClosed(): SyncError {
  return new SyncError('closed', 'The store was closed.')
}

function messageOf(cause: unknown): string {
  return cause instanceof Error || (typeof cause === 'object' && cause !== null && 'message' in cause)
    ? String(cause.message)
    : String(cause)
}
