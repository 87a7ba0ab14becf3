// Account calls: what is rarely asked beside syncing, as JSON in `call` and `answer` frames. The login of the connection is the
// authentication, so there are no tokens; what is asked before a login is marked where it is served. In the JSON, bytes are
// base64url text and ids are hex. A call that is not granted is refused with `request: 'call'` and its id as `state`.
import { ProtocolFailure } from './codes'
import { MAX_CALL_BYTES } from './limits'

/** What can be asked, by the name of the method. */
export interface AccountCalls {
  /** When and from where the relay saw the devices of the account. */
  readonly 'devices.list': {
    readonly request: Record<string, never>
    readonly answer: { readonly devices: readonly DeviceSighting[] }
  }
  /** Rows of the audit log from number `from` on, at most `limit`; fewer when the answer is full or the log ends. */
  readonly 'audit.read': {
    readonly request: { readonly from: number; readonly limit: number }
    readonly answer: AuditPage
  }
  /** Writes into the audit log what only a device knows of: that it exported something. */
  readonly 'audit.note': {
    readonly request: { readonly kind: 'exported'; readonly detail: string }
    readonly answer: Record<string, never>
  }
  /**
   * Deletes the account at the relay, for good. Exactly one of the two: the recovery key's signature over
   * `deletionSigningBytes`, or what the relay's password sign-in takes as a proof.
   */
  readonly 'account.delete': {
    readonly request: { readonly signature?: string; readonly proof?: Readonly<Record<string, unknown>> }
    readonly answer: Record<string, never>
  }
}

export type AccountCallName = keyof AccountCalls

export interface DeviceSighting {
  /** Hex of the device id. */
  readonly device: string
  /** The relay's clock, in ms since 1970. */
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  /** Of its last connection; empty when the relay does not know or does not keep addresses. */
  readonly address: string
}

export interface AuditPage {
  /** Number of the first of `rows`; with no rows, the number that the next row of the log will have. */
  readonly first: number
  /** Number of the newest row. 0 for an empty log. */
  readonly length: number
  /** Chain hash after the newest row. */
  readonly head: string
  /** Chain hash before row `first`. */
  readonly previous: string
  /** As `encodeAuditRow` made them. */
  readonly rows: readonly string[]
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws ProtocolFailure `frame-too-large` */
export function encodeCallBody(body: object): Uint8Array {
  const bytes = encoder.encode(JSON.stringify(body))
  if (bytes.length > MAX_CALL_BYTES)
    throw new ProtocolFailure(
      'frame-too-large',
      `a call of ${bytes.length} bytes is over the limit of ${MAX_CALL_BYTES}`,
    )
  return bytes
}

/**
 * The JSON object of a call or an answer; what is in it is for the reader to check.
 * @throws ProtocolFailure `call-refused`
 */
export function decodeCallBody(bytes: Uint8Array): object {
  let value: unknown
  try {
    value = JSON.parse(decoder.decode(bytes))
  } catch {
    throw new ProtocolFailure('call-refused', 'the body of the call is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ProtocolFailure('call-refused', 'the body of the call is not a JSON object')
  return value
}
