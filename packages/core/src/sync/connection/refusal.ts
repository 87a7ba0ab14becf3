// What a relay's refusal means on this side.
import { closeCodeOf, isProtocolCode, mayReconnectAfter, type Refusal } from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'

/** True when the relay ends the connection with this refusal and will not have this device back. */
export function isForGood({ code }: Refusal): boolean {
  const closeCode = isProtocolCode(code) ? closeCodeOf(code) : undefined
  return closeCode !== undefined && !mayReconnectAfter(closeCode)
}

export function refusalToError(frame: Refusal): SyncError {
  // A suspension lasts that long at most and may end at any moment; and whoever is held off has to come back at once to learn whether it
  // was removed, or to remove the one that holds it off.
  const waits = frame.retryAfterMs !== undefined && frame.code !== 'device-suspended'
  const details = { retryable: frame.retryable, ...(waits && { retryAfterMs: frame.retryAfterMs as number }) }
  if (isProtocolCode(frame.code)) return new SyncError(frame.code, frame.message, details)
  return new SyncError('internal-error', `${frame.message} (${frame.code})`, details)
}
