// Two devices that know nothing of each other agree on a key, and on six digits by which people find out whether it was each other
// with whom they agreed. Why the newcomer commits first is argued in `docs/protocol/pairing.md`.
import {
  commitmentOf,
  comparedDigits,
  isSoundBoxKey,
  type MailboxId,
  type PairingCommit,
  type PairingReveal,
  type PairingTranscript,
  type Sha512,
  transcriptHash,
} from '@owlivion/sync-protocol'
import nacl from 'tweetnacl'
import { type BoxKeys, boxKeysOf, deriveKey, KEY_BYTES } from '../crypto'
import type { DirectionKeys, PairingTools } from './channel'

/** What both sides know who have the typed code. */
export interface TypedWay {
  readonly kind: 'typed'
  readonly mailbox: MailboxId
}

export interface Agreement {
  readonly keys: DirectionKeys
  readonly digits: string
}

export const createEphemeral = ({ random }: PairingTools): BoxKeys => boxKeysOf(random(KEY_BYTES))

export const commitTo = (sha512: Sha512, reveal: PairingReveal): PairingCommit => ({
  type: 'commit',
  commitment: commitmentOf(sha512, reveal),
})

/**
 * @param other the other side's ephemeral key
 * @returns undefined for a key that no honest device has, of which the agreed key would be known to everybody
 */
export function agree(sha512: Sha512, own: BoxKeys, other: Uint8Array, said: PairingTranscript): Agreement | undefined {
  if (!isSoundBoxKey(other)) return undefined
  const shared = nacl.box.before(other, own.boxSecret)
  const transcript = transcriptHash(sha512, said)
  return {
    keys: {
      newcomer: deriveKey(shared, 'pairing-newcomer', transcript),
      member: deriveKey(shared, 'pairing-member', transcript),
    },
    digits: comparedDigits(sha512, transcript),
  }
}
