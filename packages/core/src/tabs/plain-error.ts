// An error as it travels from tab to tab: structured clone keeps neither the class of one nor its code.

import { protocolCodes } from '@owlivion/sync-protocol'
import { isSyncError, localCodes, type SyncCode, SyncError } from '../errors'
import type { SyncEvent } from '../sync'

export interface PlainError {
  readonly code: string
  readonly message: string
  readonly retryable: boolean
  readonly retryAfterMs: number | undefined
  readonly device: string | undefined
}

export function plainError(error: unknown): PlainError {
  if (isSyncError(error)) {
    const { code, message, retryable, retryAfterMs, device } = error
    return { code, message, retryable, retryAfterMs, device }
  }
  return { code: 'lead-lost', message: String(error), retryable: false, retryAfterMs: undefined, device: undefined }
}

export function errorFrom({ code, message, retryable, retryAfterMs, device }: PlainError): SyncError {
  // A tab of a newer version may have others.
  const isKnown = code in localCodes || code in protocolCodes
  return new SyncError(isKnown ? (code as SyncCode) : 'lead-lost', message, {
    retryable,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(device !== undefined && { device }),
  })
}

export function plainEvent(event: SyncEvent): object {
  return event.type === 'error' ? { ...event, error: plainError(event.error) } : event
}

export function eventFrom(event: unknown): SyncEvent {
  const { type, error } = event as { readonly type: SyncEvent['type']; readonly error: PlainError }
  return type === 'error' ? { type, error: errorFrom(error) } : (event as SyncEvent)
}
