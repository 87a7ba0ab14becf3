// Which of two branches of a keyring counts. Never the longer one: that would hand the account to a removed device that appends
// ten records to an old backup of the relay. Both branches follow the same record, and only their first own records are compared.
import { bytesEqual, compareBytes } from './bytes'
import type { Sha512 } from './hash'
import type { DeviceId } from './ids'
import { decodeSignedRecord, type KeyringRecord, recordHash } from './keyring-record'

/** `fork`: neither may win by itself; writes stop until the recovery phrase decides. */
export type BranchChoice = 'ours' | 'theirs' | 'fork'

/** What changes nobody's standing for the worse, so that its author can do it again on the other branch. */
const repeatable: ReadonlySet<KeyringRecord['type']> = new Set(['add', 'rekey', 'leave', 'request', 'veto'])

/**
 * @param ours the first record, with its signature, that only our branch has
 * @param theirs the first record that only the other branch has; both were verified to follow the same one
 */
export function chooseBranch(sha512: Sha512, ours: Uint8Array, theirs: Uint8Array): BranchChoice {
  const [our, their] = [decodeSignedRecord(ours).record, decodeSignedRecord(theirs).record]
  const lowerHash = () =>
    compareBytes(recordHash(sha512, ours), recordHash(sha512, theirs)) <= 0 ? ('ours' as const) : ('theirs' as const)
  if (our.signer === undefined || their.signer === undefined) {
    if (our.signer === their.signer) return lowerHash()
    return our.signer === undefined ? 'ours' : 'theirs'
  }
  const [weRemove, theyRemove] = [removes(our, their.signer), removes(their, our.signer)]
  if (weRemove !== theyRemove) return weRemove ? 'ours' : 'theirs'
  return repeatable.has(our.type) && repeatable.has(their.type) ? lowerHash() : 'fork'
}

function removes(record: KeyringRecord, device: DeviceId): boolean {
  return record.type === 'remove' && record.removed.some((id) => bytesEqual(id, device))
}
