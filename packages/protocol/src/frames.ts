// What travels between a device and the relay: one binary WebSocket message is one frame, a type byte and its fields. A
// device never waits for one document because of another: every frame names the document it speaks of.

import { decodeWhole, type Reader, Writer } from './codec'
import { ProtocolFailure } from './codes'
import type { ChainHead } from './envelope'
import {
  ACCOUNT_ID_BYTES,
  type AccountId,
  DEVICE_ID_BYTES,
  type DeviceId,
  DOCUMENT_ID_BYTES,
  type DocumentId,
  GENERATION_BYTES,
  type Generation,
  HASH_BYTES,
  type Hash,
  PUBLIC_KEY_BYTES,
  SIGNATURE_BYTES,
} from './ids'
import {
  MAX_BODY_ITEMS,
  MAX_CUT_BYTES,
  MAX_DOCUMENTS,
  MAX_ENVELOPE_BYTES,
  MAX_FRAME_BYTES,
  MAX_KEYRING_RECORD_BYTES,
  MAX_KEYRING_RECORDS,
  MAX_MESSAGE_BYTES,
  MAX_PAGE_ENTRIES,
  MAX_PUSH_ENTRIES,
  MAX_SEEN_BYTES,
  MIN_BOX_BYTES,
  SNAPSHOT_PART_BYTES,
} from './limits'

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

export type Frame =
  // device to relay
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
  // relay to device
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
      readonly sequence: number /** One for each entry of the push. */
      readonly numbers: readonly number[] /** The log hash at the last number. */
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
type FrameOf<T extends FrameType> = Extract<Frame, { type: T }>

interface FrameCodec<T extends FrameType> {
  readonly id: number
  write(writer: Writer, frame: FrameOf<T>): void
  read(reader: Reader): FrameOf<T>
}

const MIN_ENVELOPE_BYTES = 3 + 2 + DEVICE_ID_BYTES + 4 + 1 + 24 + MIN_BOX_BYTES

const codecs: { readonly [T in FrameType]: FrameCodec<T> } = {
  hello: {
    id: 1,
    write: (w, f) => {
      w.varUint(f.version).fixed(f.account)
      w.optional(f.device, (id) => w.fixed(id)).optional(f.recoveryKey, (key) => w.fixed(key))
    },
    read: (r) => {
      const version = r.varUint()
      const account = r.fixed<AccountId>(ACCOUNT_ID_BYTES)
      const device = r.optional(() => r.fixed<DeviceId>(DEVICE_ID_BYTES))
      const recoveryKey = r.optional(() => r.fixed(PUBLIC_KEY_BYTES))
      if ((device === undefined) === (recoveryKey === undefined))
        throw new ProtocolFailure('malformed-frame', 'a hello names a device or a recovery key')
      return { type: 'hello', version, account, ...(device && { device }), ...(recoveryKey && { recoveryKey }) }
    },
  },
  auth: {
    id: 2,
    write: (w, f) => void w.fixed(f.publicKey).fixed(f.signature),
    read: (r) => ({ type: 'auth', publicKey: r.fixed(PUBLIC_KEY_BYTES), signature: r.fixed(SIGNATURE_BYTES) }),
  },
  'keyring-fetch': {
    id: 3,
    write: (w, f) => void w.varUint(f.from),
    read: (r) => ({ type: 'keyring-fetch', from: r.varUint() }),
  },
  'keyring-append': {
    id: 4,
    write: (w, f) => void w.bytes(f.record).optional(f.cut, (cut) => w.bytes(cut)),
    read: (r) => {
      const record = r.bytes(MAX_KEYRING_RECORD_BYTES)
      const cut = r.optional(() => r.bytes(MAX_CUT_BYTES))
      return { type: 'keyring-append', record, ...(cut && { cut }) }
    },
  },
  subscribe: {
    id: 5,
    write: (w, f) => {
      w.fixed(f.generation)
      w.list(f.cursors, (cursor) => w.fixed(cursor.document).varUint(cursor.number).fixed(cursor.hash))
    },
    read: (r) => ({
      type: 'subscribe',
      generation: r.fixed<Generation>(GENERATION_BYTES),
      cursors: r.list(MAX_DOCUMENTS, DOCUMENT_ID_BYTES + 1 + HASH_BYTES, () => ({
        document: readDocument(r),
        number: r.varUint(),
        hash: readHash(r),
      })),
    }),
  },
  unsubscribe: {
    id: 6,
    write: (w, f) => void w.list(f.documents, (document) => w.fixed(document)),
    read: (r) => ({ type: 'unsubscribe', documents: r.list(MAX_DOCUMENTS, DOCUMENT_ID_BYTES, () => readDocument(r)) }),
  },
  push: {
    id: 7,
    write: (w, f) => {
      w.fixed(f.document).list(f.entries, (entry) => w.bytes(entry))
      w.fixed(f.headHash).fixed(f.signature)
    },
    read: (r) => ({
      type: 'push',
      document: readDocument(r),
      entries: r.list(MAX_PUSH_ENTRIES, MIN_ENVELOPE_BYTES, () => r.bytes(MAX_ENVELOPE_BYTES)),
      headHash: readHash(r),
      signature: r.fixed(SIGNATURE_BYTES),
    }),
  },
  'heads-fetch': { id: 8, write: () => {}, read: () => ({ type: 'heads-fetch' }) },
  'seen-put': {
    id: 9,
    write: writeSeenRow,
    read: (r) => ({ type: 'seen-put', ...readSeenRow(r) }),
  },
  'snapshot-put': { id: 10, write: writePart, read: (r) => ({ type: 'snapshot-put', ...readPart(r) }) },
  ping: { id: 11, write: (w, f) => void w.varUint(f.id), read: (r) => ({ type: 'ping', id: r.varUint() }) },
  challenge: {
    id: 65,
    write: (w, f) => void w.fixed(f.nonce).varUint(f.timeMs),
    read: (r) => ({ type: 'challenge', nonce: readHash(r), timeMs: r.varUint() }),
  },
  welcome: {
    id: 66,
    write: (w, f) =>
      void w.fixed(f.account).fixed(f.generation).varUint(f.keyringLength).fixed(f.keyringHead).varUint(f.timeMs),
    read: (r) => ({
      type: 'welcome',
      account: r.fixed<AccountId>(ACCOUNT_ID_BYTES),
      generation: r.fixed<Generation>(GENERATION_BYTES),
      keyringLength: r.varUint(),
      keyringHead: readHash(r),
      timeMs: r.varUint(),
    }),
  },
  keyring: {
    id: 67,
    write: (w, f) => {
      w.varUint(f.from).varUint(f.length)
      w.list(f.records, (item) => w.bytes(item.record).optional(item.cut, (cut) => w.bytes(cut)))
    },
    read: (r) => ({
      type: 'keyring',
      from: r.varUint(),
      length: r.varUint(),
      records: r.list(MAX_KEYRING_RECORDS, 2 + SIGNATURE_BYTES, () => {
        const record = r.bytes(MAX_KEYRING_RECORD_BYTES)
        const cut = r.optional(() => r.bytes(MAX_CUT_BYTES))
        return { record, ...(cut && { cut }) }
      }),
    }),
  },
  'keyring-changed': {
    id: 68,
    write: (w, f) => void w.varUint(f.length).fixed(f.head),
    read: (r) => ({ type: 'keyring-changed', length: r.varUint(), head: readHash(r) }),
  },
  page: {
    id: 69,
    write: (w, f) => {
      w.fixed(f.document)
        .varUint(f.first)
        .list(f.entries, (entry) => w.bytes(entry))
      w.list(f.heads, (head) =>
        w.fixed(head.device).uint32(head.incarnation).varUint(head.sequence).fixed(head.signature),
      )
      w.fixed(f.logHash).varUint(f.newest).flag(f.live)
    },
    read: (r) => ({
      type: 'page',
      document: readDocument(r),
      first: r.varUint(),
      entries: r.list(MAX_PAGE_ENTRIES, MIN_ENVELOPE_BYTES, () => r.bytes(MAX_ENVELOPE_BYTES)),
      heads: r.list(MAX_PAGE_ENTRIES, DEVICE_ID_BYTES + 5 + SIGNATURE_BYTES, () => ({
        device: r.fixed<DeviceId>(DEVICE_ID_BYTES),
        incarnation: r.uint32(),
        sequence: r.varUint(),
        signature: r.fixed(SIGNATURE_BYTES),
      })),
      logHash: readHash(r),
      newest: r.varUint(),
      live: r.flag(),
    }),
  },
  pushed: {
    id: 70,
    write: (w, f) => {
      w.fixed(f.document).uint32(f.incarnation).varUint(f.sequence)
      w.list(f.numbers, (number) => w.varUint(number)).fixed(f.logHash)
    },
    read: (r) => ({
      type: 'pushed',
      document: readDocument(r),
      incarnation: r.uint32(),
      sequence: r.varUint(),
      numbers: r.list(MAX_PUSH_ENTRIES, 1, () => r.varUint()),
      logHash: readHash(r),
    }),
  },
  heads: {
    id: 71,
    write: (w, f) =>
      void w.list(f.heads, (head) =>
        w.fixed(head.document).fixed(head.device).uint32(head.incarnation).varUint(head.sequence).fixed(head.hash),
      ),
    read: (r) => ({
      type: 'heads',
      heads: r.list(MAX_BODY_ITEMS, DOCUMENT_ID_BYTES + DEVICE_ID_BYTES + 5 + HASH_BYTES, () => ({
        document: readDocument(r),
        device: r.fixed<DeviceId>(DEVICE_ID_BYTES),
        incarnation: r.uint32(),
        sequence: r.varUint(),
        hash: readHash(r),
      })),
    }),
  },
  seen: { id: 72, write: writeSeenRow, read: (r) => ({ type: 'seen', ...readSeenRow(r) }) },
  snapshot: { id: 73, write: writePart, read: (r) => ({ type: 'snapshot', ...readPart(r) }) },
  'snapshot-stored': {
    id: 74,
    write: (w, f) => void w.fixed(f.document).fixed(f.hash),
    read: (r) => ({ type: 'snapshot-stored', document: readDocument(r), hash: readHash(r) }),
  },
  pong: {
    id: 75,
    write: (w, f) => void w.varUint(f.id).varUint(f.timeMs),
    read: (r) => ({ type: 'pong', id: r.varUint(), timeMs: r.varUint() }),
  },
  refused: {
    id: 76,
    write: (w, f) => {
      w.text(f.request).optional(f.document, (document) => w.fixed(document))
      w.text(f.code)
        .flag(f.retryable)
        .optional(f.retryAfterMs, (ms) => w.varUint(ms))
      w.text(f.message).optional(f.state, (state) => w.varUint(state))
    },
    read: (r) => {
      const request = r.text(32)
      const document = r.optional(() => readDocument(r))
      const code = r.text(32)
      const retryable = r.flag()
      const retryAfterMs = r.optional(() => r.varUint())
      const message = r.text(MAX_MESSAGE_BYTES)
      const state = r.optional(() => r.varUint())
      return {
        type: 'refused',
        request,
        ...(document && { document }),
        code,
        retryable,
        ...(retryAfterMs !== undefined && { retryAfterMs }),
        message,
        ...(state !== undefined && { state }),
      }
    },
  },
}

const typeById = new Map<number, FrameType>(
  Object.entries(codecs).map(([type, codec]) => [codec.id, type as FrameType]),
)

export function encodeFrame(frame: Frame): Uint8Array {
  const codec = codecs[frame.type] as FrameCodec<FrameType>
  const writer = new Writer().byte(codec.id)
  codec.write(writer, frame as never)
  return writer.finish()
}

/**
 * Decodes one message. Byte fields are views into `bytes`.
 * @throws ProtocolFailure, and nothing else
 */
export function decodeFrame(bytes: Uint8Array): Frame {
  if (bytes.length > MAX_FRAME_BYTES)
    throw new ProtocolFailure(
      'frame-too-large',
      `a message of ${bytes.length} bytes is over the limit of ${MAX_FRAME_BYTES}`,
    )
  return decodeWhole(bytes, (reader) => {
    const type = typeById.get(reader.byte())
    if (type === undefined)
      throw new ProtocolFailure('malformed-frame', 'a message is of a type this side does not know')
    return codecs[type].read(reader)
  })
}

function readDocument(reader: Reader): DocumentId {
  return reader.fixed<DocumentId>(DOCUMENT_ID_BYTES)
}

function readHash(reader: Reader): Hash {
  return reader.fixed<Hash>(HASH_BYTES)
}

interface SeenRow {
  readonly document: DocumentId
  readonly envelope: Uint8Array
  readonly signature: Uint8Array
}

function writeSeenRow(writer: Writer, row: SeenRow): void {
  writer.fixed(row.document).bytes(row.envelope).fixed(row.signature)
}

function readSeenRow(reader: Reader): SeenRow {
  return {
    document: readDocument(reader),
    envelope: reader.bytes(MAX_SEEN_BYTES),
    signature: reader.fixed(SIGNATURE_BYTES),
  }
}

function writePart(writer: Writer, frame: { readonly document: DocumentId; readonly part: SnapshotPart }): void {
  const { hash, index, count, bytes } = frame.part
  writer.fixed(frame.document).fixed(hash).varUint(index).varUint(count).bytes(bytes)
}

function readPart(reader: Reader): { document: DocumentId; part: SnapshotPart } {
  const document = readDocument(reader)
  const part = {
    hash: readHash(reader),
    index: reader.varUint(),
    count: reader.varUint(),
    bytes: reader.bytes(SNAPSHOT_PART_BYTES),
  }
  if (part.index >= part.count)
    throw new ProtocolFailure('malformed-frame', 'a snapshot part lies outside its snapshot')
  return { document, part }
}
