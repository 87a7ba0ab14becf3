// A keyring as it is read by somebody who has none of it yet. Every record is verified before the next is asked for.
import { type KeyringState, MAX_KEYRING_RECORDS } from '@owlivion/sync-protocol'
import { appendRecord } from '../../account'
import { SyncError } from '../../errors'
import type { SigningProvider } from '../../platform'
import type { KeyringRow } from '../account/profile'
import type { RelayDialog } from '../connection/relay-dialog'
import { checkCut } from './follow-records'

export class KeyringReader {
  /** What was verified so far. */
  readonly records: KeyringRow[] = []
  private state: KeyringState | undefined

  constructor(private readonly signing: SigningProvider) {}

  /**
   * Reads on from the last record that was verified, up to the relay's last.
   * @throws SyncError `keyring-invalid`, `account-unknown`, and what the dialog throws
   */
  async read(dialog: RelayDialog): Promise<KeyringState> {
    for (;;) {
      dialog.send({ type: 'keyring-fetch', from: this.records.length })
      // An answer to an earlier question may come twice; the one to this question comes in time or not at all.
      let frame = await dialog.receive('keyring')
      while (frame.from !== this.records.length) frame = await dialog.receive('keyring')
      for (const { record, cut } of frame.records.slice(0, MAX_KEYRING_RECORDS)) {
        const row = { record: record.slice(), ...(cut && { cut: cut.slice() }) }
        const state = await appendRecord(this.signing, this.state, row.record)
        checkCut(this.signing.sha512, state, row)
        this.state = state
        this.records.push(row)
      }
      if (this.records.length >= frame.length || frame.records.length === 0) break
    }
    if (this.state === undefined) throw new SyncError('account-unknown', 'The relay has no keyring for this account.')
    return this.state
  }
}
