// The store of a simulated relay, and the shortest statement of what a store does.
import {
  type AccountId,
  bytesEqual,
  bytesToHex,
  chainsForCut,
  compareBytes,
  type DocumentId,
  type Sha512,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import { RelayError } from '../errors'
import { appendMemoryAudit, createMemoryAccountRows } from './memory-account-rows'
import type { MemoryAccount, MemoryData, MemoryDocument } from './memory-data'
import {
  appendToMemory,
  chainKey,
  ensureDocument,
  knownAt,
  memoryHeads,
  readMemoryPage,
  refillMemory,
} from './memory-log'
import { createMemorySnapshots, removeFromSnapshots } from './memory-snapshots'
import type {
  KeyringAppend,
  KeyringAppendResult,
  RelayStore,
  SeenPut,
  SeenPutResult,
  StoredKeyringRecord,
} from './relay-store'
import { compareHeads, INSPECTED_START_BYTES, isBeyondCut } from './rules'
import { createMemorySignIns } from './sign-in-memory'

/** What a store in memory is opened on, and how its writes become durable. */
export interface MemoryStoreOptions {
  readonly sha512: Sha512
  readonly data: MemoryData
  /**
   * How a write reaches the disk: calls `apply` once, at the moment when the write is durable, and then resolves. A crash
   * before that moment is a hook that never calls it; a full disk one that rejects with RelayError `storage-unavailable`
   * instead. Left out, a write is durable at once.
   */
  readonly commit?: (apply: () => void) => Promise<void>
}

/** Opens a store on a simulated disk. What was durable is there again when another store is opened on the same data. */
export function createMemoryStore({ sha512, data, commit }: MemoryStoreOptions): RelayStore {
  let closed = false

  function assertOpen(): void {
    if (closed) throw new RelayError('storage-unavailable', 'The store is closed.')
  }

  async function write<T>(change: () => T): Promise<T> {
    assertOpen()
    let result: { readonly value: T } | undefined
    const apply = () => {
      assertOpen()
      result = { value: change() }
    }
    if (commit === undefined) apply()
    else await commit(apply)
    if (result === undefined) throw new RelayError('storage-unavailable', 'The write did not reach the disk.')
    return result.value
  }

  function openData(): MemoryData {
    assertOpen()
    return data
  }

  function findAccount(id: AccountId): MemoryAccount | undefined {
    assertOpen()
    return data.accounts.get(bytesToHex(id))
  }

  function findDocument(account: AccountId, document: DocumentId): MemoryDocument | undefined {
    return findAccount(account)?.documents.get(bytesToHex(document))
  }

  function appendKeyring(request: KeyringAppend): KeyringAppendResult {
    if (data.deleted.has(bytesToHex(request.account))) return { kind: 'deleted' }
    const account = findAccount(request.account)
    if ((account?.keyring.length ?? 0) !== request.expectedLength) return { kind: 'conflict' }
    if (!bytesEqual(account?.head ?? ZERO_HASH, request.expectedHead)) return { kind: 'conflict' }
    for (const other of [...data.accounts.values(), ...data.deleted.values()]) {
      if (other !== account && bytesEqual(other.recovery, request.recovery)) return { kind: 'recovery-taken' }
    }
    const { record, cut, storedAtMs, head, recovery, removal, replaceFrom = request.expectedLength } = request
    const stored = { record, ...(cut && { cut }), storedAtMs }
    if (account === undefined) {
      const bytes = storedLength(stored)
      const created = {
        id: request.account,
        recovery,
        head,
        keyring: [stored],
        documents: new Map(),
        devices: new Map(),
        audit: [],
        bytes,
      }
      data.accounts.set(bytesToHex(request.account), created)
      appendMemoryAudit(sha512, created, request.audit ?? [])
      return { kind: 'stored' }
    }
    if (removal !== undefined) {
      const removed = new Set(removal.devices.map(bytesToHex))
      const heads = [...memoryHeads(account)].filter((each) => removed.has(bytesToHex(each.device)))
      if (removal.cut !== undefined && isBeyondCut(removal.cut, heads)) return { kind: 'cut-behind' }
      for (const document of account.documents.values()) {
        for (const device of removed) document.seen.delete(device)
        removeFromSnapshots(document, removal, storedAtMs)
      }
    }
    for (const replaced of account.keyring.splice(replaceFrom, Infinity, stored))
      account.bytes -= storedLength(replaced)
    account.bytes += storedLength(stored)
    account.head = head
    account.recovery = recovery
    appendMemoryAudit(sha512, account, request.audit ?? [])
    return { kind: 'stored' }
  }

  function putSeen(row: SeenPut, maxDocuments: number, maxBytes: number | undefined): SeenPutResult {
    const account = findAccount(row.account)
    if (account === undefined) return 'quota-exceeded'
    const known = account.documents.get(bytesToHex(row.document))
    if (known === undefined && account.documents.size >= maxDocuments) return 'too-many-documents'
    const device = bytesToHex(row.device)
    const growth = row.envelope.length - (known?.seen.get(device)?.envelope.length ?? 0)
    if (maxBytes !== undefined && growth > 0 && account.bytes + growth > maxBytes) return 'quota-exceeded'
    account.bytes += growth
    const { envelope, signature } = row
    ensureDocument(sha512, account, row.document).seen.set(device, { device: row.device, envelope, signature })
    return 'stored'
  }

  return {
    accountRows: createMemoryAccountRows(sha512, openData, write),
    snapshots: createMemorySnapshots({ sha512, open: openData, write }),
    signIns: createMemorySignIns({ sha512, accounts: () => openData().accounts, write }),
    async generation() {
      assertOpen()
      return data.generation
    },
    async accountByRecovery(recovery) {
      assertOpen()
      for (const account of data.accounts.values()) if (bytesEqual(account.recovery, recovery)) return account.id
      for (const { account, recovery: last } of data.deleted.values()) if (bytesEqual(last, recovery)) return account
      return undefined
    },
    async readKeyring(id, from, maxRecords, maxBytes) {
      const account = findAccount(id)
      const records: StoredKeyringRecord[] = []
      let bytes = 0
      for (const stored of account?.keyring.slice(from, from + maxRecords) ?? []) {
        bytes += storedLength(stored)
        if (records.length > 0 && bytes > maxBytes) break
        records.push(stored)
      }
      return { length: account?.keyring.length ?? 0, head: account?.head ?? ZERO_HASH, records }
    },
    appendKeyring: (request) => write(() => appendKeyring(request)),
    async readChains(places) {
      return places.map(({ account, document, sequence, ...place }) => {
        const chain = findDocument(account, document)?.chains.get(chainKey(place))
        const hash = knownAt(chain, sequence)?.entryHash
        return { newest: chain?.end.sequence ?? 0, ...(hash && { hash }) }
      })
    },
    append: (requests, quota) =>
      write(() =>
        requests.map((request) => appendToMemory(sha512, data, findAccount(request.account), request, quota)),
      ),
    refill: (request, quota) => write(() => refillMemory(sha512, data, findAccount(request.account), request, quota)),
    async readPage(request) {
      return readMemoryPage(sha512, findDocument(request.account, request.document), request)
    },
    async readHeads(id, devices) {
      const account = findAccount(id)
      const heads = account === undefined ? [] : [...memoryHeads(account)].sort(compareHeads)
      const ids = devices.length === 0 ? heads.map(({ device }) => device) : devices
      const wanted = new Map(ids.map((id) => [bytesToHex(id), id]))
      const ofEach = [...wanted.values()].map((id) => heads.filter(({ device }) => bytesEqual(device, id)))
      return ofEach.flatMap((ends) => chainsForCut(ends)).sort(compareHeads)
    },
    putSeen: (rows, quota) => write(() => rows.map((row) => putSeen(row, quota.maxDocuments, quota.maxBytes))),
    async readSeen(account, document) {
      return [...(findDocument(account, document)?.seen.values() ?? [])].sort((a, b) =>
        compareBytes(a.device, b.device),
      )
    },
    async inspect(limit) {
      assertOpen()
      let totalBytes = 0
      for (const account of data.accounts.values()) totalBytes += account.bytes
      const documents = [...data.accounts.values()].flatMap((account) => [...account.documents.values()])
      const snapshots = documents.flatMap((document) => document.snapshots)
      const newest = limit === 0 ? [] : data.arrived.slice(-limit).reverse()
      return {
        entries: newest.map(({ document, entry }) => ({
          document,
          number: entry.number,
          device: entry.chain.device,
          bytes: entry.envelope.length,
          start: entry.envelope.slice(0, INSPECTED_START_BYTES),
        })),
        totalEntries: data.arrived.length,
        totalBytes,
        totalSnapshots: snapshots.length,
        snapshotBytes: snapshots.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      }
    },
    probe: () => write(() => {}),
    async tidy() {
      assertOpen()
      return false
    },
    async close() {
      closed = true
    },
  }
}

function storedLength({ record, cut }: StoredKeyringRecord): number {
  return record.length + (cut?.length ?? 0)
}
