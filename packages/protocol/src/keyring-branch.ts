// Which of two branches of a keyring counts. Never the longer one: that would hand the account to a removed device that appends
// ten records to an old backup of the relay. And never one whose first signer the other branch has put out: a removed device, or
// whoever holds a recovery phrase that was replaced, could sign a record for a position before that, and undo it.
import { bytesEqual, compareBytes } from './bytes'
import type { Sha512 } from './hash'
import type { DeviceId } from './ids'
import { decodeSignedRecord, type KeyringRecord, recordHash } from './keyring-record'

/** `fork`: neither may win by itself; writes stop until the recovery phrase decides. */
export type BranchChoice = 'ours' | 'theirs' | 'fork'

/** What changes nobody's standing for the worse, so that its author can do it again on the other branch. */
const repeatable: ReadonlySet<KeyringRecord['type']> = new Set(['add', 'rekey', 'leave', 'request', 'veto', 'reissue'])

/**
 * Both branches follow the same record, were verified from there on, and hold at least one record, with its signature.
 *
 * @param ours the records that only our branch has
 * @param theirs the records that only the other branch has, as far as they are known
 */
export function chooseBranch(sha512: Sha512, ours: readonly Uint8Array[], theirs: readonly Uint8Array[]): BranchChoice {
  const [ourRecords, theirRecords] = [ours, theirs].map((branch) =>
    branch.map((bytes) => decodeSignedRecord(bytes).record),
  ) as [KeyringRecord[], KeyringRecord[]]
  const [our, their] = [ourRecords[0], theirRecords[0]] as [KeyringRecord, KeyringRecord]
  const lowerHash = () => {
    const [ourHash, theirHash] = [ours[0], theirs[0]].map((bytes) => recordHash(sha512, bytes as Uint8Array))
    return compareBytes(ourHash as Uint8Array, theirHash as Uint8Array) <= 0 ? ('ours' as const) : ('theirs' as const)
  }
  const isRepeatable = repeatable.has(our.type) && repeatable.has(their.type)
  const [wePutOut, theyPutOut] = [putsOut(ourRecords, their.signer), putsOut(theirRecords, our.signer)]
  // A device that left on both branches has left on either.
  if (wePutOut && theyPutOut) return our.type === 'leave' && their.type === 'leave' ? lowerHash() : 'fork'
  if (wePutOut || theyPutOut) return wePutOut ? 'ours' : 'theirs'
  if (our.signer === undefined || their.signer === undefined) {
    if (our.signer === their.signer) return lowerHash()
    return our.signer === undefined ? 'ours' : 'theirs'
  }
  if (!isRepeatable) return 'fork'
  // A hash can be ground until it is the lower one: that must not undo the removal of somebody else.
  const [weRemove, theyRemove] = [ourRecords, theirRecords].map((branch) => branch.some(removesDevices))
  if (weRemove && theyRemove) return 'fork'
  if (weRemove || theyRemove) return weRemove ? 'ours' : 'theirs'
  // A new recovery phrase is granted again by the device that asked for it, without anybody's help; who was let in meanwhile is not.
  const [weGrant, theyGrant] = [ourRecords, theirRecords].map((branch) => branch.some(isGranted))
  if (weGrant !== theyGrant) return weGrant ? 'theirs' : 'ours'
  return lowerHash()
}

/** By a device; with the old phrase, it would take that again. */
function isGranted({ type, signer }: KeyringRecord): boolean {
  return type === 'reissue' && signer !== undefined
}

function removesDevices({ type }: KeyringRecord): boolean {
  return type === 'remove' || type === 'recover'
}

/** Whether a signer (undefined: the recovery key) lost its say on a branch. */
function putsOut(branch: readonly KeyringRecord[], signer: DeviceId | undefined): boolean {
  return branch.some((record) => {
    if (signer === undefined)
      return record.type === 'reissue' || (record.type === 'recover' && record.nextRecovery !== undefined)
    if (record.type === 'leave') return record.signer !== undefined && bytesEqual(record.signer, signer)
    return (
      (record.type === 'remove' || record.type === 'recover') && record.removed.some((id) => bytesEqual(id, signer))
    )
  })
}
