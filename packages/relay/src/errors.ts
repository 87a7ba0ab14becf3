// One error class for everything the relay refuses. What travels to a device has a code of the protocol; what only the
// operator sees, when the relay cannot start, has a code of its own.
import { type DocumentId, type ProtocolCode, ProtocolFailure, protocolCodes } from '@owlivion/sync-protocol'

/** Codes that only the operator sees, when the relay does not start. */
export const operatorCodes = {
  'data-folder-in-use': {
    retryable: false,
    action: 'Stop the other relay on this data folder, or give this one a folder of its own.',
  },
  'foreign-database': {
    retryable: false,
    action: 'Name a folder that is empty or holds the data of an Owlivion relay.',
  },
  'other-schema': { retryable: false, action: 'Start the relay version that wrote this data folder, or a newer one.' },
  'address-unavailable': { retryable: false, action: 'Choose another port or address, or stop what listens there.' },
  'sign-in-key-missing': {
    retryable: false,
    action: 'Put the key file of password sign-in back from its backup, or name it with --sign-in-key.',
  },
  'sign-in-key-exposed': {
    retryable: false,
    action:
      'Close the key file to everybody but its owner (mode 600); if somebody may have read it, ask for new passwords.',
  },
  'sign-in-key-damaged': { retryable: false, action: 'Put the key file of password sign-in back from its backup.' },
  'sign-in-key-wrong': {
    retryable: false,
    action: 'Name the key file that belongs to this database with --sign-in-key.',
  },
  'invalid-option': { retryable: false, action: 'Correct the option; owlivion-relay serve --help lists them.' },
} as const satisfies Record<string, { readonly retryable: boolean; readonly action: string }>

/** A code of a relay that does not start. */
export type OperatorCode = keyof typeof operatorCodes
/** Every code that a RelayError can have. */
export type RelayCode = ProtocolCode | OperatorCode

export interface RelayErrorDetails {
  readonly document?: DocumentId
  /** What the relay has, where the protocol says so for the code. */
  readonly state?: number
  readonly retryAfterMs?: number
  readonly cause?: unknown
}

/** Everything the relay refuses or reports. `message` is a sentence a person can act on and names no secret. */
export class RelayError extends Error {
  override readonly name = 'RelayError'
  readonly code: RelayCode
  readonly retryable: boolean
  readonly action: string
  readonly document: DocumentId | undefined
  readonly state: number | undefined
  readonly retryAfterMs: number | undefined

  constructor(code: RelayCode, message?: string, details: RelayErrorDetails = {}) {
    const row = code in operatorCodes ? operatorCodes[code as OperatorCode] : protocolCodes[code as ProtocolCode]
    super(message ?? row.action, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.retryable = row.retryable
    this.action = row.action
    this.document = details.document
    this.state = details.state
    this.retryAfterMs = details.retryAfterMs
  }
}

/** Any thrown value as what a device is told: what is neither a refusal nor a bad frame is a defect, and stays unexplained. */
export function toRefusal(error: unknown): RelayError {
  if (error instanceof RelayError) return error
  if (error instanceof ProtocolFailure) return new RelayError(error.code, `${sentence(error.message)}`)
  return new RelayError('internal-error', undefined, { cause: error })
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

/** True when the error may travel to a device, false when it is for the operator. */
export function isProtocolRefusal(error: RelayError): error is RelayError & { readonly code: ProtocolCode } {
  return !(error.code in operatorCodes)
}
