// Makes a rebase: the verified document without its past, and with what an earlier rebase left out, sealed as a snapshot of the next
// document epoch.
import { nextDocumentEpoch } from '@owlivion/sync-protocol'
import { foldState } from '../../document'
import { randomUint32 } from '../account-context'
import type { DocumentState } from '../document/document-state'
import { buildBaseDocs, readStoredBase } from '../log/base'
import { headerOf } from '../snapshot/snapshot-build'
import { type SealedSnapshot, sealSnapshot } from '../snapshot/snapshot-format'
import type { SnapshotOffer } from '../snapshot/snapshot-votes'
import { digestOfFolded, foldedOf, type OwedPart, withOwed } from './rebase-state'

/**
 * @param current the relay's current snapshot
 * @returns undefined when this version of the app cannot carry the document over
 * @throws SyncError `entry-too-large` when the document is larger than anybody would open
 */
export async function buildRebase(
  state: DocumentState,
  current: Pick<SnapshotOffer, 'hash' | 'documentEpoch'> | undefined,
  owed: readonly OwedPart[],
): Promise<SealedSnapshot | undefined> {
  const { context, document } = state
  const { sha512 } = context.platform.signing
  await context.writer.barrier()
  const docs = buildBaseDocs(context, document, await readStoredBase(context, document))
  const own = foldedOf(docs, state.replica.state.context)
  if (own === undefined) return undefined
  const folded = withOwed(own, owed)
  const before = Math.max(state.documentEpoch, current?.documentEpoch ?? 0)
  const documentEpoch = nextDocumentEpoch(before, randomUint32(context.platform))
  const header = headerOf({ replica: state.replica, documentEpoch }, current?.hash)
  return sealSnapshot(context, {
    document,
    incarnation: state.own.incarnation,
    header,
    context: folded.context,
    digest: digestOfFolded(sha512, folded),
    docs: { registers: foldState(folded.state, context.platform.random), texts: folded.texts },
    authors: state.authors,
  })
}
