// What stays of a branch of the keyring after another one was found to count. Its keys open entries that this device has stored, and
// seal nothing any more; its records by this device's own hand are wishes that must be seen to on the branch that counts.
//
//   ['lost-key', position, key id]   an epoch key of such a branch
//   ['lost-record', position]        a record that this device signed there, until it was seen to
import {
  bytesEqual,
  bytesToHex,
  type DeviceId,
  decodeSignedRecord,
  type Hash,
  hexToBytes,
  type KeyringState,
} from '@owlivion/sync-protocol'
import { KEY_BYTES } from '../../crypto'
import { SyncError } from '../../errors'
import type { Store, StoreBatch, StoreKey } from '../../storage'
import { decodeKeyringRow, encodeKeyringRow, type KeyringRow } from '../account/profile'

const lostKeyPrefix: StoreKey = ['lost-key']
const lostRecordPrefix: StoreKey = ['lost-record']

export interface LostKey {
  readonly position: number
  readonly keyId: Hash
  readonly epochKey: Uint8Array
}

/** @throws SyncError `profile-damaged` */
export async function readLostKeys(store: Store): Promise<LostKey[]> {
  const rows = await store.list(lostKeyPrefix)
  return rows.map(([[, position, keyId], epochKey]) => {
    if (epochKey.length !== KEY_BYTES)
      throw new SyncError('profile-damaged', 'A key in this device’s store cannot be read.')
    return { position: position as number, keyId: hexToBytes(keyId as string) as Hash, epochKey }
  })
}

/** @throws SyncError `profile-damaged` */
export async function readLostRecords(store: Store): Promise<KeyringRow[]> {
  return (await store.list(lostRecordPrefix)).map(([, bytes]) => decodeKeyringRow(bytes))
}

export const forgetLostRecords: StoreBatch = { removePrefix: [lostRecordPrefix] }

/** Epochs of the branch that begins at this position, as far as this device has their keys. */
export function keysFrom(
  position: number,
  { epochs }: KeyringState,
  epochKeys: ReadonlyMap<number, Uint8Array>,
): LostKey[] {
  return epochs.flatMap((epoch) => {
    const epochKey = epochKeys.get(epoch.position)
    if (epoch.position < position || epochKey === undefined) return []
    return { position: epoch.position, keyId: epoch.keyId, epochKey }
  })
}

export function recordsBy(device: DeviceId, rows: readonly KeyringRow[]): KeyringRow[] {
  return rows.filter(({ record }) => {
    const { signer } = decodeSignedRecord(record).record
    return signer !== undefined && bytesEqual(signer, device)
  })
}

export function lostRows(keys: readonly LostKey[], records: readonly KeyringRow[]): NonNullable<StoreBatch['put']> {
  return [
    ...keys.map(({ position, keyId, epochKey }) => [['lost-key', position, bytesToHex(keyId)], epochKey] as const),
    ...records.map((row) => {
      const { position } = decodeSignedRecord(row.record).record
      return [['lost-record', position], encodeKeyringRow(row)] as const
    }),
  ]
}
