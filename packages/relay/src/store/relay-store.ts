// What the relay keeps, as an interface: SQLite in one process, a database server for several. The contract suite in
// `@owlivion/relay/testing` proves an implementation.
import type {
  AccountId,
  Cut,
  DeviceId,
  DocumentId,
  Generation,
  Hash,
  SignedDocumentHead,
  SignedHead,
} from '@owlivion/sync-protocol'
import type { AccountQuota } from './account-quota'
import type { AccountRows, AuditEvent } from './account-rows'
import type { SignInStore } from './sign-in-store'
import type { SnapshotRows } from './snapshot-rows'

/** A record as it came, and the cut that it names, where it removes devices. */
export interface StoredKeyringRecord {
  readonly record: Uint8Array
  readonly cut?: Uint8Array
  /** When it was stored, by the relay's clock: what waits in the keyring for vetoes waits from then on. */
  readonly storedAtMs: number
}

/** A part of an account’s keyring. */
export interface KeyringSlice {
  /** Records the account has in all. 0 for an account that the store does not know. */
  readonly length: number
  readonly head: Hash
  readonly records: readonly StoredKeyringRecord[]
}

/** A record that follows the last one of an account’s keyring, or takes the place of an earlier one. */
export interface KeyringAppend extends StoredKeyringRecord {
  readonly account: AccountId
  /** The keyring that the record was judged against; 0 and zeros to create the account. */
  readonly expectedLength: number
  readonly expectedHead: Hash
  /** Where the record goes when not to the end: the records from this position on go, with their cuts. */
  readonly replaceFrom?: number
  /** Hash of the record: the keyring's head from now on. */
  readonly head: Hash
  /** Hash of the recovery key that is current from now on: what a recovery login is looked up by. */
  readonly recovery: AccountId
  /** What the account's audit log says of it, in the same transaction. */
  readonly audit?: readonly AuditEvent[]
  /** For a record that removes devices: whom, and where their chains end. Without an end, whatever the store holds of them. */
  readonly removal?: {
    readonly devices: readonly DeviceId[]
    readonly cut?: Cut
    /** In the place of `cut` for a removal that was made elsewhere: entries beyond it refuse nothing, and snapshots beyond it are undone. */
    readonly restoredCut?: Cut
  }
}

/** What became of a keyring record. Only `stored` changed anything. */
export type KeyringAppendResult =
  | { readonly kind: 'stored' }
  /** The keyring is another than expected. */
  | { readonly kind: 'conflict' }
  /** The store holds entries of a removed device that the cut does not cover. */
  | { readonly kind: 'cut-behind' }
  /** Another account has this recovery key, or a deleted one had it. */
  | { readonly kind: 'recovery-taken' }
  /** The account was deleted. */
  | { readonly kind: 'deleted' }

/** Where an entry stands in its author’s chain. */
export interface ChainPlace {
  readonly account: AccountId
  readonly document: DocumentId
  readonly device: DeviceId
  readonly incarnation: number
  readonly sequence: number
}

/** What is stored at a place of a chain. */
export interface ChainLink {
  /** Entry hash at the place that was asked for, when it is known; zeros where a snapshot named the chain without knowing it. */
  readonly hash?: Hash
  /** Sequence of the chain's last entry, 0 for a chain that does not exist. */
  readonly newest: number
}

/** One entry to be stored. The hashes were computed and verified before. */
export interface AppendEntry {
  readonly sequence: number
  readonly envelope: Uint8Array
  /** Goes into the log hash. */
  readonly envelopeHash: Hash
  /** Recognises a duplicate, and is what the next entry follows. */
  readonly entryHash: Hash
}

/** Contiguous entries of one device, document and incarnation. */
export interface AppendRequest {
  readonly account: AccountId
  readonly document: DocumentId
  readonly device: DeviceId
  readonly incarnation: number
  /** Entry hash of the entry before the first, zeros before sequence 1. */
  readonly previous: Hash
  readonly entries: readonly AppendEntry[]
  /** Signs the chain's end at the last entry; kept with it. */
  readonly signature: Uint8Array
  /** Entries before this sequence are sealed under an older key: they may be duplicates, but not new. */
  readonly freshFrom: number
  /** Head of the keyring that standing and keys were judged by. Its length would not tell a branch that was replaced. */
  readonly keyringHead: Hash
  /** Of all the entries. New ones must be of the document's. */
  readonly documentEpoch: number
  /** The document is being rebased: duplicates are recognised, and nothing new is stored. */
  readonly isHeldUp: boolean
}

/** Entries of any authors, given back by a device to a store that lost them. Every head among them was verified. */
export interface RefillRequest {
  readonly account: AccountId
  readonly document: DocumentId
  /** Number of the first entry: one more than the store has. */
  readonly first: number
  readonly entries: readonly RefillEntry[]
  readonly keyringHead: Hash
  readonly isHeldUp: boolean
}

/** An entry in its place, and the hash of the one before it in its chain. */
export interface RefillEntry extends AppendEntry {
  readonly device: DeviceId
  readonly incarnation: number
  readonly documentEpoch: number
  readonly previous: Hash
  /** Present where a verified head of its chain is; at least at the last entry of each chain. */
  readonly signature?: Uint8Array
}

/** What became of a refill. Only `stored` changed anything. `index` is the position of the entry at fault. */
export type RefillResult =
  /** `logHash` is that after the last entry. */
  | { readonly kind: 'stored'; readonly logHash: Hash }
  /** The log is longer or shorter, or has one of the entries already. */
  | { readonly kind: 'conflict'; readonly newest: number }
  /** An entry does not follow what the store has of its chain, though it has something before it. */
  | { readonly kind: 'fork'; readonly index: number }
  | { readonly kind: 'chain-gap'; readonly newest: number }
  | { readonly kind: 'keyring-moved' }
  | { readonly kind: 'rebasing' }
  | { readonly kind: 'unknown-document-epoch' }
  | { readonly kind: 'too-many-documents' }
  | { readonly kind: 'quota-exceeded' }

/** What became of a request. Only `stored` changed anything. */
export type AppendResult =
  | {
      readonly kind: 'stored'
      /** One for each entry. */
      readonly numbers: readonly number[]
      /** The log hash at the last of `numbers`. */
      readonly logHash: Hash
      /** How many entries, at the end of the request, were new; the others were there already. */
      readonly fresh: number
    }
  /** Other content stands under one of these sequences. `newest` is the last sequence of the chain. */
  | { readonly kind: 'fork'; readonly newest: number }
  | { readonly kind: 'chain-gap'; readonly newest: number }
  /** What the sequences hold went into a snapshot and was pruned. */
  | { readonly kind: 'already-covered'; readonly newest: number }
  | { readonly kind: 'rebasing' }
  | { readonly kind: 'stale-document-epoch' }
  /** The document was rebased, and this store has not heard of it. */
  | { readonly kind: 'unknown-document-epoch' }
  | { readonly kind: 'stale-epoch' }
  /** The keyring changed since the request was judged. */
  | { readonly kind: 'keyring-moved' }
  | { readonly kind: 'too-many-documents' }
  | { readonly kind: 'quota-exceeded' }

/** Which part of a document’s log is wanted. */
export interface PageRequest {
  readonly account: AccountId
  readonly document: DocumentId
  /** The page starts behind this number. */
  readonly after: number
  /** Bound for what the page takes in a frame. The first push is in the page whatever its size; 0 for none at all. */
  readonly maxBytes: number
}

/** Entries as they came, and what a device needs to verify them. */
export interface StoredPage {
  /** Number of the document's last entry, 0 when the store does not know the document. */
  readonly newest: number
  /** Set when `after` lies below what was pruned, which ended at this number: there is no page then. */
  readonly prunedTo?: number
  /** Log hash at `after`; undefined when `after` lies beyond `newest` or below what was pruned. */
  readonly hashAtCursor?: Hash
  readonly entries: readonly Uint8Array[]
  readonly heads: readonly SignedHead[]
  /** Log hash after the last entry of the page; as `hashAtCursor` when the page is empty. */
  readonly logHash?: Hash
}

/** How far a device has read a document, sealed. */
export interface SeenRow {
  readonly device: DeviceId
  readonly envelope: Uint8Array
  readonly signature: Uint8Array
}

/** A `seen` row to be stored in place of the one before. */
export interface SeenPut extends SeenRow {
  readonly account: AccountId
  readonly document: DocumentId
}

/** What became of a `seen` row. Only `stored` changed anything. */
export type SeenPutResult = 'stored' | 'too-many-documents' | 'quota-exceeded'

/** What an operator may see of an entry: nothing that tells what it says. */
export interface InspectedEntry {
  readonly document: DocumentId
  readonly number: number
  readonly device: DeviceId
  readonly bytes: number
  /** The first bytes of the envelope, as stored. */
  readonly start: Uint8Array
}

/** The newest entries, and how much there is in all. */
export interface Inspection {
  /** Newest first. */
  readonly entries: readonly InspectedEntry[]
  readonly totalEntries: number
  /** Of everything that counts towards quotas: entries, snapshots, seen rows and keyrings. */
  readonly totalBytes: number
  readonly totalSnapshots: number
  readonly snapshotBytes: number
}

/**
 * An implementer may assume: bytes handed in or out are changed by nobody; one relay waits for an `append` before the next.
 *
 * An implementer promises:
 * - `append`, `appendKeyring` and `putSeen` are one transaction each. When the promise resolves, all of it is on disk and
 *   survives a power cut; when it rejects, nothing of it is stored;
 * - a call that was made after a write resolved sees it;
 * - the requests of one `append` are judged in order, each on what those before it left, and a refused one leaves nothing;
 * - numbers of a document are 1, 2, 3, … without a gap (from one more than an adopted snapshot covers) and are never given twice,
 *   also not when their entries were pruned, for they come from a counter in the
 *   document's own row that moves in the same transaction. The entries of one request have neighbouring numbers;
 * - h(0) is the protocol's `emptyLogHash` and h(n) its `nextLogHash`.
 *
 * Failures are RelayError `storage-unavailable` whose message says what is wrong with the disk in one sentence.
 */
export interface RelayStore {
  /** 16 random bytes made with the database. */
  generation(): Promise<Generation>

  /** Sightings of devices, the audit log, and deletion. */
  readonly accountRows: AccountRows
  /** What password sign-in keeps. */
  readonly signIns: SignInStore
  /** Snapshots of documents, and the end of what they cover. */
  readonly snapshots: SnapshotRows

  /** The account whose current recovery key this is the hash of, also when it was deleted. */
  accountByRecovery(recovery: AccountId): Promise<AccountId | undefined>
  /** Records from position `from` on, at least one if there is one, then up to `maxRecords` and `maxBytes`. */
  readKeyring(account: AccountId, from: number, maxRecords: number, maxBytes: number): Promise<KeyringSlice>
  /** Compare-and-set: stores only if the account's keyring is the expected one and the cut covers what is held. */
  appendKeyring(request: KeyringAppend): Promise<KeyringAppendResult>

  /** One answer a place, in order. */
  readChains(places: readonly ChainPlace[]): Promise<readonly ChainLink[]>
  /** One result a request, in order. Duplicates are recognised before anything is judged stale. */
  append(requests: readonly AppendRequest[], quota: AccountQuota): Promise<readonly AppendResult[]>
  /** All or nothing. The entries get the numbers from `first` on. */
  refill(request: RefillRequest, quota: AccountQuota): Promise<RefillResult>
  /** Entries after a number, ending where a push ended, and each chain's signed head at its last entry in the page. */
  readPage(request: PageRequest): Promise<StoredPage>
  /**
   * The end of every chain of these devices, of all when none is named, with the signature that came with the push that ended
   * there; none for a chain that the store knows only from a snapshot's vector. Sorted by document, device and incarnation. Of a device with more than MAX_CUT_ENTRIES of them only so many, the longest.
   */
  readHeads(account: AccountId, devices: readonly DeviceId[]): Promise<readonly SignedDocumentHead[]>

  /** Overwrites what the device had in the document. One result a row, in order. */
  putSeen(rows: readonly SeenPut[], quota: AccountQuota): Promise<readonly SeenPutResult[]>
  readSeen(account: AccountId, document: DocumentId): Promise<readonly SeenRow[]>

  inspect(limit: number): Promise<Inspection>
  /** Writes something that means nothing; rejects when the disk would refuse an append. */
  probe(): Promise<void>
  /**
   * Called when nothing happens: time to give disk space back.
   * @returns true when there is more to give back
   */
  tidy(): Promise<boolean>
  /** Ends the store; may be called twice. */
  close(): Promise<void>
}
