// What a store keeps of a document's snapshots, and how the beginning of a log gives way to one.
import type {
  AccountId,
  DeviceId,
  DocumentId,
  ExemptEntry,
  Hash,
  SignedHead,
  SnapshotHeader,
  SnapshotVerdict,
  Verdict,
} from '@owlivion/sync-protocol'
import type { AccountQuota } from './account-quota'

/** A document, and one of its snapshots by hash. */
export interface SnapshotPlace {
  readonly account: AccountId
  readonly document: DocumentId
  readonly hash: Hash
}

/** A snapshot as it is stored, without its bytes. */
export interface StoredSnapshot {
  readonly hash: Hash
  readonly parent?: Hash
  readonly coveredNumber: number
  readonly coveredHash: Hash
  readonly documentEpoch: number
  /** It moved the document's epoch: it is never undone by a rejection. */
  readonly isRebase: boolean
  readonly author: DeviceId
  readonly sizeBytes: number
  readonly storedAtMs: number
  /** Since when it is not current any more, because somebody rejected it or a removal cut it off. */
  readonly rejectedAtMs?: number
  /** Since when the entries that it covers are prunable. */
  readonly goodSinceMs?: number
  /** One of a device, by device. */
  readonly verdicts: readonly SnapshotVerdict[]
}

/** A snapshot whose shape, hash and signature were verified. */
export interface SnapshotPut extends SnapshotPlace {
  readonly header: SnapshotHeader
  /** As it came: header, signature and envelope. */
  readonly file: Uint8Array
  readonly author: DeviceId
  readonly storedAtMs: number
  /** Head of the keyring that author and keys were judged by. */
  readonly keyringHead: Hash
  /** Its author sends it, under the account's newest keyring and key. Only a document without a log takes another one. */
  readonly isFresh: boolean
  /** The sender holds the lease for a rebase. */
  readonly mayRebase: boolean
  /** The sender holds the lease for healing: epoch and chains may go beyond what this relay has heard of. */
  readonly mayHeal: boolean
}

/** What became of a snapshot. Only `stored` changed anything. */
export type SnapshotPutResult =
  /** `isAdopted`: the document was empty, and begins at what the snapshot covers from now on. */
  | { readonly kind: 'stored'; readonly isAdopted: boolean }
  /** It was stored before. */
  | { readonly kind: 'known' }
  /** Another snapshot is current than the one it was built on, or it covers no more than that. */
  | { readonly kind: 'conflict' }
  | { readonly kind: 'keyring-moved' }
  /** Made under an older keyring or key, or handed in by another device, where the document has a log. */
  | { readonly kind: 'stale-epoch' }
  | { readonly kind: 'stale-document-epoch' }
  /** A rebase without the lease for one. */
  | { readonly kind: 'lease-needed' }
  /** It does not fit the log, for ever: what about it, in a sentence. */
  | { readonly kind: 'misfit'; readonly reason: string }
  | { readonly kind: 'too-many-documents' }
  | { readonly kind: 'quota-exceeded' }

/** A device's judgement. */
export interface VerdictPut extends SnapshotPlace {
  readonly device: DeviceId
  readonly verdict: Verdict
  readonly signature: Uint8Array
  readonly atMs: number
}

/** Part of a snapshot's file. */
export interface SnapshotSlice {
  /** Of the whole file. */
  readonly sizeBytes: number
  readonly bytes: Uint8Array
}

/** Exempt entries of a snapshot that are still there, by rising number. */
export interface ExemptPage {
  readonly entries: readonly ExemptEntry[]
  /** For each run of a chain's entries here, its last signed end, if there is one. */
  readonly heads: readonly SignedHead[]
  /** The greatest number that was looked at: where the next page starts behind; undefined after the last page. */
  readonly next?: number
}

/** Log hashes by number. */
export interface LogHashes {
  /** Entries up to this number were pruned, or never here. */
  readonly base: number
  readonly newest: number
  /** Of the numbers asked for those that are known, in the order in which they were asked for. */
  readonly hashes: readonly { readonly number: number; readonly hash: Hash }[]
}

/** What a call of `prune` did. */
export interface Pruned {
  readonly entries: number
  readonly snapshots: number
}

/** An implementer promises, beside what `RelayStore` promises: each writing call is one transaction. */
export interface SnapshotRows {
  /** Compare-and-set: stores only what fits the log as it is in the transaction. */
  put(request: SnapshotPut, quota: AccountQuota): Promise<SnapshotPutResult>
  /** In the order in which they were stored, rejected ones included. The last that is not rejected is current. */
  list(account: AccountId, document: DocumentId): Promise<readonly StoredSnapshot[]>
  /** @returns undefined when the snapshot is not there (any more) */
  readFile(place: SnapshotPlace, offset: number, length: number): Promise<SnapshotSlice | undefined>
  /** Exempt entries behind number `after`, at least one if there is one, then up to `maxBytes`. */
  readExempt(place: SnapshotPlace, after: number, maxBytes: number): Promise<ExemptPage>
  /** The device's last word; a rejection may put the parent back. @returns false when the snapshot is not there */
  judge(verdict: VerdictPut): Promise<boolean>
  readHashes(account: AccountId, document: DocumentId, numbers: readonly number[]): Promise<LogHashes>
  /** Bytes of the entries behind `after` up to `through`. */
  bytesBetween(account: AccountId, document: DocumentId, after: number, through: number): Promise<number>
  /** Entries and snapshots whose time has come go, document by document, each in one transaction. */
  prune(nowMs: number): Promise<Pruned>
}
