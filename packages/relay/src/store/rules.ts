// What every store decides alike, as pure functions over what it read: so that SQLite, memory and a database server cannot differ.
import {
  bytesEqual,
  bytesToHex,
  type Cut,
  compareBytes,
  DEVICE_ID_BYTES,
  type DeviceId,
  type DocumentHead,
  type Hash,
  MAX_PAGE_ENTRIES,
  SIGNATURE_BYTES,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import type { AppendRequest, AppendResult, RefillRequest, RefillResult } from './relay-store'

/** How much of an entry an inspection shows: past the 50 bytes of clear header and nonce, well into the box. */
export const INSPECTED_START_BYTES = 176

export interface ChainView {
  /** Sequence of the chain's last entry, 0 when there is none. */
  readonly newest: number
  /** Entries up to this sequence went into a snapshot: their content cannot be compared any more. */
  readonly base: number
  /** What is known at a sequence between the request's first minus one and its last; without a number it is not stored any more. */
  entryAt(sequence: number): { readonly number?: number; readonly entryHash: Hash } | undefined
}

type Refused = Exclude<AppendResult, { kind: 'stored' }>
export type AppendVerdict = { readonly kind: 'fits'; readonly duplicateNumbers: readonly number[] } | Refused

/** What the transaction finds beside the chain. */
export interface AppendView {
  readonly keyringHead: Uint8Array
  /** Of the document, 0 for one that is not known. */
  readonly documentEpoch: number
  readonly chain: ChainView
}

/** Whether a request continues the chain. A sequence has one content for ever, so duplicates are recognised before staleness. */
export function judgeAppend(request: AppendRequest, { keyringHead, documentEpoch, chain }: AppendView): AppendVerdict {
  if (!bytesEqual(request.keyringHead, keyringHead)) return { kind: 'keyring-moved' }
  const { newest, base } = chain
  const first = (request.entries[0] as { sequence: number }).sequence
  if (first > newest + 1) return { kind: 'chain-gap', newest }
  const previous = first === 1 ? ZERO_HASH : chain.entryAt(first - 1)?.entryHash
  if (previous === undefined && first <= base) return { kind: 'already-covered', newest }
  if (previous === undefined || !bytesEqual(previous, request.previous)) return { kind: 'fork', newest }
  const duplicateNumbers: number[] = []
  for (const entry of request.entries) {
    if (entry.sequence > newest) break
    const stored = chain.entryAt(entry.sequence)
    if (stored?.number === undefined)
      return entry.sequence <= base ? { kind: 'already-covered', newest } : { kind: 'fork', newest }
    if (!bytesEqual(stored.entryHash, entry.entryHash)) return { kind: 'fork', newest }
    duplicateNumbers.push(stored.number)
  }
  const firstFresh = request.entries[duplicateNumbers.length]
  if (firstFresh === undefined) return { kind: 'fits', duplicateNumbers }
  if (request.isHeldUp) return { kind: 'rebasing' }
  if (request.documentEpoch < documentEpoch) return { kind: 'stale-document-epoch' }
  if (request.documentEpoch > documentEpoch) return { kind: 'unknown-document-epoch' }
  if (firstFresh.sequence < request.freshFrom) return { kind: 'stale-epoch' }
  return { kind: 'fits', duplicateNumbers }
}

export interface RefillView {
  readonly keyringHead: Uint8Array
  /** 0 for a document that the store does not know, and so for its epoch. */
  readonly newest: number
  readonly documentEpoch: number
  chainOf(place: { readonly device: DeviceId; readonly incarnation: number }): ChainView
}

/** Whether a refill continues the log and every chain in it; undefined when it does. */
export function judgeRefill(
  request: RefillRequest,
  view: RefillView,
): Exclude<RefillResult, { kind: 'stored' }> | undefined {
  if (!bytesEqual(request.keyringHead, view.keyringHead)) return { kind: 'keyring-moved' }
  if (request.first !== view.newest + 1) return { kind: 'conflict', newest: view.newest }
  if (request.isHeldUp) return { kind: 'rebasing' }
  const ends = new Map<string, { readonly sequence: number; readonly hash: Hash | undefined }>()
  for (const [index, entry] of request.entries.entries()) {
    const key = `${bytesToHex(entry.device)}${entry.incarnation}`
    const end = ends.get(key) ?? endOf(view.chainOf(entry))
    if (entry.sequence <= end.sequence) return { kind: 'conflict', newest: view.newest }
    if (entry.sequence > end.sequence + 1) return { kind: 'chain-gap', newest: end.sequence }
    if (end.hash === undefined || !bytesEqual(end.hash, entry.previous)) return { kind: 'fork', index }
    if (entry.documentEpoch > view.documentEpoch) return { kind: 'unknown-document-epoch' }
    ends.set(key, { sequence: entry.sequence, hash: entry.entryHash })
  }
  return undefined
}

function endOf(chain: ChainView): { readonly sequence: number; readonly hash: Hash | undefined } {
  const { newest } = chain
  return { sequence: newest, hash: newest === 0 ? ZERO_HASH : chain.entryAt(newest)?.entryHash }
}

/** Whether a removed device's chains reach beyond the cut, or are in a document or incarnation that it does not name. */
export function isBeyondCut(cut: Cut, headsOfRemoved: Iterable<DocumentHead>): boolean {
  const sequenceByChain = new Map(cut.map((entry) => [chainKey(entry), entry.sequence]))
  for (const head of headsOfRemoved) if (head.sequence > (sequenceByChain.get(chainKey(head)) ?? 0)) return true
  return false
}

/** The order of heads: by document, device and incarnation. */
export function compareHeads(a: DocumentHead, b: DocumentHead): number {
  return compareBytes(a.document, b.document) || compareBytes(a.device, b.device) || a.incarnation - b.incarnation
}

function chainKey(head: Omit<DocumentHead, 'sequence' | 'hash'>): string {
  return `${bytesToHex(head.document)}${bytesToHex(head.device)}${head.incarnation}`
}

export interface PageCandidate {
  readonly bytes: number
  /** Any value that is the same for entries of one chain. */
  readonly chain: unknown
  readonly endsPush: boolean
}

const ENTRY_OVERHEAD_BYTES = 4
const HEAD_BYTES = DEVICE_ID_BYTES + 4 + 8 + SIGNATURE_BYTES

/**
 * How many of the candidates, in number order, make a page: the first piece in any case, then as many as fit. A page ends where no chain
 * in it lacks its signed end: where a push ends, or the run of several authors' entries that was given back in one refill.
 */
export function pageLength(candidates: Iterable<PageCandidate>, maxBytes: number): number {
  if (maxBytes <= 0) return 0
  const chains = new Set<unknown>()
  const unsigned = new Set<unknown>()
  let count = 0
  let length = 0
  let bytes = 0
  for (const { bytes: size, chain, endsPush } of candidates) {
    count++
    bytes += size + ENTRY_OVERHEAD_BYTES
    if (!chains.has(chain)) {
      chains.add(chain)
      bytes += HEAD_BYTES
    }
    if (length > 0 && (bytes > maxBytes || count > MAX_PAGE_ENTRIES)) break
    if (endsPush) unsigned.delete(chain)
    else unsigned.add(chain)
    if (unsigned.size === 0) length = count
  }
  return length
}
