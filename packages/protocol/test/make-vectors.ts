// Makes the golden vectors: fixed values and the bytes they must have for ever. Another implementation of the protocol can be
// checked against the files; our own is checked by `vectors.test.ts`.
//
//   node --conditions=@owlivion/source --import tsx packages/protocol/test/make-vectors.ts
//
// writes them anew, after a change of format that was meant.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { emptyAuditHash, encodeAuditRow, nextAuditHash } from '../src/audit'
import { encodeBody, encodeSeenBody } from '../src/body'
import { bytesToHex } from '../src/bytes'
import { cutHashOf, encodeCut } from '../src/cut'
import {
  bindingHash,
  type EnvelopePlace,
  encodeEnvelope,
  entryHash,
  envelopeHash,
  headerBytes,
  headSigningBytes,
} from '../src/envelope'
import type { Frame } from '../src/frame-types'
import { encodeFrame } from '../src/frames'
import { accountIdOf, deviceIdOf, domain, emptyLogHash, nextLogHash, type Sha512 } from '../src/hash'
import { type AccountId, type DocumentId, type Hash, ZERO_HASH } from '../src/ids'
import { decodeSignedRecord, type PublicKeys, recordSigningBytes, recoveryProofBytes } from '../src/keyring-record'
import { deletionSigningBytes, loginSigningBytes, seenSigningBytes } from '../src/login'
import {
  codeMailbox,
  commitmentOf,
  comparedDigits,
  encodeInvitation,
  encodePairingContent,
  encodePairingMessage,
  type PairingTranscript,
  transcriptHash,
} from '../src/pairing'
import { encodePresenceBody } from '../src/presence'
import {
  encodeSnapshotBody,
  encodeSnapshotHeader,
  snapshotHeaderHash,
  snapshotSigningBytes,
  snapshotVerdictBytes,
} from '../src/snapshot'
import { encodeSnapshotFile, snapshotHash } from '../src/snapshot-file'
import { counting, sha512 as nodeSha512, signingKeyFrom } from './support/bytes'
import { acceptedChain, account as keyringAccount, recovery } from './support/keyring-chain'
import {
  auditRowSample,
  bodySample,
  cutSample,
  envelopeSample,
  everyFrameSample,
  invitationSample,
  pairingContentSamples,
  pairingMessageSamples,
  presenceBodySample,
  seenBodySample,
  snapshotBodySample,
  snapshotFileSample,
  snapshotHeaderSample,
} from './support/samples'

export interface Vector {
  readonly name: string
  /** What is encoded or hashed; bytes as hex. */
  readonly value: unknown
  readonly hex: string
}

export interface VectorFile {
  readonly about: string
  readonly vectors: readonly Vector[]
}

/** Bytes as hex, everything else as it is. */
export function toJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return bytesToHex(value)
  if (Array.isArray(value)) return value.map(toJson)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).filter(([, each]) => each !== undefined)
  return Object.fromEntries(entries.map(([key, each]) => [key, toJson(each)]))
}

const vector = (name: string, value: unknown, bytes: Uint8Array): Vector => ({
  name,
  value: toJson(value),
  hex: bytesToHex(bytes),
})

function frameName(frame: Frame): string {
  return frame.type === 'hello' ? `hello of a ${frame.device ? 'device' : 'recovery key'}` : frame.type
}

/** The same inputs for every hash and signature, as one entry of a log would have them. */
const place: EnvelopePlace = {
  account: counting<AccountId>(32, 0x10),
  document: counting<DocumentId>(16, 0x20),
  keyId: counting<Hash>(32, 0xa0),
  previous: counting<Hash>(32, 0xb0),
}

function hashes(sha512: Sha512): Vector[] {
  const bytes = encodeEnvelope(envelopeSample)
  const header = headerBytes(envelopeSample, place)
  const ofEnvelope = envelopeHash(sha512, bytes)
  const start = emptyLogHash(sha512, place.account, place.document)
  const snapshotHeader = encodeSnapshotHeader(snapshotHeaderSample)
  const cut = encodeCut(cutSample)
  return [
    vector('domain', { name: 'entry' }, domain('entry')),
    vector('account id', { recoverySigningKey: counting(32, 1) }, accountIdOf(sha512, counting(32, 1))),
    vector('device id', { signingKey: counting(32, 2) }, deviceIdOf(sha512, counting(32, 2))),
    vector('header H', { header: envelopeSample, place }, header),
    vector('binding', { header, nonce: envelopeSample.nonce }, bindingHash(sha512, header, envelopeSample.nonce)),
    vector('envelope hash', { bytes }, ofEnvelope),
    vector('entry hash', { header, envelopeHash: ofEnvelope }, entryHash(sha512, header, ofEnvelope)),
    vector('log hash of an empty document', { account: place.account, document: place.document }, start),
    vector(
      'log hash after one entry',
      { previous: start, envelopeHash: ofEnvelope },
      nextLogHash(sha512, start, ofEnvelope),
    ),
    vector('snapshot header hash', { header: snapshotHeader }, snapshotHeaderHash(sha512, snapshotHeader)),
    vector(
      'snapshot hash',
      {
        header: snapshotHeader,
        envelope: bytes,
        place: { account: place.account, document: place.document, keyId: place.keyId },
      },
      snapshotHash(sha512, place, { header: snapshotHeader, signature: counting(64, 0x80), envelope: bytes }),
    ),
    vector('cut hash', { cut }, cutHashOf(sha512, cut)),
    vector('previous of a chain’s first element', {}, ZERO_HASH),
  ]
}

function signed(): Vector[] {
  const hash = counting<Hash>(32, 0xc0)
  const seed = counting(32, 2)
  const key = signingKeyFrom(seed)
  const head = { device: envelopeSample.device, incarnation: envelopeSample.incarnation, sequence: 300, hash }
  const login = loginSigningBytes('Relay.Example.com:8787', place.account, key.publicKey, hash)
  const headBytes = headSigningBytes(place.account, place.document, head)
  const seen = seenSigningBytes(place.account, place.document, hash)
  const snapshot = snapshotSigningBytes(place.account, place.document, hash)
  const where = { account: place.account, document: place.document }
  return [
    vector(
      'login',
      { host: 'Relay.Example.com:8787', account: place.account, publicKey: key.publicKey, nonce: hash },
      login,
    ),
    vector('head', { ...where, head }, headBytes),
    vector('seen row', { ...where, hash }, seen),
    vector('snapshot', { ...where, hash }, snapshot),
    ...(['accept', 'reject'] as const).map((verdict) =>
      vector(
        `verdict to ${verdict}`,
        { ...where, hash, verdict },
        snapshotVerdictBytes(place.account, place.document, hash, verdict),
      ),
    ),
    vector('deletion', { account: place.account, head: hash }, deletionSigningBytes(place.account, hash)),
    vector('signature of the login', { seed, publicKey: key.publicKey }, key.sign(login)),
    vector('signature of the head', { seed, publicKey: key.publicKey }, key.sign(headBytes)),
  ]
}

function nextRecovery(name: string, next: PublicKeys): Vector {
  const { signing, box } = next
  const bytes = recoveryProofBytes(keyringAccount, next)
  return vector(`${name}, what the new recovery key signs`, { account: keyringAccount, signing, box }, bytes)
}

function keyring(): Vector[] {
  return acceptedChain().flatMap(({ name, bytes, hash }) => {
    const { record, unsigned, signature } = decodeSignedRecord(bytes)
    return [
      vector(`${name}, signed`, { record, signature }, bytes),
      vector(`${name}, what is signed`, { account: keyringAccount }, recordSigningBytes(keyringAccount, unsigned)),
      vector(`${name}, hash`, {}, hash),
      ...(record.type === 'request' ? [nextRecovery(name, record.next)] : []),
    ]
  })
}

function pairingHashes(sha512: Sha512): Vector[] {
  const [commit, answer, reveal] = pairingMessageSamples as unknown as [
    PairingTranscript['commit'],
    PairingTranscript['answer'],
    PairingTranscript['reveal'],
  ]
  const mailbox = codeMailbox(sha512, 'ABCDEFGH')
  const transcript = transcriptHash(sha512, { mailbox, commit, answer, reveal })
  return [
    vector('mailbox of a code', { code: 'ABCDEFGH' }, mailbox),
    vector('commitment', { reveal }, commitmentOf(sha512, reveal)),
    vector('transcript', { mailbox, commit, answer, reveal }, transcript),
    vector('digits, as text', { transcript }, new TextEncoder().encode(comparedDigits(sha512, transcript))),
  ]
}

function audit(sha512: Sha512): Vector[] {
  const {
    device: _,
    target: __,
    ...byNobody
  } = { ...auditRowSample, n: 1, kind: 'sign-in-failed', detail: 'more:30' } as const
  const rows = [byNobody, { ...auditRowSample, n: 2 }]
  const start = emptyAuditHash(sha512, place.account)
  let previous = start
  const vectors = [vector('hash before the first row', { account: place.account }, start)]
  for (const row of rows) {
    const bytes = encodeAuditRow(row)
    const next = nextAuditHash(sha512, previous, bytes)
    vectors.push(vector(`row ${row.n}`, row, bytes), vector(`hash after row ${row.n}`, { previous, row: bytes }, next))
    previous = next
  }
  return vectors
}

/** The content of each file, by its name. */
export function buildVectors(sha512: Sha512 = nodeSha512): Readonly<Record<string, VectorFile>> {
  return {
    'frames.json': {
      about: 'Every frame, with every optional field.',
      vectors: everyFrameSample().map((frame) => vector(frameName(frame), frame, encodeFrame(frame))),
    },
    'contents.json': {
      about: 'The envelope, what its box may hold, the header of a snapshot, a snapshot file, and a cut.',
      vectors: [
        vector('envelope', envelopeSample, encodeEnvelope(envelopeSample)),
        vector('body', bodySample, encodeBody(bodySample)),
        vector('seen body', seenBodySample, encodeSeenBody(seenBodySample)),
        vector('presence body', presenceBodySample, encodePresenceBody(presenceBodySample)),
        vector('snapshot header', snapshotHeaderSample, encodeSnapshotHeader(snapshotHeaderSample)),
        vector('snapshot body', snapshotBodySample, encodeSnapshotBody(snapshotBodySample)),
        vector('snapshot file', snapshotFileSample, encodeSnapshotFile(snapshotFileSample)),
        vector('cut', cutSample, encodeCut(cutSample)),
      ],
    },
    'hashes.json': { about: 'What is hashed over which bytes, with SHA-512 cut to 32 bytes.', vectors: hashes(sha512) },
    'signing.json': {
      about: 'What is signed, and Ed25519 signatures by the key of the seed.',
      vectors: signed(),
    },
    'pairing.json': {
      about: 'The code that a camera reads, every message at a mailbox, what sealed ones hold, and the digits.',
      vectors: [
        vector('invitation', invitationSample, encodeInvitation(invitationSample)),
        ...pairingMessageSamples.map((each) => vector(each.type, each, encodePairingMessage(each))),
        ...pairingContentSamples.map((each) => vector(each.type, each, encodePairingContent(each))),
        ...pairingHashes(sha512),
      ],
    },
    'audit.json': { about: 'Two rows of an audit log, and the hashes of their chain.', vectors: audit(sha512) },
    'keyring.json': {
      about: `A keyring that the rules accept, record by record. Account ${bytesToHex(keyringAccount)}, recovery key ${bytesToHex(recovery.keys.signing)}.`,
      vectors: keyring(),
    },
  }
}

export const vectorFolder = new URL('../vectors/', import.meta.url)

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, file] of Object.entries(buildVectors()))
    writeFileSync(new URL(name, vectorFolder), JSON.stringify(file, undefined, 2))
  // Written as the project's formatter would, so that the next check does not touch them.
  execFileSync('npx', ['biome', 'format', '--write', fileURLToPath(vectorFolder)])
}
