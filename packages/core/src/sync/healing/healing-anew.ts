// A relay that was put back to before a document was rebased has its log in a document epoch that is over. There is no way back behind a
// rebase, so what a device has is given to the relay as a snapshot of the later epoch, on the log as the relay has it. Entries there that
// the device did not know are left out of it by number, and their authors write them again.
import { type Hash, ZERO_HASH } from '@owlivion/sync-protocol'
import { LineageMap } from '../device-map'
import type { DocumentHost } from '../document/document-part'
import type { DocumentState } from '../document/document-state'
import { encodeBase, rowKeys } from '../document/rows'
import { buildBaseDocs, readStoredBase } from '../log/base'
import type { OpenedEntry } from '../log/log-replica'
import { chainOf } from '../snapshot/foundation'
import type { ArrivedSnapshot } from '../snapshot/snapshot-arrivals'
import { digestOf, openSnapshot, type SealedSnapshot, sealSnapshot } from '../snapshot/snapshot-format'

/** Call when the relay's log is read to its end. @throws SyncError `entry-too-large` */
export async function sealAnew(state: DocumentState, parent: Hash | undefined): Promise<SealedSnapshot | undefined> {
  const { context, document, replica, returning, documentEpoch } = state
  if (returning === undefined) return undefined
  await context.writer.barrier()
  const docs = buildBaseDocs(context, document, await readStoredBase(context, document))
  const { number, hash } = replica.state
  return sealSnapshot(context, {
    document,
    incarnation: state.own.incarnation,
    header: {
      documentEpoch,
      coveredNumber: number,
      coveredHash: hash,
      ...(parent && { parent }),
      vector: [...returning.before.had].map(([{ device, incarnation }, { sequence, hash: end, broken }]) => ({
        ...{ device, incarnation, sequence },
        hash: broken ? ZERO_HASH : end,
      })),
      exempt: unknownBefore(state).map((entry) => entry.number),
    },
    context: returning.before.context,
    digest: digestOf(context.platform.signing.sha512, docs),
    docs,
    authors: state.authors,
  })
}

/** Entries of the relay's log that this device did not have. */
function unknownBefore({ replica, returning }: DocumentState): OpenedEntry[] {
  return replica.state.held
    .map(({ entry }) => entry)
    .filter((entry) => entry.sequence === 0 || entry.sequence > (returning?.before.had.get(entry)?.sequence ?? 0))
    .sort((a, b) => a.number - b.number)
}

/** The relay has it: the log goes on from there. */
export async function adoptAnew(
  { state, context, ownWriter, intake }: DocumentHost,
  sealed: SealedSnapshot,
): Promise<void> {
  const snapshot = await openSnapshot(context, state.document, sealed.bytes)
  if ('failure' in snapshot) return
  const exempt = unknownBefore(state)
  await ownWriter.whileRewriting(async () => {
    await intake.adopt({ snapshot, exempt, heads: [], startsOver: false })
  })
}

/**
 * Passes over a snapshot of an epoch that is over, as if its entries had been read: there is nothing to be had of it that this device does not
 * have, or its author will bring.
 * @returns false when it is none
 */
export async function passOver(host: DocumentHost, { bytes }: ArrivedSnapshot): Promise<boolean> {
  const { state, context } = host
  const { document } = state
  if (state.returning?.before.isAnew !== true) return false
  const opened = await openSnapshot(context, document, bytes)
  if ('failure' in opened || opened.header.documentEpoch >= state.documentEpoch) return false
  await context.writer.barrier()
  const { base } = await readStoredBase(context, document)
  if (host.isClosed || base === undefined) return true
  const { header } = opened
  state.replica = state.replica.withState({
    ...state.replica.state,
    number: header.coveredNumber,
    hash: header.coveredHash,
    chains: new LineageMap(header.vector.map((head) => [head, chainOf(head)] as const)),
  })
  await context.writer.write({
    put: [[rowKeys.base(document), encodeBase({ ...base, number: header.coveredNumber })], state.stateRow()],
  })
  host.readAgain()
  return true
}
