// What is on the simulated disk of a relay. It lives apart from the store, so that a relay can die and another be started on what
// had reached the disk.
import type { AccountId, DeviceId, DocumentId, Generation, Hash, SnapshotHeader } from '@owlivion/sync-protocol'
import type { ChainedAuditRow, SeenDevice } from './account-rows'
import type { SeenRow, StoredKeyringRecord } from './relay-store'
import type { SignInRow } from './sign-in-store'
import type { StoredSnapshot } from './snapshot-rows'

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
  /** Entry hash before it in its chain, kept when that entry was pruned and this one was not. */
  previous?: Hash
}

export interface MemoryChain {
  readonly device: DeviceId
  readonly incarnation: number
  /** By sequence; what was pruned, or is known from a snapshot only, is not there. */
  readonly entries: Map<number, MemoryEntry>
  /** The chain's end, which outlives its entry. No signature when a snapshot's vector is all that is known of it. */
  end: { readonly sequence: number; readonly hash: Hash; readonly signature?: Uint8Array }
  /** The last that was pruned. */
  base: { readonly sequence: number; readonly hash: Hash }
}

/** A snapshot on the simulated disk. */
export interface MemorySnapshot extends StoredSnapshot {
  readonly header: SnapshotHeader
  readonly file: Uint8Array
}

export interface MemoryDocument {
  readonly id: DocumentId
  newest: number
  logHash: Hash
  epoch: number
  /** Up to where entries were pruned, or never were. */
  base: { readonly number: number; readonly hash: Hash }
  /** By number, rising. */
  readonly entries: Map<number, MemoryEntry>
  readonly chains: Map<string, MemoryChain>
  readonly seen: Map<string, SeenRow>
  /** In the order in which they were stored. */
  snapshots: readonly MemorySnapshot[]
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
  /** Every entry of every account that is still there, in the order in which they were stored. */
  arrived: { readonly document: DocumentId; readonly entry: MemoryEntry }[]
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
      for (const entry of document.entries.values()) yield entry.envelope
      for (const snapshot of document.snapshots) yield snapshot.file
      for (const row of document.seen.values()) yield row.envelope
    }
  }
}
