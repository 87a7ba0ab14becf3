// Records that the relay should have and has not: another branch in the place of its own, or the keyring that it lost, whole or from some
// record on. A relay that was restored from an old backup may have taken records that no device counts, from a device that was
// removed since. Which branch counts the relay decides as every device does.
import {
  activeDevice,
  applyRecord,
  bytesEqual,
  chooseBranch,
  decodeSignedRecord,
  encodeFrame,
  type Frame,
  type KeyringItem,
  type KeyringState,
  MAX_FRAME_BYTES,
  MAX_KEYRING_RECORDS,
  prepareRecord,
} from '@owlivion/sync-protocol'
import type { Asking } from './asking'
import { auditOfRecord } from './audit/of-record'
import { RelayError } from './errors'
import { type KeyringContext, type RecordToStore, storeRecords } from './keyring'
import { type BroughtRecord, isReturning, returnedChain, verifyRun } from './keyring-return'
import type { Standing } from './login'
import { readRemoval } from './removal'
import type { StoredKeyringRecord } from './store/relay-store'

/**
 * Takes a run of records: those the relay has already are passed over, those that follow its last one are restored, and those in the
 * place of others go there when their branch counts more. A device that the relay's branch removed may bring one, and so may one
 * that the relay's keyring does not name, if it brings all of its keyring and is active at the end.
 * @throws RelayError or ProtocolFailure with the code to refuse with
 */
export function replaceKeyring(
  context: KeyringContext,
  asking: Asking,
  { records }: Extract<Frame, { type: 'keyring-replace' }>,
): Promise<void> {
  const { sha512 } = context.platform
  const { account, standing, session } = asking
  return account.changing(async () => {
    const { position } = decodeSignedRecord((records[0] as KeyringItem).record).record
    const stored = await readAll(context, account.id)
    let ancestor: KeyringState | undefined
    let brought: readonly BroughtRecord[]
    let first = position
    if (standing.kind === 'newcomer') {
      const chain = await returnedChain(context, asking, position, records)
      // It may become a member further on.
      if (activeDevice(chain.state, standing.id) === undefined) return
      brought = chain.records
      first = 0
    } else {
      if (position > stored.length) throw new RelayError('keyring-conflict', 'The keyring has no record before these.')
      for (const { record } of stored.slice(0, position))
        ancestor = applyRecord(sha512, ancestor, prepareRecord(sha512, ancestor, record))
      brought = await verifyRun(context, account, standing, ancestor, records)
    }
    const isKnown = ({ verified }: BroughtRecord, i: number): boolean => {
      const other = stored[first + i]?.record
      return other !== undefined && bytesEqual(other, verified.prepared.bytes)
    }
    const known = brought.findIndex((each, i) => !isKnown(each, i))
    const theirs = known < 0 ? [] : brought.slice(known)
    const [firstNew] = theirs
    const from = first + (known < 0 ? brought.length : known)
    const ours = stored.slice(from)
    if (theirs.length === 0) {
      // Somebody else was here first.
      if (account.keyring !== undefined)
        session.keyringChanged(encodeFrame({ type: 'keyring-changed', ...account.keyring }))
      return
    }
    // A device may have become a member while what it brings was on its way.
    const isMember = standing.kind === 'newcomer' || (standing.kind === 'device' && ours.length === 0)
    if (!isMember) assertMember(standing, [brought[known - 1]?.verified.next ?? ancestor, firstNew?.verified.next])
    if (ours.length > 0) assertCountsMore(context, standing, ours, theirs)
    else if (!isReturning(session))
      for (const { verified } of theirs) context.keyringPace.take(account.id, verified.prepared.record, standing, true)
    const ready = theirs.map(({ verified, cut }, i): RecordToStore => {
      const { record } = verified.prepared
      const isReplacing = i === 0 && ours.length > 0
      const removal = readRemoval(context.platform, record, cut)
      return {
        verified,
        place: {
          ...(isReplacing && { replaceFrom: from }),
          audit: auditOfRecord(context, record, {
            address: session.address,
            ...(isReplacing ? { isReplacing } : { isRestored: true }),
          }),
          ...(cut && { cut }),
          // The records count already: devices drop what this relay took from a removed one meanwhile.
          ...(removal && { removal: { devices: removal.devices } }),
        },
      }
    })
    await storeRecords(context, account, ready)
  })
}

/** @throws RelayError unless the brought branch counts more than the one in its place */
function assertCountsMore(
  { platform: { sha512 } }: KeyringContext,
  standing: Standing,
  ours: readonly StoredKeyringRecord[],
  theirs: readonly BroughtRecord[],
): void {
  const choice = chooseBranch(
    sha512,
    ours.map(({ record }) => record),
    theirs.map(({ verified }) => verified.prepared.bytes),
  )
  if (choice === 'theirs') return
  // It belongs to a branch that does not count; in a fork it may yet.
  if (standing.kind === 'newcomer' && choice === 'ours') throw new RelayError('device-unknown')
  throw new RelayError('keyring-conflict', 'The branch does not count more than the one in its place.')
}

/** Every record of the account, as long as the keyring may be: some megabytes at most, for a moment. */
async function readAll({ store }: KeyringContext, account: KeyringState['account']): Promise<StoredKeyringRecord[]> {
  const stored: StoredKeyringRecord[] = []
  for (;;) {
    const { records } = await store.readKeyring(account, stored.length, MAX_KEYRING_RECORDS, MAX_FRAME_BYTES)
    if (records.length === 0) return stored
    stored.push(...records)
  }
}

/** @throws RelayError `keyring-refused` unless the record comes from somebody who belongs to the account with or without it */
function assertMember(standing: Standing, keyrings: readonly (KeyringState | undefined)[]): void {
  const isMember = keyrings.some((keyring) => {
    if (keyring === undefined) return false
    if (standing.kind === 'recovery') return bytesEqual(keyring.recovery.signing, standing.publicKey)
    return activeDevice(keyring, standing.id) !== undefined
  })
  if (!isMember) throw new RelayError('keyring-refused', 'Who brings a branch is a member before it or on it.')
}
