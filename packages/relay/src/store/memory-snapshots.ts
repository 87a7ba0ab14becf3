// Snapshots in memory, and pruning.
import {
  type AccountId,
  bytesEqual,
  bytesToHex,
  type DocumentId,
  type ExemptEntry,
  type Hash,
  type Sha512,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import type { AccountQuota } from './account-quota'
import type { MemoryAccount, MemoryData, MemoryDocument, MemoryEntry, MemorySnapshot } from './memory-data'
import { ensureChain, ensureDocument, knownAt, logHashAt } from './memory-log'
import type { KeyringAppend } from './relay-store'
import type {
  ExemptPage,
  Pruned,
  SnapshotPlace,
  SnapshotPut,
  SnapshotPutResult,
  SnapshotRows,
  StoredSnapshot,
  VerdictPut,
} from './snapshot-rows'
import { endsOfRuns, fitsQuota, isUndoneBy, judgeSnapshot, planPrune, snapshotsCutOff } from './snapshot-rules'

export interface MemorySnapshotParts {
  readonly sha512: Sha512
  /** @throws RelayError when the store is closed */
  open(): MemoryData
  write<T>(change: () => T): Promise<T>
}

export function createMemorySnapshots({ sha512, open, write }: MemorySnapshotParts): SnapshotRows {
  function accountOf(id: AccountId): MemoryAccount | undefined {
    return open().accounts.get(bytesToHex(id))
  }

  function documentOf(account: AccountId, document: DocumentId): MemoryDocument | undefined {
    return accountOf(account)?.documents.get(bytesToHex(document))
  }

  function find({ account, document, hash }: SnapshotPlace): MemorySnapshot | undefined {
    return documentOf(account, document)?.snapshots.find((each) => bytesEqual(each.hash, hash))
  }

  function put(request: SnapshotPut, { maxDocuments, maxBytes }: AccountQuota): SnapshotPutResult {
    const account = accountOf(request.account)
    if (account === undefined) return { kind: 'keyring-moved' }
    const known = account.documents.get(bytesToHex(request.document))
    const { header, file } = request
    const judgement = judgeSnapshot(request, {
      keyringHead: account.head,
      newest: known?.newest ?? 0,
      epoch: known?.epoch ?? 0,
      snapshots: known?.snapshots ?? [],
      logHashAt: (number) => logHashAt(sha512, request.account, request.document, known, number),
      chainEnd: (head) => known?.chains.get(`${bytesToHex(head.device)}${head.incarnation}`)?.end.sequence ?? 0,
    })
    if (judgement.kind !== 'fits' && judgement.kind !== 'adopts') return judgement
    if (known === undefined && account.documents.size >= maxDocuments) return { kind: 'too-many-documents' }
    const covered = () => bytesOf(known, 0, header.coveredNumber)
    if (!fitsQuota(account.bytes, file.length, maxBytes, covered)) return { kind: 'quota-exceeded' }

    const document = ensureDocument(sha512, account, request.document)
    account.bytes += file.length
    const isAdopted = judgement.kind === 'adopts'
    const isRebase = !isAdopted && header.documentEpoch > document.epoch
    document.snapshots = [...document.snapshots, toStored(request, isRebase)]
    document.epoch = header.documentEpoch
    if (isAdopted) {
      document.newest = header.coveredNumber
      document.logHash = header.coveredHash
      document.base = { number: header.coveredNumber, hash: header.coveredHash }
    }
    for (const { device, incarnation, sequence, hash } of header.vector) {
      const chain = ensureChain(document, { device, incarnation })
      if (chain.end.sequence >= sequence) continue
      chain.end = { sequence, hash }
      chain.base = { sequence, hash }
    }
    return { kind: 'stored', isAdopted }
  }

  function judge({ device, verdict, signature, atMs, ...place }: VerdictPut): boolean {
    const snapshot = find(place)
    if (snapshot === undefined) return false
    const others = snapshot.verdicts.filter((each) => !bytesEqual(each.device, device))
    const verdicts = [...others, { device, verdict, signature }].sort((a, b) =>
      bytesToHex(a.device) < bytesToHex(b.device) ? -1 : 1,
    )
    const judged = { ...snapshot, verdicts }
    const isUndone =
      judged.rejectedAtMs === undefined &&
      isUndoneBy(judged, documentOf(place.account, place.document)?.base.number ?? 0)
    replace(place, isUndone ? { ...judged, rejectedAtMs: atMs } : judged)
    return true
  }

  function replace({ account, document: id }: SnapshotPlace, snapshot: MemorySnapshot): void {
    const document = documentOf(account, id) as MemoryDocument
    document.snapshots = document.snapshots.map((each) => (bytesEqual(each.hash, snapshot.hash) ? snapshot : each))
  }

  function readExempt(place: SnapshotPlace, after: number, maxBytes: number): ExemptPage {
    const { exempt = [] } = find(place)?.header ?? {}
    const document = documentOf(place.account, place.document)
    const found = exempt.filter((number) => number > after).flatMap((number) => document?.entries.get(number) ?? [])
    let bytes = 0
    const page = found.filter((entry, index) => {
      bytes += entry.envelope.length
      return index === 0 || bytes <= maxBytes
    })
    const ends = endsOfRuns(page.map((entry) => ({ head: entry, isSigned: entry.signature !== undefined })))
    return {
      entries: page.map(toExempt),
      heads: ends.map((index) => {
        const { chain, sequence, signature } = page[index] as MemoryEntry
        return { device: chain.device, incarnation: chain.incarnation, sequence, signature: signature as Uint8Array }
      }),
      ...(page.length < found.length && { next: (page.at(-1) as MemoryEntry).number }),
    }
  }

  function isDue(nowMs: number): boolean {
    for (const account of open().accounts.values())
      for (const { snapshots, base } of account.documents.values()) {
        const { good, drop } = planPrune(snapshots, nowMs)
        const isNew = good !== undefined && (good.goodSinceMs === undefined || good.coveredNumber > base.number)
        if (isNew || drop.length > 0) return true
      }
    return false
  }

  function prune(nowMs: number): Pruned {
    const pruned = { entries: 0, snapshots: 0 }
    for (const account of open().accounts.values())
      for (const document of account.documents.values()) {
        const done = pruneDocument(account, document, nowMs)
        pruned.entries += done.entries
        pruned.snapshots += done.snapshots
      }
    return pruned
  }

  function pruneDocument(account: MemoryAccount, document: MemoryDocument, nowMs: number): Pruned {
    const { good, drop } = planPrune(document.snapshots, nowMs)
    for (const each of drop) account.bytes -= each.sizeBytes
    document.snapshots = document.snapshots
      .filter((each) => !drop.includes(each))
      .map((each) => (each.hash === good?.hash ? { goodSinceMs: nowMs, ...each } : each))
    const header = document.snapshots.find((each) => each.hash === good?.hash)?.header
    if (header === undefined || header.coveredNumber <= document.base.number)
      return { entries: 0, snapshots: drop.length }
    const exempt = new Set(header.exempt)
    const covered = [...document.entries.values()].filter(({ number }) => number <= header.coveredNumber)
    for (const entry of covered) if (exempt.has(entry.number)) entry.previous ??= previousOf(entry)
    const gone = new Set(covered.filter(({ number }) => !exempt.has(number)))
    for (const { number, chain, sequence, entryHash, envelope } of gone) {
      if (sequence > chain.base.sequence) chain.base = { sequence, hash: entryHash }
      chain.entries.delete(sequence)
      document.entries.delete(number)
      account.bytes -= envelope.length
    }
    document.base = { number: header.coveredNumber, hash: header.coveredHash }
    const data = open()
    data.arrived = data.arrived.filter(({ entry }) => !gone.has(entry))
    return { entries: gone.size, snapshots: drop.length }
  }

  return {
    put: (request, quota) => write(() => put(request, quota)),
    list: async (account, document) => (documentOf(account, document)?.snapshots ?? []).map(withoutBytes),
    async readFile(place, offset, length) {
      const file = find(place)?.file
      return file && { sizeBytes: file.length, bytes: file.subarray(offset, offset + length) }
    },
    readExempt: async (...request) => readExempt(...request),
    judge: (verdict) => write(() => judge(verdict)),
    async readHashes(account, id, numbers) {
      const document = documentOf(account, id)
      const hashes = numbers.flatMap((number) => {
        const hash = logHashAt(sha512, account, id, document, number)
        return hash === undefined ? [] : [{ number, hash }]
      })
      return { base: document?.base.number ?? 0, newest: document?.newest ?? 0, hashes }
    },
    bytesBetween: async (account, document, after, through) => bytesOf(documentOf(account, document), after, through),
    // Nothing is written when nothing is due: a simulated disk takes its time for every write.
    prune: async (nowMs) => (isDue(nowMs) ? write(() => prune(nowMs)) : { entries: 0, snapshots: 0 }),
  }
}

/** The word of a removed device counts no more, nor what it wrote after its end. */
export function removeFromSnapshots(
  document: MemoryDocument,
  { devices, cut, restoredCut }: NonNullable<KeyringAppend['removal']>,
  atMs: number,
): void {
  const ends = cut ?? restoredCut
  const { id, snapshots, base } = document
  const view = { document: id, devices, cut: ends ?? [], base: base.number }
  const undone = ends === undefined ? [] : snapshotsCutOff(snapshots, ({ header }) => header, view)
  document.snapshots = snapshots.map((each) => ({
    ...each,
    verdicts: each.verdicts.filter(({ device }) => !devices.some((removed) => bytesEqual(removed, device))),
    ...(undone.includes(each) && { rejectedAtMs: atMs }),
  }))
}

function bytesOf(document: MemoryDocument | undefined, after: number, through: number): number {
  let bytes = 0
  for (const { number, envelope } of document?.entries.values() ?? [])
    if (number > after && number <= through) bytes += envelope.length
  return bytes
}

function previousOf({ chain, sequence }: MemoryEntry): Hash {
  return sequence === 1 ? ZERO_HASH : (knownAt(chain, sequence - 1)?.entryHash ?? ZERO_HASH)
}

function toExempt(entry: MemoryEntry): ExemptEntry {
  return { number: entry.number, envelope: entry.envelope, previous: entry.previous ?? previousOf(entry) }
}

function toStored(request: SnapshotPut, isRebase: boolean): MemorySnapshot {
  const { hash, header, file, author, storedAtMs } = request
  const { parent, coveredNumber, coveredHash, documentEpoch } = header
  return {
    hash,
    ...(parent && { parent }),
    coveredNumber,
    coveredHash,
    documentEpoch,
    isRebase,
    author,
    sizeBytes: file.length,
    storedAtMs,
    verdicts: [],
    header,
    file,
  }
}

function withoutBytes({ header: _, file: __, ...stored }: MemorySnapshot): StoredSnapshot {
  return stored
}
