// The keyring with records that follow it, each verified, and held to what a relay and a thief could agree about behind everybody's back.
import {
  bytesEqual,
  cutHashOf,
  decodeCut,
  decodeSignedRecord,
  type KeyringRecord,
  type KeyringState,
  reissueWaitsSince,
  type Sha512,
} from '@owlivion/sync-protocol'
import { appendRecord } from '../../account'
import { SyncError } from '../../errors'
import type { SigningProvider } from '../../platform'
import type { KeyringRow } from '../account/profile'

export interface Followed {
  readonly state: KeyringState
  /** Of the rows that were given: fewer than all where one may not count yet. */
  readonly rows: readonly KeyringRow[]
}

/**
 * @param mayReissue whether a new recovery phrase has waited long enough that counts a week after the record at this position
 * @throws SyncError `keyring-conflict` when the first follows another record, `keyring-invalid`, `unsupported-version`
 */
export async function followRecords(
  signing: SigningProvider,
  from: KeyringState | undefined,
  rows: readonly KeyringRow[],
  mayReissue: (state: KeyringState, record: KeyringRecord, since: number) => boolean = () => true,
): Promise<Followed | undefined> {
  let state = from
  for (const [i, row] of rows.entries()) {
    const record = decodedRecord(row)
    const since = state && reissueWaitsSince(state, record)
    if (state !== undefined && since !== undefined && !mayReissue(state, record, since))
      return { state, rows: rows.slice(0, i) }
    state = await appendRecord(signing, state, row.record)
    checkCut(signing.sha512, state, row)
  }
  return state && { state, rows }
}

function decodedRecord({ record }: KeyringRow): KeyringRecord {
  try {
    return decodeSignedRecord(record).record
  } catch (cause) {
    throw new SyncError('keyring-invalid', 'The relay sent a keyring record that cannot be read.', { cause })
  }
}

/**
 * A removal without the list of what counts would cut off everything the removed device ever wrote; one with another list, something.
 * @param state the keyring as the record left it
 * @throws SyncError `keyring-invalid`
 */
export function checkCut(sha512: Sha512, state: KeyringState, { cut }: KeyringRow): void {
  const position = state.length - 1
  const removed = [...state.devices.values()].find((device) => device.removedAt === position)
  if (removed?.cutHash === undefined) return
  if (cut !== undefined && bytesEqual(cutHashOf(sha512, cut), removed.cutHash) && isCut(cut)) return
  throw new SyncError('keyring-invalid', 'The relay sent the removal of a device without the cut that belongs to it.')
}

function isCut(bytes: Uint8Array): boolean {
  try {
    decodeCut(bytes)
    return true
  } catch {
    // Signed as it is, and still no list: whoever made it wanted it to be unreadable.
    return false
  }
}
