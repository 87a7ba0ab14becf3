// The bytes of what travels between a device and the relay: one binary WebSocket message is one frame, a type byte and its
// fields. Type bytes below 64 are the device's, from 65 on the relay's.

import { decodeWhole, malformed, type Reader, Writer } from './codec'
import { ProtocolFailure } from './codes'
import {
  checkBranch,
  checkLogin,
  checkNamedOnce,
  checkPush,
  readDevices,
  readDocument,
  readEntry,
  readHash,
  readPart,
  readRecord,
  readSeenRow,
  shortened,
  writeDevices,
  writeEntry,
  writePart,
  writeRecord,
  writeSeenRow,
} from './frame-fields'
import type { Frame, FrameType, MailboxSide } from './frame-types'
import {
  ACCOUNT_ID_BYTES,
  type AccountId,
  DEVICE_ID_BYTES,
  type DeviceId,
  DOCUMENT_ID_BYTES,
  GENERATION_BYTES,
  type Generation,
  HASH_BYTES,
  type MailboxId,
  PUBLIC_KEY_BYTES,
  SIGNATURE_BYTES,
} from './ids'
import {
  MAILBOX_ID_BYTES,
  MAX_CALL_BYTES,
  MAX_CUT_ENTRIES,
  MAX_DOCUMENTS,
  MAX_FRAME_BYTES,
  MAX_KEYRING_RECORDS,
  MAX_MAILBOX_MESSAGE_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_NAME_BYTES,
  MAX_PAGE_ENTRIES,
  MAX_PUSH_ENTRIES,
  MIN_ENVELOPE_BYTES,
  PROTOCOL_VERSION,
} from './limits'

type FrameOf<T extends FrameType> = Extract<Frame, { type: T }>

interface FrameCodec<T extends FrameType> {
  readonly id: number
  write(writer: Writer, frame: FrameOf<T>): void
  read(reader: Reader): FrameOf<T>
}

const mailboxSides = ['newcomer', 'member'] as const

const codecs: { readonly [T in FrameType]: FrameCodec<T> } = {
  hello: {
    id: 1,
    write: (w, f) => {
      checkLogin(f)
      w.varUint(f.version).fixed(f.account, ACCOUNT_ID_BYTES)
      w.optional(f.device, (id) => w.fixed(id, DEVICE_ID_BYTES))
      w.optional(f.recoveryKey, (key) => w.fixed(key, PUBLIC_KEY_BYTES))
    },
    read: (r) => {
      const version = r.varUint()
      // Before anything else is read: a later version may lay out the rest otherwise, and deserves the true reason.
      if (version !== PROTOCOL_VERSION)
        throw new ProtocolFailure(
          'unsupported-version',
          `version ${version} is not spoken here, ${PROTOCOL_VERSION} is`,
        )
      const account = r.fixed<AccountId>(ACCOUNT_ID_BYTES)
      const device = r.optional(() => r.fixed<DeviceId>(DEVICE_ID_BYTES))
      const recoveryKey = r.optional(() => r.fixed(PUBLIC_KEY_BYTES))
      checkLogin({ device, recoveryKey })
      return { type: 'hello', version, account, ...(device && { device }), ...(recoveryKey && { recoveryKey }) }
    },
  },
  auth: {
    id: 2,
    write: (w, f) => void w.fixed(f.publicKey, PUBLIC_KEY_BYTES).fixed(f.signature, SIGNATURE_BYTES),
    read: (r) => ({ type: 'auth', publicKey: r.fixed(PUBLIC_KEY_BYTES), signature: r.fixed(SIGNATURE_BYTES) }),
  },
  'keyring-fetch': {
    id: 3,
    write: (w, f) => void w.varUint(f.from),
    read: (r) => ({ type: 'keyring-fetch', from: r.varUint() }),
  },
  'keyring-append': {
    id: 4,
    write: (w, f) => {
      writeRecord(w, f)
      w.flag(f.isRestored)
    },
    read: (r) => ({ type: 'keyring-append', ...readRecord(r), isRestored: r.flag() }),
  },
  subscribe: {
    id: 5,
    write: (w, f) => {
      checkNamedOnce(f.cursors.map((cursor) => cursor.document))
      w.fixed(f.generation, GENERATION_BYTES)
      w.list(
        f.cursors,
        (cursor) => w.fixed(cursor.document, DOCUMENT_ID_BYTES).varUint(cursor.number).fixed(cursor.hash, HASH_BYTES),
        MAX_DOCUMENTS,
      )
    },
    read: (r) => {
      const generation = r.fixed<Generation>(GENERATION_BYTES)
      const cursors = r.list(MAX_DOCUMENTS, DOCUMENT_ID_BYTES + 1 + HASH_BYTES, () => ({
        document: readDocument(r),
        number: r.varUint(),
        hash: readHash(r),
      }))
      checkNamedOnce(cursors.map((cursor) => cursor.document))
      return { type: 'subscribe', generation, cursors }
    },
  },
  unsubscribe: {
    id: 6,
    write: (w, f) => void w.list(f.documents, (document) => w.fixed(document, DOCUMENT_ID_BYTES), MAX_DOCUMENTS),
    read: (r) => ({ type: 'unsubscribe', documents: r.list(MAX_DOCUMENTS, DOCUMENT_ID_BYTES, () => readDocument(r)) }),
  },
  push: {
    id: 7,
    write: (w, f) => {
      checkPush(f.entries)
      w.fixed(f.document, DOCUMENT_ID_BYTES).list(f.entries, (entry) => writeEntry(w, entry), MAX_PUSH_ENTRIES)
      w.fixed(f.headHash, HASH_BYTES).fixed(f.signature, SIGNATURE_BYTES)
    },
    read: (r) => {
      const document = readDocument(r)
      const entries = r.list(MAX_PUSH_ENTRIES, MIN_ENVELOPE_BYTES, () => readEntry(r))
      checkPush(entries)
      return { type: 'push', document, entries, headHash: readHash(r), signature: r.fixed(SIGNATURE_BYTES) }
    },
  },
  'heads-fetch': {
    id: 8,
    write: (w, f) => writeDevices(w, f.devices),
    read: (r) => ({ type: 'heads-fetch', devices: readDevices(r) }),
  },
  'seen-put': {
    id: 9,
    write: writeSeenRow,
    read: (r) => ({ type: 'seen-put', ...readSeenRow(r) }),
  },
  'snapshot-put': { id: 10, write: writePart, read: (r) => ({ type: 'snapshot-put', ...readPart(r) }) },
  ping: { id: 11, write: (w, f) => void w.varUint(f.id), read: (r) => ({ type: 'ping', id: r.varUint() }) },
  'keyring-replace': {
    id: 12,
    write: (w, f) => {
      checkBranch(f.records)
      w.list(f.records, (item) => writeRecord(w, item), MAX_KEYRING_RECORDS)
    },
    read: (r) => {
      const records = r.list(MAX_KEYRING_RECORDS, 2, () => readRecord(r))
      checkBranch(records)
      return { type: 'keyring-replace', records }
    },
  },
  suspend: {
    id: 13,
    write: (w, f) => void writeDevices(w, f.devices).fixed(f.signature, SIGNATURE_BYTES),
    read: (r) => ({ type: 'suspend', devices: readDevices(r), signature: r.fixed(SIGNATURE_BYTES) }),
  },
  'mailbox-open': {
    id: 14,
    write: (w, f) => void w.fixed(f.mailbox, MAILBOX_ID_BYTES).byte(mailboxSides.indexOf(f.side)),
    read: (r) => ({ type: 'mailbox-open', mailbox: r.fixed<MailboxId>(MAILBOX_ID_BYTES), side: readSide(r) }),
  },
  'mailbox-put': {
    id: 15,
    write: (w, f) => void w.bytes(f.bytes, MAX_MAILBOX_MESSAGE_BYTES),
    read: (r) => ({ type: 'mailbox-put', bytes: r.bytes(MAX_MAILBOX_MESSAGE_BYTES) }),
  },
  call: {
    id: 16,
    write: (w, f) => void w.varUint(f.id).text(f.method, MAX_NAME_BYTES).bytes(f.body, MAX_CALL_BYTES),
    read: (r) => ({ type: 'call', id: r.varUint(), method: r.text(MAX_NAME_BYTES), body: r.bytes(MAX_CALL_BYTES) }),
  },
  challenge: {
    id: 65,
    write: (w, f) => void w.fixed(f.nonce, HASH_BYTES).varUint(f.timeMs),
    read: (r) => ({ type: 'challenge', nonce: readHash(r), timeMs: r.varUint() }),
  },
  welcome: {
    id: 66,
    write: (w, f) => {
      w.fixed(f.account, ACCOUNT_ID_BYTES).fixed(f.generation, GENERATION_BYTES)
      w.varUint(f.keyringLength).fixed(f.keyringHead, HASH_BYTES).varUint(f.timeMs)
    },
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
      w.list(f.records, (item) => writeRecord(w, item), MAX_KEYRING_RECORDS)
    },
    read: (r) => ({
      type: 'keyring',
      from: r.varUint(),
      length: r.varUint(),
      records: r.list(MAX_KEYRING_RECORDS, 2, () => readRecord(r)),
    }),
  },
  'keyring-changed': {
    id: 68,
    write: (w, f) => void w.varUint(f.length).fixed(f.head, HASH_BYTES),
    read: (r) => ({ type: 'keyring-changed', length: r.varUint(), head: readHash(r) }),
  },
  page: {
    id: 69,
    write: (w, f) => {
      w.fixed(f.document, DOCUMENT_ID_BYTES).varUint(f.first)
      w.list(f.entries, (entry) => writeEntry(w, entry), MAX_PAGE_ENTRIES)
      w.list(
        f.heads,
        (head) =>
          w
            .fixed(head.device, DEVICE_ID_BYTES)
            .uint32(head.incarnation)
            .varUint(head.sequence)
            .fixed(head.signature, SIGNATURE_BYTES),
        MAX_PAGE_ENTRIES,
      )
      w.fixed(f.logHash, HASH_BYTES).varUint(f.newest).flag(f.live)
    },
    read: (r) => ({
      type: 'page',
      document: readDocument(r),
      first: r.varUint(),
      // An entry of any shape gets through, so that a device can put one bad entry aside and keep the rest of the page.
      entries: r.list(MAX_PAGE_ENTRIES, 1, () => readEntry(r)),
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
      w.fixed(f.document, DOCUMENT_ID_BYTES).uint32(f.incarnation).varUint(f.sequence)
      w.list(f.numbers, (number) => w.varUint(number), MAX_PUSH_ENTRIES).fixed(f.logHash, HASH_BYTES)
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
      void w.list(
        f.heads,
        (head) =>
          w
            .fixed(head.document, DOCUMENT_ID_BYTES)
            .fixed(head.device, DEVICE_ID_BYTES)
            .uint32(head.incarnation)
            .varUint(head.sequence)
            .fixed(head.hash, HASH_BYTES)
            .fixed(head.signature, SIGNATURE_BYTES),
        MAX_CUT_ENTRIES,
      ),
    read: (r) => ({
      type: 'heads',
      heads: r.list(MAX_CUT_ENTRIES, DOCUMENT_ID_BYTES + DEVICE_ID_BYTES + 5 + HASH_BYTES + SIGNATURE_BYTES, () => ({
        document: readDocument(r),
        device: r.fixed<DeviceId>(DEVICE_ID_BYTES),
        incarnation: r.uint32(),
        sequence: r.varUint(),
        hash: readHash(r),
        signature: r.fixed(SIGNATURE_BYTES),
      })),
    }),
  },
  seen: { id: 72, write: writeSeenRow, read: (r) => ({ type: 'seen', ...readSeenRow(r) }) },
  snapshot: { id: 73, write: writePart, read: (r) => ({ type: 'snapshot', ...readPart(r) }) },
  'snapshot-stored': {
    id: 74,
    write: (w, f) => void w.fixed(f.document, DOCUMENT_ID_BYTES).fixed(f.hash, HASH_BYTES),
    read: (r) => ({ type: 'snapshot-stored', document: readDocument(r), hash: readHash(r) }),
  },
  pong: {
    id: 75,
    write: (w, f) => void w.varUint(f.id).varUint(f.timeMs),
    read: (r) => ({ type: 'pong', id: r.varUint(), timeMs: r.varUint() }),
  },
  suspended: {
    id: 77,
    write: (w, f) => void writeDevices(w, f.devices).varUint(f.forMs),
    read: (r) => ({ type: 'suspended', devices: readDevices(r), forMs: r.varUint() }),
  },
  'mailbox-met': { id: 78, write: () => {}, read: () => ({ type: 'mailbox-met' }) },
  'mailbox-message': {
    id: 79,
    write: (w, f) => void w.bytes(f.bytes, MAX_MAILBOX_MESSAGE_BYTES),
    read: (r) => ({ type: 'mailbox-message', bytes: r.bytes(MAX_MAILBOX_MESSAGE_BYTES) }),
  },
  answer: {
    id: 80,
    write: (w, f) => void w.varUint(f.id).bytes(f.body, MAX_CALL_BYTES),
    read: (r) => ({ type: 'answer', id: r.varUint(), body: r.bytes(MAX_CALL_BYTES) }),
  },
  refused: {
    id: 76,
    write: (w, f) => {
      w.text(f.request, MAX_NAME_BYTES).optional(f.document, (document) => w.fixed(document, DOCUMENT_ID_BYTES))
      w.text(f.code, MAX_NAME_BYTES).flag(f.retryable)
      w.optional(f.retryAfterMs, (ms) => w.varUint(ms))
      w.text(shortened(f.message), MAX_MESSAGE_BYTES).optional(f.state, (state) => w.varUint(state))
    },
    read: (r) => {
      const request = r.text(MAX_NAME_BYTES)
      const document = r.optional(() => readDocument(r))
      const code = r.text(MAX_NAME_BYTES)
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

function readSide(reader: Reader): MailboxSide {
  const side = mailboxSides[reader.byte()]
  if (side === undefined) throw malformed('a mailbox has two sides')
  return side
}

const typeById = new Map<number, FrameType>(
  Object.entries(codecs).map(([type, codec]) => [codec.id, type as FrameType]),
)

/**
 * Encodes one message. The bytes are new; nothing of `frame` is kept.
 * @throws ProtocolFailure with the code by which the other side would refuse the frame. Only `hello` may name a version that is
 * not spoken here, and the message of a refusal is cut to its limit, since a refusal must always get out.
 */
export function encodeFrame(frame: Frame): Uint8Array {
  const codec = codecs[frame.type] as FrameCodec<FrameType>
  const writer = new Writer().byte(codec.id)
  codec.write(writer, frame as never)
  const bytes = writer.finish()
  checkFrameSize(bytes)
  return bytes
}

/**
 * Decodes one message. Byte fields are views into `bytes`.
 * @throws ProtocolFailure, and nothing else
 */
export function decodeFrame(bytes: Uint8Array): Frame {
  checkFrameSize(bytes)
  return decodeWhole(bytes, (reader) => {
    const type = typeById.get(reader.byte())
    if (type === undefined) throw malformed('a message is of a type this side does not know')
    return codecs[type].read(reader)
  })
}

function checkFrameSize(bytes: Uint8Array): void {
  if (bytes.length > MAX_FRAME_BYTES)
    throw new ProtocolFailure(
      'frame-too-large',
      `a message of ${bytes.length} bytes is over its limit of ${MAX_FRAME_BYTES}`,
    )
}
