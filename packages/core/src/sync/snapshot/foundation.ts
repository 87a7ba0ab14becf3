// The snapshot that a document's rows go on from. It was verified before it was stored, and is opened only to replay the document: to
// judge a newer snapshot, or after a removal.
import { bytesEqual, type DocumentId, type SnapshotHeader, ZERO_HASH } from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import type { AccountContext } from '../account-context'
import { LineageMap } from '../device-map'
import { rowKeys } from '../document/rows'
import type { Foundation } from '../document/state-row'
import { type Chain, emptyReplicaState, type LogReplicaState } from '../log/log-replica'
import { type OpenedSnapshot, openStoredSnapshot } from './snapshot-format'

/** @throws SyncError `profile-damaged` when it is not there or does not open any more */
export async function readFoundation(
  context: AccountContext,
  document: DocumentId,
  foundation: Foundation | undefined,
): Promise<OpenedSnapshot | undefined> {
  if (foundation === undefined) return undefined
  const bytes = await context.store.get(rowKeys.snapshot(document, foundation.number))
  const opened = bytes && openStoredSnapshot(context, document, bytes)
  if (opened === undefined || !bytesEqual(opened.hash, foundation.hash))
    throw new SyncError('profile-damaged', 'The beginning of a document is missing in this device’s store.')
  return opened
}

/** What a device has verified of the log that knows this snapshot and nothing else. */
export function replicaStateOf(
  context: AccountContext,
  document: DocumentId,
  snapshot: Pick<OpenedSnapshot, 'header' | 'context'> | undefined,
): LogReplicaState {
  if (snapshot === undefined) return emptyReplicaState(context.platform.signing.sha512, context.account, document)
  const { header } = snapshot
  return {
    number: header.coveredNumber,
    hash: header.coveredHash,
    chains: new LineageMap(header.vector.map((head): readonly [typeof head, Chain] => [head, chainOf(head)])),
    applied: new LineageMap(header.vector.map((head) => [head, head.sequence] as const)),
    context: new Map(snapshot.context),
    held: [],
  }
}

export function chainOf({ sequence, hash }: SnapshotHeader['vector'][number]): Chain {
  return { sequence, hash, broken: bytesEqual(hash, ZERO_HASH) }
}
