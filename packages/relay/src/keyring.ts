// Reading and extending an account's keyring. The relay runs the same rules as every device, so a record that devices would
// refuse never gets into the chain, and one that removes a device takes effect on its sockets at once.
import {
  accountIdOf,
  applyRecord,
  bytesEqual,
  type DeviceId,
  decodeSignedRecord,
  deviceIdOf,
  encodeFrame,
  type Frame,
  type KeyringRecord,
  type KeyringState,
  MAX_FRAME_BYTES,
  MAX_KEYRING_RECORDS,
  prepareRecord,
  REISSUE_WAIT_MS,
  type RecordToVerify,
  reissueWaitsSince,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import type { ConnectedAccount } from './accounts'
import type { Asking } from './asking'
import { auditOfRecord } from './audit/of-record'
import { RelayError } from './errors'
import type { Standing } from './login'
import type { RelayPlatform } from './platform'
import { readRemoval } from './removal'
import type { RequestContext } from './request-context'
import type { KeyringAppend, RelayStore } from './store/relay-store'

export type KeyringContext = Pick<RequestContext, 'platform' | 'store' | 'limits' | 'audit' | 'keyringPace'>

/**
 * Records beyond `maxKeyringRecords` that put devices out, or bring the account back with its phrase: a device that filled the keyring
 * would otherwise never be removed. No device can use them up, since each of its records takes one of the active devices away.
 */
const RESERVED_RECORDS = 1_024
const mayUseReserve: ReadonlySet<KeyringRecord['type']> = new Set(['remove', 'leave', 'recover'])

/** Room in a keyring frame for its own fields and for the lengths before each record and cut. */
const FRAME_OVERHEAD_BYTES = 64 + MAX_KEYRING_RECORDS * 8

/** A removed device reads up to the record that removed it: what the others do from then on is no concern of it. */
export async function readKeyring(
  store: RelayStore,
  account: ConnectedAccount,
  standing: Standing,
  from: number,
): Promise<Uint8Array> {
  const end = standing.kind === 'removed' ? standing.length : Number.POSITIVE_INFINITY
  const maxRecords = Math.max(0, Math.min(MAX_KEYRING_RECORDS, end - from))
  const room = MAX_FRAME_BYTES - FRAME_OVERHEAD_BYTES
  const { length, records } = await store.readKeyring(account.id, from, maxRecords, room)
  return encodeFrame({ type: 'keyring', from, length: Math.min(length, end), records })
}

/**
 * Verifies a record and stores it; on return the account's connections know of it.
 * @throws RelayError or ProtocolFailure with the code to refuse with
 */
export function appendKeyring(
  context: KeyringContext,
  asking: Asking,
  frame: Extract<Frame, { type: 'keyring-append' }>,
): Promise<void> {
  const { account } = asking
  return account.changing(async () => {
    const before = account.keyring
    const verified = await verifyRecord(context, account, before, frame.record)
    const { record } = verified.prepared
    assertFirstDevice(context.platform, asking.standing, record)
    assertRoom(context, verified)
    context.keyringPace.take(account.id, record, asking.standing, frame.isRestored)
    const since = before && reissueWaitsSince(before, record)
    if (since !== undefined) await assertWaited(context, asking, since, record, frame)
    const removal = readRemoval(context.platform, record, frame.cut)
    const { isRestored } = frame
    const place = {
      audit: auditOfRecord(context, record, { address: asking.session.address, isRestored }),
      ...(frame.cut && { cut: frame.cut }),
      // It counts already, whatever this relay holds of a removed device; devices drop what lies beyond the cut.
      ...(removal && { removal: isRestored ? { devices: removal.devices, restoredCut: removal.cut } : removal }),
    }
    await storeRecords(context, account, [{ verified, place }])
  })
}

export interface VerifiedRecord {
  readonly prepared: RecordToVerify
  /** The keyring with the record. */
  readonly next: KeyringState
}

/** @param before the keyring that the record follows; undefined before genesis */
export async function verifyRecord(
  { platform }: KeyringContext,
  account: ConnectedAccount,
  before: KeyringState | undefined,
  bytes: Uint8Array,
): Promise<VerifiedRecord> {
  assertOwnGenesis(platform, account, bytes)
  const prepared = prepareRecord(platform.sha512, before, bytes)
  for (const { publicKey, signingBytes, signature } of prepared.signatures)
    if (!(await platform.verify(publicKey, signingBytes, signature)))
      throw new RelayError('bad-signature', 'A signature of the keyring record does not verify.')
  return { prepared, next: applyRecord(platform.sha512, before, prepared) }
}

/** @throws RelayError `quota-exceeded` */
export function assertRoom(
  { limits: { maxKeyringRecords } }: KeyringContext,
  { prepared, next }: VerifiedRecord,
): void {
  if (next.length > maxKeyringRecords + (mayUseReserve.has(prepared.record.type) ? RESERVED_RECORDS : 0))
    throw new RelayError('quota-exceeded', 'The keyring is as long as this relay allows.')
}

export interface RecordToStore {
  readonly verified: VerifiedRecord
  readonly place: Pick<KeyringAppend, 'cut' | 'removal' | 'replaceFrom' | 'audit'>
}

/**
 * Stores records at the end of the account's keyring, the first perhaps in the place of another, and tells the account's connections of
 * the last. What a failure in between leaves is a keyring, too, and is told as well.
 */
export async function storeRecords(
  context: KeyringContext,
  account: ConnectedAccount,
  records: readonly RecordToStore[],
): Promise<void> {
  const stored: { readonly next: KeyringState; readonly record: KeyringRecord }[] = []
  try {
    for (const each of records) {
      await storeRecord(context, account, stored.at(-1)?.next ?? account.keyring, each)
      stored.push({ next: each.verified.next, record: each.verified.prepared.record })
    }
  } catch (error) {
    if (stored.length > 0 || (error instanceof RelayError && error.code === 'keyring-conflict'))
      await account.read().catch(() => account.changeKeyring(stored))
    throw error
  }
  account.changeKeyring(stored)
}

async function storeRecord(
  { platform, store }: KeyringContext,
  account: ConnectedAccount,
  before: KeyringState | undefined,
  { verified: { prepared, next }, place }: RecordToStore,
): Promise<void> {
  const result = await store.appendKeyring({
    account: account.id,
    expectedLength: before?.length ?? 0,
    expectedHead: before?.head ?? ZERO_HASH,
    record: prepared.bytes,
    storedAtMs: platform.now(),
    head: next.head,
    // What a recovery login is looked up by.
    recovery: accountIdOf(platform.sha512, next.recovery.signing),
    ...place,
  })
  switch (result.kind) {
    case 'stored':
      return
    case 'conflict':
      throw new RelayError('keyring-conflict')
    case 'cut-behind':
      throw new RelayError('cut-behind')
    case 'recovery-taken':
      throw new RelayError('keyring-refused', 'Another account has this recovery key.')
    case 'deleted':
      throw new RelayError('account-deleted')
  }
}

/** A genesis names its account; every other record is bound to one by its signature and by what it follows. */
function assertOwnGenesis({ sha512 }: RelayPlatform, account: ConnectedAccount, bytes: Uint8Array): void {
  const { record } = decodeSignedRecord(bytes)
  if (record.type === 'genesis' && !bytesEqual(accountIdOf(sha512, record.recovery.signing), account.id))
    throw new RelayError('wrong-account')
}

/** Only the device that its genesis names opens an account. */
function assertFirstDevice({ sha512 }: RelayPlatform, standing: Standing, record: KeyringRecord): void {
  if (record.type !== 'genesis') return
  const first: DeviceId = deviceIdOf(sha512, record.device.signing)
  if (standing.kind !== 'newcomer' || !bytesEqual(first, standing.id))
    throw new RelayError('keyring-refused', 'The device that opens an account is the first in its keyring.')
}

/**
 * A recovery phrase that one device alone asked for and grants waits for the others' vetoes, from when this relay stored the
 * request; so does one that a device grants which was let in lately. Where the relay lost the keyring, the record may come back
 * at once, since the wait was kept before; but not from the device that signed it: that it restores something is its own word only,
 * and with it a thief would wait for nobody.
 */
async function assertWaited(
  { platform, store }: KeyringContext,
  { account, standing }: Asking,
  since: number,
  { signer }: KeyringRecord,
  { isRestored }: { readonly isRestored: boolean },
): Promise<void> {
  const isSigner = standing.kind !== 'recovery' && signer !== undefined && bytesEqual(standing.id, signer)
  if (isRestored && !isSigner) return
  const { records } = await store.readKeyring(account.id, since, 1, MAX_FRAME_BYTES)
  const waitedMs = platform.now() - (records[0]?.storedAtMs ?? platform.now())
  if (waitedMs < REISSUE_WAIT_MS)
    throw new RelayError('reissue-early', undefined, {
      retryAfterMs: Math.min(REISSUE_WAIT_MS, REISSUE_WAIT_MS - waitedMs),
    })
}
