// Makes a snapshot of what this device has verified: from the rows on disk, never from the live document, which holds edits that the log
// does not have. Runs within a job, so that the log stands still meanwhile.
import { bytesEqual, type ChainHead, type Hash, type SnapshotHeader, ZERO_HASH } from '@owlivion/sync-protocol'
import type { Lineage } from '../device-map'
import type { DocumentState } from '../document/document-state'
import { buildBaseDocs, readStoredBase } from '../log/base'
import type { LogReplica } from '../log/log-replica'
import { digestOf, type SealedSnapshot, sealSnapshot } from './snapshot-format'

/**
 * @param parent the relay's current snapshot
 * @throws SyncError `entry-too-large` when the document is larger than anybody would open
 */
export async function buildSnapshot(state: DocumentState, parent: Hash | undefined): Promise<SealedSnapshot> {
  const { context, document } = state
  await context.writer.barrier()
  const docs = buildBaseDocs(context, document, await readStoredBase(context, document))
  return sealSnapshot(context, {
    document,
    incarnation: state.own.incarnation,
    header: headerOf(state, parent),
    context: state.replica.state.context,
    digest: digestOf(context.platform.signing.sha512, docs),
    docs,
    authors: state.authors,
  })
}

/** What a snapshot of everything that this device has verified covers. */
export function headerOf(
  { replica, documentEpoch }: Pick<DocumentState, 'replica' | 'documentEpoch'>,
  parent: Hash | undefined,
): Omit<SnapshotHeader, 'keyringHead'> {
  const { number, hash, held } = replica.state
  return {
    documentEpoch,
    coveredNumber: number,
    coveredHash: hash,
    ...(parent && { parent }),
    vector: vectorOf(replica),
    exempt: held.map(({ entry }) => entry.number).sort((a, b) => a - b),
  }
}

/** Where what is applied ends, chain by chain, so that a reader goes on from there. */
export function vectorOf({ state }: Pick<LogReplica, 'state'>): ChainHead[] {
  return [...state.applied]
    .filter(([, sequence]) => sequence > 0)
    .map(([{ device, incarnation }, sequence]) => {
      const hash = hashAt(state, { device, incarnation }, sequence)
      return { device, incarnation, sequence, hash }
    })
}

/** ZERO_HASH where it is not known: nothing after it can be verified. */
function hashAt({ chains, held }: LogReplica['state'], lineage: Lineage, sequence: number): Hash {
  const chain = chains.get(lineage)
  if (chain?.sequence === sequence) return chain.broken ? ZERO_HASH : chain.hash
  // What follows was received and is kept aside; it names the entry before it.
  const next = held.find(
    ({ entry }) =>
      entry.sequence === sequence + 1 &&
      entry.incarnation === lineage.incarnation &&
      bytesEqual(entry.device, lineage.device),
  )
  return next?.entry.previous ?? ZERO_HASH
}
