// Every refusal that can travel, in one table: what it means for a retry, whether the connection ends, and what would make
// the refused thing succeed. Close codes 4400 to 4499 mean "do not connect again by yourself", 4500 to 4599 "later".

interface ProtocolCodeRow {
  readonly retryable: boolean
  /** Set when the relay closes the connection after this refusal. */
  readonly closeCode?: number
  readonly action: string
}

export const protocolCodes = {
  'malformed-frame': {
    retryable: false,
    closeCode: 4400,
    action: 'Update the app; it sent something this relay cannot read.',
  },
  'frame-too-large': { retryable: false, closeCode: 4413, action: 'Update the app; it sent a message over the limit.' },
  'unsupported-version': {
    retryable: false,
    closeCode: 4426,
    action: 'Update the older side, app or relay, so that both speak one version.',
  },
  'not-authenticated': {
    retryable: false,
    closeCode: 4400,
    action: 'Update the app; it sent a request before it had logged in.',
  },
  'bad-challenge': {
    retryable: true,
    closeCode: 4501,
    action: 'The login did not verify for this relay address; check the address of the relay.',
  },
  'account-unknown': {
    retryable: false,
    action: 'This relay does not know the account; check the phrase and the address of the relay.',
  },
  'device-unknown': {
    retryable: false,
    closeCode: 4401,
    action: 'Join the account on this device with the recovery phrase.',
  },
  'device-removed': {
    retryable: false,
    closeCode: 4403,
    action: 'This device was removed from the account; export what was not sent, then join again.',
  },
  'device-suspended': {
    retryable: true,
    closeCode: 4510,
    action: 'This device is held off while another one removes it; it tries again later.',
  },
  'account-deleted': {
    retryable: false,
    closeCode: 4410,
    action: 'The account was deleted at this relay; this device keeps its data until it is wiped.',
  },
  'wrong-account': {
    retryable: false,
    closeCode: 4404,
    action: 'The data belongs to another account than the one logged in.',
  },
  'bad-signature': {
    retryable: false,
    closeCode: 4406,
    action: 'The signature does not fit the device; update the app or join again.',
  },
  'chain-gap': {
    retryable: true,
    action: 'Entries before these are missing at the relay; the device sends them first.',
  },
  fork: {
    retryable: true,
    action: 'The relay holds other content under this number; the device goes on under a new incarnation.',
  },
  'stale-epoch': {
    retryable: true,
    action: 'The account has a newer key; the device reads the keyring and seals again.',
  },
  'unknown-epoch': {
    retryable: true,
    action: 'The relay does not know this key yet; the device sends the keyring first.',
  },
  'stale-document-epoch': {
    retryable: true,
    action: 'The document was rebased; the device joins its edits to the new one.',
  },
  'unknown-document-epoch': {
    retryable: true,
    action: 'The relay has not heard of the newest rebase of the document; the device gives it back.',
  },
  rebasing: { retryable: true, action: 'The document is being rebased; the device waits and sends again.' },
  'entry-too-large': { retryable: false, action: 'Split the edit; one entry may hold 256 KB.' },
  'quota-exceeded': {
    retryable: true,
    action: 'The account is full at this relay; remove data or ask the operator for more room.',
  },
  'storage-unavailable': {
    retryable: true,
    action: 'The relay cannot write to its disk; nothing is lost, the device sends again later.',
  },
  'keyring-conflict': {
    retryable: true,
    action: 'Another device changed the keyring first; read it and decide again.',
  },
  'keyring-refused': {
    retryable: false,
    action:
      'The account as it is now does not allow this; the message says why. Look at its devices and open requests.',
  },
  'reissue-early': {
    retryable: true,
    action: 'Other devices may still veto the new recovery phrase; it takes effect seven days after it was asked for.',
  },
  'cut-behind': { retryable: true, action: 'A removed device wrote more meanwhile; read it and remove again.' },
  'cursor-ahead': {
    retryable: true,
    action: 'The relay has less than this device; the device keeps everything and heals the relay.',
  },
  'cursor-mismatch': {
    retryable: true,
    action: 'The relay has another history than this device; the device keeps everything and brings both together.',
  },
  'snapshot-conflict': { retryable: true, action: 'Another device made a newer snapshot; this one is dropped.' },
  'snapshot-refused': { retryable: false, action: 'The snapshot does not fit the log; it is dropped and built anew.' },
  'snapshot-missing': {
    retryable: false,
    action: 'The relay does not have this snapshot any more; the device asks for the current one.',
  },
  'already-covered': {
    retryable: true,
    action: 'The relay holds these entries only inside a snapshot; the device reads it and sees what became of them.',
  },
  'lease-taken': { retryable: true, action: 'Another device is at work on the document; the device waits.' },
  'refill-conflict': {
    retryable: true,
    action: 'The log at the relay is not what it was; the device reads it and gives back what is still missing.',
  },
  'refill-refused': {
    retryable: false,
    action: 'An entry is of no use to anybody: not signed by its author, or beyond its removal. The device drops it.',
  },
  busy: { retryable: true, action: 'The relay has too much to do at once; the device waits and sends again.' },
  'too-many-documents': { retryable: false, action: 'Use fewer documents; an account may have 4,096.' },
  'mailbox-taken': {
    retryable: false,
    closeCode: 4420,
    action: 'Somebody else uses this pairing code already; start again with a new one.',
  },
  'mailbox-expired': {
    retryable: false,
    closeCode: 4421,
    action: 'The pairing took too long or ended; start again with a new code.',
  },
  'unknown-call': {
    retryable: false,
    action: 'The relay does not offer this; update the relay or switch it on there.',
  },
  'call-refused': {
    retryable: false,
    action: 'Do what the message says; when it speaks of a field or a form, update the app.',
  },
  'sign-in-failed': {
    retryable: false,
    action: 'Check address and password; after a few attempts the relay asks to wait.',
  },
  'code-required': { retryable: false, action: 'Enter the code of the authenticator app, or a backup code.' },
  'code-wrong': {
    retryable: false,
    action: 'Enter the newest code of the authenticator app; each code works once.',
  },
  'sign-in-locked': {
    retryable: true,
    action: 'Too many wrong codes: unlock sign-in on a device of the account, or wait.',
  },
  'email-taken': {
    retryable: false,
    action: 'Another account at this relay signs in with this address; use another one, or sign in there.',
  },
  'too-many-requests': { retryable: true, action: 'The device waits as long as the relay asks and sends again.' },
  'slow-consumer': {
    retryable: true,
    closeCode: 4508,
    action: 'The device did not read fast enough; it connects again and catches up.',
  },
  draining: {
    retryable: true,
    closeCode: 4512,
    action: 'The relay is restarting; the device connects again in a moment.',
  },
  timeout: {
    retryable: true,
    closeCode: 4508,
    action: 'The other side was silent for too long; the device connects again.',
  },
  'replaced-connection': {
    retryable: true,
    closeCode: 4509,
    action: 'The device connected a second time; the older connection was closed.',
  },
  'internal-error': {
    retryable: true,
    closeCode: 4500,
    action: 'The relay failed; its log says why. Nothing acknowledged is lost.',
  },
} as const satisfies Record<string, ProtocolCodeRow>

export type ProtocolCode = keyof typeof protocolCodes

export function isProtocolCode(code: string): code is ProtocolCode {
  return Object.hasOwn(protocolCodes, code)
}

/** The close code of a refusal, or undefined when the connection stays open. */
export function closeCodeOf(code: ProtocolCode): number | undefined {
  return (protocolCodes[code] as ProtocolCodeRow).closeCode
}

/** True when a client that was closed with this code may connect again by itself. */
export function mayReconnectAfter(closeCode: number): boolean {
  return closeCode < 4400 || closeCode > 4499
}

/** What a codec throws, and nothing else: these bytes are refused with this code, or this value would be if it were sent. */
export class ProtocolFailure extends Error {
  override readonly name = 'ProtocolFailure'
  constructor(
    readonly code: ProtocolCode,
    message: string,
  ) {
    super(message)
  }
}
