// Entries of this device that stand in the log in a document epoch that is over: it wrote them to a relay that had been put back to before
// a rebase. What they wrote has come along into the epoch that counts, and the other devices, which cannot read them, are told so.
import { bytesEqual } from '@owlivion/sync-protocol'
import type { DocumentHost, DocumentPart } from '../document/document-part'
import { encodePending, rowKeys } from '../document/rows'
import { OwedList } from '../rebase/rebase-owed'

export class OldEntries implements DocumentPart {
  constructor(private readonly host: DocumentHost) {}

  async caughtUp(): Promise<void> {
    const { host } = this
    const { context, state } = host
    const { outbox, document, registers } = state
    const isTold = (incarnation: number, sequence: number): boolean =>
      outbox.pending.some(({ repairs }) => repairs?.incarnation === incarnation && repairs.sequence === sequence)
    const old = () =>
      state.replica.state.held.filter(
        ({ entry, reason }) =>
          reason === 'other-document-epoch' &&
          bytesEqual(entry.device, context.device) &&
          !isTold(entry.incarnation, entry.sequence),
      )
    if (
      host.isHealing ||
      old().length === 0 ||
      (await new OwedList(context, document).all()).length > 0 ||
      host.isClosed
    )
      return
    const { writer, lastN: n } = registers
    const items = old().map(({ entry: { incarnation, sequence } }) => ({
      order: outbox.nextOrder++,
      transaction: { writer, n, operations: [], update: new Uint8Array([0, 0]) },
      isClockKnown: true,
      repairs: { incarnation, sequence },
    }))
    outbox.pending.push(...items)
    await context.writer.write({
      put: [
        ...items.map((item) => [rowKeys.pending(document, item.order), encodePending(item)] as const),
        state.stateRow(),
      ],
    })
    host.onStatus()
  }
}
