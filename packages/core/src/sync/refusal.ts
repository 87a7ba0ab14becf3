// What a relay's refusal means on this side.
import { closeCodeOf, isProtocolCode, mayReconnectAfter, type Refusal } from '@owlivion/sync-protocol'
import { SyncError } from '../errors'

/** True when the relay ends the connection with this refusal and will not have this device back. */
export function isForGood({ code }: Refusal): boolean {
  const closeCode = isProtocolCode(code) ? closeCodeOf(code) : undefined
  return closeCode !== undefined && !mayReconnectAfter(closeCode)
}

export function refusalToError(frame: Refusal): SyncError {
  const details = {
    retryable: frame.retryable,
    ...(frame.retryAfterMs !== undefined && { retryAfterMs: frame.retryAfterMs }),
  }
  if (isProtocolCode(frame.code)) return new SyncError(frame.code, frame.message, details)
  return new SyncError('internal-error', `${frame.message} (${frame.code})`, details)
}
