// Rebases that a device of the account makes by hand, true ones and others, without a document that is worth it.
import { foldState } from '../../../src/document'
import { buildBaseDocs, readStoredBase } from '../../../src/sync/base'
import { digestOfFolded, foldedOf } from '../../../src/sync/rebase-state'
import { headerOf } from '../../../src/sync/snapshot-build'
import { sealSnapshot } from '../../../src/sync/snapshot-format'
import type { Y } from '../../../src/yjs'
import { stateOf } from './compaction-world'
import type { TestDevice } from './device'
import type { SnapshotLog } from './snapshot-log'

/** @param alter changes what it holds behind the truth's back */
export async function forgeRebase(
  log: SnapshotLog,
  device: TestDevice,
  alter: (docs: { readonly registers: Y.Map<unknown>; readonly texts: Y.Doc }) => void = () => {},
): Promise<void> {
  const state = stateOf(device)
  const { context, document } = state
  await context.writer.barrier()
  const { texts, registers } = buildBaseDocs(context, document, await readStoredBase(context, document))
  const truth = foldedOf({ registers, texts }, state.replica.state.context)!
  const folded = foldState(truth.state, context.platform.random)
  alter({ registers: folded.getMap('r'), texts })
  const known = foldedOf({ registers: folded, texts }, state.replica.state.context)!
  const sealed = await sealSnapshot(context, {
    document,
    incarnation: state.own.incarnation,
    header: headerOf({ replica: state.replica, documentEpoch: state.documentEpoch + 1 }, log.current?.hash),
    context: known.context,
    digest: digestOfFolded(context.platform.signing.sha512, known),
    docs: { registers: folded, texts },
  })
  const answer = log.put(sealed.hash, sealed.bytes, true)
  if (answer.type === 'refused') throw new TypeError(answer.message)
}
