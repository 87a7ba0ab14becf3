// Another branch in the place of the relay's own. A relay that was restored from an old backup may have taken records on it that
// no device counts, from a device that was removed since. Which branch counts the relay decides as every device does.
import {
  activeDevice,
  applyRecord,
  bytesEqual,
  chooseBranch,
  decodeSignedRecord,
  type Frame,
  type KeyringItem,
  type KeyringRecord,
  type KeyringState,
  MAX_FRAME_BYTES,
  MAX_KEYRING_RECORDS,
  prepareRecord,
  reissueWaitsSince,
} from '@owlivion/sync-protocol'
import type { ConnectedAccount } from './accounts'
import type { Asking } from './asking'
import { auditOfRecord } from './audit/of-record'
import { RelayError } from './errors'
import { type KeyringContext, storeRecord, type VerifiedRecord, verifyRecord } from './keyring'
import type { Standing } from './login'
import { readRemoval } from './removal'
import type { StoredKeyringRecord } from './store/relay-store'

/**
 * Puts a branch in the place of the relay's own, when it counts more; what is left of it is appended as restored records. A
 * device that the relay's branch removed may bring one, too.
 * @throws RelayError or ProtocolFailure with the code to refuse with
 */
export function replaceKeyring(
  context: KeyringContext,
  { account, standing, session }: Asking,
  { records }: Extract<Frame, { type: 'keyring-replace' }>,
): Promise<void> {
  const { sha512 } = context.platform
  return account.changing(async () => {
    const { position } = decodeSignedRecord((records[0] as KeyringItem).record).record
    const stored = await readAll(context, account.id)
    const ours = stored.slice(position).map((each) => each.record)
    if (ours.length === 0) throw new RelayError('keyring-conflict', 'The keyring has no record in this place.')
    let ancestor: KeyringState | undefined
    for (const { record } of stored.slice(0, position))
      ancestor = applyRecord(sha512, ancestor, prepareRecord(sha512, ancestor, record))
    const branch = await verifyBranch(context, account, ancestor, records, standing)
    const theirs = branch.map(({ verified }) => verified.prepared.bytes)
    if (theirs.length === 0 || chooseBranch(sha512, ours, theirs) !== 'theirs')
      throw new RelayError('keyring-conflict', 'The branch does not count more than the one in its place.')
    assertMember(standing, [ancestor, branch[0]?.verified.next])
    const ready = branch.map(({ verified, cut }) => {
      const removal = readRemoval(context.platform, verified.prepared.record, cut)
      // The records count already: devices drop what this relay took from a removed one meanwhile.
      return { verified, cut, removal: removal && { removal: { devices: removal.devices } } }
    })
    for (const [index, { verified, cut, removal }] of ready.entries()) {
      const audit = { address: session.address, ...(index === 0 ? { isReplacing: true } : { isRestored: true }) }
      await storeRecord(context, account, verified, {
        ...(index === 0 && { replaceFrom: position }),
        audit: auditOfRecord(context, verified.prepared.record, audit),
        ...(cut && { cut }),
        ...removal,
      })
    }
  })
}

/** Up to a recovery phrase that the device granted to itself: that is appended, and waits for vetoes. */
async function verifyBranch(
  context: KeyringContext,
  account: ConnectedAccount,
  ancestor: KeyringState | undefined,
  records: readonly KeyringItem[],
  standing: Standing,
): Promise<{ readonly verified: VerifiedRecord; readonly cut: Uint8Array | undefined }[]> {
  const branch: { readonly verified: VerifiedRecord; readonly cut: Uint8Array | undefined }[] = []
  let state = ancestor
  for (const { record, cut } of records) {
    const verified = await verifyRecord(context, account, state, record)
    const { record: content } = verified.prepared
    const isOwn = state !== undefined && reissueWaitsSince(state, content) !== undefined && isSigner(standing, content)
    if (isOwn) break
    branch.push({ verified, cut })
    state = verified.next
  }
  return branch
}

function isSigner(standing: Standing, { signer }: KeyringRecord): boolean {
  return standing.kind !== 'recovery' && signer !== undefined && bytesEqual(standing.id, signer)
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
