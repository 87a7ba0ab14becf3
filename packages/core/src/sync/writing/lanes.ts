// What other tabs of the profile wrote. Only one tab, the leader, has the connection and this document's log; every other tab writes in a
// lane: under a writer of its own, into rows of its own. The leader takes them into its outbox and removes them, in one commit, so a
// row is there exactly as long as nobody has taken it; that of a tab that is gone waits for the next leader.
//
//   ['lane', id, writer, n]   one transaction, as a pending one is kept
//
// Nobody hears of what a tab wrote before it is taken, so no row rests on one of another lane.
import { bytesToHex, type DocumentId } from '@owlivion/sync-protocol'
import { createWriter, Rebinding, type Writer, type WriterEnd } from '../../document'
import type { Store, StoreBatch, StoreKey } from '../../storage'
import { Y } from '../../yjs'
import type { DocumentState } from '../document/document-state'
import { decodePending, encodePending, isKnownPending, type PendingRow, rowKeys } from '../document/rows'
import type { StoredTransaction } from './outbox'

/** Of all documents. */
export const lanePrefix: StoreKey = ['lane']

export const lanesKey = (document: DocumentId): StoreKey => ['lane', bytesToHex(document)]

export const laneKey = (document: DocumentId, { writer, n }: StoredTransaction): StoreKey => [
  ...lanesKey(document),
  writer,
  n,
]

/** A row that no leader has taken yet. */
export interface LaneRow {
  readonly key: StoreKey
  readonly row: PendingRow
}

/** Of one document, or of all, those of each lane in their order. What another version of the app wrote is left alone. */
export async function readLanes(store: Store, prefix: StoreKey): Promise<LaneRow[]> {
  const rows = await store.list(prefix)
  return rows.flatMap(([key, bytes]) => (isKnownPending(bytes) ? [{ key, row: decodePending(bytes) }] : []))
}

/** What taking rows over has done. */
export interface Adopted {
  readonly batch: Required<Pick<StoreBatch, 'put' | 'remove'>>
  /** Ids of records. */
  readonly changed: ReadonlySet<string>
  /** They were written again, as others than they are in the tab that wrote them. */
  readonly isRewritten: boolean
}

interface MovedLane {
  readonly rebinding: Rebinding
  readonly end: WriterEnd
}

export class LaneAdoption {
  /** Lanes whose transactions do not fit the document, which was built anew since: who writes them again. */
  private readonly moved = new Map<Writer, MovedLane>()

  constructor(private readonly state: DocumentState) {}

  /** Makes the rows this document's own. The live document and the outbox have them at once; the batch is to be committed. */
  adopt(rows: readonly LaneRow[]): Adopted {
    const { state } = this
    const put: (readonly [StoreKey, Uint8Array])[] = []
    const changed = new Set<string>()
    let isRewritten = false
    for (const { row } of rows) {
      const { transaction, isClockKnown } = row
      if (state.hasTransaction(transaction)) continue
      const fits =
        !this.moved.has(transaction.writer) &&
        !this.speaksOfOld(transaction) &&
        fitsInto(state.registers.doc, transaction.update)
      if (!fits) isRewritten = true
      const own = fits ? this.apply(transaction, changed) : this.writeAgain(transaction, changed)
      const item = state.outbox.add(own, { isClockKnown })
      put.push([rowKeys.pending(state.document, item.order), encodePending(item)])
    }
    if (put.length > 0) put.push(state.stateRow())
    return { batch: { put, remove: rows.map(({ key }) => key) }, changed, isRewritten }
  }

  /** Writes transactions of this tab's again, which rest on a document that is gone. Taken at once, as `adopt` does. */
  carry(transactions: readonly StoredTransaction[], isClockKnown: boolean): Adopted {
    const changed = new Set<string>()
    const lanes = new Map<Writer, MovedLane>()
    const put = transactions.map((transaction) => {
      const item = this.state.outbox.add(this.writeAgain(transaction, changed, lanes), { isClockKnown })
      return [rowKeys.pending(this.state.document, item.order), encodePending(item)] as const
    })
    return { batch: { put: [...put, this.state.stateRow()], remove: [] }, changed, isRewritten: false }
  }

  private speaksOfOld({ operations }: StoredTransaction): boolean {
    const { rebound } = this.state
    return rebound !== undefined && operations.some((operation) => rebound.concerns(operation))
  }

  private apply(transaction: StoredTransaction, changed: Set<string>): StoredTransaction {
    for (const id of this.state.registers.apply([transaction.update])) changed.add(id)
    return this.withTexts(transaction, transaction)
  }

  private writeAgain(transaction: StoredTransaction, changed: Set<string>, moved = this.moved): StoredTransaction {
    const { registers, context } = this.state
    const { writer, lastN } = registers
    const rebinding = this.state.rebound ?? new Rebinding(0)
    const lane = moved.get(transaction.writer) ?? {
      rebinding,
      end: rebinding.endOf(transaction.writer) ?? { writer: createWriter(context.platform.random), lastN: 0 },
    }
    const lanes = new Map([[transaction.writer, lane.end]])
    const again = registers.rewrite([transaction], { writer, lastN, lanes, rebinding: lane.rebinding })[0]!
    moved.set(transaction.writer, { ...lane, end: { writer: again.writer, lastN: again.n } })
    for (const id of again.changed) changed.add(id)
    return this.withTexts(again, transaction)
  }

  private withTexts(transaction: StoredTransaction, { texts }: StoredTransaction): StoredTransaction {
    if (texts === undefined) return transaction
    const moved = this.state.textMoves?.apply(texts) ?? texts
    this.state.liveTexts.receive([moved])
    return { ...transaction, texts: moved }
  }
}

/** True when the document has everything that the update rests on: Yjs would keep it aside otherwise, for ever perhaps. */
function fitsInto({ store }: Y.Doc, update: Uint8Array): boolean {
  const written = new Map<number, number>()
  const through = (client: number): number => Math.max(Y.getState(store, client), written.get(client) ?? 0)
  for (const struct of Y.decodeUpdate(update).structs) {
    const { client, clock } = struct.id
    if (clock > through(client)) return false
    if (struct instanceof Y.Item) {
      const needs = [struct.origin, struct.rightOrigin, struct.parent instanceof Y.ID ? struct.parent : null]
      if (needs.some((id) => id !== null && id.clock >= through(id.client))) return false
    }
    written.set(client, Math.max(clock + struct.length, written.get(client) ?? 0))
  }
  return true
}
