// Snapshots that say what is not so, signed by a device of the account.
import type { SnapshotHeader } from '@owlivion/sync-protocol'
import type { Authors } from '../../../src/sync/document/authors'
import { buildBaseDocs, readStoredBase } from '../../../src/sync/log/base'
import { headerOf } from '../../../src/sync/snapshot/snapshot-build'
import { digestOf, sealSnapshot } from '../../../src/sync/snapshot/snapshot-format'
import { createDoc, Y } from '../../../src/yjs'
import { stateOf } from './compaction-world'
import type { TestDevice } from './device'
import type { SnapshotLog } from './snapshot-log'

export interface Forgery {
  /** The registers that it holds instead, as a Yjs state in format 2. */
  readonly registers?: Uint8Array
  /** It holds no texts. */
  readonly dropsTexts?: true
  /** Writes something that no entry says. */
  readonly invent?: (records: Y.Map<unknown>) => void
  readonly header?: (header: Omit<SnapshotHeader, 'keyringHead'>) => Omit<SnapshotHeader, 'keyringHead'>
  /** How far each writer's edits are in it. */
  readonly context?: (context: ReadonlyMap<string, number>) => ReadonlyMap<string, number>
  /** What it says that it hashes to is the truth, and what it holds is not. */
  readonly claimsTruth?: boolean
  /** Whom it names as the authors of edits. */
  readonly authors?: Authors
}

/** The device sums the log up wrongly, and the log takes it. */
export async function forge(log: SnapshotLog, device: TestDevice, forgery: Forgery = {}): Promise<void> {
  const state = stateOf(device)
  const { context, document } = state
  await context.writer.barrier()
  const docs = { ...buildBaseDocs(context, document, await readStoredBase(context, document)) }
  const { sha512 } = context.platform.signing
  const truth = digestOf(sha512, docs)
  if (forgery.registers !== undefined) {
    docs.registers = createDoc('registers')
    Y.applyUpdateV2(docs.registers, forgery.registers)
  }
  if (forgery.dropsTexts) docs.texts = createDoc('texts')
  if (forgery.invent !== undefined) {
    docs.registers.clientID = 4_711
    forgery.invent(docs.registers.getMap('r'))
  }
  const honest = headerOf(state, log.current?.hash)
  const sealed = await sealSnapshot(context, {
    document,
    incarnation: state.own.incarnation,
    header: forgery.header?.(honest) ?? honest,
    context: forgery.context?.(state.replica.state.context) ?? state.replica.state.context,
    digest: forgery.claimsTruth ? truth : digestOf(sha512, docs),
    docs,
    authors: forgery.authors ?? state.authors,
  })
  const answer = log.put(sealed.hash, sealed.bytes)
  if (answer.type === 'refused') throw new TypeError(answer.message)
}
