// What a rebase is made of and compared by: the state of the registers apart from their past, the writes that it knows, and the texts as
// they are. Texts are never rebased; their items keep their identity, and whoever edits one goes on as if nothing had been.
import { bytesEqual, type Hash, hashParts, type Sha512 } from '@owlivion/sync-protocol'
import {
  digestRoots,
  digestState,
  joinStates,
  type KnownState,
  leftOut,
  readState,
  vanished,
  withAll,
} from '../../document'
import { createDoc, Y } from '../../yjs'
import type { BaseDocs } from '../log/base'
import { digestOf, docsOfSnapshot, type OpenedSnapshot } from '../snapshot/snapshot-format'

/** A document as a rebase sees it. */
export interface FoldedDocument extends KnownState {
  /** Not of the live document. */
  readonly texts: Y.Doc
}

/** @returns undefined when a newer version of the app put something into it that this one cannot carry over */
export function foldedOf(
  { registers, texts }: BaseDocs,
  context: ReadonlyMap<string, number>,
): FoldedDocument | undefined {
  const state = readState(registers)
  return state && { state, context: context as FoldedDocument['context'], texts }
}

/** Equal for equal documents, however often either of them was rebased. */
export function digestOfFolded(sha512: Sha512, { state, context, texts }: FoldedDocument): Hash {
  const hash = (bytes: Uint8Array): Uint8Array => hashParts(sha512, 'document', bytes)
  return hashParts(sha512, 'rebase-digest', digestState(state, context, hash), digestRoots(texts, hash))
}

export interface ReadRebase {
  readonly docs: BaseDocs
  /** Undefined when a newer version of the app wrote something into it. */
  readonly folded: FoldedDocument | undefined
  /** It holds what its author says. */
  readonly isTrue: boolean
}

/** What a snapshot holds, whether or not it began its epoch; undefined when that is no document at all. */
export function readRebase(sha512: Sha512, snapshot: OpenedSnapshot): ReadRebase | undefined {
  try {
    const docs = docsOfSnapshot(snapshot)
    const folded = foldedOf(docs, snapshot.context)
    // It may be a later summary of the epoch: that is compared as it is.
    const isTrue =
      bytesEqual(digestOf(sha512, docs), snapshot.digest) ||
      (folded !== undefined && bytesEqual(digestOfFolded(sha512, folded), snapshot.digest))
    return { docs, folded, isTrue }
  } catch {
    // What a member sends as a Yjs state may be anything.
    return undefined
  }
}

/** Whether the snapshot holds what its author says that it hashes to. */
export function isDigestTrue(sha512: Sha512, snapshot: OpenedSnapshot): boolean {
  return readRebase(sha512, snapshot)?.isTrue === true
}

/** Whether the snapshot began a document epoch: it holds what stands, and nothing of how that came to be, whatever it says of itself. */
export function isRebase(sha512: Sha512, snapshot: OpenedSnapshot): boolean {
  const read = readRebase(sha512, snapshot)
  if (read?.folded === undefined || snapshot.header.documentEpoch === 0) return false
  if (bytesEqual(digestOfFolded(sha512, read.folded), snapshot.digest)) return true
  const { state } = read.folded
  const slots = read.docs.registers.getMap('r')
  return slots.size === state.size && [...slots].every(([key, value]) => state.get(key) === value)
}

/** Whether each knows every write that the other knows. */
export function knowSame(a: KnownState, b: KnownState): boolean {
  return !knowsMore(a, b) && !knowsMore(b, a)
}

export function knowsMore(a: KnownState, b: KnownState): boolean {
  return [...a.context].some(([writer, n]) => n > (b.context.get(writer) ?? 0))
}

/** Something of a document that a rebase does not hold, and that the next one has to bring back. */
export interface OwedPart {
  /** `join`: what was verified and the rebase does not know. `left-out`: what it says that it knows, and does not hold. */
  readonly kind: 'join' | 'left-out'
  readonly folded: FoldedDocument
}

/** The document with what is owed to it. */
export function withOwed(document: FoldedDocument, owed: readonly OwedPart[]): FoldedDocument {
  return owed.reduce(({ state, context, texts }, { kind, folded }) => {
    Y.applyUpdateV2(texts, Y.encodeStateAsUpdateV2(folded.texts))
    if (kind === 'left-out') return { state: withAll(state, folded.state), context, texts }
    return { ...joinStates({ state, context }, folded), texts }
  }, document)
}

/** What is still owed once the rebase is taken over: another device may have brought it back. */
export function stillOwed(owed: readonly OwedPart[], rebase: FoldedDocument): OwedPart[] {
  return owed.flatMap((part) => {
    const { kind, folded } = part
    const lacksText = lacksTextOf(rebase.texts, folded.texts)
    if (kind === 'join') return lacksText || knowsMore(folded, rebase) ? [part] : []
    const state = leftOut(folded.state, rebase.state)
    return lacksText || state.size > 0 ? [{ kind, folded: { ...folded, state } }] : []
  })
}

/** What the rebase does not hold of what this device had verified. */
export function owedAfter(own: FoldedDocument, rebase: FoldedDocument): OwedPart[] {
  if (!knowsMore(own, rebase)) {
    // One that knows more may have seen it replaced, where it shows by what.
    const state = knowsMore(rebase, own) ? vanished(own, rebase.state) : leftOut(own.state, rebase.state)
    const isAll = state.size === 0 && !lacksTextOf(rebase.texts, own.texts)
    return isAll ? [] : [{ kind: 'left-out', folded: { ...own, state } }]
  }
  const join: OwedPart = { kind: 'join', folded: own }
  const state = withheldBy(own, rebase)
  return state.size === 0 ? [join] : [join, { kind: 'left-out', folded: { ...own, state, texts: createDoc('texts') } }]
}

/** What it says that it knows, does not hold, and nothing in it can have replaced. A join would take that for replaced. */
export function withheldBy(own: KnownState, rebase: KnownState): KnownState['state'] {
  return leftOut(vanished(own, rebase.state), joinStates(rebase, own).state)
}

function lacksTextOf(texts: Y.Doc, other: Y.Doc): boolean {
  const vector = Y.decodeStateVector(Y.encodeStateVector(texts))
  return [...Y.decodeStateVector(Y.encodeStateVector(other))].some(
    ([client, clock]) => clock > (vector.get(client) ?? 0),
  )
}
