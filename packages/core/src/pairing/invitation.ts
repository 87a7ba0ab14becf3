// The code that a camera reads, as text: it carries the newcomer's keys and a secret past the relay.
import {
  base64urlToBytes,
  bytesToBase64url,
  decodeInvitation,
  encodeInvitation,
  MAILBOX_ID_BYTES,
  type MailboxId,
  type PairingInvitation,
  ProtocolFailure,
} from '@owlivion/sync-protocol'
import { deriveKey } from '../crypto'
import { SyncError } from '../errors'
import type { DirectionKeys } from './channel'

/** What both sides know who have the code. */
export interface ScannedWay {
  readonly kind: 'scanned'
  readonly invitation: PairingInvitation
  readonly mailbox: MailboxId
  readonly keys: DirectionKeys
}

export function invitationToText(invitation: PairingInvitation): string {
  return bytesToBase64url(encodeInvitation(invitation))
}

/** A code that is typed has eight characters; this has well over a hundred. */
export function looksLikeInvitation(text: string): boolean {
  return text.trim().length > 40
}

/** @throws SyncError `pairing-code`; `unsupported-version` when a newer app shows it */
export function parseInvitation(text: string): PairingInvitation {
  try {
    // A code that is pasted from a message may have been broken into lines.
    const invitation = decodeInvitation(base64urlToBytes(text.replace(/\s/g, '')))
    return {
      relay: invitation.relay,
      keys: { signing: invitation.keys.signing.slice(), box: invitation.keys.box.slice() },
      secret: invitation.secret.slice(),
    }
  } catch (cause) {
    if (cause instanceof ProtocolFailure && cause.code === 'unsupported-version')
      throw new SyncError('unsupported-version', 'The code was made by a newer version of the app.', { cause })
    throw new SyncError('pairing-code', 'This is not the code of a device that wants to join, or a part is missing.', {
      cause,
    })
  }
}

/** The whole code is the context, so that no part of it can be exchanged. */
export function scannedWay(invitation: PairingInvitation): ScannedWay {
  const context = encodeInvitation(invitation)
  const derive = (purpose: string): Uint8Array => deriveKey(invitation.secret, purpose, context)
  return {
    kind: 'scanned',
    invitation,
    mailbox: derive('pairing-mailbox').slice(0, MAILBOX_ID_BYTES) as Uint8Array as MailboxId,
    keys: { newcomer: derive('pairing-newcomer'), member: derive('pairing-member') },
  }
}
