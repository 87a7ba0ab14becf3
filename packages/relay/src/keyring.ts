// Reading and extending an account's keyring. The relay runs the same rules as every device, so a record that devices would
// refuse never gets into the chain, and one that removes a device takes effect on its sockets at once.
import {
  accountIdOf,
  applyRecord,
  bytesEqual,
  type Cut,
  cutHashOf,
  type DeviceId,
  decodeCut,
  decodeSignedRecord,
  deviceIdOf,
  encodeFrame,
  type Frame,
  type Hash,
  type KeyringState,
  MAX_FRAME_BYTES,
  MAX_KEYRING_RECORDS,
  prepareRecord,
  type RecordToVerify,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import type { ConnectedAccount, Member } from './accounts'
import { RelayError } from './errors'
import type { RelayLimits } from './limits'
import type { RelayPlatform } from './platform'
import type { RelayStore } from './store/relay-store'

export interface KeyringContext {
  readonly platform: RelayPlatform
  readonly store: RelayStore
  readonly limits: RelayLimits
}

/** Room in a keyring frame for its own fields and for the lengths before each record and cut. */
const FRAME_OVERHEAD_BYTES = 64 + MAX_KEYRING_RECORDS * 8

export async function readKeyring(store: RelayStore, account: ConnectedAccount, from: number): Promise<Uint8Array> {
  const room = MAX_FRAME_BYTES - FRAME_OVERHEAD_BYTES
  const { length, records } = await store.readKeyring(account.id, from, MAX_KEYRING_RECORDS, room)
  return encodeFrame({ type: 'keyring', from, length, records })
}

/**
 * Verifies a record and stores it; on return the account's connections know of it.
 * @param firstDevice the device that opens an unknown account: the only one its genesis may name
 * @throws RelayError or ProtocolFailure with the code to refuse with
 */
export async function appendKeyring(
  { platform, store, limits }: KeyringContext,
  account: ConnectedAccount,
  author: Member,
  frame: Extract<Frame, { type: 'keyring-append' }>,
  firstDevice: DeviceId | undefined,
): Promise<void> {
  const { sha512 } = platform
  const before = account.keyring
  assertOwnGenesis(platform, account, frame.record)
  const prepared = prepareRecord(sha512, before, frame.record)
  const { record, publicKey, signingBytes, signature, bytes } = prepared
  if (!(await platform.verify(publicKey, signingBytes, signature)))
    throw new RelayError('bad-signature', 'The signature of the keyring record does not verify.')
  const next = applyRecord(sha512, before, prepared)
  if (
    record.type === 'genesis' &&
    (firstDevice === undefined || !isDevice(platform, record.device.signing, firstDevice))
  )
    throw new RelayError('keyring-refused', 'The device that opens an account is the first in its keyring.')
  if (next.length > limits.maxKeyringRecords)
    throw new RelayError('quota-exceeded', 'The keyring is as long as this relay allows.')
  const { cut } = frame
  const removal = readRemoval(platform, prepared, cut)

  const result = await store.appendKeyring({
    account: account.id,
    expectedLength: before?.length ?? 0,
    expectedHead: before?.head ?? ZERO_HASH,
    record: bytes,
    storedAtMs: platform.now(),
    ...(cut && { cut }),
    head: next.head,
    recovery: recoveryIdOf(platform, next),
    ...(removal && { removal }),
  })
  switch (result.kind) {
    case 'stored':
      account.changeKeyring(next, author)
      return
    case 'conflict':
      await account.reload()
      throw new RelayError('keyring-conflict')
    case 'cut-behind':
      throw new RelayError('cut-behind')
    case 'recovery-taken':
      throw new RelayError('keyring-refused', 'Another account has this recovery key.')
  }
}

/** A genesis names its account; every other record is bound to one by its signature and by what it follows. */
function assertOwnGenesis({ sha512 }: RelayPlatform, account: ConnectedAccount, bytes: Uint8Array): void {
  const { record } = decodeSignedRecord(bytes)
  if (record.type === 'genesis' && !bytesEqual(accountIdOf(sha512, record.recovery.signing), account.id))
    throw new RelayError('wrong-account')
}

/** What a recovery login is looked up by. */
function recoveryIdOf({ sha512 }: RelayPlatform, { recovery }: KeyringState) {
  return accountIdOf(sha512, recovery.signing)
}

function isDevice({ sha512 }: RelayPlatform, signingKey: Uint8Array, device: DeviceId): boolean {
  return bytesEqual(deviceIdOf(sha512, signingKey), device)
}

function readRemoval(
  { sha512 }: RelayPlatform,
  { record }: RecordToVerify,
  cut: Uint8Array | undefined,
): { devices: readonly DeviceId[]; cut: Cut } | undefined {
  let devices: readonly DeviceId[]
  let cutHash: Hash
  if (record.type === 'remove') [devices, cutHash] = [record.removed, record.cutHash]
  else if (record.type === 'recover') [devices, cutHash] = [record.removed, record.cutHash]
  else {
    if (cut !== undefined) throw new RelayError('keyring-refused', 'Only a record that removes devices has a cut.')
    return undefined
  }
  if (cut === undefined) {
    if (devices.length > 0) throw new RelayError('keyring-refused', 'A record that removes devices comes with its cut.')
    return undefined
  }
  if (!bytesEqual(cutHashOf(sha512, cut), cutHash))
    throw new RelayError('keyring-refused', 'The cut is not the one that the record names.')
  return { devices, cut: decodeCut(cut) }
}
