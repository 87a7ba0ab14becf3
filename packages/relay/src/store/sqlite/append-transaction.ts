// Everything that arrived in one turn, as one transaction. Rows that several requests move (document, chain, account) are
// read once, changed in memory and written once at the end.
import {
  type AccountId,
  bytesToHex,
  type DocumentId,
  emptyLogHash,
  type Hash,
  nextLogHash,
  type Sha512,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import type Database from 'better-sqlite3'
import { plainBytes } from '../../node-platform'
import type { AccountQuota, AppendRequest, AppendResult, SeenPut, SeenPutResult } from '../relay-store'
import { judgeAppend } from '../rules'

interface AccountRow {
  readonly id: number
  readonly keyring_head: Uint8Array
  documents: number
  bytes: number
}

interface DocumentRow {
  readonly id: number
  newest: number
  log_hash: Uint8Array
}

interface ChainRow {
  readonly id: number
  sequence: number
  hash: Uint8Array
  number: number
}

interface EntryRow {
  readonly sequence: number
  readonly number: number
  readonly entry_hash: Uint8Array
}

interface AppendTransaction {
  readonly append: Database.Transaction<(requests: readonly AppendRequest[], quota: AccountQuota) => AppendResult[]>
  readonly putSeen: Database.Transaction<(rows: readonly SeenPut[], quota: AccountQuota) => SeenPutResult[]>
}

/** The statements, prepared once for the life of the connection. */
export function createAppendTransaction(db: Database.Database, sha512: Sha512): AppendTransaction {
  const findAccount = db.prepare('SELECT id, keyring_head, documents, bytes FROM accounts WHERE account = ?')
  const saveAccount = db.prepare('UPDATE accounts SET documents = ?, bytes = ? WHERE id = ?')
  const findDocument = db.prepare('SELECT id, newest, log_hash FROM documents WHERE account = ? AND document = ?')
  const addDocument = db.prepare('INSERT INTO documents (account, document, newest, log_hash) VALUES (?, ?, 0, ?)')
  const saveDocument = db.prepare('UPDATE documents SET newest = ?, log_hash = ? WHERE id = ?')
  const findChain = db.prepare(
    'SELECT id, sequence, hash, number FROM chains WHERE document = ? AND device = ? AND incarnation = ?',
  )
  const addChain = db.prepare(
    'INSERT INTO chains (document, device, incarnation, sequence, hash, number) VALUES (?, ?, ?, 0, ?, 0)',
  )
  const saveChain = db.prepare('UPDATE chains SET sequence = ?, hash = ?, number = ? WHERE id = ?')
  const findEntries = db.prepare(
    'SELECT sequence, number, entry_hash FROM entries WHERE chain = ? AND sequence BETWEEN ? AND ?',
  )
  const findLogHash = db.prepare('SELECT log_hash FROM entries WHERE document = ? AND number = ?')
  const addEntry = db.prepare(
    'INSERT INTO entries (document, number, chain, sequence, entry_hash, log_hash, signature, envelope) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const seenBytes = db.prepare('SELECT length(envelope) AS bytes FROM seen WHERE document = ? AND device = ?')
  const saveSeen = db.prepare(
    'INSERT INTO seen (document, device, envelope, signature) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET envelope = excluded.envelope, signature = excluded.signature',
  )

  class Turn {
    private readonly accounts = new Map<string, AccountRow | undefined>()
    private readonly documents = new Map<string, DocumentRow | undefined>()
    private readonly chains = new Map<string, ChainRow | undefined>()
    private readonly changedAccounts = new Set<AccountRow>()
    private readonly changedDocuments = new Set<DocumentRow>()
    private readonly changedChains = new Set<ChainRow>()

    constructor(private readonly quota: AccountQuota) {}

    append(request: AppendRequest): AppendResult {
      const account = this.account(request.account)
      if (account === undefined) return { kind: 'keyring-moved' }
      const documentKey = `${account.id}:${bytesToHex(request.document)}`
      const known = this.document(documentKey, account, request.document)
      const chainKey = `${documentKey}:${bytesToHex(request.device)}:${request.incarnation}`
      const chain = known && this.chain(chainKey, known, request)
      const entryBySequence = this.entriesOf(chain, request)
      const verdict = judgeAppend(request, account.keyring_head, {
        newest: chain?.sequence ?? 0,
        entryAt: (sequence) => entryBySequence.get(sequence),
      })
      if (verdict.kind !== 'fits') return verdict

      const numbers = [...verdict.duplicateNumbers]
      const fresh = request.entries.slice(numbers.length)
      if (fresh.length === 0) {
        const newest = numbers[numbers.length - 1] as number
        const row = findLogHash.get(known?.id, newest) as { log_hash: Uint8Array }
        return { kind: 'stored', numbers, logHash: plainBytes<Hash>(row.log_hash), fresh: 0 }
      }
      let bytes = 0
      for (const entry of fresh) bytes += entry.envelope.length
      const refusal = this.takeRoom(account, known === undefined, bytes)
      if (refusal !== undefined) return { kind: refusal }

      const document = known ?? this.addDocument(documentKey, account, request)
      const writer = chain ?? this.addChain(chainKey, document, request)
      fresh.forEach((entry, index) => {
        document.newest++
        document.log_hash = nextLogHash(sha512, document.log_hash as Hash, entry.envelopeHash)
        const signature = index === fresh.length - 1 ? request.signature : null
        addEntry.run(
          document.id,
          document.newest,
          writer.id,
          entry.sequence,
          entry.entryHash,
          document.log_hash,
          signature,
          entry.envelope,
        )
        numbers.push(document.newest)
        writer.sequence = entry.sequence
        writer.hash = entry.entryHash
      })
      writer.number = document.newest
      this.changedDocuments.add(document)
      this.changedChains.add(writer)
      return { kind: 'stored', numbers, logHash: document.log_hash as Hash, fresh: fresh.length }
    }

    putSeen(row: SeenPut): SeenPutResult {
      const account = this.account(row.account)
      if (account === undefined) return 'quota-exceeded'
      const key = `${account.id}:${bytesToHex(row.document)}`
      const known = this.document(key, account, row.document)
      const before = known && (seenBytes.get(known.id, row.device) as { bytes: number } | undefined)
      const refusal = this.takeRoom(account, known === undefined, row.envelope.length - (before?.bytes ?? 0))
      if (refusal !== undefined) return refusal
      const document = known ?? this.addDocument(key, account, row)
      saveSeen.run(document.id, row.device, row.envelope, row.signature)
      return 'stored'
    }

    finish(): void {
      for (const row of this.changedAccounts) saveAccount.run(row.documents, row.bytes, row.id)
      for (const row of this.changedDocuments) saveDocument.run(row.newest, row.log_hash, row.id)
      for (const row of this.changedChains) saveChain.run(row.sequence, row.hash, row.number, row.id)
    }

    private takeRoom(
      account: AccountRow,
      isNewDocument: boolean,
      bytes: number,
    ): 'too-many-documents' | 'quota-exceeded' | undefined {
      const { maxDocuments, maxBytes } = this.quota
      if (isNewDocument && account.documents >= maxDocuments) return 'too-many-documents'
      if (maxBytes !== undefined && bytes > 0 && account.bytes + bytes > maxBytes) return 'quota-exceeded'
      account.bytes += bytes
      this.changedAccounts.add(account)
      return undefined
    }

    private account(id: AccountId): AccountRow | undefined {
      return remembered(this.accounts, bytesToHex(id), () => findAccount.get(id) as AccountRow | undefined)
    }

    private document(key: string, account: AccountRow, id: DocumentId): DocumentRow | undefined {
      return remembered(this.documents, key, () => findDocument.get(account.id, id) as DocumentRow | undefined)
    }

    private chain(key: string, document: DocumentRow, request: AppendRequest): ChainRow | undefined {
      const { device, incarnation } = request
      return remembered(this.chains, key, () => findChain.get(document.id, device, incarnation) as ChainRow | undefined)
    }

    private addDocument(
      key: string,
      account: AccountRow,
      place: { readonly account: AccountId; readonly document: DocumentId },
    ): DocumentRow {
      const log_hash = emptyLogHash(sha512, place.account, place.document)
      const id = Number(addDocument.run(account.id, place.document, log_hash).lastInsertRowid)
      account.documents++
      const row = { id, newest: 0, log_hash }
      this.documents.set(key, row)
      return row
    }

    private addChain(key: string, document: DocumentRow, request: AppendRequest): ChainRow {
      const id = Number(addChain.run(document.id, request.device, request.incarnation, ZERO_HASH).lastInsertRowid)
      const row = { id, sequence: 0, hash: ZERO_HASH, number: 0 }
      this.chains.set(key, row)
      return row
    }

    /** What is stored at the request's sequences and just before; mostly only the chain's end, which its row holds. */
    private entriesOf(chain: ChainRow | undefined, request: AppendRequest) {
      const entries = new Map<number, { number: number; entryHash: Hash }>()
      if (chain === undefined) return entries
      const first = (request.entries[0] as { sequence: number }).sequence
      if (first === chain.sequence + 1)
        return entries.set(chain.sequence, { number: chain.number, entryHash: chain.hash as Hash })
      const rows = findEntries.all(chain.id, first - 1, first + request.entries.length - 1) as EntryRow[]
      for (const { sequence, number, entry_hash } of rows)
        entries.set(sequence, { number, entryHash: plainBytes<Hash>(entry_hash) })
      return entries
    }
  }

  return {
    append: db.transaction((requests: readonly AppendRequest[], quota: AccountQuota): AppendResult[] => {
      const turn = new Turn(quota)
      const results = requests.map((request) => turn.append(request))
      turn.finish()
      return results
    }),
    putSeen: db.transaction((rows: readonly SeenPut[], quota: AccountQuota): SeenPutResult[] => {
      const turn = new Turn(quota)
      const results = rows.map((row) => turn.putSeen(row))
      turn.finish()
      return results
    }),
  }
}

function remembered<T>(cache: Map<string, T>, key: string, read: () => T): T {
  if (cache.has(key)) return cache.get(key) as T
  const value = read()
  cache.set(key, value)
  return value
}
