// What this device had done to the keyring on a branch that does not count is done again, where it still makes sense.
import { bytesToHex, decodeSignedRecord } from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import type { AccountKeyring } from './account-keyring'
import type { Membership } from './membership'

export async function repeatLostRecords(
  keyring: Pick<AccountKeyring, 'lostRecords' | 'forgetLostRecords'>,
  membership: Pick<Membership, 'removeDevices' | 'rotateKeys'>,
  report: (error: SyncError) => void,
): Promise<void> {
  const { lostRecords } = keyring
  if (lostRecords.length === 0) return
  const again: Promise<unknown>[] = []
  for (const { record: bytes } of lostRecords) {
    const { record } = decodeSignedRecord(bytes)
    if (record.type === 'remove') again.push(membership.removeDevices(record.removed.map(bytesToHex)))
    else if (record.type === 'rekey') again.push(membership.rotateKeys())
    else if (record.type === 'add') {
      const message = 'A device that this one had let in is not in the account any more; let it in again.'
      report(new SyncError('device-unknown', message))
    }
  }
  // What comes of each is told by the undertaking itself; the rows may go as soon as it is one.
  for (const each of again) each.catch(() => {})
  await keyring.forgetLostRecords().catch(() => {})
}
