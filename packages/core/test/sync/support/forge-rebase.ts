// Rebases that a device of the account makes by hand, true ones and others, without a document that is worth it.
import { foldState } from '../../../src/document'
import { buildBaseDocs, readStoredBase } from '../../../src/sync/base'
import { digestOfFolded, foldedOf } from '../../../src/sync/rebase-state'
import { headerOf } from '../../../src/sync/snapshot-build'
import { sealSnapshot } from '../../../src/sync/snapshot-format'
import { createDoc, type Y } from '../../../src/yjs'
import { stateOf } from './compaction-world'
import type { TestDevice } from './device'
import type { SnapshotLog } from './snapshot-log'

interface Altered {
  readonly registers: Y.Map<unknown>
  dropTexts(): void
  readonly header: { -readonly [K in keyof Header]: Header[K] }
  readonly context: Map<string, number>
}

type Header = ReturnType<typeof headerOf>

/** @param alter changes what it holds behind the truth's back */
export async function forgeRebase(
  log: SnapshotLog,
  device: TestDevice,
  alter: (rebase: Altered) => void = () => {},
): Promise<void> {
  const state = stateOf(device)
  const { context, document } = state
  await context.writer.barrier()
  const docs = buildBaseDocs(context, document, await readStoredBase(context, document))
  let { texts } = docs
  const truth = foldedOf(docs, state.replica.state.context)!
  const folded = foldState(truth.state, context.platform.random)
  const header = { ...headerOf({ replica: state.replica, documentEpoch: state.documentEpoch + 1 }, log.current?.hash) }
  const known = new Map(state.replica.state.context)
  const dropTexts = () => {
    texts = createDoc('texts')
  }
  alter({ registers: folded.getMap('r'), dropTexts, header, context: known })
  const altered = foldedOf({ registers: folded, texts }, known)!
  const sealed = await sealSnapshot(context, {
    document,
    incarnation: state.own.incarnation,
    header,
    context: known,
    digest: digestOfFolded(context.platform.signing.sha512, altered),
    docs: { registers: folded, texts },
  })
  const answer = log.put(sealed.hash, sealed.bytes, true)
  if (answer.type === 'refused') throw new TypeError(answer.message)
}
