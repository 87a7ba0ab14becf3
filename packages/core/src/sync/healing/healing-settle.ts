// The end of healing a document: what the relay's log does not have, and cannot have as it was, is written again, and the document rests on
// that log alone from then on.
import { decodeEnvelope, epochAt } from '@owlivion/sync-protocol'
import type { DocumentHost } from '../document/document-part'
import type { DocumentState } from '../document/document-state'
import { buildBaseDocs, readStoredBase } from '../log/base'
import { replayDocument } from '../log/rebuild'
import { isChainShort, writeAgain, writeMissing } from '../writing/write-again'
import type { ReturningEntries } from './returning'
import { endOfHealing } from './roll-back'

/** Leaves out what no relay takes: beyond a cut, or under a key of a branch of the keyring that is gone. @returns how many entries */
export function leaveOutUseless({ context, document }: DocumentState, returning: ReturningEntries): number {
  return returning.leaveOut(
    (bytes, { device, incarnation, sequence }) =>
      context.isCutOff(document, device, incarnation, sequence) ||
      epochAt(context.keyring(), decodeEnvelope(bytes).epoch) === undefined,
  )
}

/** In one commit, within a job, when nothing more is given back. */
export function settle(host: DocumentHost): Promise<void> {
  const { state, context, ownWriter } = host
  return ownWriter.whileRewriting(async () => {
    const { returning, document } = state
    if (returning === undefined) return
    await context.writer.barrier()
    const missing = returning.missing(state.replica.state.chains)
    const end = await endOfHealing(state)
    if (missing.length === 0 && !returning.before.isAnew) {
      state.returning = undefined
      await context.writer.write(end)
      return
    }
    const options = { drops: true }
    const replayed = await replayDocument(state, options)
    const stored = await readStoredBase(context, document)
    if (host.isClosed) return
    const put = returning.before.isAnew
      ? writeMissing(state, replayed.docs, buildBaseDocs(context, document, stored))
      : writeAgain(state, missing)
    state.returning = undefined
    const rows = state.takeReplayed(replayed, options)
    const committed = context.writer.write({
      put: [...put, ...(rows.put ?? [])],
      remove: [...(rows.remove ?? []), ...end.remove],
    })
    host.onChange(undefined)
    // The chain ends elsewhere than this device had it.
    if (isChainShort(state, returning.before)) ownWriter.startIncarnation()
    await committed
  })
}
