// Another branch in the place of the relay's own. A relay that was restored from an old backup may have taken records on it that
// no device counts, from a device that was removed since. Which branch counts the relay decides as every device does.
import {
  activeDevice,
  applyRecord,
  bytesEqual,
  chooseBranch,
  decodeSignedRecord,
  type Frame,
  type KeyringState,
  MAX_FRAME_BYTES,
  MAX_KEYRING_RECORDS,
  prepareRecord,
} from '@owlivion/sync-protocol'
import { auditOfRecord } from './audit/of-record'
import { RelayError } from './errors'
import { type KeyringContext, storeRecord, verifyRecord } from './keyring'
import type { Standing } from './login'
import { readRemoval } from './removal'
import type { Asking } from './requests'
import type { StoredKeyringRecord } from './store/relay-store'

/**
 * Puts a record in the place of the relay's own at its position, when its branch counts more; the records behind that go, and
 * those behind the new one are appended as restored ones. A device that the relay's branch removed may bring one, too.
 * @throws RelayError or ProtocolFailure with the code to refuse with
 */
export function replaceKeyring(
  context: KeyringContext,
  { account, standing, session }: Asking,
  { record: bytes, cut }: Extract<Frame, { type: 'keyring-replace' }>,
): Promise<void> {
  const { sha512 } = context.platform
  return account.changing(async () => {
    const { position } = decodeSignedRecord(bytes).record
    const stored = await readAll(context, account.id)
    const ours = stored.slice(position).map((each) => each.record)
    if (ours.length === 0) throw new RelayError('keyring-conflict', 'The keyring has no record in this place.')
    if (chooseBranch(sha512, ours, [bytes]) !== 'theirs')
      throw new RelayError('keyring-conflict', 'The record does not count more than the one in its place.')
    let ancestor: KeyringState | undefined
    for (const { record } of stored.slice(0, position))
      ancestor = applyRecord(sha512, ancestor, prepareRecord(sha512, ancestor, record))
    const verified = await verifyRecord(context, account, ancestor, bytes)
    assertMember(standing, [ancestor, verified.next])
    const removal = readRemoval(context.platform, verified.prepared.record, cut)
    await storeRecord(context, account, verified, {
      replaceFrom: position,
      audit: auditOfRecord(context, verified.prepared.record, { address: session.address, isReplacing: true }),
      ...(cut && { cut }),
      // The record counts already: devices drop what this relay took from a removed one meanwhile.
      ...(removal && { removal: { devices: removal.devices } }),
    })
  })
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
