// A refusal as a frame, and what it means for the connection.
import {
  closeCodeOf,
  type DocumentId,
  encodeFrame,
  type Frame,
  type FrameType,
  type ProtocolCode,
} from '@owlivion/sync-protocol'
import { isProtocolRefusal, RelayError } from './errors'

export interface EncodedRefusal {
  readonly frame: Uint8Array
  readonly code: ProtocolCode
  /** Set when the connection ends with it. */
  readonly closeCode: number | undefined
}

/**
 * @param request the frame that is refused; empty when the connection is
 * @param asked the document that it speaks of: whoever waits for the answer waits per document, and an error from further down names none
 */
export function encodeRefusal(request: FrameType | '', error: RelayError, asked?: DocumentId): EncodedRefusal {
  const known = isProtocolRefusal(error) ? error : new RelayError('internal-error', undefined, { cause: error })
  const code = known.code as ProtocolCode
  const { retryable, retryAfterMs, message, state } = known
  const document = known.document ?? asked
  const details = {
    ...(document && { document }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(state !== undefined && { state }),
  }
  const frame = encodeFrame({ type: 'refused', request, code, retryable, message, ...details })
  // A suspended device that comes back may still read and extend the keyring, so one request of it is refused and no more.
  const closeCode = code === 'device-suspended' && request !== '' ? undefined : closeCodeOf(code)
  return { frame, code, closeCode }
}

/** A disk that refuses is tried again after a time that the operator chose. */
export function withRetryTime(error: RelayError, storageRetryMs: number): RelayError {
  const { code, message, document, state } = error
  if (code !== 'storage-unavailable' || error.retryAfterMs !== undefined) return error
  return new RelayError(code, message, {
    ...(document && { document }),
    ...(state !== undefined && { state }),
    retryAfterMs: storageRetryMs,
  })
}

/** The document that a frame speaks of, if it speaks of one. */
export function documentOf(frame: Frame): DocumentId | undefined {
  return 'document' in frame ? frame.document : undefined
}
