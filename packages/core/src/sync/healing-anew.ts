// A relay that was put back to before a document was rebased has its log in a document epoch that is over. There is no way back behind a
// rebase, so what a device has is given to the relay as a snapshot of the later epoch, on the log as the relay has it. Entries there that
// the device did not know are left out of it by number, and their authors write them again.
import { bytesEqual, type Hash, ZERO_HASH } from '@owlivion/sync-protocol'
import type { StoreBatch } from '../storage'
import { buildBaseDocs, readStoredBase } from './base'
import { LineageMap } from './device-map'
import type { DocumentState } from './document-state'
import type { Chain, OpenedEntry } from './log-replica'
import { encodeBase, rowKeys } from './rows'
import { digestOf, type OpenedSnapshot, type SealedSnapshot, sealSnapshot } from './snapshot-format'

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
  })
}

/** Entries of the relay's log that this device did not have. */
export function unknownBefore({ replica, returning }: DocumentState): OpenedEntry[] {
  return replica.state.held
    .map(({ entry }) => entry)
    .filter((entry) => entry.sequence === 0 || entry.sequence > (returning?.before.had.get(entry)?.sequence ?? 0))
    .sort((a, b) => a.number - b.number)
}

/** Passes over a snapshot of an epoch that is over, as if its entries had been read. @returns the rows to write */
export async function passOver(state: DocumentState, { header }: OpenedSnapshot): Promise<StoreBatch> {
  const { context, document, replica } = state
  const { base } = await readStoredBase(context, document)
  if (base === undefined) return {}
  state.replica = replica.withState({
    ...replica.state,
    number: header.coveredNumber,
    hash: header.coveredHash,
    chains: new LineageMap<Chain>(
      header.vector.map((head) => [head, { ...head, broken: bytesEqual(head.hash, ZERO_HASH) }] as const),
    ),
  })
  return { put: [[rowKeys.base(document), encodeBase({ ...base, number: header.coveredNumber })], state.stateRow()] }
}
