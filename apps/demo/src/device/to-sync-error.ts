import { isSyncError, SyncError } from '@owlivion/sync'

/** Whatever was thrown, as something that says what happened and what to do. */
export function toSyncError(cause: unknown): SyncError {
  if (isSyncError(cause)) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new SyncError('storage-failed', `This browser refused: ${reason}`, { retryable: false, cause })
}
