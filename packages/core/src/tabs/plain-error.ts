// An error as it travels from tab to tab: structured clone keeps neither the class of one nor its code.

import { protocolCodes } from '@owlivion/sync-protocol'
import { isSyncError, localCodes, type SyncCode, SyncError } from '../errors'

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
