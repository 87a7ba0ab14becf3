// What a record takes away: the devices that it puts out, and the cut that says up to where what they wrote counts.
import {
  bytesEqual,
  type Cut,
  cutHashOf,
  type DeviceId,
  decodeCut,
  type Hash,
  type KeyringRecord,
} from '@owlivion/sync-protocol'
import { RelayError } from './errors'
import type { RelayPlatform } from './platform'

interface Removal {
  readonly devices: readonly DeviceId[]
  readonly cut: Cut
}

/** @throws RelayError `keyring-refused` when the cut is missing, is another than the record's, or belongs to no removal */
export function readRemoval(
  { sha512 }: RelayPlatform,
  record: KeyringRecord,
  encodedCut: Uint8Array | undefined,
): Removal | undefined {
  const named = cutOf(record)
  if (named === undefined) {
    if (encodedCut !== undefined)
      throw new RelayError('keyring-refused', 'Only a record that removes devices has a cut.')
    return undefined
  }
  const { devices, cutHash } = named
  if (encodedCut === undefined) {
    if (devices.length > 0) throw new RelayError('keyring-refused', 'A record that removes devices comes with its cut.')
    return undefined
  }
  if (!bytesEqual(cutHashOf(sha512, encodedCut), cutHash))
    throw new RelayError('keyring-refused', 'The cut is not the one that the record names.')
  const cut = decodeCut(encodedCut)
  if (record.type === 'leave' && cut.some((entry) => !bytesEqual(entry.device, devices[0] as DeviceId)))
    throw new RelayError('keyring-refused', 'A device that leaves says where its own chains end, and no others.')
  return { devices, cut }
}

function cutOf(record: KeyringRecord): { readonly devices: readonly DeviceId[]; readonly cutHash: Hash } | undefined {
  switch (record.type) {
    case 'remove':
    case 'recover':
      return { devices: record.removed, cutHash: record.cutHash }
    case 'leave':
      return { devices: [record.signer as DeviceId], cutHash: record.cutHash }
    default:
      return undefined
  }
}
