// The bytes of what the relay sends, field by field. Type bytes from 65 on.
import type { FrameCodecs } from './frame-codec'
import {
  readDevices,
  readDocument,
  readEntry,
  readHash,
  readHeads,
  readPart,
  readPresence,
  readPurpose,
  readRecord,
  readSeenRow,
  readVerdict,
  shortened,
  writeDevices,
  writeEntry,
  writeHeads,
  writePart,
  writePresence,
  writePurpose,
  writeRecord,
  writeSeenRow,
  writeVerdict,
} from './frame-fields'
import type { RelayFrame } from './frame-types'
import {
  ACCOUNT_ID_BYTES,
  type AccountId,
  DEVICE_ID_BYTES,
  type DeviceId,
  DOCUMENT_ID_BYTES,
  GENERATION_BYTES,
  type Generation,
  HASH_BYTES,
  SIGNATURE_BYTES,
} from './ids'
import {
  MAX_ACTIVE_DEVICES,
  MAX_CALL_BYTES,
  MAX_CUT_ENTRIES,
  MAX_HASHES,
  MAX_KEYRING_RECORDS,
  MAX_MAILBOX_MESSAGE_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_NAME_BYTES,
  MAX_PAGE_ENTRIES,
  MAX_PUSH_ENTRIES,
} from './limits'

export const relayFrameCodecs: FrameCodecs<RelayFrame> = {
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
      writeHeads(w, f.heads, MAX_PAGE_ENTRIES)
      w.fixed(f.logHash, HASH_BYTES).varUint(f.newest).flag(f.live)
    },
    read: (r) => ({
      type: 'page',
      document: readDocument(r),
      first: r.varUint(),
      // An entry of any shape gets through, so that a device can put one bad entry aside and keep the rest of the page.
      entries: r.list(MAX_PAGE_ENTRIES, 1, () => readEntry(r)),
      heads: readHeads(r, MAX_PAGE_ENTRIES),
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
  'snapshot-offered': {
    id: 81,
    write: (w, f) => {
      w.fixed(f.document, DOCUMENT_ID_BYTES).fixed(f.hash, HASH_BYTES)
      w.varUint(f.coveredNumber).fixed(f.coveredHash, HASH_BYTES).varUint(f.documentEpoch)
      w.fixed(f.author, DEVICE_ID_BYTES).varUint(f.sizeBytes).varUint(f.storedAtMs).flag(f.isCurrent)
      w.list(
        f.verdicts,
        (each) => {
          writeVerdict(w.fixed(each.device, DEVICE_ID_BYTES), each.verdict)
          w.fixed(each.signature, SIGNATURE_BYTES)
        },
        MAX_ACTIVE_DEVICES,
      )
    },
    read: (r) => ({
      type: 'snapshot-offered',
      document: readDocument(r),
      hash: readHash(r),
      coveredNumber: r.varUint(),
      coveredHash: readHash(r),
      documentEpoch: r.varUint(),
      author: r.fixed<DeviceId>(DEVICE_ID_BYTES),
      sizeBytes: r.varUint(),
      storedAtMs: r.varUint(),
      isCurrent: r.flag(),
      verdicts: r.list(MAX_ACTIVE_DEVICES, DEVICE_ID_BYTES + 1 + SIGNATURE_BYTES, () => ({
        device: r.fixed<DeviceId>(DEVICE_ID_BYTES),
        verdict: readVerdict(r),
        signature: r.fixed(SIGNATURE_BYTES),
      })),
    }),
  },
  exempt: {
    id: 82,
    write: (w, f) => {
      w.fixed(f.document, DOCUMENT_ID_BYTES).fixed(f.hash, HASH_BYTES)
      w.list(
        f.entries,
        (entry) => {
          w.varUint(entry.number)
          writeEntry(w, entry.envelope)
          w.fixed(entry.previous, HASH_BYTES)
        },
        MAX_PAGE_ENTRIES,
      )
      writeHeads(w, f.heads, MAX_PAGE_ENTRIES)
      w.flag(f.isLast)
    },
    read: (r) => ({
      type: 'exempt',
      document: readDocument(r),
      hash: readHash(r),
      entries: r.list(MAX_PAGE_ENTRIES, 2 + HASH_BYTES, () => ({
        number: r.varUint(),
        envelope: readEntry(r),
        previous: readHash(r),
      })),
      heads: readHeads(r, MAX_PAGE_ENTRIES),
      isLast: r.flag(),
    }),
  },
  leased: {
    id: 83,
    write: (w, f) => {
      writePurpose(w.fixed(f.document, DOCUMENT_ID_BYTES), f.purpose)
      w.varUint(f.forMs)
    },
    read: (r) => ({ type: 'leased', document: readDocument(r), purpose: readPurpose(r), forMs: r.varUint() }),
  },
  refilled: {
    id: 84,
    write: (w, f) =>
      void w.fixed(f.document, DOCUMENT_ID_BYTES).varUint(f.first).varUint(f.count).fixed(f.logHash, HASH_BYTES),
    read: (r) => ({
      type: 'refilled',
      document: readDocument(r),
      first: r.varUint(),
      count: r.varUint(),
      logHash: readHash(r),
    }),
  },
  hashes: {
    id: 85,
    write: (w, f) => {
      w.fixed(f.document, DOCUMENT_ID_BYTES).varUint(f.base).varUint(f.newest)
      w.list(f.hashes, (each) => w.varUint(each.number).fixed(each.hash, HASH_BYTES), MAX_HASHES)
    },
    read: (r) => ({
      type: 'hashes',
      document: readDocument(r),
      base: r.varUint(),
      newest: r.varUint(),
      hashes: r.list(MAX_HASHES, 1 + HASH_BYTES, () => ({ number: r.varUint(), hash: readHash(r) })),
    }),
  },
  presence: { id: 86, write: writePresence, read: (r) => ({ type: 'presence', ...readPresence(r) }) },
  'presence-gone': {
    id: 87,
    write: (w, f) => void w.fixed(f.document, DOCUMENT_ID_BYTES).fixed(f.device, DEVICE_ID_BYTES),
    read: (r) => ({ type: 'presence-gone', document: readDocument(r), device: r.fixed<DeviceId>(DEVICE_ID_BYTES) }),
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
