// Builds a document anew from the entries that count, after a removal was learned of whose device had written more than its cut
// allows and this device had applied it. Every entry is kept verbatim since number 1, so it is opened and placed once more by the
// same code, and the outcome is that of a device that knew of the removal from the start.
//
// Nothing honest is lost by it: nobody's slot hangs on another's, and what an entry that counts had taken away of one that does not is
// carried by Yjs as a deletion of something unknown.
import { bytesEqual, type DocumentId } from '@owlivion/sync-protocol'
import { SyncError } from '../errors'
import type { StoreBatch, StoreKey } from '../storage'
import { Y } from '../yjs'
import type { AccountContext } from './account-context'
import { applyBodies, type BaseDocs, readStoredBase } from './base'
import type { LineageMap } from './device-map'
import { archiveRows } from './fold'
import { reopenStored } from './held'
import { emptyReplicaState, type LogReplica, type OpenedEntry } from './log-replica'
import { decodeLog, encodeBase, encodeHeld, rowKeys } from './rows'

/** True when something was applied that does not count any more. */
export function isBeyondCut(context: AccountContext, document: DocumentId, applied: LineageMap<number>): boolean {
  return [...applied].some(([{ device, incarnation }, sequence]) =>
    context.isCutOff(document, device, incarnation, sequence),
  )
}

export interface Rebuilt {
  readonly docs: BaseDocs
  readonly replica: LogReplica
  /** All rows but the state's. */
  readonly batch: Required<Pick<StoreBatch, 'put' | 'remove'>>
}

/**
 * @param replica of the document as it is; stays as it is
 * @throws SyncError `profile-damaged` when what is on disk is not the log that the replica has verified
 */
export async function rebuildDocument(
  context: AccountContext,
  document: DocumentId,
  replica: LogReplica,
): Promise<Rebuilt> {
  const [stored, archived] = await Promise.all([
    readStoredBase(context, document),
    context.store.list(rowKeys.archives(document)),
  ])
  const logs = stored.logs.map(([first, row]) => [first, row] as const)
  const rows = [...archived.map(([key, bytes]) => [key[2] as number, decodeLog(bytes)] as const), ...logs]
  const entries: OpenedEntry[] = []
  for (const [first, row] of rows) {
    if (first !== entries.length + 1) throw damaged()
    for (const entry of row.entries) {
      const number = entries.length + 1
      entries.push(reopenStored(context, document, number, stored.held.get(number) ?? entry))
    }
  }
  const rebuilt = replica.withState(emptyReplicaState(context.platform.signing.sha512, context.account, document))
  const { applied } = rebuilt.receive(entries)
  const { number, hash } = replica.state
  if (rebuilt.state.number !== number || !bytesEqual(rebuilt.state.hash, hash)) throw damaged()
  // The chains are what was received, not what counts of it.
  for (const [lineage, chain] of replica.state.chains) rebuilt.state.chains.set(lineage, chain)

  const docs = applyBodies(
    undefined,
    applied.flatMap(({ outcome }) => ('body' in outcome ? [outcome.body] : [])),
  )
  const base = encodeBase({
    number,
    registers: Y.encodeStateAsUpdateV2(docs.registers),
    texts: Y.encodeStateAsUpdateV2(docs.texts),
  })
  const remove: StoreKey[] = [
    ...stored.logs.map(([first]) => rowKeys.log(document, first)),
    ...[...stored.held.keys()].map((each) => rowKeys.held(document, each)),
  ]
  const held = rebuilt.state.held.map(
    ({ entry, reason }) =>
      [rowKeys.held(document, entry.number), encodeHeld({ ...entry, reason, released: false })] as const,
  )
  return {
    docs,
    replica: rebuilt,
    batch: { put: [[rowKeys.base(document), base], ...archiveRows(document, stored), ...held], remove },
  }
}

function damaged(): SyncError {
  return new SyncError('profile-damaged', 'The history of a document in this device’s store has gaps.')
}
