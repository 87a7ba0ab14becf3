// What every store decides alike about snapshots: which fits, which is current, and what may go. Pure functions over what it read.
import {
  bytesEqual,
  type ChainHead,
  type Cut,
  countRebases,
  type DeviceId,
  type DocumentId,
  type Hash,
  isWithinCut,
  SNAPSHOT_KEEP_MS,
  type SnapshotHeader,
  UNJUDGED_SNAPSHOT_MS,
} from '@owlivion/sync-protocol'
import type { SnapshotPut, SnapshotPutResult, StoredSnapshot } from './snapshot-rows'

/** A document as the transaction finds it. */
export interface SnapshotView {
  readonly keyringHead: Uint8Array
  /** 0 for a document that the store does not know. */
  readonly newest: number
  readonly epoch: number
  readonly snapshots: readonly StoredSnapshot[]
  logHashAt(number: number): Hash | undefined
  /** Sequence of a chain's end, 0 when there is no such chain. */
  chainEnd(head: ChainHead): number
}

/** The last that is not rejected. */
export function currentSnapshot(snapshots: readonly StoredSnapshot[]): StoredSnapshot | undefined {
  return snapshots.filter((each) => each.rejectedAtMs === undefined).at(-1)
}

type Refused = Exclude<SnapshotPutResult, { readonly kind: 'stored' }>

/** `adopts`: the document is empty and begins at the snapshot. */
export type SnapshotJudgement = Refused | { readonly kind: 'fits' } | { readonly kind: 'adopts' }

export function judgeSnapshot(request: SnapshotPut, view: SnapshotView): SnapshotJudgement {
  if (!bytesEqual(request.keyringHead, view.keyringHead)) return { kind: 'keyring-moved' }
  const known = view.snapshots.find((each) => bytesEqual(each.hash, request.hash))
  if (known !== undefined)
    return known.rejectedAtMs === undefined ? { kind: 'known' } : misfit('It was rejected before.')
  const { header } = request
  const current = currentSnapshot(view.snapshots)
  if (header.coveredNumber === 0) return misfit('It covers nothing.')
  if (view.newest === 0 && current === undefined) return { kind: 'adopts' }
  if (!request.isFresh) return { kind: 'stale-epoch' }
  const isRebase = header.documentEpoch > view.epoch
  return (
    judgeEpoch(request, view) ??
    judgeParent(header, current, isRebase || request.mayHeal) ??
    judgeCovered(request, view) ?? { kind: 'fits' }
  )
}

function judgeEpoch({ header, mayHeal, mayRebase }: SnapshotPut, view: SnapshotView): Refused | undefined {
  const { documentEpoch: epoch, coveredNumber } = header
  if (epoch === view.epoch) return undefined
  if (epoch < view.epoch) return { kind: 'stale-document-epoch' }
  if (countRebases(epoch) > countRebases(view.epoch) + 1 && !mayHeal)
    return misfit('It is of a document epoch that was not begun.')
  if (!mayRebase && !mayHeal) return { kind: 'lease-needed' }
  return coveredNumber < view.newest ? { kind: 'conflict' } : undefined
}

function judgeParent(
  { parent, coveredNumber }: SnapshotHeader,
  current: StoredSnapshot | undefined,
  mayCoverTheSame: boolean,
): Refused | undefined {
  if (current === undefined) return parent === undefined ? undefined : { kind: 'conflict' }
  if (parent === undefined || !bytesEqual(parent, current.hash)) return { kind: 'conflict' }
  const least = mayCoverTheSame ? current.coveredNumber : current.coveredNumber + 1
  return coveredNumber < least ? { kind: 'conflict' } : undefined
}

function judgeCovered({ header, mayHeal }: SnapshotPut, view: SnapshotView): Refused | undefined {
  const { coveredNumber, coveredHash, vector } = header
  if (coveredNumber > view.newest) return misfit('It covers more than the log has.')
  const hash = view.logHashAt(coveredNumber)
  if (hash === undefined || !bytesEqual(hash, coveredHash)) return misfit('It covers another log.')
  if (!mayHeal && vector.some((head) => head.sequence > view.chainEnd(head)))
    return misfit('It claims entries that the log does not have.')
  return undefined
}

function misfit(reason: string): Refused {
  return { kind: 'misfit', reason }
}

/**
 * Whether a rejection puts the parent back: nobody else stands by the snapshot, and the log before it counts still.
 * @param base entries up to this number are gone: what they said is in the snapshots that cover them, and nowhere else
 */
export function isUndoneBy(snapshot: StoredSnapshot, base: number): boolean {
  return !snapshot.isRebase && snapshot.coveredNumber > base && isRejected(snapshot) && !isAccepted(snapshot)
}

/** By a device other than its author. */
export function isAccepted({ verdicts, author }: StoredSnapshot): boolean {
  return verdicts.some(({ verdict, device }) => verdict === 'accept' && !bytesEqual(device, author))
}

function isRejected({ verdicts }: StoredSnapshot): boolean {
  return verdicts.some(({ verdict }) => verdict === 'reject')
}

/** A removal, for the document that is looked at. */
export interface RemovalView {
  readonly document: DocumentId
  readonly devices: readonly DeviceId[]
  readonly cut: Cut
  /** Entries of the document up to this number are gone. */
  readonly base: number
}

/**
 * The snapshots that a removal undoes: those that hold what a removed device wrote after its end, as long as an older one, or the log
 * itself, can still stand for what they covered. A rebase is never undone; devices repair forward.
 */
export function snapshotsCutOff<T extends StoredSnapshot>(
  snapshots: readonly T[],
  headerOf: (snapshot: T) => SnapshotHeader,
  { document, devices, cut, base }: RemovalView,
): readonly T[] {
  const removed = (id: DeviceId) => devices.some((each) => bytesEqual(each, id))
  const isWithin = (each: T) =>
    headerOf(each).vector.every(
      ({ device, incarnation, sequence }) =>
        !removed(device) || isWithinCut(cut, document, device, incarnation, sequence),
    )
  const standing = snapshots.filter((each) => each.rejectedAtMs === undefined)
  const kept = standing.findLastIndex(isWithin)
  const undone = standing.slice(kept + 1)
  const reachesDown = (standing[kept]?.coveredNumber ?? 0) >= base
  return reachesDown && !undone.some((each) => each.isRebase) ? undone : []
}

/** What goes of a document. */
export interface PrunePlan<T extends StoredSnapshot> {
  /** The snapshot that stands for what it covers from now on. */
  readonly good: T | undefined
  readonly drop: readonly T[]
}

/** @param snapshots in the order in which they were stored */
export function planPrune<T extends StoredSnapshot>(snapshots: readonly T[], nowMs: number): PrunePlan<T> {
  const good = newestGood(snapshots, nowMs)
  const successor = snapshots.findLastIndex(
    ({ goodSinceMs, rejectedAtMs }) =>
      rejectedAtMs === undefined && goodSinceMs !== undefined && nowMs - goodSinceMs >= SNAPSHOT_KEEP_MS,
  )
  const drop = snapshots.filter((each, index) => {
    if (each.rejectedAtMs !== undefined) return nowMs - each.rejectedAtMs >= SNAPSHOT_KEEP_MS
    return good !== undefined && index < successor
  })
  return { good, drop }
}

/** A rejection stops everything until a newer snapshot was accepted. */
function newestGood<T extends StoredSnapshot>(snapshots: readonly T[], nowMs: number): T | undefined {
  const standing = snapshots.filter((each) => each.rejectedAtMs === undefined)
  const doubtful = standing.map(isRejected).lastIndexOf(true)
  for (let index = standing.length - 1; index > doubtful; index--) {
    const each = standing[index] as T
    const ageMs = nowMs - each.storedAtMs
    const isOfAge = ageMs >= (isAccepted(each) ? SNAPSHOT_KEEP_MS : UNJUDGED_SNAPSHOT_MS)
    if (isOfAge && (isAccepted(each) || doubtful < 0)) return each
  }
  return undefined
}

/** Whether a snapshot that would go beyond the quota is let in: what it stands for is larger, and the account will shrink by it. */
export function fitsQuota(
  heldBytes: number,
  sizeBytes: number,
  maxBytes: number | undefined,
  coveredBytes: () => number,
): boolean {
  if (maxBytes === undefined || heldBytes + sizeBytes <= maxBytes) return true
  return heldBytes + sizeBytes <= 2 * maxBytes && sizeBytes < coveredBytes()
}

/** An entry of a chain as an exempt page needs it. */
export interface ExemptCandidate {
  readonly head: { readonly chain: unknown; readonly sequence: number }
  readonly isSigned: boolean
}

/** Positions of the entries that are the last signed end of a run: neighbouring sequences of one chain, in number order. */
export function endsOfRuns(candidates: readonly ExemptCandidate[]): number[] {
  const runByChain = new Map<unknown, { last: number; end: number | undefined }>()
  const ends: number[] = []
  const close = (end: number | undefined) => end !== undefined && ends.push(end)
  candidates.forEach(({ head: { chain, sequence }, isSigned }, index) => {
    let run = runByChain.get(chain)
    if (run === undefined || run.last + 1 !== sequence) {
      close(run?.end)
      run = { last: sequence, end: undefined }
      runByChain.set(chain, run)
    }
    run.last = sequence
    if (isSigned) run.end = index
  })
  for (const { end } of runByChain.values()) close(end)
  return ends.sort((a, b) => a - b)
}
