// The rows that one transaction moves (account, document, chain): read once, changed in memory and written once at the end.
import {
  type AccountId,
  bytesToHex,
  type DeviceId,
  type DocumentId,
  emptyLogHash,
  type Hash,
  nextLogHash,
  type Sha512,
  ZERO_HASH,
} from '@owlivion/sync-protocol'
import type Database from 'better-sqlite3'
import { plainBytes } from '../../node-platform'
import type { AccountQuota } from '../account-quota'
import type { AppendEntry } from '../relay-store'
import type { ChainView } from '../rules'

export interface AccountRow {
  readonly id: number
  readonly keyring_head: Uint8Array
  documents: number
  bytes: number
}

export interface DocumentRow {
  readonly id: number
  newest: number
  log_hash: Uint8Array
  epoch: number
  base_number: number
  base_hash: Uint8Array | null
}

export interface ChainRow {
  readonly id: number
  sequence: number
  hash: Uint8Array
  number: number
  signature: Uint8Array | null
  base_sequence: number
  base_hash: Uint8Array | null
}

/** Where a chain is. */
export interface ChainName {
  readonly device: DeviceId
  readonly incarnation: number
}

/** A document by its account and its place in a transaction's caches. */
export interface DocumentPlace {
  readonly account: AccountId
  readonly document: DocumentId
}

/** Sequences of a chain that a request speaks of. */
export interface SequenceRange {
  readonly first: number
  readonly last: number
}

/** The statements, prepared once for the life of the connection. @returns a new turn for each transaction */
export function createLogTurns(db: Database.Database, sha512: Sha512): (quota: AccountQuota) => LogTurn {
  const statements = {
    findAccount: db.prepare('SELECT id, keyring_head, documents, bytes FROM accounts WHERE account = ?'),
    saveAccount: db.prepare('UPDATE accounts SET documents = ?, bytes = ? WHERE id = ?'),
    findDocument: db.prepare(
      'SELECT id, newest, log_hash, epoch, base_number, base_hash FROM documents WHERE account = ? AND document = ?',
    ),
    addDocument: db.prepare('INSERT INTO documents (account, document, newest, log_hash) VALUES (?, ?, 0, ?)'),
    saveDocument: db.prepare(
      'UPDATE documents SET newest = ?, log_hash = ?, epoch = ?, base_number = ?, base_hash = ? WHERE id = ?',
    ),
    findChain: db.prepare(
      'SELECT id, sequence, hash, number, signature, base_sequence, base_hash FROM chains WHERE document = ? AND device = ? AND incarnation = ?',
    ),
    addChain: db.prepare(
      'INSERT INTO chains (document, device, incarnation, sequence, hash, number) VALUES (?, ?, ?, 0, ?, 0)',
    ),
    saveChain: db.prepare(
      'UPDATE chains SET sequence = ?, hash = ?, number = ?, signature = ?, base_sequence = ?, base_hash = ? WHERE id = ?',
    ),
    findEntries: db.prepare(
      'SELECT sequence, number, entry_hash FROM entries WHERE chain = ? AND sequence BETWEEN ? AND ?',
    ),
    addEntry: db.prepare(
      'INSERT INTO entries (document, number, chain, sequence, entry_hash, log_hash, signature, envelope) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    ),
  }
  return (quota) => new LogTurn(statements, sha512, quota)
}

type Statements = Record<
  | 'findAccount'
  | 'saveAccount'
  | 'findDocument'
  | 'addDocument'
  | 'saveDocument'
  | 'findChain'
  | 'addChain'
  | 'saveChain'
  | 'findEntries'
  | 'addEntry',
  Database.Statement
>

interface EntryRow {
  readonly sequence: number
  readonly number: number
  readonly entry_hash: Uint8Array
}

export class LogTurn {
  private readonly accounts = new Map<string, AccountRow | undefined>()
  private readonly documents = new Map<string, DocumentRow | undefined>()
  private readonly chains = new Map<string, ChainRow | undefined>()
  private readonly changedAccounts = new Set<AccountRow>()
  private readonly changedDocuments = new Set<DocumentRow>()
  private readonly changedChains = new Set<ChainRow>()

  constructor(
    private readonly statements: Statements,
    private readonly sha512: Sha512,
    private readonly quota: AccountQuota,
  ) {}

  account(id: AccountId): AccountRow | undefined {
    const read = () => this.statements.findAccount.get(id) as AccountRow | undefined
    return remembered(this.accounts, bytesToHex(id), read)
  }

  document(account: AccountRow, id: DocumentId): DocumentRow | undefined {
    const read = () => this.statements.findDocument.get(account.id, id) as DocumentRow | undefined
    return remembered(this.documents, documentKey(account, id), read)
  }

  chain(document: DocumentRow, name: ChainName): ChainRow | undefined {
    const read = () => this.statements.findChain.get(document.id, name.device, name.incarnation) as ChainRow | undefined
    return remembered(this.chains, chainKey(document, name), read)
  }

  takeRoom(
    account: AccountRow,
    isNewDocument: boolean,
    bytes: number,
  ): 'too-many-documents' | 'quota-exceeded' | undefined {
    const { maxDocuments, maxBytes } = this.quota
    if (isNewDocument && account.documents >= maxDocuments) return 'too-many-documents'
    if (maxBytes !== undefined && bytes > 0 && account.bytes + bytes > maxBytes) return 'quota-exceeded'
    this.addBytes(account, bytes)
    return undefined
  }

  addBytes(account: AccountRow, bytes: number): void {
    account.bytes += bytes
    this.changedAccounts.add(account)
  }

  ensureDocument(account: AccountRow, place: DocumentPlace): DocumentRow {
    const known = this.document(account, place.document)
    if (known !== undefined) return known
    const log_hash = emptyLogHash(this.sha512, place.account, place.document)
    const id = Number(this.statements.addDocument.run(account.id, place.document, log_hash).lastInsertRowid)
    account.documents++
    this.changedAccounts.add(account)
    const row = { id, newest: 0, log_hash, epoch: 0, base_number: 0, base_hash: null }
    this.documents.set(documentKey(account, place.document), row)
    return row
  }

  ensureChain(document: DocumentRow, name: ChainName): ChainRow {
    const known = this.chain(document, name)
    if (known !== undefined) return known
    const { lastInsertRowid } = this.statements.addChain.run(document.id, name.device, name.incarnation, ZERO_HASH)
    const end = { sequence: 0, hash: ZERO_HASH, number: 0, signature: null }
    const row = { id: Number(lastInsertRowid), ...end, base_sequence: 0, base_hash: null }
    this.chains.set(chainKey(document, name), row)
    return row
  }

  /** Adds one entry at the end of the log and of its chain. */
  addEntry(document: DocumentRow, chain: ChainRow, entry: AppendEntry, signature: Uint8Array | null): number {
    document.newest++
    document.log_hash = nextLogHash(this.sha512, document.log_hash as Hash, entry.envelopeHash)
    const { newest, log_hash } = document
    const { sequence, entryHash, envelope } = entry
    this.statements.addEntry.run(document.id, newest, chain.id, sequence, entryHash, log_hash, signature, envelope)
    Object.assign(chain, { sequence, hash: entryHash, number: newest, signature })
    this.changedDocuments.add(document)
    this.changedChains.add(chain)
    return newest
  }

  changedDocument(document: DocumentRow): void {
    this.changedDocuments.add(document)
  }

  changedChain(chain: ChainRow): void {
    this.changedChains.add(chain)
  }

  /** What is known of a chain at these sequences; mostly only its end, which its row holds. */
  viewOf(chain: ChainRow | undefined, { first, last }: SequenceRange): ChainView {
    if (chain === undefined) return { newest: 0, base: 0, entryAt: () => undefined }
    const known = new Map<number, { number?: number; entryHash: Hash }>()
    if (chain.base_hash !== null) known.set(chain.base_sequence, { entryHash: plainBytes<Hash>(chain.base_hash) })
    known.set(chain.sequence, { entryHash: plainBytes<Hash>(chain.hash) })
    if (first <= chain.sequence)
      for (const row of this.statements.findEntries.all(chain.id, first - 1, last) as EntryRow[])
        known.set(row.sequence, { number: row.number, entryHash: plainBytes<Hash>(row.entry_hash) })
    return {
      newest: chain.sequence,
      base: chain.base_sequence,
      entryAt: (sequence) => (sequence === 0 ? undefined : known.get(sequence)),
    }
  }

  /** Writes what was changed. */
  finish(): void {
    const { saveAccount, saveDocument, saveChain } = this.statements
    for (const row of this.changedAccounts) saveAccount.run(row.documents, row.bytes, row.id)
    for (const row of this.changedDocuments)
      saveDocument.run(row.newest, row.log_hash, row.epoch, row.base_number, row.base_hash, row.id)
    for (const row of this.changedChains)
      saveChain.run(row.sequence, row.hash, row.number, row.signature, row.base_sequence, row.base_hash, row.id)
  }
}

function documentKey(account: AccountRow, id: DocumentId): string {
  return `${account.id}:${bytesToHex(id)}`
}

function chainKey(document: DocumentRow, { device, incarnation }: ChainName): string {
  return `${document.id}:${bytesToHex(device)}:${incarnation}`
}

function remembered<T>(cache: Map<string, T>, key: string, read: () => T): T {
  if (cache.has(key)) return cache.get(key) as T
  const value = read()
  cache.set(key, value)
  return value
}
