// Ends a fork of the keyring by the recovery phrase. Its record stands where the branches part: only there does it win over both, on every
// device that has either of them, by the rule that each applies by itself; at the end of one branch it would be one more record of that branch,
// and the devices of the other would see the same fork as before.
//
// It removes the first signer of the branch that is given up. What else either branch held is done again by whoever did it, as after
// every lost branch, and the one who was given up cannot.
import {
  activeDevice,
  bytesEqual,
  type CutEntry,
  chooseBranch,
  type DeviceId,
  decodeSignedRecord,
  recordHash,
} from '@owlivion/sync-protocol'
import { createRekey, createRemove, parseRecoveryPhrase, recoveryKeysOf } from '../../account'
import { SyncError } from '../../errors'
import type { Platform } from '../../platform'
import type { KeyringRow } from '../account/profile'
import { RelayDialog } from '../connection/relay-dialog'
import type { AccountKeyring } from './account-keyring'
import { copyHeads, cutOf } from './removal-cut'

export interface ForkContext {
  readonly platform: Platform
  readonly relay: string
  readonly keyring: AccountKeyring
  chainEnds(devices: readonly DeviceId[]): Promise<readonly CutEntry[]>
}

/**
 * @param keep `ours`: the first signer of the other branch is removed; `theirs`: that of this device's own branch
 * @throws SyncError `keyring-refused` when there is no fork, `keyring-fork` when the phrase does not win over both branches,
 * `wrong-account`, `phrase-…`, and what the relay refuses; nothing is changed then
 */
export async function resolveFork(context: ForkContext, phrase: string, keep: 'ours' | 'theirs'): Promise<void> {
  const { platform, keyring, relay } = context
  const { fork } = keyring
  if (fork === undefined) throw new SyncError('keyring-refused', 'The keyring has not forked.')
  const { position, theirs } = fork
  const recovery = recoveryKeysOf(await parseRecoveryPhrase(phrase), platform.signing)
  const ancestor = await keyring.ancestorAt(position)
  if (!bytesEqual(recovery.signing, ancestor.recovery.signing))
    throw new SyncError('wrong-account', 'The recovery phrase is not the one of this account.')
  const ours: KeyringRow[] = []
  for (let i = position; i < keyring.length; i++) ours.push(keyring.recordAt(i))
  const { dialog } = await RelayDialog.open(platform, relay, recovery)
  try {
    const row = await makeRow()
    const { sha512 } = platform.signing
    for (const branch of [ours, theirs]) {
      const choice = chooseBranch(
        sha512,
        branch.map(({ record }) => record),
        [row.record],
      )
      if (choice !== 'theirs') throw new SyncError('keyring-fork', 'The recovery phrase does not decide this fork.')
    }
    dialog.send({ type: 'keyring-replace', records: [row] })
    const head = recordHash(sha512, row.record)
    while (!bytesEqual((await dialog.receive('keyring-changed')).head, head));
    await keyring.meetBranch(position, [row])
  } finally {
    dialog.close()
  }

  async function makeRow(): Promise<KeyringRow> {
    const [first] = keep === 'ours' ? theirs : ours
    const signer = first && decodeSignedRecord(first.record).record.signer
    if (signer === undefined || activeDevice(ancestor, signer) === undefined)
      return { record: await createRekey(platform, ancestor, { signer: recovery }) }
    const removed = [signer]
    dialog.send({ type: 'heads-fetch', devices: removed })
    const heads = copyHeads((await dialog.receive('heads')).heads)
    const known = await context.chainEnds(removed)
    const { cut } = await cutOf({ signing: platform.signing, keyring: ancestor, devices: removed, heads, known })
    return createRemove(platform, ancestor, { signer: recovery, removed, cut })
  }
}
