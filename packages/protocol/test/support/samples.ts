// One full value of everything that travels, every optional field present. The types make it impossible to forget a field:
// the golden vectors and the tables of the docs are made from these values.
import type { AuditRow } from '../../src/audit'
import type { Body, SeenBody } from '../../src/body'
import type { Cut } from '../../src/cut'
import { type Envelope, envelopeKinds } from '../../src/envelope'
import type { Frame, FrameType } from '../../src/frame-types'
import type { PairingContent, PairingInvitation, PairingMessage } from '../../src/pairing'
import type { PresenceBody } from '../../src/presence'
import type { SnapshotBody, SnapshotHeader } from '../../src/snapshot'
import type { SnapshotFile } from '../../src/snapshot-file'
import { counting } from './bytes'

/** Every optional field present, at any depth. */
type Full<T> = T extends Uint8Array | string | number | boolean
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Full<Item>[]
    : { readonly [Key in keyof T]-?: Full<Exclude<T[Key], undefined>> }

type FrameOf<T extends FrameType> = Extract<Frame, { type: T }>

const account = () => counting(32, 0x10) as never
const document = () => counting(16, 0x20) as never
const device = () => counting(16, 0x30) as never
const otherDevice = () => counting(16, 0x31) as never
const hash = (first: number) => counting(32, first) as never
const signature = () => counting(64, 0x80)
const incarnation = 0xdeadbeef
/** Takes two bytes as a varint. */
const number = 300

export const envelopeSample: Full<Envelope> = {
  version: 1,
  suite: 1,
  kind: envelopeKinds.update,
  documentEpoch: 2,
  epoch: 130,
  device: device(),
  incarnation,
  sequence: number,
  nonce: counting(24, 0x40),
  box: counting(112, 0x50),
}

/** What the sample above encodes to, for frames that carry envelopes. */
const entry = (first: number) => counting(162, first)

const part = { hash: hash(0x61), index: 1, count: 3, bytes: counting(5, 0x70) }
const seenRow = { document: document(), envelope: entry(0x71), signature: signature() }
const presence = { document: document(), envelope: entry(0x74) }
const keyringHead = { length: 3, hash: hash(0x62) }

/** `hello` names a device or a recovery key, so it takes two values to show every field. */
export const frameSamples: { readonly [T in Exclude<FrameType, 'hello'>]: Full<FrameOf<T>> } & {
  readonly hello: readonly FrameOf<'hello'>[]
} = {
  hello: [
    { type: 'hello', version: 1, account: account(), device: device() },
    { type: 'hello', version: 1, account: account(), recoveryKey: counting(32, 0x33) },
  ],
  auth: { type: 'auth', publicKey: counting(32, 0x34), signature: signature() },
  'keyring-fetch': { type: 'keyring-fetch', from: 2 },
  'keyring-append': {
    type: 'keyring-append',
    record: counting(70, 0x35),
    cut: counting(4, 0x36),
    isRestored: true,
  },
  'keyring-replace': { type: 'keyring-replace', records: [{ record: counting(70, 0x35), cut: counting(4, 0x36) }] },
  suspend: { type: 'suspend', devices: [device(), otherDevice()], signature: signature() },
  subscribe: {
    type: 'subscribe',
    generation: counting(16, 0x37) as never,
    cursors: [{ document: document(), number, hash: hash(0x63) }],
  },
  unsubscribe: { type: 'unsubscribe', documents: [document()] },
  push: {
    type: 'push',
    document: document(),
    entries: [entry(0x72), entry(0x73)],
    headHash: hash(0x64),
    signature: signature(),
  },
  'heads-fetch': { type: 'heads-fetch', devices: [device()] },
  'seen-put': { type: 'seen-put', ...seenRow },
  'presence-put': { type: 'presence-put', ...presence },
  'snapshot-put': { type: 'snapshot-put', document: document(), part },
  'snapshot-fetch': { type: 'snapshot-fetch', document: document(), hash: hash(0x61) },
  'snapshot-verdict': {
    type: 'snapshot-verdict',
    document: document(),
    hash: hash(0x61),
    verdict: 'reject',
    signature: signature(),
  },
  lease: { type: 'lease', document: document(), purpose: 'heal', release: true },
  refill: {
    type: 'refill',
    document: document(),
    first: 301,
    entries: [entry(0x72), entry(0x73)],
    heads: [{ device: device(), incarnation, sequence: number, signature: signature() }],
  },
  'hashes-fetch': { type: 'hashes-fetch', document: document(), numbers: [1, number] },
  ping: { type: 'ping', id: 7 },
  'mailbox-open': { type: 'mailbox-open', mailbox: counting(16, 0x38) as never, side: 'member' },
  'mailbox-put': { type: 'mailbox-put', bytes: counting(5, 0x39) },
  call: { type: 'call', id: 7, method: 'devices.list', body: new TextEncoder().encode('{}') },
  challenge: { type: 'challenge', nonce: hash(0x65), timeMs: 1_700_000_000_000 },
  welcome: {
    type: 'welcome',
    account: account(),
    generation: counting(16, 0x37) as never,
    keyringLength: 3,
    keyringHead: hash(0x62),
    timeMs: 1_700_000_000_000,
  },
  keyring: {
    type: 'keyring',
    from: 1,
    length: 3,
    records: [{ record: counting(70, 0x35), cut: counting(4, 0x36) }],
  },
  'keyring-changed': { type: 'keyring-changed', length: 3, head: hash(0x62) },
  page: {
    type: 'page',
    document: document(),
    first: number,
    entries: [entry(0x72)],
    heads: [{ device: device(), incarnation, sequence: number, signature: signature() }],
    logHash: hash(0x66),
    newest: 301,
    live: true,
  },
  pushed: {
    type: 'pushed',
    document: document(),
    incarnation,
    sequence: number,
    numbers: [299, 300],
    logHash: hash(0x66),
  },
  heads: {
    type: 'heads',
    heads: [
      {
        document: document(),
        device: device(),
        incarnation,
        sequence: number,
        hash: hash(0x67),
        signature: signature(),
      },
    ],
  },
  suspended: { type: 'suspended', devices: [device()], forMs: 600_000 },
  'mailbox-met': { type: 'mailbox-met' },
  'mailbox-message': { type: 'mailbox-message', bytes: counting(5, 0x39) },
  answer: { type: 'answer', id: 7, body: new TextEncoder().encode('{"devices":[]}') },
  seen: { type: 'seen', ...seenRow },
  presence: { type: 'presence', ...presence },
  'presence-gone': { type: 'presence-gone', document: document(), device: otherDevice() },
  snapshot: { type: 'snapshot', document: document(), part },
  'snapshot-offered': {
    type: 'snapshot-offered',
    document: document(),
    hash: hash(0x61),
    coveredNumber: number,
    coveredHash: hash(0x66),
    documentEpoch: 2,
    author: device(),
    sizeBytes: 70_000,
    storedAtMs: 1_700_000_000_000,
    isCurrent: true,
    verdicts: [{ device: otherDevice(), verdict: 'accept', signature: signature() }],
  },
  exempt: {
    type: 'exempt',
    document: document(),
    hash: hash(0x61),
    entries: [{ number: 200, envelope: entry(0x72), previous: hash(0x67) }],
    heads: [{ device: device(), incarnation, sequence: number, signature: signature() }],
    isLast: true,
  },
  leased: { type: 'leased', document: document(), purpose: 'rebase', forMs: 10_000 },
  refilled: { type: 'refilled', document: document(), first: 301, count: 2, logHash: hash(0x66) },
  hashes: { type: 'hashes', document: document(), base: 200, newest: 301, hashes: [{ number, hash: hash(0x66) }] },
  'snapshot-stored': { type: 'snapshot-stored', document: document(), hash: hash(0x61) },
  pong: { type: 'pong', id: 7, timeMs: 1_700_000_000_000 },
  refused: {
    type: 'refused',
    request: 'push',
    document: document(),
    code: 'quota-exceeded',
    retryable: true,
    retryAfterMs: 60_000,
    message: 'The account is full – 5 MB.',
    state: number,
  },
}

export const bodySample: Full<Body> = {
  sealedAtMs: 1_700_000_000_000,
  continues: { incarnation, sequence: number, hash: hash(0x68) },
  repairs: { incarnation, sequence: 299 },
  keyringHead,
  seen: [{ device: device(), incarnation, sequence: number }],
  writers: [{ writer: counting(6, 0x41), n: 130 }],
  updates: [{ root: 1, format: 2, bytes: counting(5, 0x42) }],
}

export const seenBodySample: Full<SeenBody> = {
  sealedAtMs: 1_700_000_000_000,
  keyringHead,
  number,
  logHash: hash(0x66),
  seen: [{ device: device(), incarnation, sequence: number }],
}

export const presenceBodySample: Full<PresenceBody> = {
  sealedAtMs: 1_700_000_000_000,
  states: [{ client: 4_000_000_000, clock: number, state: '{"user":{"name":"Ann"}}' }],
}

export const snapshotHeaderSample: Full<SnapshotHeader> = {
  documentEpoch: 2,
  coveredNumber: number,
  coveredHash: hash(0x66),
  parent: hash(0x69),
  keyringHead,
  vector: [
    { device: device(), incarnation: 1, sequence: number, hash: hash(0x67) },
    { device: device(), incarnation, sequence: 1, hash: hash(0x67) },
    { device: otherDevice(), incarnation: 0, sequence: 1, hash: hash(0x67) },
  ],
  exempt: [1, 200],
}

export const snapshotBodySample: Full<SnapshotBody> = {
  digest: hash(0x6a),
  context: [{ writer: counting(6, 0x41), n: 130 }],
  registers: counting(7, 0x43),
  texts: counting(3, 0x44),
  authors: [{ writer: counting(6, 0x41), device: device() }],
}

export const snapshotFileSample: Full<SnapshotFile> = {
  header: counting(9, 0x45),
  signature: signature(),
  envelope: entry(0x74),
}

export const invitationSample: Full<PairingInvitation> = {
  relay: 'wss://relay.example.com',
  keys: { signing: counting(32, 0x71), box: counting(32, 0x72) },
  secret: counting(16, 0x73),
}

/** One of each type. */
export const pairingMessageSamples: readonly Full<PairingMessage>[] = [
  { type: 'commit', commitment: hash(0x74) },
  { type: 'answer', ephemeral: counting(32, 0x75), nonce: counting(32, 0x76), account: account() },
  {
    type: 'reveal',
    ephemeral: counting(32, 0x77),
    keys: { signing: counting(32, 0x71), box: counting(32, 0x72) },
    nonce: counting(32, 0x78),
  },
  { type: 'sealed', nonce: counting(24, 0x79), box: counting(80, 0x7a) },
]

/** One of each type. */
export const pairingContentSamples: readonly Full<PairingContent>[] = [
  { type: 'introduce', name: 'Ann’s phone', platform: 'Firefox on Android' },
  { type: 'welcome', account: account(), keyringLength: number, keyringHead: hash(0x7b), name: 'Ann’s laptop' },
  { type: 'finish' },
  { type: 'refuse' },
]

export const auditRowSample: Full<AuditRow> = {
  n: number,
  timeMs: 1_700_000_000_000,
  kind: 'devices-removed',
  device: device(),
  target: otherDevice(),
  address: '192.0.2.7',
  detail: 'restored',
}

export const cutSample: Full<Cut> = [
  { document: document(), device: device(), incarnation: 1, sequence: number, hash: hash(0x67) },
  { document: document(), device: otherDevice(), incarnation, sequence: 1, hash: hash(0x67) },
]

export function everyFrameSample(): Frame[] {
  return Object.values(frameSamples).flat() as Frame[]
}
