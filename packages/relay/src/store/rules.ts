// What every store decides alike, as pure functions over what it read: so that SQLite, memory and a database server cannot differ.
import {
  bytesEqual,
  bytesToHex,
  type Cut,
  compareBytes,
  DEVICE_ID_BYTES,
  type DocumentHead,
  type Hash,
  MAX_PAGE_ENTRIES,
  SIGNATURE_BYTES,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import type { AppendRequest, AppendResult } from './relay-store'

/** How much of an entry an inspection shows: past the 50 bytes of clear header and nonce, well into the box. */
export const INSPECTED_START_BYTES = 176

export interface ChainView {
  /** Sequence of the chain's last entry, 0 when there is none. */
  readonly newest: number
  /** The stored entry at a sequence between the request's first minus one and its last. */
  entryAt(sequence: number): { readonly number: number; readonly entryHash: Hash } | undefined
}

type Refused = Exclude<AppendResult, { kind: 'stored' }>
export type AppendVerdict = { readonly kind: 'fits'; readonly duplicateNumbers: readonly number[] } | Refused

/** Whether a request continues the chain. A sequence has one content for ever, so duplicates are recognised before staleness. */
export function judgeAppend(request: AppendRequest, keyringHead: Uint8Array, chain: ChainView): AppendVerdict {
  if (!bytesEqual(request.keyringHead, keyringHead)) return { kind: 'keyring-moved' }
  const { newest } = chain
  const first = (request.entries[0] as { sequence: number }).sequence
  if (first > newest + 1) return { kind: 'chain-gap', newest }
  const previous = first === 1 ? ZERO_HASH : chain.entryAt(first - 1)?.entryHash
  if (previous === undefined || !bytesEqual(previous, request.previous)) return { kind: 'fork', newest }
  const duplicateNumbers: number[] = []
  for (const entry of request.entries) {
    if (entry.sequence > newest) break
    const stored = chain.entryAt(entry.sequence)
    if (stored === undefined || !bytesEqual(stored.entryHash, entry.entryHash)) return { kind: 'fork', newest }
    duplicateNumbers.push(stored.number)
  }
  const firstFresh = request.entries[duplicateNumbers.length]
  if (firstFresh !== undefined && firstFresh.sequence < request.freshFrom) return { kind: 'stale-epoch' }
  return { kind: 'fits', duplicateNumbers }
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

/** How many of the candidates, in number order, make a page: whole pushes, the first in any case, then as many as fit. */
export function pageLength(candidates: Iterable<PageCandidate>, maxBytes: number): number {
  if (maxBytes <= 0) return 0
  const chains = new Set<unknown>()
  let count = 0
  let length = 0
  let bytes = 0
  for (const candidate of candidates) {
    count++
    bytes += candidate.bytes + ENTRY_OVERHEAD_BYTES
    if (!chains.has(candidate.chain)) {
      chains.add(candidate.chain)
      bytes += HEAD_BYTES
    }
    if (length > 0 && (bytes > maxBytes || count > MAX_PAGE_ENTRIES)) break
    if (candidate.endsPush) length = count
  }
  return length
}
