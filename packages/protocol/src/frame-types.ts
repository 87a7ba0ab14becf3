// The shapes of what travels between a device and the relay, for reading; `frames.ts` has their bytes. A device never waits
// for one document because of another: every frame names the document it speaks of.
import type { ChainHead } from './envelope'
import type { AccountId, DeviceId, DocumentId, Generation, Hash } from './ids'

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
  | { readonly type: 'keyring-append'; readonly record: Uint8Array; readonly cut?: Uint8Array }
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
  | { readonly type: 'heads-fetch' }
  | {
      readonly type: 'seen-put'
      readonly document: DocumentId
      readonly envelope: Uint8Array
      readonly signature: Uint8Array
    }
  | { readonly type: 'snapshot-put'; readonly document: DocumentId; readonly part: SnapshotPart }
  | { readonly type: 'ping'; readonly id: number }

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
      readonly records: readonly { readonly record: Uint8Array; readonly cut?: Uint8Array }[]
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
  | { readonly type: 'heads'; readonly heads: readonly DocumentHead[] }
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
  /** For `chain-gap` and `fork`: the sequence the relay has. For `cursor-ahead`: its newest number. For `too-many-…`: the limit. */
  readonly state?: number
}

export type FrameType = Frame['type']
