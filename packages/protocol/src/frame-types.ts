// The shapes of what travels between a device and the relay, for reading; `device-frames.ts` and `relay-frames.ts` have their bytes. A device never waits
// for one document because of another: every frame names the document it speaks of.
import type { ChainHead } from './envelope'
import type { AccountId, DeviceId, DocumentId, Generation, Hash, MailboxId } from './ids'

/** Where a device stands in a document's log: everything up to `number`, whose log hash is `hash`. */
export interface Cursor {
  readonly document: DocumentId
  readonly number: number
  readonly hash: Hash
}

/** A signed end of a device's chain. */
export interface SignedHead {
  readonly device: DeviceId
  readonly incarnation: number
  readonly sequence: number
  readonly signature: Uint8Array
}

/** The end of a device's chain in a document, as the relay holds it. */
export interface DocumentHead extends ChainHead {
  readonly document: DocumentId
}

/** As above, with the device's own signature: the relay cannot make up what a removed device wrote. */
export interface SignedDocumentHead extends DocumentHead {
  readonly signature: Uint8Array
}

/** A keyring record, and the cut that it names where it removes devices. */
export interface KeyringItem {
  readonly record: Uint8Array
  readonly cut?: Uint8Array
}

export type DeviceFrame =
  /** Opens a connection. Exactly one of `device` and `recoveryKey`: a device logs in, or the holder of the phrase does. */
  | {
      readonly type: 'hello'
      readonly version: number
      readonly account: AccountId
      readonly device?: DeviceId
      readonly recoveryKey?: Uint8Array
    }
  /** Answers the challenge. The key comes along for a device that the relay does not know yet. */
  | { readonly type: 'auth'; readonly publicKey: Uint8Array; readonly signature: Uint8Array }
  | { readonly type: 'keyring-fetch'; readonly from: number }
  /** `cut` comes with a record that removes devices. */
  | ({
      readonly type: 'keyring-append'
      /** It was in the keyring already, and this relay lost it: what the relay holds beyond its cut is no reason to refuse it. */
      readonly isRestored: boolean
    } & KeyringItem)
  /** The device's branch, as much of it as fits, for a relay whose own is the lesser one (`chooseBranch`); the rest is appended. */
  | { readonly type: 'keyring-replace'; readonly records: readonly KeyringItem[] }
  /** Holds devices off (no push, no subscribe) while their removal is prepared. */
  | { readonly type: 'suspend'; readonly devices: readonly DeviceId[]; readonly signature: Uint8Array }
  /** Asks for everything after each cursor, and from then on for what is new. Also the regular check that nothing was missed. */
  | { readonly type: 'subscribe'; readonly generation: Generation; readonly cursors: readonly Cursor[] }
  | { readonly type: 'unsubscribe'; readonly documents: readonly DocumentId[] }
  /** Contiguous entries of this device and one signed head; stored whole or not at all. */
  | {
      readonly type: 'push'
      readonly document: DocumentId
      readonly entries: readonly Uint8Array[]
      readonly headHash: Hash
      readonly signature: Uint8Array
    }
  /** Of these devices; of all when none is named. */
  | { readonly type: 'heads-fetch'; readonly devices: readonly DeviceId[] }
  | {
      readonly type: 'seen-put'
      readonly document: DocumentId
      readonly envelope: Uint8Array
      readonly signature: Uint8Array
    }
  /** One part of a snapshot, in order; the relay stores the whole when the last one is there. */
  | { readonly type: 'snapshot-put'; readonly document: DocumentId; readonly part: SnapshotPart }
  /** Asks for a snapshot: the document's current one, or that with this hash. */
  | { readonly type: 'snapshot-fetch'; readonly document: DocumentId; readonly hash?: Hash }
  /** What this device found when it replayed what the snapshot covers. Never of its author. */
  | {
      readonly type: 'snapshot-verdict'
      readonly document: DocumentId
      readonly hash: Hash
      readonly verdict: Verdict
      readonly signature: Uint8Array
    }
  /** Takes, prolongs or gives back (`release`) the exclusive right to rebase or to heal a document. */
  | { readonly type: 'lease'; readonly document: DocumentId; readonly purpose: LeasePurpose; readonly release: boolean }
  /** Gives entries of any authors back to a relay that lost them, as the numbers from `first` on. */
  | {
      readonly type: 'refill'
      readonly document: DocumentId
      /** The relay's newest number plus one. */
      readonly first: number
      readonly entries: readonly Uint8Array[]
      /** At least for each device and incarnation in the refill the signed head at its last entry. */
      readonly heads: readonly SignedHead[]
    }
  /** Asks for log hashes, to find the last number that the relay's log has in common with the device's. */
  | { readonly type: 'hashes-fetch'; readonly document: DocumentId; readonly numbers: readonly number[] }
  /** All that this device shows of itself in a document, such as its cursor; what it showed before is replaced. Never stored. */
  | { readonly type: 'presence-put'; readonly document: DocumentId; readonly envelope: Uint8Array }
  | { readonly type: 'ping'; readonly id: number }
  /** Opens a connection without a login: one of the two sides of a pairing takes its place at a mailbox. */
  | { readonly type: 'mailbox-open'; readonly mailbox: MailboxId; readonly side: MailboxSide }
  | { readonly type: 'mailbox-put'; readonly bytes: Uint8Array }
  /** What is asked about an account, or of the relay, beside syncing: `calls.ts` names the methods. */
  | { readonly type: 'call'; readonly id: number; readonly method: string; readonly body: Uint8Array }

/** What a device other than its author says of a snapshot. */
export type Verdict = 'accept' | 'reject'

/** What a lease is for; the two do not exclude each other. */
export type LeasePurpose = 'rebase' | 'heal'

/** Who shows the code, and who reads it. */
export type MailboxSide = 'newcomer' | 'member'

export type RelayFrame =
  | { readonly type: 'challenge'; readonly nonce: Hash; readonly timeMs: number }
  | {
      readonly type: 'welcome'
      readonly account: AccountId
      readonly generation: Generation
      /** 0 when the relay does not know the account. */
      readonly keyringLength: number
      readonly keyringHead: Hash
      readonly timeMs: number
    }
  | {
      readonly type: 'keyring'
      readonly from: number
      readonly length: number
      readonly records: readonly KeyringItem[]
    }
  /** To the author as the answer, to other devices as news. */
  | { readonly type: 'keyring-changed'; readonly length: number; readonly head: Hash }
  | {
      readonly type: 'page'
      readonly document: DocumentId
      /** Number of the first entry; the others follow without a gap. With no entries: the number after the cursor. */
      readonly first: number
      readonly entries: readonly Uint8Array[]
      /** For each device and incarnation in the page, the signed head at its last entry in the page. */
      readonly heads: readonly SignedHead[]
      /** The log hash after the last entry. */
      readonly logHash: Hash
      /** The number of the newest entry the relay has. */
      readonly newest: number
      /** True for what was just appended, false for the answer to a subscribe. */
      readonly live: boolean
    }
  | {
      readonly type: 'pushed'
      readonly document: DocumentId
      readonly incarnation: number
      /** The greatest sequence of the push. */
      readonly sequence: number
      /** One for each entry of the push. */
      readonly numbers: readonly number[]
      /** The log hash at the last number. */
      readonly logHash: Hash
    }
  | { readonly type: 'heads'; readonly heads: readonly SignedDocumentHead[] }
  | { readonly type: 'suspended'; readonly devices: readonly DeviceId[]; readonly forMs: number }
  /** From the other side of the mailbox, in order. */
  | { readonly type: 'mailbox-message'; readonly bytes: Uint8Array }
  /** The other side is there. */
  | { readonly type: 'mailbox-met' }
  | { readonly type: 'answer'; readonly id: number; readonly body: Uint8Array }
  | {
      readonly type: 'seen'
      readonly document: DocumentId
      readonly envelope: Uint8Array
      readonly signature: Uint8Array
    }
  /** What the relay has instead of the beginning of the log: before the answer to a subscribe, and when it or its verdicts change. */
  | {
      readonly type: 'snapshot-offered'
      readonly document: DocumentId
      readonly hash: Hash
      readonly coveredNumber: number
      readonly coveredHash: Hash
      readonly documentEpoch: number
      readonly author: DeviceId
      /** Of the snapshot file. */
      readonly sizeBytes: number
      readonly storedAtMs: number
      /** False for one that was rejected, and whose parent is current again, if it has one. */
      readonly isCurrent: boolean
      readonly verdicts: readonly SnapshotVerdict[]
    }
  /** One part of a snapshot file, in order. */
  | { readonly type: 'snapshot'; readonly document: DocumentId; readonly part: SnapshotPart }
  /** After the last part: the entries that the snapshot covers by number and does not hold. At least one frame, perhaps empty. */
  | {
      readonly type: 'exempt'
      readonly document: DocumentId
      /** Of the snapshot. */
      readonly hash: Hash
      /** By rising number. */
      readonly entries: readonly ExemptEntry[]
      /** For each run of a chain's entries in this frame, the last signed head in it, if there is one. */
      readonly heads: readonly SignedHead[]
      readonly isLast: boolean
    }
  /** The lease is held for so long; 0 when it was given back. */
  | { readonly type: 'leased'; readonly document: DocumentId; readonly purpose: LeasePurpose; readonly forMs: number }
  | {
      readonly type: 'refilled'
      readonly document: DocumentId
      readonly first: number
      readonly count: number
      /** After the last of them. */
      readonly logHash: Hash
    }
  | {
      readonly type: 'hashes'
      readonly document: DocumentId
      /** Entries up to this number were pruned, or never there; 0 when none were. */
      readonly base: number
      readonly newest: number
      /** For those of the numbers asked for that the relay knows the log hash of. */
      readonly hashes: readonly { readonly number: number; readonly hash: Hash }[]
    }
  | { readonly type: 'presence'; readonly document: DocumentId; readonly envelope: Uint8Array }
  /** The connection of a device that had shown itself in the document is over. */
  | { readonly type: 'presence-gone'; readonly document: DocumentId; readonly device: DeviceId }
  | { readonly type: 'snapshot-stored'; readonly document: DocumentId; readonly hash: Hash }
  | { readonly type: 'pong'; readonly id: number; readonly timeMs: number }
  | Refusal

export type Frame = DeviceFrame | RelayFrame

/** A device's judgement of a snapshot, with its signature over `snapshotVerdictBytes`. */
export interface SnapshotVerdict {
  readonly device: DeviceId
  readonly verdict: Verdict
  readonly signature: Uint8Array
}

/** An entry that a snapshot covers by number and does not hold. */
export interface ExemptEntry {
  readonly number: number
  readonly envelope: Uint8Array
  /** Entry hash of the entry before it in its chain, which may be gone. */
  readonly previous: Hash
}

export interface SnapshotPart {
  /** Entry hash of the snapshot's envelope. */
  readonly hash: Hash
  readonly index: number
  readonly count: number
  readonly bytes: Uint8Array
}

export interface Refusal {
  readonly type: 'refused'
  /** The frame type that is refused; empty when the connection as a whole is. */
  readonly request: string
  readonly document?: DocumentId
  readonly code: string
  readonly retryable: boolean
  readonly retryAfterMs?: number
  /** A sentence a person can act on. */
  readonly message: string
  /**
   * For `chain-gap`, `fork` and `already-covered`: the sequence the relay has. For `cursor-ahead` and `refill-conflict`: its newest number.
   * For `refill-refused`: the position in the frame of the entry at fault. For `too-many-…`: the limit. For a refused `call`: its id.
   */
  readonly state?: number
}

export type FrameType = Frame['type']
