// What other devices say of a snapshot. The relay keeps their words and shows them; only those that are signed by a device of the account
// count.
import {
  activeDevice,
  bytesEqual,
  bytesToHex,
  type DeviceId,
  type Frame,
  snapshotVerdictBytes,
  type Verdict,
} from '@owlivion/sync-protocol'
import type { AccountContext } from '../account-context'

export type SnapshotOffer = Extract<Frame, { type: 'snapshot-offered' }>

/** By the hex of the device that says it. */
export type Votes = ReadonlyMap<string, Verdict>

/** The author has no vote, nor has who is not in the account any more. */
export async function countVotes(context: AccountContext, offer: SnapshotOffer): Promise<Votes> {
  const votes = new Map<string, Verdict>()
  for (const { device, verdict, signature } of offer.verdicts) {
    const member = activeDevice(context.keyring(), device)
    if (member === undefined || bytesEqual(device, offer.author)) continue
    const signed = snapshotVerdictBytes(context.account, offer.document, offer.hash, verdict)
    if (await context.platform.signing.verify(member.signing, signed, signature)) votes.set(bytesToHex(device), verdict)
  }
  return votes
}

export function hasVote(votes: Votes, verdict: Verdict, by?: DeviceId): boolean {
  return by === undefined ? [...votes.values()].includes(verdict) : votes.get(bytesToHex(by)) === verdict
}
