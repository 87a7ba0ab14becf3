// Every codec of the package in one list, each with an arbitrary valid value, so that a property is stated once and holds for all.
import fc from 'fast-check'
import { type AuditRow, auditKinds, decodeAuditRow, encodeAuditRow } from '../../src/audit'
import {
  type Body,
  decodeBody,
  decodeSeenBody,
  encodeBody,
  encodeSeenBody,
  type SeenBody,
  WRITER_BYTES,
} from '../../src/body'
import { bytesToHex, compareBytes } from '../../src/bytes'
import { type Cut, decodeCut, encodeCut } from '../../src/cut'
import { decodeEnvelope, decodeLargeEnvelope, type Envelope, encodeEnvelope, envelopeKinds } from '../../src/envelope'
import type { Frame, FrameType } from '../../src/frame-types'
import { decodeFrame, encodeFrame } from '../../src/frames'
import {
  decodeSignedRecord,
  deviceRoles,
  type EpochBlock,
  encodeSignedRecord,
  encodeUnsignedRecord,
  type KeyringRecord,
  recordTypes,
  SEALED_KEY_BYTES,
  WRAPPED_KEY_BYTES,
} from '../../src/keyring-record'
import { MAX_DEVICE_INFO_BYTES, MAX_SNAPSHOT_PARTS, MIN_BOX_BYTES, MIN_ENVELOPE_BYTES } from '../../src/limits'
import {
  decodeInvitation,
  decodePairingContent,
  decodePairingMessage,
  encodeInvitation,
  encodePairingContent,
  encodePairingMessage,
  type PairingContent,
  type PairingInvitation,
  type PairingMessage,
} from '../../src/pairing'
import { decodePresenceBody, encodePresenceBody, type PresenceBody, type PresenceState } from '../../src/presence'
import {
  decodeSnapshotBody,
  decodeSnapshotHeader,
  encodeSnapshotBody,
  encodeSnapshotHeader,
  type SnapshotAuthor,
  type SnapshotBody,
  type SnapshotHeader,
} from '../../src/snapshot'
import { decodeSnapshotFile, encodeSnapshotFile, type SnapshotFile } from '../../src/snapshot-file'

export interface Codec<T = unknown> {
  readonly name: string
  readonly value: fc.Arbitrary<T>
  encode(value: T): Uint8Array
  decode(bytes: Uint8Array): T
}

// biome-ignore lint/suspicious/noExplicitAny: byte brands of every kind, checked by length only
const bytes = (length: number): fc.Arbitrary<any> => fc.uint8Array({ minLength: length, maxLength: length })
const someBytes = (min = 0, max = 40) => fc.uint8Array({ minLength: min, maxLength: max })
/** Numbers at the seams of the encoding as often as others. */
const varUint = fc.oneof(
  fc.constantFrom(0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 49, Number.MAX_SAFE_INTEGER),
  fc.nat(1000),
  fc.maxSafeNat(),
)
const positive = varUint.map((value) => Math.max(1, value))
const uint32 = fc.oneof(fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1), fc.integer({ min: 0, max: 2 ** 32 - 1 }))
const byte = fc.nat(255)
const list = <T>(item: fc.Arbitrary<T>, max = 4, min = 0) => fc.array(item, { minLength: min, maxLength: max })
const text = (maxBytes: number) =>
  fc.string({ unit: 'binary', maxLength: 12 }).filter((each) => new TextEncoder().encode(each).length <= maxBytes)

/** Fields of which those in `optional` may be absent. */
function record<T extends object>(
  fields: { [K in keyof T]-?: fc.Arbitrary<Exclude<T[K], undefined>> },
  ...optional: (keyof T)[]
) {
  const requiredKeys = (Object.keys(fields) as (keyof T)[]).filter((key) => !optional.includes(key))
  return fc.record(fields as never, {
    requiredKeys: requiredKeys as never,
    noNullPrototype: true,
  }) as unknown as fc.Arbitrary<T>
}

type FrameOf<T extends FrameType> = Extract<Frame, { type: T }>
const type = <T extends string>(name: T) => fc.constant(name)
const entry = someBytes(MIN_ENVELOPE_BYTES, MIN_ENVELOPE_BYTES + 20)
const part = fc
  .tuple(bytes(32), fc.integer({ min: 1, max: MAX_SNAPSHOT_PARTS }), fc.nat(), someBytes())
  .map(([hash, count, index, each]) => ({ hash, index: index % count, count, bytes: each }))
const seenRow = { document: bytes(16), envelope: someBytes(), signature: bytes(64) }
const presence = { document: bytes(16), envelope: someBytes() }
const seenEntry = record({ device: bytes(16), incarnation: uint32, sequence: varUint })
const keyringHead = record({ length: varUint, hash: bytes(32) })
const chainHead = { device: bytes(16), incarnation: uint32, sequence: varUint, hash: bytes(32) }
const signedHead = record({ device: bytes(16), incarnation: uint32, sequence: varUint, signature: bytes(64) })
const verdict = fc.constantFrom('accept' as const, 'reject' as const)
const purpose = fc.constantFrom('rebase' as const, 'heal' as const)
const recordWithCut = { record: someBytes(), cut: someBytes() }

const frameValues: { readonly [T in FrameType]: fc.Arbitrary<FrameOf<T>> } = {
  hello: fc.oneof(
    record<FrameOf<'hello'>>({
      type: type('hello'),
      version: fc.constant(1),
      account: bytes(32),
      device: bytes(16),
    } as never),
    record<FrameOf<'hello'>>({
      type: type('hello'),
      version: fc.constant(1),
      account: bytes(32),
      recoveryKey: bytes(32),
    } as never),
  ),
  auth: record({ type: type('auth'), publicKey: bytes(32), signature: bytes(64) }),
  'keyring-fetch': record({ type: type('keyring-fetch'), from: varUint }),
  'keyring-append': record<FrameOf<'keyring-append'>>(
    { type: type('keyring-append'), ...recordWithCut, isRestored: fc.boolean() },
    'cut',
  ),
  'keyring-replace': record<FrameOf<'keyring-replace'>>({
    type: type('keyring-replace'),
    records: list(record<{ record: Uint8Array; cut?: Uint8Array }>(recordWithCut, 'cut'), 4, 1),
  }),
  suspend: record({ type: type('suspend'), devices: list(bytes(16)), signature: bytes(64) }),
  subscribe: record({
    type: type('subscribe'),
    generation: bytes(16),
    cursors: fc.uniqueArray(record({ document: bytes(16), number: varUint, hash: bytes(32) }), {
      maxLength: 4,
      selector: (cursor) => bytesToHex(cursor.document),
    }),
  }),
  unsubscribe: record({ type: type('unsubscribe'), documents: list(bytes(16)) }),
  push: record({
    type: type('push'),
    document: bytes(16),
    entries: list(entry, 3, 1),
    headHash: bytes(32),
    signature: bytes(64),
  }),
  'heads-fetch': record({ type: type('heads-fetch'), devices: list(bytes(16)) }),
  'seen-put': record({ type: type('seen-put'), ...seenRow }),
  'presence-put': record({ type: type('presence-put'), ...presence }),
  'snapshot-put': record({ type: type('snapshot-put'), document: bytes(16), part }),
  'snapshot-fetch': record<FrameOf<'snapshot-fetch'>>(
    { type: type('snapshot-fetch'), document: bytes(16), hash: bytes(32) },
    'hash',
  ),
  'snapshot-verdict': record({
    type: type('snapshot-verdict'),
    document: bytes(16),
    hash: bytes(32),
    verdict,
    signature: bytes(64),
  }),
  lease: record({ type: type('lease'), document: bytes(16), purpose, release: fc.boolean() }),
  refill: record({
    type: type('refill'),
    document: bytes(16),
    first: positive,
    entries: list(entry, 3, 2),
    heads: list(signedHead, 2, 1),
  }),
  'hashes-fetch': record({ type: type('hashes-fetch'), document: bytes(16), numbers: list(varUint) }),
  ping: record({ type: type('ping'), id: varUint }),
  'mailbox-open': record({
    type: type('mailbox-open'),
    mailbox: bytes(16),
    side: fc.constantFrom('newcomer' as const, 'member' as const),
  }),
  'mailbox-put': record({ type: type('mailbox-put'), bytes: someBytes() }),
  call: record({ type: type('call'), id: varUint, method: text(32), body: someBytes() }),
  challenge: record({ type: type('challenge'), nonce: bytes(32), timeMs: varUint }),
  welcome: record({
    type: type('welcome'),
    account: bytes(32),
    generation: bytes(16),
    keyringLength: varUint,
    keyringHead: bytes(32),
    timeMs: varUint,
  }),
  keyring: record<FrameOf<'keyring'>>({
    type: type('keyring'),
    from: varUint,
    length: varUint,
    records: list(record<{ record: Uint8Array; cut?: Uint8Array }>(recordWithCut, 'cut')),
  }),
  'keyring-changed': record({ type: type('keyring-changed'), length: varUint, head: bytes(32) }),
  page: record({
    type: type('page'),
    document: bytes(16),
    first: varUint,
    entries: list(fc.oneof(entry, someBytes())),
    heads: list(signedHead),
    logHash: bytes(32),
    newest: varUint,
    live: fc.boolean(),
  }),
  pushed: record({
    type: type('pushed'),
    document: bytes(16),
    incarnation: uint32,
    sequence: varUint,
    numbers: list(varUint),
    logHash: bytes(32),
  }),
  heads: record({
    type: type('heads'),
    heads: list(record({ document: bytes(16), ...chainHead, signature: bytes(64) })),
  }),
  suspended: record({ type: type('suspended'), devices: list(bytes(16)), forMs: varUint }),
  'mailbox-met': record({ type: type('mailbox-met') }),
  'mailbox-message': record({ type: type('mailbox-message'), bytes: someBytes() }),
  answer: record({ type: type('answer'), id: varUint, body: someBytes() }),
  seen: record({ type: type('seen'), ...seenRow }),
  presence: record({ type: type('presence'), ...presence }),
  'presence-gone': record({ type: type('presence-gone'), document: bytes(16), device: bytes(16) }),
  snapshot: record({ type: type('snapshot'), document: bytes(16), part }),
  'snapshot-offered': record({
    type: type('snapshot-offered'),
    document: bytes(16),
    hash: bytes(32),
    coveredNumber: varUint,
    coveredHash: bytes(32),
    documentEpoch: varUint,
    author: bytes(16),
    sizeBytes: varUint,
    storedAtMs: varUint,
    isCurrent: fc.boolean(),
    verdicts: list(record({ device: bytes(16), verdict, signature: bytes(64) })),
  }),
  exempt: record({
    type: type('exempt'),
    document: bytes(16),
    hash: bytes(32),
    entries: list(record({ number: varUint, envelope: fc.oneof(entry, someBytes()), previous: bytes(32) })),
    heads: list(signedHead),
    isLast: fc.boolean(),
  }),
  leased: record({ type: type('leased'), document: bytes(16), purpose, forMs: varUint }),
  refilled: record({ type: type('refilled'), document: bytes(16), first: varUint, count: varUint, logHash: bytes(32) }),
  hashes: record({
    type: type('hashes'),
    document: bytes(16),
    base: varUint,
    newest: varUint,
    hashes: list(record({ number: varUint, hash: bytes(32) })),
  }),
  'snapshot-stored': record({ type: type('snapshot-stored'), document: bytes(16), hash: bytes(32) }),
  pong: record({ type: type('pong'), id: varUint, timeMs: varUint }),
  refused: record<FrameOf<'refused'>>(
    {
      type: type('refused'),
      request: text(32),
      document: bytes(16),
      code: text(32),
      retryable: fc.boolean(),
      retryAfterMs: varUint,
      message: text(512),
      state: varUint,
    },
    'document',
    'retryAfterMs',
    'state',
  ),
}

export const frameTypes = Object.keys(frameValues) as FrameType[]

const envelope = record<Envelope>({
  version: byte,
  suite: byte,
  kind: byte,
  documentEpoch: varUint,
  epoch: varUint,
  device: bytes(16),
  incarnation: uint32,
  sequence: positive,
  nonce: bytes(24),
  box: someBytes(MIN_BOX_BYTES, MIN_BOX_BYTES + 40),
})

const writerCount = record({ writer: bytes(WRITER_BYTES), n: varUint })
const body = record<Body>(
  {
    sealedAtMs: varUint,
    continues: record({ incarnation: uint32, sequence: varUint, hash: bytes(32) }),
    repairs: record({ incarnation: uint32, sequence: varUint }),
    keyringHead,
    seen: list(seenEntry),
    writers: list(writerCount),
    updates: list(record({ root: byte, format: byte, bytes: someBytes() })),
  },
  'continues',
  'repairs',
  'keyringHead',
)
const seenBody = record<SeenBody>({
  sealedAtMs: varUint,
  keyringHead,
  number: varUint,
  logHash: bytes(32),
  seen: list(seenEntry),
})

const presenceBody = record<PresenceBody>({
  sealedAtMs: varUint,
  states: list(
    record<PresenceState>({ client: varUint, clock: varUint, state: fc.string({ unit: 'grapheme' }) }, 'state'),
  ),
})

/** Few distinct devices and incarnations, so that the order is decided by each part of the key. */
const closeHead = record({
  device: fc.constantFrom(0, 1).map((last) => new Uint8Array(16).fill(0xff, 15 - last)),
  incarnation: fc.oneof(fc.constantFrom(0, 1, 2 ** 32 - 1), uint32),
  sequence: varUint,
  hash: bytes(32),
})
const headKey = (head: { device: Uint8Array; incarnation: number }) => `${bytesToHex(head.device)} ${head.incarnation}`
const byHead = (a: { device: Uint8Array; incarnation: number }, b: { device: Uint8Array; incarnation: number }) =>
  compareBytes(a.device, b.device) || a.incarnation - b.incarnation
const snapshotHeader = record<SnapshotHeader>(
  {
    documentEpoch: varUint,
    coveredNumber: fc.integer({ min: 1000, max: Number.MAX_SAFE_INTEGER }),
    coveredHash: bytes(32),
    parent: bytes(32),
    keyringHead,
    vector: fc.uniqueArray(closeHead, { maxLength: 4, selector: headKey }).map((heads) => heads.sort(byHead) as never),
    exempt: fc
      .uniqueArray(fc.integer({ min: 1, max: 1000 }), { maxLength: 4 })
      .map((numbers) => numbers.sort((a, b) => a - b)),
  },
  'parent',
)
const snapshotBody = record<SnapshotBody>({
  digest: bytes(32),
  context: list(writerCount),
  registers: someBytes(),
  texts: someBytes(),
  authors: list(record<SnapshotAuthor>({ writer: bytes(6), device: bytes(16) })),
})
const snapshotFile = record<SnapshotFile>({ header: someBytes(), signature: bytes(64), envelope: entry })
const cut = fc
  .uniqueArray(
    fc.tuple(
      fc.constantFrom(1, 2).map((first) => new Uint8Array(16).fill(first)),
      closeHead,
    ),
    { maxLength: 4, selector: ([document, head]) => `${bytesToHex(document)} ${headKey(head)}` },
  )
  .map((entries) => entries.map(([document, head]) => ({ document, ...head })))
  .map((entries) => entries.sort((a, b) => compareBytes(a.document, b.document) || byHead(a, b)) as unknown as Cut)

const publicKeys = { signing: bytes(32), box: bytes(32) }
const nextRecovery = record({ ...publicKeys, proof: bytes(64) })
const device = record({
  ...publicKeys,
  role: fc.constantFrom(...deviceRoles),
  info: someBytes(0, MAX_DEVICE_INFO_BYTES),
})
const epoch = record<EpochBlock>(
  {
    keyId: bytes(32),
    wrappedPrevious: bytes(WRAPPED_KEY_BYTES),
    ephemeral: bytes(32),
    sealed: list(record({ member: bytes(16), box: bytes(SEALED_KEY_BYTES) })),
  },
  'wrappedPrevious',
)
const base = { position: varUint, previous: bytes(32), signer: fc.option(bytes(16), { nil: undefined }) }
type RecordOf<T extends KeyringRecord['type']> = Extract<KeyringRecord, { type: T }>

const recordValues: { readonly [T in KeyringRecord['type']]: fc.Arbitrary<RecordOf<T>> } = {
  genesis: record({ type: type('genesis'), ...base, recovery: record(publicKeys), device, epoch }),
  add: record({ type: type('add'), ...base, device, ephemeral: bytes(32), sealedKey: bytes(SEALED_KEY_BYTES) }),
  remove: record({ type: type('remove'), ...base, removed: list(bytes(16)), cutHash: bytes(32), epoch }),
  rekey: record({ type: type('rekey'), ...base, epoch }),
  recover: record<RecordOf<'recover'>>(
    {
      type: type('recover'),
      ...base,
      device,
      removed: list(bytes(16)),
      cutHash: bytes(32),
      nextRecovery,
      epoch,
    },
    'nextRecovery',
  ),
  leave: record({ type: type('leave'), ...base, cutHash: bytes(32) }),
  request: record({ type: type('request'), ...base, next: nextRecovery }),
  veto: record({ type: type('veto'), ...base, request: varUint }),
  reissue: record<RecordOf<'reissue'>>(
    { type: type('reissue'), ...base, next: nextRecovery, request: varUint, epoch },
    'request',
  ),
}

const auditRow = record<AuditRow>(
  {
    n: varUint,
    timeMs: varUint,
    kind: fc.constantFrom(...auditKinds),
    device: bytes(16),
    target: bytes(16),
    address: text(64),
    detail: text(256),
  },
  'device',
  'target',
)

interface SignedValue {
  readonly record: KeyringRecord
  readonly signature: Uint8Array
}

const codec = <T>(each: Codec<T>): Codec => each as unknown as Codec

const invitation = record<PairingInvitation>({ relay: text(512), keys: record(publicKeys), secret: bytes(16) })
const pairingMessages: { [Type in PairingMessage['type']]: fc.Arbitrary<Extract<PairingMessage, { type: Type }>> } = {
  commit: record({ type: fc.constant('commit' as const), commitment: bytes(32) }),
  answer: record({
    type: fc.constant('answer' as const),
    ephemeral: bytes(32),
    nonce: bytes(32),
    account: bytes(32),
  }),
  reveal: record({
    type: fc.constant('reveal' as const),
    ephemeral: bytes(32),
    keys: record(publicKeys),
    nonce: bytes(32),
  }),
  sealed: record({ type: fc.constant('sealed' as const), nonce: bytes(24), box: someBytes() }),
}
const pairingContents: { [Type in PairingContent['type']]: fc.Arbitrary<Extract<PairingContent, { type: Type }>> } = {
  introduce: record({ type: fc.constant('introduce' as const), name: text(128), platform: text(128) }),
  welcome: record({
    type: fc.constant('welcome' as const),
    account: bytes(32),
    keyringLength: varUint,
    keyringHead: bytes(32),
    name: text(128),
  }),
  finish: record({ type: fc.constant('finish' as const) }),
  refuse: record({ type: fc.constant('refuse' as const) }),
}

export const codecs: readonly Codec[] = [
  ...frameTypes.map((name) =>
    codec<Frame>({ name: `frame ${name}`, value: frameValues[name], encode: encodeFrame, decode: decodeFrame }),
  ),
  codec({ name: 'envelope', value: envelope, encode: encodeEnvelope, decode: decodeEnvelope }),
  codec({
    name: 'large envelope',
    value: envelope.map((each) => ({ ...each, kind: envelopeKinds.snapshot })),
    encode: encodeEnvelope,
    decode: decodeLargeEnvelope,
  }),
  codec({ name: 'body', value: body, encode: encodeBody, decode: decodeBody }),
  codec({ name: 'seen body', value: seenBody, encode: encodeSeenBody, decode: decodeSeenBody }),
  codec({ name: 'presence body', value: presenceBody, encode: encodePresenceBody, decode: decodePresenceBody }),
  codec({
    name: 'snapshot header',
    value: snapshotHeader,
    encode: encodeSnapshotHeader,
    decode: decodeSnapshotHeader,
  }),
  codec({ name: 'snapshot body', value: snapshotBody, encode: encodeSnapshotBody, decode: decodeSnapshotBody }),
  codec({ name: 'snapshot file', value: snapshotFile, encode: encodeSnapshotFile, decode: decodeSnapshotFile }),
  codec({ name: 'audit row', value: auditRow, encode: encodeAuditRow, decode: decodeAuditRow }),
  codec({ name: 'cut', value: cut, encode: encodeCut, decode: decodeCut }),
  codec({ name: 'pairing invitation', value: invitation, encode: encodeInvitation, decode: decodeInvitation }),
  codec<PairingMessage>({
    name: 'pairing message',
    value: fc.oneof(...Object.values(pairingMessages)) as fc.Arbitrary<PairingMessage>,
    encode: encodePairingMessage,
    decode: decodePairingMessage,
  }),
  codec<PairingContent>({
    name: 'pairing content',
    value: fc.oneof(...Object.values(pairingContents)) as fc.Arbitrary<PairingContent>,
    encode: encodePairingContent,
    decode: decodePairingContent,
  }),
  ...Object.keys(recordTypes).map((name) =>
    codec<SignedValue>({
      name: `keyring record ${name}`,
      value: record<SignedValue>({ record: recordValues[name as KeyringRecord['type']], signature: bytes(64) }),
      encode: ({ record, signature }) => encodeSignedRecord(encodeUnsignedRecord(record), signature),
      decode: (encoded) => {
        const { record, signature } = decodeSignedRecord(encoded)
        return { record, signature }
      },
    }),
  ),
]
