// The whole keyring of an account, brought by a device that this relay does not know: it lost the account, or the record that added the
// device. A keyring may be longer than a frame; what came so far waits with its connection, verified, and counts for nothing yet.
import {
  activeDevice,
  bytesEqual,
  type KeyringItem,
  type KeyringRecord,
  type KeyringState,
  reissueWaitsSince,
} from '@owlivion/sync-protocol'
import type { ConnectedAccount } from './accounts'
import type { Asking, Requester } from './asking'
import { RelayError } from './errors'
import { assertRoom, type KeyringContext, type VerifiedRecord, verifyRecord } from './keyring'
import type { Standing } from './login'

export interface BroughtRecord {
  readonly verified: VerifiedRecord
  readonly cut: Uint8Array | undefined
}

export interface BroughtChain {
  readonly state: KeyringState
  readonly records: readonly BroughtRecord[]
}

/** Go with their connections. */
const chains = new WeakMap<Requester, BroughtChain>()
const returning = new WeakSet<Requester>()

/** The connection began by bringing the whole keyring back, and goes on with it. */
export function isReturning(session: Requester): boolean {
  return returning.has(session)
}

/**
 * Adds records to what a newcomer has brought on this connection, from the genesis on.
 * @throws RelayError or ProtocolFailure with the code to refuse with
 */
export async function returnedChain(
  context: KeyringContext,
  { account, standing, session }: Asking,
  position: number,
  items: readonly KeyringItem[],
): Promise<BroughtChain> {
  const before = position === 0 ? undefined : chains.get(session)
  if (position !== (before?.state.length ?? 0))
    throw new RelayError('keyring-conflict', 'A keyring is brought from its first record on.')
  const news = await verifyRun(context, account, standing, before?.state, items)
  for (const { verified } of news) assertRoom(context, verified)
  const state = news.at(-1)?.verified.next ?? before?.state
  if (state === undefined) throw new RelayError('keyring-refused', 'A keyring starts with its genesis record.')
  const chain = { state, records: [...(before?.records ?? []), ...news] }
  if (standing.kind === 'newcomer' && activeDevice(state, standing.id) === undefined) chains.set(session, chain)
  else {
    chains.delete(session)
    returning.add(session)
  }
  return chain
}

/** Records one behind the other, up to a recovery phrase that the device granted to itself: that is appended, and waits for vetoes. */
export async function verifyRun(
  context: KeyringContext,
  account: ConnectedAccount,
  standing: Standing,
  before: KeyringState | undefined,
  items: readonly KeyringItem[],
): Promise<BroughtRecord[]> {
  const run: BroughtRecord[] = []
  let state = before
  for (const { record, cut } of items) {
    const verified = await verifyRecord(context, account, state, record)
    const { record: content } = verified.prepared
    const isOwn = state !== undefined && reissueWaitsSince(state, content) !== undefined && isSigner(standing, content)
    if (isOwn) break
    run.push({ verified, cut })
    state = verified.next
  }
  return run
}

function isSigner(standing: Standing, { signer }: KeyringRecord): boolean {
  return standing.kind !== 'recovery' && signer !== undefined && bytesEqual(standing.id, signer)
}
