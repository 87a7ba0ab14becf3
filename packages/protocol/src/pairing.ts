// What two devices say to each other at a mailbox until one has let the other into its account. The relay passes it on and may
// change it; `docs/protocol/pairing.md` says why that helps it nothing.
import { concatBytes } from './bytes'
import { decodeWhole, type Reader, Writer } from './codec'
import { ProtocolFailure } from './codes'
import { domain, hashParts, type Sha512 } from './hash'
import {
  ACCOUNT_ID_BYTES,
  type AccountId,
  HASH_BYTES,
  type Hash,
  type MailboxId,
  NONCE_BYTES,
  PUBLIC_KEY_BYTES,
} from './ids'
import { type PublicKeys, readKeys, writeKeys } from './keyring-parts'
import {
  MAILBOX_ID_BYTES,
  MAX_MAILBOX_MESSAGE_BYTES,
  MAX_PAIRING_NAME_BYTES,
  MAX_RELAY_URL_BYTES,
  PAIRING_NONCE_BYTES,
  PAIRING_SECRET_BYTES,
} from './limits'

const PAIRING_VERSION = 1

/** What the code that a camera reads holds. Whoever reads it may stand on either side of the pairing, once. */
export interface PairingInvitation {
  /** URL of the relay at which the newcomer waits. */
  readonly relay: string
  /** Of the newcomer. */
  readonly keys: PublicKeys
  /** 16 random bytes, used once. */
  readonly secret: Uint8Array
}

export function encodeInvitation({ relay, keys, secret }: PairingInvitation): Uint8Array {
  const writer = new Writer().byte(PAIRING_VERSION).text(relay, MAX_RELAY_URL_BYTES)
  writeKeys(writer, keys)
  return writer.fixed(secret, PAIRING_SECRET_BYTES).finish()
}

/** @throws ProtocolFailure */
export function decodeInvitation(bytes: Uint8Array): PairingInvitation {
  return decodeWhole(bytes, (reader) => {
    readVersion(reader)
    return {
      relay: reader.text(MAX_RELAY_URL_BYTES),
      keys: readKeys(reader),
      secret: reader.fixed(PAIRING_SECRET_BYTES),
    }
  })
}

/** From the newcomer: it can no longer choose what it reveals by what it is answered. */
export interface PairingCommit {
  readonly type: 'commit'
  readonly commitment: Hash
}

/** From the member. */
export interface PairingAnswer {
  readonly type: 'answer'
  /** X25519, made for this pairing alone. */
  readonly ephemeral: Uint8Array
  readonly nonce: Uint8Array
  readonly account: AccountId
}

/** From the newcomer: what it had committed to. */
export interface PairingReveal {
  readonly type: 'reveal'
  /** X25519, made for this pairing alone. */
  readonly ephemeral: Uint8Array
  readonly keys: PublicKeys
  readonly nonce: Uint8Array
}

/** From either: a `PairingContent` under a key that only the two have. */
export interface PairingSealed {
  readonly type: 'sealed'
  readonly nonce: Uint8Array
  readonly box: Uint8Array
}

/** One message in a mailbox. */
export type PairingMessage = PairingCommit | PairingAnswer | PairingReveal | PairingSealed

const messageTypes = ['commit', 'answer', 'reveal', 'sealed'] as const

export function encodePairingMessage(message: PairingMessage): Uint8Array {
  const writer = new Writer().byte(PAIRING_VERSION).byte(messageTypes.indexOf(message.type))
  switch (message.type) {
    case 'commit':
      return writer.fixed(message.commitment, HASH_BYTES).finish()
    case 'answer':
      writeAnswer(writer, message)
      return writer.finish()
    case 'reveal':
      writeReveal(writer, message)
      return writer.finish()
    case 'sealed':
      return writer.fixed(message.nonce, NONCE_BYTES).bytes(message.box, MAX_MAILBOX_MESSAGE_BYTES).finish()
  }
}

/** @throws ProtocolFailure */
export function decodePairingMessage(bytes: Uint8Array): PairingMessage {
  return decodeWhole(bytes, (reader) => {
    readVersion(reader)
    const type = messageTypes[reader.byte()]
    switch (type) {
      case 'commit':
        return { type, commitment: reader.fixed<Hash>(HASH_BYTES) }
      case 'answer':
        return {
          type,
          ephemeral: reader.fixed(PUBLIC_KEY_BYTES),
          nonce: reader.fixed(PAIRING_NONCE_BYTES),
          account: reader.fixed<AccountId>(ACCOUNT_ID_BYTES),
        }
      case 'reveal':
        return {
          type,
          ephemeral: reader.fixed(PUBLIC_KEY_BYTES),
          keys: readKeys(reader),
          nonce: reader.fixed(PAIRING_NONCE_BYTES),
        }
      case 'sealed':
        return { type, nonce: reader.fixed(NONCE_BYTES), box: reader.bytes(MAX_MAILBOX_MESSAGE_BYTES) }
      default:
        throw unknownType()
    }
  })
}

/** What is inside the box of a sealed message. */
export type PairingContent =
  /** From the newcomer: how it will be called. After a comparison of digits it also says that its person found them equal. */
  | { readonly type: 'introduce'; readonly name: string; readonly platform: string }
  /** From the member: the newcomer is in the keyring. */
  | {
      readonly type: 'welcome'
      readonly account: AccountId
      /** Of a keyring that has the newcomer in it. */
      readonly keyringLength: number
      readonly keyringHead: Hash
      /** The member's own name. */
      readonly name: string
    }
  /** From the newcomer: it has all it needs. */
  | { readonly type: 'finish' }
  /** From either: a person said no. */
  | { readonly type: 'refuse' }

const contentTypes = ['introduce', 'welcome', 'finish', 'refuse'] as const

export function encodePairingContent(content: PairingContent): Uint8Array {
  const writer = new Writer().byte(contentTypes.indexOf(content.type))
  switch (content.type) {
    case 'introduce':
      return writer.text(content.name, MAX_PAIRING_NAME_BYTES).text(content.platform, MAX_PAIRING_NAME_BYTES).finish()
    case 'welcome':
      return writer
        .fixed(content.account, ACCOUNT_ID_BYTES)
        .varUint(content.keyringLength)
        .fixed(content.keyringHead, HASH_BYTES)
        .text(content.name, MAX_PAIRING_NAME_BYTES)
        .finish()
    default:
      return writer.finish()
  }
}

/** @throws ProtocolFailure */
export function decodePairingContent(bytes: Uint8Array): PairingContent {
  return decodeWhole(bytes, (reader) => {
    const type = contentTypes[reader.byte()]
    switch (type) {
      case 'introduce':
        return { type, name: reader.text(MAX_PAIRING_NAME_BYTES), platform: reader.text(MAX_PAIRING_NAME_BYTES) }
      case 'welcome':
        return {
          type,
          account: reader.fixed<AccountId>(ACCOUNT_ID_BYTES),
          keyringLength: reader.varUint(),
          keyringHead: reader.fixed<Hash>(HASH_BYTES),
          name: reader.text(MAX_PAIRING_NAME_BYTES),
        }
      case 'finish':
      case 'refuse':
        return { type }
      default:
        throw unknownType()
    }
  })
}

/** Where the two meet who have the typed code. It gives the code away to the relay, which may have it: no key comes from it. */
export function codeMailbox(sha512: Sha512, code: string): MailboxId {
  const hash = hashParts(sha512, 'pairing-code', new TextEncoder().encode(code))
  return hash.slice(0, MAILBOX_ID_BYTES) as Uint8Array as MailboxId
}

/** Binds the newcomer to what it will reveal, and with 32 random bytes in it tells nothing of it. */
export function commitmentOf(sha512: Sha512, reveal: PairingReveal): Hash {
  const writer = new Writer()
  writeReveal(writer, reveal)
  return hashParts(sha512, 'pairing-commitment', writer.finish())
}

export interface PairingTranscript {
  readonly mailbox: MailboxId
  readonly commit: PairingCommit
  readonly answer: PairingAnswer
  readonly reveal: PairingReveal
}

/** Everything that was said before the two have a key. */
export function transcriptHash(sha512: Sha512, { mailbox, commit, answer, reveal }: PairingTranscript): Hash {
  const writer = new Writer().fixed(mailbox, MAILBOX_ID_BYTES).fixed(commit.commitment, HASH_BYTES)
  writeAnswer(writer, answer)
  writeReveal(writer, reveal)
  return hashParts(sha512, 'pairing-transcript', writer.finish())
}

/** Six digits that both screens show; equal when both heard the same, and else with a chance of one in a million. */
export function comparedDigits(sha512: Sha512, transcript: Hash): string {
  const bytes = sha512(concatBytes(domain('pairing-digits'), transcript))
  // Of 2^48 values each of the million has as many as any other, but for one in 2.8 × 10^8.
  const number = bytes.subarray(0, 6).reduce((sum, byte) => sum * 256 + byte, 0)
  return String(number % 1_000_000).padStart(6, '0')
}

function writeAnswer(writer: Writer, answer: PairingAnswer): void {
  writer
    .fixed(answer.ephemeral, PUBLIC_KEY_BYTES)
    .fixed(answer.nonce, PAIRING_NONCE_BYTES)
    .fixed(answer.account, ACCOUNT_ID_BYTES)
}

function writeReveal(writer: Writer, reveal: PairingReveal): void {
  writer.fixed(reveal.ephemeral, PUBLIC_KEY_BYTES)
  writeKeys(writer, reveal.keys)
  writer.fixed(reveal.nonce, PAIRING_NONCE_BYTES)
}

function readVersion(reader: Reader): void {
  if (reader.byte() !== PAIRING_VERSION)
    throw new ProtocolFailure('unsupported-version', 'a pairing of a version this side does not know')
}

function unknownType(): ProtocolFailure {
  return new ProtocolFailure('unsupported-version', 'a pairing message of a type this side does not know')
}
