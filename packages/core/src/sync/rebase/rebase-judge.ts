// Compares a rebase with what this device has verified of the log that it covers, and finds what it does not hold of that.
import { bytesEqual, countRebases } from '@owlivion/sync-protocol'
import { leftOut } from '../../document'
import type { DocumentState } from '../document/document-state'
import { buildBaseDocs, readStoredBase } from '../log/base'
import type { OpenedSnapshot } from '../snapshot/snapshot-format'
import { type Judgement, namesOthers } from '../snapshot/snapshot-judge'
import { applyUpdates } from '../writing/body-updates'
import type { KeptPart } from './rebase-owed'
import {
  digestOfFolded,
  type FoldedDocument,
  foldedOf,
  knowSame,
  type OwedPart,
  owedAfter,
  readRebase,
  withheldBy,
} from './rebase-state'

export interface RebaseFindings {
  readonly judgement: Judgement
  /** What the rebase holds, as far as this version can read it; undefined when nothing can be gone on from. */
  readonly folded: FoldedDocument | undefined
  /** What it does not hold of what this device had, or all of that where this version cannot tell. */
  readonly owed: readonly KeptPart[]
  /** False when it was found to be no document at all, and nobody can go on from it. */
  readonly isUsable: boolean
}

/** What may have been left out by the rebase that this device goes on from: one that brings it back says more than the log, and is true. */
export interface Missing {
  /** As far as this device knows. */
  readonly owed: readonly OwedPart[]
  /** This device had no entries to compare it with. */
  readonly isDoubted: boolean
}

export async function judgeRebase(
  state: DocumentState,
  snapshot: OpenedSnapshot,
  missing: Missing,
): Promise<RebaseFindings> {
  const { context, document } = state
  const { sha512 } = context.platform.signing
  await context.writer.barrier()
  const docs = buildBaseDocs(context, document, await readStoredBase(context, document))
  // What was to be sent again as it is fits into no other documents than these.
  for (const item of state.outbox.pending) if (item.repairs !== undefined) applyUpdates(docs, item)
  const known = knownWrites(state)
  const own = foldedOf(docs, known)
  // A device that comes to the account: whether the state is its author's word is for those to say who have read what it sums up.
  if (own !== undefined && state.documentEpoch === 0 && missing.owed.length === 0 && holdsNothing(own)) {
    return found('unknown', 'this device has nothing to compare it with', undefined, [])
  }
  const read = readRebase(sha512, snapshot)
  if (read === undefined) return { ...found('reject', 'it cannot be read', undefined, []), isUsable: false }
  const { folded, isTrue } = read
  if (own === undefined || folded === undefined) {
    const before = { docs, context: known, hash: snapshot.hash, sinceMs: context.platform.now() }
    const reason = 'a newer version of the app wrote something into it'
    return found('unknown', reason, folded, [{ kind: 'unjudged', ...before }])
  }
  const owed = owedAfter(own, folded)
  if (!isTrue) return found('reject', 'it holds something else than its author says', folded, owed)
  const { number, hash } = state.replica.state
  const { coveredNumber, coveredHash, documentEpoch } = snapshot.header
  const isNext = countRebases(documentEpoch) === countRebases(state.documentEpoch) + 1
  if (!isNext || coveredNumber !== number || !bytesEqual(coveredHash, hash))
    return found('unknown', 'this device has not read up to it', folded, owed)
  if (
    !isSameSet(
      snapshot.header.exempt,
      state.replica.state.held.map(({ entry }) => entry.number),
    )
  )
    return found('unknown', 'this device keeps other entries aside', folded, owed)
  if (namesOthers(snapshot, state.authors))
    return found('unknown', 'it names other authors than this device knows', folded, owed)
  if (bytesEqual(digestOfFolded(sha512, own), digestOfFolded(sha512, folded)))
    return found('accept', 'it holds what the entries say', folded, owed)
  if (owed.length === 0 && bringsBack(missing.owed, own, folded))
    return found('accept', 'it brings back what was left out', folded, owed)
  if (!knowSame(own, folded))
    return withheldBy(own, folded).size > 0
      ? found('reject', 'it lacks what nothing in it has replaced', folded, owed)
      : found('unknown', 'it knows other edits than this log', folded, owed)
  if (owed.length === 0 && missing.isDoubted)
    return found('unknown', 'it may bring back what was left out', folded, owed)
  return found('reject', 'it holds something else than the entries say', folded, owed)
}

function holdsNothing({ state, context, texts }: FoldedDocument): boolean {
  return state.size === 0 && context.size === 0 && texts.store.clients.size === 0
}

/** While a relay is healed the log is read anew, and the document has more than what was read of it. */
export function knownWrites({ replica, returning }: DocumentState): ReadonlyMap<string, number> {
  const known = new Map(replica.state.context)
  for (const [writer, n] of returning?.before.context ?? []) known.set(writer, Math.max(n, known.get(writer) ?? 0))
  return known
}

function found(
  verdict: Judgement['verdict'],
  reason: string,
  folded: FoldedDocument | undefined,
  owed: readonly KeptPart[],
): RebaseFindings {
  return { judgement: { verdict, reason }, folded, owed, isUsable: true }
}

/** Nothing more than what this device knows to be missing. */
function bringsBack(owed: readonly OwedPart[], own: FoldedDocument, rebase: FoldedDocument): boolean {
  let more = leftOut(rebase.state, own.state)
  for (const { folded } of owed) more = leftOut(more, folded.state)
  return owed.length > 0 && more.size === 0
}

function isSameSet(a: readonly number[], b: readonly number[]): boolean {
  const numbers = new Set(b)
  return a.length === numbers.size && a.every((number) => numbers.has(number))
}
