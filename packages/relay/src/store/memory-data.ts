// What is on the simulated disk of a relay. It lives apart from the store, so that a relay can die and another be started on what
// had reached the disk.
import type { AccountId, DeviceId, DocumentId, Generation, Hash } from '@owlivion/sync-protocol'
import type { ChainedAuditRow, SeenDevice } from './account-rows'
import type { SeenRow, StoredKeyringRecord } from './relay-store'
import type { SignInRow } from './sign-in-store'

/** What an account in memory has of these rows. */
export interface MemoryAccountRows {
  readonly devices: Map<string, SeenDevice>
  readonly audit: ChainedAuditRow[]
}

/** An account on the simulated disk, as far as its sign-in goes. */
export interface MemorySignInHolder extends MemoryAccountRows {
  readonly id: AccountId
  signIn?: SignInRow
}

export interface MemoryEntry {
  readonly number: number
  readonly chain: MemoryChain
  readonly sequence: number
  readonly envelope: Uint8Array
  readonly entryHash: Hash
  readonly logHash: Hash
  /** Present on the last entry of a push. */
  readonly signature: Uint8Array | undefined
}

export interface MemoryChain {
  readonly device: DeviceId
  readonly incarnation: number
  /** By sequence, from index 0 for sequence 1. */
  readonly entries: MemoryEntry[]
}

export interface MemoryDocument {
  readonly id: DocumentId
  /** By number, from index 0 for number 1. */
  readonly entries: MemoryEntry[]
  readonly chains: Map<string, MemoryChain>
  readonly seen: Map<string, SeenRow>
}

export interface MemoryAccount extends MemorySignInHolder {
  readonly id: AccountId
  recovery: AccountId
  head: Hash
  readonly keyring: StoredKeyringRecord[]
  readonly documents: Map<string, MemoryDocument>
  bytes: number
}

/** What is on the simulated disk. Outlives every store opened on it. */
export interface MemoryData {
  readonly generation: Generation
  readonly accounts: Map<string, MemoryAccount>
  /** What is left of deleted accounts, by hex of the id. */
  readonly deleted: Map<string, { readonly account: AccountId; readonly recovery: AccountId }>
  /** Every entry of every account, in the order in which they were stored. */
  readonly arrived: { readonly document: DocumentId; readonly entry: MemoryEntry }[]
}

/**
 * An empty simulated disk.
 * @param generation what a new database would have drawn
 */
export function createMemoryData(generation: Generation): MemoryData {
  return { generation, accounts: new Map(), deleted: new Map(), arrived: [] }
}

/** Everything the simulated disk holds of what devices sent, for a search for what should not be there. */
export function* storedBytes(data: MemoryData): Iterable<Uint8Array> {
  for (const account of data.accounts.values()) {
    for (const row of account.audit) yield row.bytes
    if (account.signIn !== undefined) yield* [account.signIn.content, ...account.signIn.names]
    for (const { record, cut } of account.keyring) {
      yield record
      if (cut !== undefined) yield cut
    }
    for (const document of account.documents.values()) {
      for (const entry of document.entries) yield entry.envelope
      for (const row of document.seen.values()) yield row.envelope
    }
  }
}
