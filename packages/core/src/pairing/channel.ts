// What is said once only the two can read it: one key for each direction, so that nothing can be turned back on its sender.
import {
  decodePairingContent,
  decodePairingMessage,
  encodePairingContent,
  encodePairingMessage,
  hashParts,
  type MailboxSide,
  NONCE_BYTES,
  type PairingContent,
  type PairingMessage,
  ProtocolFailure,
  type Sha512,
} from '@owlivion/sync-protocol'
import nacl from 'tweetnacl'
import { pad, unpad } from '../crypto'

/** Named by who speaks. */
export type DirectionKeys = Readonly<Record<MailboxSide, Uint8Array>>

/** What the machines need of the world. */
export interface PairingTools {
  readonly sha512: Sha512
  random(length: number): Uint8Array
}

/** Why a pairing ends in a machine's eyes. */
export interface PairingFailure {
  readonly code: 'pairing-mismatch' | 'pairing-refused' | 'unsupported-version'
  readonly message: string
}

export const mismatch = (message: string): PairingFailure => ({ code: 'pairing-mismatch', message })

export class PairingChannel {
  constructor(
    private readonly tools: PairingTools,
    private readonly keys: DirectionKeys,
    private readonly side: MailboxSide,
  ) {}

  seal(content: PairingContent): Uint8Array {
    const { sha512, random } = this.tools
    const key = this.keys[this.side]
    const padded = pad({ compressed: false, content: encodePairingContent(content) })
    // As for entries: a cloned machine that draws the same random bytes seals another text under another nonce.
    const nonce = hashParts(sha512, 'pairing-nonce', key, random(NONCE_BYTES), padded).slice(0, NONCE_BYTES)
    return encodePairingMessage({ type: 'sealed', nonce, box: nacl.secretbox(padded, nonce, key) })
  }

  /** What the other side said, if it did. */
  open(message: PairingMessage): PairingContent | PairingFailure {
    const key = this.keys[this.side === 'member' ? 'newcomer' : 'member']
    const padded = message.type === 'sealed' ? nacl.secretbox.open(message.box, message.nonce, key) : null
    const opened = padded === null ? undefined : unpad(padded)
    if (opened === undefined || opened.compressed)
      return mismatch('A message came that the other device has not sent in this place.')
    return readWith(decodePairingContent, opened.content)
  }
}

export function readMessage(bytes: Uint8Array): PairingMessage | PairingFailure {
  return readWith(decodePairingMessage, bytes)
}

function readWith<T>(decode: (bytes: Uint8Array) => T, bytes: Uint8Array): T | PairingFailure {
  try {
    // What is decoded are views; what is kept of them must own its bytes.
    return decode(bytes.slice())
  } catch (error) {
    return error instanceof ProtocolFailure && error.code === 'unsupported-version'
      ? {
          code: 'unsupported-version',
          message: 'The other device speaks another version of pairing; update the older app.',
        }
      : mismatch('A message came that cannot be read.')
  }
}

export function isFailure(value: object): value is PairingFailure {
  return 'code' in value
}
