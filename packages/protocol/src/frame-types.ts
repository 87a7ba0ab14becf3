// The shapes of what travels between a device and the relay, for reading; `frames.ts` has their bytes. A device never waits
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
  | { readonly type: 'snapshot-put'; readonly document: DocumentId; readonly part: SnapshotPart }
  | { readonly type: 'ping'; readonly id: number }
  /** Opens a connection without a login: one of the two sides of a pairing takes its place at a mailbox. */
  | { readonly type: 'mailbox-open'; readonly mailbox: MailboxId; readonly side: MailboxSide }
  | { readonly type: 'mailbox-put'; readonly bytes: Uint8Array }
  /** What is asked about an account, or of the relay, beside syncing: `calls.ts` names the methods. */
  | { readonly type: 'call'; readonly id: number; readonly method: string; readonly body: Uint8Array }

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
  | { readonly type: 'snapshot'; readonly document: DocumentId; readonly part: SnapshotPart }
  | { readonly type: 'snapshot-stored'; readonly document: DocumentId; readonly hash: Hash }
  | { readonly type: 'pong'; readonly id: number; readonly timeMs: number }
  | Refusal

export type Frame = DeviceFrame | RelayFrame

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
   * For `chain-gap` and `fork`: the sequence the relay has. For `cursor-ahead`: its newest number. For `too-many-…`: the limit.
   * For a refused `call`: its id.
   */
  readonly state?: number
}

export type FrameType = Frame['type']
