// The log of a document in memory: what goes in, and which part of it is a page.

import {
  type AccountId,
  bytesToHex,
  type DocumentId,
  emptyLogHash,
  type Hash,
  nextLogHash,
  type Sha512,
  type SignedHead,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import type { AccountQuota } from './account-quota'
import type { MemoryAccount, MemoryChain, MemoryData, MemoryDocument, MemoryEntry } from './memory-data'
import type {
  AppendEntry,
  AppendRequest,
  AppendResult,
  PageRequest,
  RefillRequest,
  RefillResult,
  StoredPage,
} from './relay-store'
import { type ChainView, judgeAppend, judgeRefill, pageLength } from './rules'

export function chainKey({ device, incarnation }: Pick<MemoryChain, 'device' | 'incarnation'>): string {
  return `${bytesToHex(device)}${incarnation}`
}

export function ensureDocument(sha512: Sha512, account: MemoryAccount, id: DocumentId): MemoryDocument {
  const key = bytesToHex(id)
  let document = account.documents.get(key)
  if (document === undefined) {
    const hash = emptyLogHash(sha512, account.id, id)
    const base = { number: 0, hash }
    const maps = { entries: new Map(), chains: new Map(), seen: new Map() }
    document = { id, newest: 0, logHash: hash, epoch: 0, base, snapshots: [], ...maps }
    account.documents.set(key, document)
  }
  return document
}

export function ensureChain(document: MemoryDocument, place: Pick<MemoryChain, 'device' | 'incarnation'>): MemoryChain {
  const key = chainKey(place)
  let chain = document.chains.get(key)
  if (chain === undefined) {
    const nothing = { sequence: 0, hash: ZERO_HASH }
    chain = { device: place.device, incarnation: place.incarnation, entries: new Map(), end: nothing, base: nothing }
    document.chains.set(key, chain)
  }
  return chain
}

/** What is known at a place of a chain: an entry, its end, or the last that was pruned. */
export function knownAt(
  chain: MemoryChain | undefined,
  sequence: number,
): { readonly number?: number; readonly entryHash: Hash } | undefined {
  if (chain === undefined || sequence === 0) return undefined
  const entry = chain.entries.get(sequence)
  if (entry !== undefined) return entry
  const known = [chain.end, chain.base].find((place) => place.sequence === sequence)
  return known && { entryHash: known.hash }
}

function viewOf(chain: MemoryChain | undefined): ChainView {
  return {
    newest: chain?.end.sequence ?? 0,
    base: chain?.base.sequence ?? 0,
    entryAt: (sequence) => knownAt(chain, sequence),
  }
}

/** The log hash at a number, where it is known. */
export function logHashAt(
  sha512: Sha512,
  account: AccountId,
  id: DocumentId,
  document: MemoryDocument | undefined,
  number: number,
): Hash | undefined {
  if (number === 0 && (document?.base.number ?? 0) === 0) return emptyLogHash(sha512, account, id)
  if (document === undefined) return undefined
  if (number === document.base.number) return document.base.hash
  return document.entries.get(number)?.logHash
}

/** Adds one entry at the end of the log and of its chain. */
function addEntry(
  sha512: Sha512,
  data: MemoryData,
  document: MemoryDocument,
  chain: MemoryChain,
  each: AppendEntry,
  signature: Uint8Array | undefined,
): MemoryEntry {
  document.newest++
  document.logHash = nextLogHash(sha512, document.logHash, each.envelopeHash)
  const { sequence, envelope, entryHash } = each
  const { newest: number, logHash } = document
  const entry: MemoryEntry = { number, chain, sequence, envelope, entryHash, logHash, signature }
  document.entries.set(number, entry)
  chain.entries.set(sequence, entry)
  chain.end = { sequence, hash: entryHash, ...(signature && { signature }) }
  data.arrived.push({ document: document.id, entry })
  return entry
}

function takeRoom(
  account: MemoryAccount,
  isNewDocument: boolean,
  bytes: number,
  { maxDocuments, maxBytes }: AccountQuota,
): 'too-many-documents' | 'quota-exceeded' | undefined {
  if (isNewDocument && account.documents.size >= maxDocuments) return 'too-many-documents'
  if (maxBytes !== undefined && account.bytes + bytes > maxBytes) return 'quota-exceeded'
  account.bytes += bytes
  return undefined
}

const sizeOf = (entries: readonly { readonly envelope: Uint8Array }[]) =>
  entries.reduce((sum, entry) => sum + entry.envelope.length, 0)

export function appendToMemory(
  sha512: Sha512,
  data: MemoryData,
  account: MemoryAccount | undefined,
  request: AppendRequest,
  quota: AccountQuota,
): AppendResult {
  if (account === undefined) return { kind: 'keyring-moved' }
  const known = account.documents.get(bytesToHex(request.document))
  const verdict = judgeAppend(request, {
    keyringHead: account.head,
    documentEpoch: known?.epoch ?? 0,
    chain: viewOf(known?.chains.get(chainKey(request))),
  })
  if (verdict.kind !== 'fits') return verdict

  const numbers = [...verdict.duplicateNumbers]
  const fresh = request.entries.slice(numbers.length)
  if (fresh.length > 0) {
    const refusal = takeRoom(account, known === undefined, sizeOf(fresh), quota)
    if (refusal !== undefined) return { kind: refusal }
  }
  const document = ensureDocument(sha512, account, request.document)
  const chain = ensureChain(document, request)
  fresh.forEach((each, index) => {
    const signature = index === fresh.length - 1 ? request.signature : undefined
    numbers.push(addEntry(sha512, data, document, chain, each, signature).number)
  })
  const last = document.entries.get(numbers[numbers.length - 1] as number) as MemoryEntry
  return { kind: 'stored', numbers, logHash: last.logHash, fresh: fresh.length }
}

export function refillMemory(
  sha512: Sha512,
  data: MemoryData,
  account: MemoryAccount | undefined,
  request: RefillRequest,
  quota: AccountQuota,
): RefillResult {
  if (account === undefined) return { kind: 'keyring-moved' }
  const known = account.documents.get(bytesToHex(request.document))
  const refusal =
    judgeRefill(request, {
      keyringHead: account.head,
      newest: known?.newest ?? 0,
      documentEpoch: known?.epoch ?? 0,
      chainOf: (place) => viewOf(known?.chains.get(chainKey(place))),
    }) ?? toRefusal(takeRoom(account, known === undefined, sizeOf(request.entries), quota))
  if (refusal !== undefined) return refusal
  const document = ensureDocument(sha512, account, request.document)
  for (const each of request.entries)
    addEntry(sha512, data, document, ensureChain(document, each), each, each.signature)
  return { kind: 'stored', logHash: document.logHash }
}

const toRefusal = (kind: 'too-many-documents' | 'quota-exceeded' | undefined) => kind && { kind }

export function readMemoryPage(
  sha512: Sha512,
  document: MemoryDocument | undefined,
  { account, document: id, after, maxBytes }: PageRequest,
): StoredPage {
  const newest = document?.newest ?? 0
  const base = document?.base.number ?? 0
  if (after > newest) return { newest, entries: [], heads: [] }
  if (after < base) return { newest, prunedTo: base, entries: [], heads: [] }
  const hashAtCursor = logHashAt(sha512, account, id, document, after) as Hash
  const following = [...(document?.entries.values() ?? [])].filter(({ number }) => number > after)
  const length = pageLength(
    following.map(({ envelope, chain, signature }) => ({
      bytes: envelope.length,
      chain,
      endsPush: signature !== undefined,
    })),
    maxBytes,
  )
  const page = following.slice(0, length)
  return {
    newest,
    hashAtCursor,
    entries: page.map((entry) => entry.envelope),
    heads: headsOfPage(page),
    logHash: page[page.length - 1]?.logHash ?? hashAtCursor,
  }
}

function headsOfPage(page: readonly MemoryEntry[]): SignedHead[] {
  const headByChain = new Map<MemoryChain, SignedHead>()
  for (const { chain, sequence, signature } of page) {
    const { device, incarnation } = chain
    if (signature !== undefined) headByChain.set(chain, { device, incarnation, sequence, signature })
  }
  return [...headByChain.values()]
}

/** The end of every chain whose end is signed. */
export function* memoryHeads(account: MemoryAccount) {
  for (const { id, chains } of account.documents.values()) {
    for (const { device, incarnation, end } of chains.values()) {
      const { sequence, hash, signature } = end
      if (signature !== undefined) yield { document: id, device, incarnation, sequence, hash, signature }
    }
  }
}
