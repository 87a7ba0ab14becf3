// One error class for everything the engine refuses. Inside a state machine a failure is a returned value; at the public
// face it is thrown as this class, so that an app can switch on `code` and never on a message.
import { type ProtocolCode, protocolCodes } from '@owlivion/sync-protocol'

interface CodeRow {
  /** True when the same call can succeed later without a person changing anything. */
  readonly retryable: boolean
  /** What a person or the app can do about it. */
  readonly action: string
}

/** Codes that arise on the device itself. Codes that the relay answers with are in `protocolCodes`. */
export const localCodes = {
  'secret-field': {
    retryable: false,
    action: 'Keep passwords and tokens in the keychain of the device; they may not be synced.',
  },
  'invalid-id': { retryable: false, action: 'Use a record id of 1 to 256 bytes without control characters.' },
  'invalid-field': { retryable: false, action: 'Use a field name of 1 to 256 bytes without control characters.' },
  'invalid-value': {
    retryable: false,
    action:
      'Store only JSON values (text, finite numbers, booleans, null, lists and objects), and pass only what the call says that it takes.',
  },
  'invalid-record': { retryable: false, action: 'Correct the fields that the schema refuses.' },
  'field-too-large': { retryable: false, action: 'Shorten the field to 64 KB, or keep the content as an attachment.' },
  'record-missing': { retryable: false, action: 'Add the record before changing it.' },
  'record-deleted': { retryable: false, action: 'Restore the record before changing it.' },
  'phrase-length': { retryable: false, action: 'Enter all 24 words of the recovery phrase.' },
  'phrase-word': { retryable: false, action: 'Correct the word that is not in the list.' },
  'phrase-checksum': {
    retryable: false,
    action: 'Check the words and their order; one of them is another word than the one written down.',
  },
  'phrase-check-failed': {
    retryable: false,
    action: 'Look at the word on paper again; show the phrase once more when it was not written down.',
  },
  'unsent-edits': {
    retryable: false,
    action: 'Go online and wait until everything is stored, or export what was not sent, or discard it.',
  },
  'unsaved-edits': {
    retryable: false,
    action:
      'Free disk space or restore access to the store, and close again; or close and discard what could not be stored.',
  },
  'password-length': {
    retryable: false,
    action: 'Choose a password of at least 10 characters; several words that do not belong together are a good one.',
  },
  'email-invalid': { retryable: false, action: 'Enter an e-mail address.' },
  'passkey-unsupported': {
    retryable: false,
    action: 'Use another browser or authenticator, or sign in with the password or the recovery phrase.',
  },
  'passkey-cancelled': { retryable: false, action: 'Try again, and confirm what the browser asks.' },
  'profile-missing': { retryable: false, action: 'Create an account or join one on this device first.' },
  'profile-exists': {
    retryable: false,
    action: 'Open the account that this device already holds, or use another store.',
  },
  'profile-in-use': { retryable: true, action: 'Close the other window or process that has this profile open.' },
  'lead-lost': {
    retryable: true,
    action: 'Call again: another window of the app has taken over what this device does for the account.',
  },
  'profile-damaged': {
    retryable: false,
    action: 'Restore the store from a backup, or join the account again with the recovery phrase.',
  },
  'profile-lost': {
    retryable: false,
    action:
      'Delete what is left of the store, then join the account again with the recovery phrase or by pairing; the relay and the other devices have all that was sent. Ask the browser for persistent storage.',
  },
  'profile-key-missing': {
    retryable: false,
    action:
      'Bring back the key that this store was boxed under, or delete the store and join the account again with the recovery phrase.',
  },
  'profile-key-wrong': {
    retryable: false,
    action:
      'Put the right key back in its place, or delete the store and join the account again with the recovery phrase.',
  },
  'profile-key-exposed': {
    retryable: false,
    action: 'Make the key file readable for its user only; if somebody else may have read it, remove this device.',
  },
  'storage-failed': {
    retryable: true,
    action: 'Free disk space or restore access to the store; edits are kept in memory and retried.',
  },
  'purge-too-early': {
    retryable: true,
    action: 'Have the other devices sync, and try again; the record stays deleted, and is purged by itself later.',
  },
  'sync-offline': { retryable: false, action: 'Go online first.' },
  'sync-paused': { retryable: false, action: 'Resume syncing first, or wait until the pause is over.' },
  'sync-unfinished': {
    retryable: true,
    action: 'Nothing is lost; what is left is sent and read the next time. See the status of the collections.',
  },
  'relay-unreachable': { retryable: true, action: 'Check the network and the address of the relay.' },
  'relay-forked': {
    retryable: false,
    action:
      'The relay answered with a history that differs from the one this device verified, or shows another device another one; ask its operator.',
  },
  'relay-rolled-back': {
    retryable: true,
    action:
      'Nothing is lost: what the relay lacks is brought back to it. Ask its operator, unless it was put back to a backup or moved.',
  },
  'relay-misbehaved': {
    retryable: true,
    action: 'The relay sent something that does not verify; it is kept aside and nothing was changed.',
  },
  'snapshot-untrue': {
    retryable: false,
    action:
      'A device summed up a collection wrongly; this device keeps what it has. Update the app on that device, and remove it if you do not know it.',
  },
  'removal-not-undone': {
    retryable: false,
    action:
      'What a removed device wrote was summed up together with everything else and cannot be told apart any more; look through the collection.',
  },
  'audit-altered': {
    retryable: false,
    action:
      'Ask the relay’s operator what happened to the audit log; look at the devices, and remove one that you do not know.',
  },
  'audit-gap': {
    retryable: false,
    action:
      'Ask the relay’s operator why rows of the audit log are missing; an old backup that was restored leaves such a gap.',
  },
  'keyring-invalid': {
    retryable: false,
    action: 'The relay sent a keyring record that breaks the rules; the device keeps the keyring it has.',
  },
  'keyring-hidden': {
    retryable: true,
    action:
      'The relay keeps a change of the account from this device; nothing is sent until it shows it. Ask its operator.',
  },
  'keyring-fork': {
    retryable: false,
    action: 'Decide with the recovery phrase which of the devices stays; edits are kept on this device until then.',
  },
  'connection-lost': { retryable: true, action: 'Nothing is lost; the device connects again by itself.' },
  'pairing-code': {
    retryable: false,
    action: 'Compare the code with the one on the other screen, and enter it again.',
  },
  'pairing-not-found': {
    retryable: false,
    action: 'Check that the other device shows this code now, and that both use the same relay.',
  },
  'pairing-wrong-relay': {
    retryable: false,
    action: 'Set the new device to the relay that this account uses, and start again with a new code.',
  },
  'pairing-refused': { retryable: false, action: 'Start again with a new code, if this was not meant.' },
  'pairing-mismatch': {
    retryable: false,
    action: 'Somebody may stand between the two devices; start again with a new code, best on another network.',
  },
  'pairing-expired': {
    retryable: false,
    action: 'The pairing took too long, or a connection ended; start again with a new code.',
  },
  'pairing-unfinished': {
    retryable: false,
    action: 'Look at the new device: if it did not join, remove it from the list of devices and start again.',
  },
  closed: { retryable: false, action: 'Open the account again; this one was closed.' },
} as const satisfies Record<string, CodeRow>

/** A code that arises on the device itself. */
export type LocalCode = keyof typeof localCodes
/** Every code that a SyncError can have. Each has a row in the documentation of errors. */
export type SyncCode = LocalCode | ProtocolCode

export interface SyncErrorDetails {
  readonly retryable?: boolean
  readonly retryAfterMs?: number
  /** The id of the device that it is about. */
  readonly device?: string
  readonly cause?: unknown
}

/**
 * Everything the engine refuses or reports.
 *
 * @example
 * try {
 *   await contacts.delete('ann\n@example.com')
 * } catch (error) {
 *   if (isSyncError(error, 'invalid-id')) console.log(error.action)
 *   else throw error
 * }
 */
export class SyncError extends Error {
  override readonly name = 'SyncError'
  readonly code: SyncCode
  readonly retryable: boolean
  /** Milliseconds to wait before trying again, when the relay named a delay. */
  readonly retryAfterMs: number | undefined
  /** The id of the device that it is about, when it is about one. */
  readonly device: string | undefined
  /** What a person or the app can do about it. */
  readonly action: string

  constructor(code: SyncCode, message: string, details: SyncErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    const row: CodeRow = code in localCodes ? localCodes[code as LocalCode] : protocolCodes[code as ProtocolCode]
    this.code = code
    this.retryable = details.retryable ?? row.retryable
    this.retryAfterMs = details.retryAfterMs
    this.device = details.device
    this.action = row.action
  }
}

/** True when `error` is a SyncError, and of this code when one is given. Works across copies of the package. */
export function isSyncError(error: unknown, code?: SyncCode): error is SyncError {
  return (
    error instanceof Error && error.name === 'SyncError' && (code === undefined || (error as SyncError).code === code)
  )
}
