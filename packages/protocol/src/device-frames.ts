// The bytes of what a device sends, field by field. Type bytes below 64.
import { malformed, type Reader } from './codec'
import { ProtocolFailure } from './codes'
import type { FrameCodecs } from './frame-codec'
import {
  checkBranch,
  checkLogin,
  checkNamedOnce,
  checkPush,
  checkRefill,
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
import type { DeviceFrame, MailboxSide } from './frame-types'
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
  MAX_DOCUMENTS,
  MAX_HASHES,
  MAX_KEYRING_RECORDS,
  MAX_MAILBOX_MESSAGE_BYTES,
  MAX_NAME_BYTES,
  MAX_PAGE_ENTRIES,
  MAX_PUSH_ENTRIES,
  MIN_ENVELOPE_BYTES,
  PROTOCOL_VERSION,
} from './limits'

const mailboxSides = ['newcomer', 'member'] as const

export const deviceFrameCodecs: FrameCodecs<DeviceFrame> = {
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
  'snapshot-fetch': {
    id: 17,
    write: (w, f) => void w.fixed(f.document, DOCUMENT_ID_BYTES).optional(f.hash, (hash) => w.fixed(hash, HASH_BYTES)),
    read: (r) => {
      const document = readDocument(r)
      const hash = r.optional(() => readHash(r))
      return { type: 'snapshot-fetch', document, ...(hash && { hash }) }
    },
  },
  'snapshot-verdict': {
    id: 18,
    write: (w, f) => {
      w.fixed(f.document, DOCUMENT_ID_BYTES).fixed(f.hash, HASH_BYTES)
      writeVerdict(w, f.verdict)
      w.fixed(f.signature, SIGNATURE_BYTES)
    },
    read: (r) => ({
      type: 'snapshot-verdict',
      document: readDocument(r),
      hash: readHash(r),
      verdict: readVerdict(r),
      signature: r.fixed(SIGNATURE_BYTES),
    }),
  },
  lease: {
    id: 19,
    write: (w, f) => {
      writePurpose(w.fixed(f.document, DOCUMENT_ID_BYTES), f.purpose)
      w.flag(f.release)
    },
    read: (r) => ({ type: 'lease', document: readDocument(r), purpose: readPurpose(r), release: r.flag() }),
  },
  refill: {
    id: 20,
    write: (w, f) => {
      checkRefill(f)
      w.fixed(f.document, DOCUMENT_ID_BYTES).varUint(f.first)
      // A device keeps the heads of the pages it read, and so gives back as much at once as a page may hold.
      w.list(f.entries, (entry) => writeEntry(w, entry), MAX_PAGE_ENTRIES)
      writeHeads(w, f.heads, MAX_PAGE_ENTRIES)
    },
    read: (r) => {
      const document = readDocument(r)
      const first = r.varUint()
      const entries = r.list(MAX_PAGE_ENTRIES, MIN_ENVELOPE_BYTES, () => readEntry(r))
      const heads = readHeads(r, MAX_PAGE_ENTRIES)
      checkRefill({ first, entries, heads })
      return { type: 'refill', document, first, entries, heads }
    },
  },
  'hashes-fetch': {
    id: 21,
    write: (w, f) =>
      void w.fixed(f.document, DOCUMENT_ID_BYTES).list(f.numbers, (number) => w.varUint(number), MAX_HASHES),
    read: (r) => ({
      type: 'hashes-fetch',
      document: readDocument(r),
      numbers: r.list(MAX_HASHES, 1, () => r.varUint()),
    }),
  },
  'presence-put': { id: 22, write: writePresence, read: (r) => ({ type: 'presence-put', ...readPresence(r) }) },
}

function readSide(reader: Reader): MailboxSide {
  const side = mailboxSides[reader.byte()]
  if (side === undefined) throw malformed('a mailbox has two sides')
  return side
}
