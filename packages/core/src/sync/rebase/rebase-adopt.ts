// Takes a rebase over, in one commit: the document goes on from its state, and what this device wrote and has not sent is written again on
// it, each edit still replacing exactly what it had seen. The texts stay the documents they are, under whoever edits them.
import type { SignedHead } from '@owlivion/sync-protocol'
import type { StoreKey } from '../../storage'
import type { DocumentState } from '../document/document-state'
import { encodeBase, encodePending, rowKeys } from '../document/rows'
import { type BaseDocs, readStoredBase } from '../log/base'
import type { LogReplica, OpenedEntry } from '../log/log-replica'
import { withOwnExempt } from '../log/own-exempt'
import { baseOf, confirm, listRows, place, placeExempt, rowsOf } from '../snapshot/snapshot-adopt'
import { docsOfSnapshot, type OpenedSnapshot } from '../snapshot/snapshot-format'
import { encodeNote, shelfKeys } from '../snapshot/snapshot-shelf'
import type { SealedPush } from '../writing/outbox'
import { knownWrites } from './rebase-judge'
import { type KeptPart, type OwedRow, owedRows } from './rebase-owed'

export interface RebaseInput {
  readonly snapshot: OpenedSnapshot
  /** What it covers by number and does not hold, opened, as far as the relay sent it; by rising number. */
  readonly exempt: readonly OpenedEntry[]
  readonly heads: readonly SignedHead[]
  /** This device made it, or replayed what it covers and found the same. */
  readonly isVerified: boolean
  /** By the relay's clock, as far as is known. */
  readonly storedAtMs: number
  /** What goes on being owed, and the rows of what was. */
  readonly owed: readonly KeptPart[]
  readonly owedBefore: readonly OwedRow[]
  /** Rows of what the entries did that go. */
  readonly packs: readonly (readonly [StoreKey, Uint8Array])[]
}

export interface TakenRebase {
  /** Pushes of this device that are in the verified log now. */
  readonly confirmed: readonly SealedPush[]
  readonly foundOtherLife: boolean
  readonly committed: Promise<void>
}

/** Call where nothing is sealed or sent meanwhile. @returns why nothing was taken, where it was not */
export async function takeRebase(
  state: DocumentState,
  sent: RebaseInput,
  isClosed: () => boolean,
): Promise<TakenRebase | 'closed' | 'no-document'> {
  const { context, document } = state
  await context.writer.barrier()
  const stored = await readStoredBase(context, document)
  const rows = await listRows(state, stored)
  const input = { ...sent, ...(await withOwnExempt(state, sent.snapshot, sent, stored)) }
  if (isClosed()) return 'closed'
  // From here to the end nothing is awaited: edits go on.
  const { snapshot } = input
  const read = tryReading(snapshot)
  if (read === undefined) return 'no-document'
  const { replica, received, docs } = placeExempt(state, { ...input, startsOver: false }, read)
  const confirmed = confirm(state, replica)
  // Mostly it is what was sent, byte for byte, and need not be written out again.
  const isAsSent = received.applied.length === 0
  const base = encodeBase(isAsSent ? { ...snapshot, number: snapshot.header.coveredNumber } : baseOf(snapshot, docs))
  const newWriter = lacksOwn(state, replica)
  place(state, { ...input, startsOver: false }, replica)
  state.documentEpoch = snapshot.header.documentEpoch
  const rewritten = state.rewriteOn(docs, { newWriter })
  const fresh = state.startIncarnation()
  const { coveredNumber: number } = snapshot.header
  const { storedAtMs } = input
  const note = { number, hash: snapshot.hash, storedAtMs, seenAtMs: context.platform.now(), isAccepted: false }
  const put = [
    ...rowsOf(state, { ...input, startsOver: false }, received),
    ...(input.isVerified ? [[shelfKeys.note(document, number), encodeNote(note)] as const] : []),
    ...owedRows(context, document, input.owed),
    ...input.packs,
    ...state.outbox.pending.map((item) => [rowKeys.pending(document, item.order), encodePending(item)] as const),
    [rowKeys.base(document), base] as const,
    state.stateRow(),
  ]
  const kept = new Set(put.map(([key]) => JSON.stringify(key)))
  const gone = [
    ...rows,
    ...confirmed.remove,
    ...rewritten.remove,
    ...(fresh.remove ?? []),
    ...input.owedBefore.map(({ key }) => key),
  ]
  return {
    confirmed: confirmed.pushes,
    foundOtherLife: confirmed.isOther || state.hasTakenNumbers(),
    committed: context.writer.write({ put, remove: gone.filter((key) => !kept.has(JSON.stringify(key))) }),
  }
}

/** What a member sends as a Yjs state may be anything. @returns undefined when Yjs cannot read it */
function tryReading(snapshot: OpenedSnapshot): BaseDocs | undefined {
  try {
    return docsOfSnapshot(snapshot)
  } catch {
    return undefined
  }
}

/**
 * Whether the rebase does not know all that was written here under the writers that are written under now. Then these have an end: a number
 * that was given already would get a second meaning, and a later one would say of those between that they are there.
 */
function lacksOwn(state: DocumentState, { state: { context } }: LogReplica): boolean {
  const { outbox, registers } = state
  const known = new Map(knownWrites(state))
  for (const { repairs, transaction } of outbox.pending)
    if (repairs !== undefined)
      known.set(transaction.writer, Math.max(transaction.n, known.get(transaction.writer) ?? 0))
  const writers = [registers.writer, ...outbox.pending.map(({ transaction }) => transaction.writer)]
  return writers.some((writer) => (known.get(writer) ?? 0) > (context.get(writer) ?? 0))
}
