// Finds out whether another device's snapshot says what the log says: replays what it covers from what this device has kept, and compares.
// Exact at the snapshot's own vector, so that neither live nor unsent edits have a say in it. Runs within a job.
import {
  type Body,
  bytesEqual,
  decodeEnvelope,
  envelopeHash,
  type Hash,
  nextLogHash,
  type SeenEntry,
} from '@owlivion/sync-protocol'
import { LineageMap } from '../device-map'
import { type Authors, authorsByEntries } from '../document/authors'
import type { DocumentState } from '../document/document-state'
import { applyBodies, readStoredBase, type StoredBase, tryOpenStored } from '../log/base'
import { type NumberedEntry, readLog } from '../log/log-history'
import type { HoldReason } from '../log/log-replica'
import { isBeyondCut } from '../log/rebuild'
import { writerFromBytes } from '../writer-bytes'
import { readFoundation, replicaStateOf } from './foundation'
import { digestOf, docsOfSnapshot, type OpenedSnapshot } from './snapshot-format'

/** `unknown`: this device cannot tell, for want of the entries, or because it cannot vouch for one of them. */
export interface Judgement {
  readonly verdict: 'accept' | 'reject' | 'unknown'
  /** For a person. */
  readonly reason: string
}

type JudgedState = Pick<DocumentState, 'context' | 'document' | 'replica' | 'foundation'>

const accept: Judgement = { verdict: 'accept', reason: 'it says what the entries say' }
const reject = (reason: string): Judgement => ({ verdict: 'reject', reason })
const unknown = (reason: string): Judgement => ({ verdict: 'unknown', reason })

/** Kept aside here for what others lack; whoever has that applies the entry. */
const passing: ReadonlySet<HoldReason> = new Set<HoldReason>(['waits-for-author', 'waits-for-seen'])

/** @param snapshot of the document's own epoch, signed by its author */
export async function judgeSnapshot(state: JudgedState, snapshot: OpenedSnapshot): Promise<Judgement> {
  const { context, document } = state
  const covered = snapshot.header.coveredNumber
  if (covered > state.replica.state.number) return unknown('this device has not read as far')
  if (covered <= (state.foundation?.number ?? 0)) return unknown('this device keeps nothing from before it')
  // Not a lie: the cut may have come after it.
  if (isBeyondCut(context, document, vectorOf(snapshot)))
    return unknown('it holds what a removed device wrote beyond its cut')
  await context.writer.barrier()
  const stored = await readStoredBase(context, document)
  const below = await readFoundation(context, document, state.foundation)
  const log = await readLog(context, document, state.foundation, stored)
  const entries = log.filter(([number]) => number <= covered)
  if (!bytesEqual(hashAfter(state, below, entries), snapshot.header.coveredHash))
    return unknown('it is of another log than the one that this device has read')
  const read = readCovered(state, stored, snapshot, below, entries)
  return 'verdict' in read ? read : (judgeVector(snapshot, below, read) ?? judgeContent(state, snapshot, below, read))
}

interface Covered {
  /** What the snapshot says that it holds. */
  readonly folded: readonly { readonly author: SeenEntry; readonly body: Body }[]
  /** What it says that it leaves out, as far as that has a place in a chain. */
  readonly left: readonly SeenEntry[]
  /** How far each chain goes in the log. */
  readonly reached: LineageMap<number>
}

function readCovered(
  { context, document, foundation }: JudgedState,
  stored: StoredBase,
  snapshot: OpenedSnapshot,
  below: OpenedSnapshot | undefined,
  entries: readonly NumberedEntry[],
): Covered | Judgement {
  const vector = vectorOf(snapshot)
  const before = vectorOf(below)
  const exempt = new Set(snapshot.header.exempt)
  const folded: Covered['folded'][number][] = []
  const left: SeenEntry[] = []
  const reached = new LineageMap<number>(before)
  for (const [number, entry] of entries) {
    const place = placeOf(entry.bytes)
    if (place !== undefined) reached.set(place, Math.max(place.sequence, reached.get(place) ?? 0))
    // Below the foundation, an entry whose place is filled there was written again before.
    const wasFilled = place !== undefined && place.sequence <= (before.get(place) ?? 0)
    if (exempt.has(number) || (number <= (foundation?.number ?? 0) && wasFilled)) {
      if (place !== undefined) left.push(place)
      continue
    }
    if (place === undefined || place.sequence > (vector.get(place) ?? 0))
      return reject(`entry ${number} is neither in it nor named as left out`)
    const held = stored.held.get(number)
    const isTrusted = held === undefined || held.released || passing.has(held.reason)
    const body = isTrusted ? tryOpenStored(context, document, entry)?.body : undefined
    if (body === undefined) return unknown(`this device cannot vouch for entry ${number}`)
    folded.push({ author: place, body })
  }
  return { folded, left, reached }
}

/** It must count exactly what it holds: whoever trusts it takes that for stored, and waits for nothing before it. */
function judgeVector(
  snapshot: OpenedSnapshot,
  below: OpenedSnapshot | undefined,
  { folded, left, reached }: Covered,
): Judgement | undefined {
  const vector = vectorOf(snapshot)
  const before = vectorOf(below)
  for (const [lineage, sequence] of before)
    if ((vector.get(lineage) ?? 0) < sequence) return reject('it goes back behind what it was built on')
  for (const [lineage, sequence] of vector)
    if (sequence > (reached.get(lineage) ?? 0)) return reject('it counts entries that the log does not have')
  const isWrittenAgain = (entry: SeenEntry): boolean =>
    entry.sequence <= (before.get(entry) ?? 0) ||
    folded.some(
      ({ author, body: { repairs } }) =>
        bytesEqual(author.device, entry.device) &&
        repairs?.incarnation === entry.incarnation &&
        repairs.sequence === entry.sequence,
    )
  for (const entry of left)
    if (entry.sequence <= (vector.get(entry) ?? 0) && !isWrittenAgain(entry))
      return reject('it counts an entry that it leaves out')
  return undefined
}

function judgeContent(
  { context }: JudgedState,
  snapshot: OpenedSnapshot,
  below: OpenedSnapshot | undefined,
  { folded }: Covered,
): Judgement {
  const { sha512 } = context.platform.signing
  const written = new Map(below?.context)
  const authors = authorsByEntries(
    below?.authors,
    folded.map(({ author: { device }, body }) => ({ device, outcome: { body } })),
  )
  for (const { body } of folded) {
    for (const { writer, n } of body.writers) {
      const key = writerFromBytes(writer)
      written.set(key, Math.max(n, written.get(key) ?? 0))
    }
  }
  const isSameContext =
    written.size === snapshot.context.size && [...written].every(([writer, n]) => snapshot.context.get(writer) === n)
  if (!isSameContext) return reject('it names other edits than the entries')
  if (namesOthers(snapshot, authors)) return reject('it names other authors than the entries')
  const bodies = folded.map(({ body }) => body)
  const own = digestOf(sha512, applyBodies(below, bodies))
  if (!bytesEqual(own, snapshot.digest)) return reject('its author says that it holds something else than the entries')
  if (!isDigest(() => digestOf(sha512, docsOfSnapshot(snapshot)), own))
    return reject('it holds something else than the entries')
  return accept
}

/** Whether it says of an edit that is by one device that another wrote it. */
export function namesOthers({ authors }: OpenedSnapshot, known: Authors): boolean {
  return [...authors].some(([writer, device]) => device !== (known.deviceOf(writer) ?? device))
}

/** What a member sends as a Yjs state may be anything. */
function isDigest(digest: () => Hash, expected: Hash): boolean {
  try {
    return bytesEqual(digest(), expected)
  } catch {
    return false
  }
}

function vectorOf(snapshot: OpenedSnapshot | undefined): LineageMap<number> {
  return new LineageMap(snapshot?.header.vector.map((head) => [head, head.sequence] as const))
}

function placeOf(bytes: Uint8Array): SeenEntry | undefined {
  try {
    return decodeEnvelope(bytes)
  } catch {
    return undefined
  }
}

function hashAfter(
  { context, document, foundation }: JudgedState,
  below: OpenedSnapshot | undefined,
  entries: readonly NumberedEntry[],
): Hash {
  const { sha512 } = context.platform.signing
  let { hash } = replicaStateOf(context, document, below)
  for (const [number, { bytes }] of entries)
    if (number > (foundation?.number ?? 0)) hash = nextLogHash(sha512, hash, envelopeHash(sha512, bytes))
  return hash
}
