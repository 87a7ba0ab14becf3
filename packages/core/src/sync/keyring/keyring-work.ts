// What each change of the keyring takes on the connection: the record is made on the keyring as it stands, sent, and taken in once the
// relay has it. When anything on the way fails, nothing has happened that the keyring does not tell.
//
// A removal: hold the devices off, ask where their chains end, append. The relay refuses the record as `cut-behind` when it holds
// more than the cut says; then it is made again from the start.
import {
  activeDevice,
  bytesEqual,
  type CutEntry,
  compareBytes,
  type DeviceDescription,
  type DeviceId,
  type KeyringState,
  type PublicKeys,
  recordHash,
  suspendSigningBytes,
} from '@owlivion/sync-protocol'
import {
  createAdd,
  createLeave,
  createReissue,
  createRekey,
  createRemove,
  createRequest,
  createVeto,
  type DeviceInfo,
  type DeviceKeys,
  type RecoveryKeys,
} from '../../account'
import { isSyncError, SyncError } from '../../errors'
import type { Platform } from '../../platform'
import type { KeyringRow } from '../account/profile'
import type { LiveRequests } from '../connection/live-requests'
import type { Owed } from './owed'
import { copyHeads, cutOf, type RemovalCut } from './removal-cut'

export interface WorkContext {
  readonly platform: Platform
  readonly keys: DeviceKeys
  readonly keyring: {
    readonly state: KeyringState
    extend(from: number, records: readonly KeyringRow[]): Promise<void>
  }
  readonly requests: LiveRequests
  /** Where the chains of these devices end, as far as this device verified them, in all documents. */
  chainEnds(devices: readonly DeviceId[]): Promise<readonly CutEntry[]>
}

/** What only the holder of the phrase can do. The phrase is not kept, so neither is the undertaking: it ends with this process. */
export type PhraseTask =
  | { readonly kind: 'reissue'; readonly recovery: RecoveryKeys; readonly next: RecoveryKeys }
  | { readonly kind: 'veto'; readonly recovery: RecoveryKeys; readonly request: number; readonly next: PublicKeys }

/** Lets somebody in. Whoever asked for it knows what for, so it is not stored: it ends with this process. */
export interface AddTask {
  readonly kind: 'add'
  readonly device: PublicKeys
  readonly role: DeviceDescription['role']
  readonly info: DeviceInfo
}

/** What the keyring itself says is due: the key that a device left behind, and the phrase that this one asked for a week ago. */
export type DueTask = { readonly kind: 'due-rekey' } | { readonly kind: 'due-reissue'; readonly request: number }

/** @throws SyncError what the relay or the rules refuse it with; `connection-lost` and `relay-unreachable` leave open whether it was done */
export async function carryOut(context: WorkContext, owed: Owed | PhraseTask | DueTask | AddTask): Promise<void> {
  const { platform, keys, keyring } = context
  const { state } = keyring
  let isPartial = false
  const row = await makeRow()
  if (!bytesEqual(keyring.state.head, state.head))
    throw new SyncError('keyring-conflict', 'Another record came while this one was being made.')
  const head = recordHash(platform.signing.sha512, row.record)
  const append = { type: 'keyring-append', ...row, isRestored: isPartial } as const
  // Other devices' records are news here, too; only our own is the answer.
  await context.requests.ask(append, 'keyring-changed', (frame) => bytesEqual(frame.head, head))
  // Reading it back would do the same, and later.
  await keyring.extend(state.length, [row])

  async function ownCut(devices: readonly DeviceId[]): Promise<readonly CutEntry[]> {
    const asked = await askCut(context, state, devices)
    isPartial = asked.isPartial
    return asked.cut
  }

  async function makeRow(): Promise<KeyringRow> {
    switch (owed.kind) {
      case 'remove': {
        const removed = owed.devices.filter((id) => activeDevice(state, id) !== undefined)
        await suspend(context, state, removed)
        const cut = await ownCut(removed)
        return createRemove(platform, state, { signer: keys, removed, cut })
      }
      case 'leave':
        return createLeave(platform, state, { device: keys, cut: await ownCut([keys.id]) })
      case 'add': {
        const { device, role, info } = owed
        return { record: await createAdd(platform, state, { signer: keys, device, role, info }) }
      }
      case 'rekey':
      case 'due-rekey':
        return { record: await createRekey(platform, state, { signer: keys }) }
      case 'request':
        return { record: await createRequest(platform, state, { device: keys, next: owed.next }) }
      case 'veto':
        return { record: await createVeto(platform, state, { signer: 'recovery' in owed ? owed.recovery : keys }) }
      case 'approve':
      case 'due-reissue':
        return { record: await createReissue(platform, state, { signer: keys }) }
      case 'reissue':
        return { record: await createReissue(platform, state, { signer: owed.recovery, next: owed.next }) }
    }
  }
}

/** Keeps them from writing more while their removal is prepared. It makes the removal quick, and is not what makes it safe. */
async function suspend(
  { platform, keys, requests }: WorkContext,
  state: KeyringState,
  removed: readonly DeviceId[],
): Promise<void> {
  const devices = [...removed].sort(compareBytes)
  const message = suspendSigningBytes(state.account, state.head, devices)
  const signature = await platform.signing.sign(keys.signingSeed, message)
  try {
    await requests.ask({ type: 'suspend', devices, signature }, 'suspended')
  } catch (error) {
    // One that is held off itself cannot hold others off, and removes them all the same.
    if (endsAttempt(error)) throw error
  }
}

async function askCut(
  { platform, requests, chainEnds }: WorkContext,
  keyring: KeyringState,
  devices: readonly DeviceId[],
): Promise<RemovalCut> {
  const answer = await requests.ask({ type: 'heads-fetch', devices }, 'heads')
  const heads = copyHeads(answer.heads)
  return cutOf({ signing: platform.signing, keyring, devices, heads, known: await chainEnds(devices) })
}

/** Nothing that follows can succeed: the connection is gone, or the keyring is another than it was. */
function endsAttempt(error: unknown): boolean {
  return (
    isSyncError(error, 'connection-lost') ||
    isSyncError(error, 'relay-unreachable') ||
    isSyncError(error, 'keyring-conflict')
  )
}
