// Seals the verified state of a document into a snapshot file, and opens one. Crypto only: whether a snapshot says what the log says is
// judged elsewhere.
import {
  bytesToHex,
  type DeviceId,
  type DocumentId,
  decodeLargeEnvelope,
  decodeSnapshotBody,
  decodeSnapshotFile,
  decodeSnapshotHeader,
  ENVELOPE_VERSION,
  encodeSnapshotBody,
  encodeSnapshotFile,
  encodeSnapshotHeader,
  envelopeKinds,
  epochAt,
  findDevice,
  type Hash,
  hashParts,
  type Sha512,
  type SnapshotBody,
  type SnapshotHeader,
  SUITE_SECRETBOX,
  snapshotHash,
  snapshotHeaderHash,
  snapshotSigningBytes,
} from '@owlivion/sync-protocol'
import { openEntry, sealEntry } from '../../crypto'
import { digestRegisters, digestRoots } from '../../document'
import type { Platform } from '../../platform'
import { createDoc, Y } from '../../yjs'
import type { AccountContext } from '../account-context'
import type { Authors } from '../document/authors'
import { type BaseDocs, openingKeys } from '../log/base'
import { writerFromBytes, writerToBytes } from '../writer-bytes'

export interface OpenedSnapshot {
  readonly hash: Hash
  readonly header: SnapshotHeader
  readonly author: DeviceId
  /** By writer: the greatest n up to which everything is folded in. */
  readonly context: ReadonlyMap<string, number>
  /** What its author says the state hashes to. */
  readonly digest: Hash
  /** Yjs states in format 2. */
  readonly registers: Uint8Array
  readonly texts: Uint8Array
  /** By writer of the context: hex of the device that wrote as it, as far as the author knows. */
  readonly authors: ReadonlyMap<string, string>
  /** The file, verbatim. */
  readonly bytes: Uint8Array
}

/**
 * `needs-keyring`: by a device, or under a key, that may have come after this device last read the keyring. `unsigned`: nobody vouches for
 * it. `unreadable`: this device vouches for what is not a snapshot.
 */
export type SnapshotFailure =
  | { readonly failure: 'needs-keyring' | 'unsigned' }
  | { readonly failure: 'unreadable'; readonly author: DeviceId }

export interface SnapshotInput {
  readonly document: DocumentId
  readonly incarnation: number
  readonly header: Omit<SnapshotHeader, 'keyringHead'>
  readonly context: ReadonlyMap<string, number>
  readonly digest: Hash
  readonly docs: BaseDocs
  readonly authors: Authors
}

export interface SealedSnapshot {
  readonly hash: Hash
  readonly bytes: Uint8Array
}

/** @throws SyncError `entry-too-large` when the document is larger than anybody would open */
export async function sealSnapshot(context: AccountContext, input: SnapshotInput): Promise<SealedSnapshot> {
  const { deflate, random, signing } = context.platform
  const { sha512 } = signing
  const { document, docs } = input
  const keyring = context.keyring()
  const { position, keyId, key } = context.newestKey(document)
  const header = encodeSnapshotHeader({ ...input.header, keyringHead: { length: keyring.length, hash: keyring.head } })
  const body: SnapshotBody = {
    digest: input.digest,
    context: [...input.context].map(([writer, n]) => ({ writer: writerToBytes(writer as never), n })),
    registers: Y.encodeStateAsUpdateV2(docs.registers),
    texts: Y.encodeStateAsUpdateV2(docs.texts),
    authors: input.authors.listed(input.context.keys()),
  }
  const { envelope, hash } = sealEntry({
    sha512,
    random,
    deflate,
    key,
    header: {
      version: ENVELOPE_VERSION,
      suite: SUITE_SECRETBOX,
      kind: envelopeKinds.snapshot,
      documentEpoch: input.header.documentEpoch,
      epoch: position,
      device: context.device,
      incarnation: input.incarnation,
      sequence: Math.max(1, input.header.coveredNumber),
    },
    place: { account: context.account, document, keyId, previous: snapshotHeaderHash(sha512, header) },
    content: encodeSnapshotBody(body),
  })
  const signature = await context.sign(snapshotSigningBytes(context.account, document, hash))
  return { hash, bytes: encodeSnapshotFile({ header, signature, envelope }) }
}

/** Opens a snapshot that came from outside: its author's signature is verified. */
export async function openSnapshot(
  context: AccountContext,
  document: DocumentId,
  bytes: Uint8Array,
): Promise<OpenedSnapshot | SnapshotFailure> {
  const keyring = context.keyring()
  const { signing } = context.platform
  let author: DeviceId | undefined
  try {
    const file = decodeSnapshotFile(bytes)
    const header = decodeSnapshotHeader(file.header)
    const envelope = decodeLargeEnvelope(file.envelope)
    const device = findDevice(keyring, envelope.device)
    const epoch = epochAt(keyring, envelope.epoch)
    const key = context.keyAt(document, envelope.epoch)
    if (device === undefined || epoch === undefined || key === undefined || header.keyringHead.length > keyring.length)
      return { failure: 'needs-keyring' }
    const place = { account: context.account, document, keyId: epoch.keyId }
    const hash = snapshotHash(signing.sha512, place, file)
    const signed = snapshotSigningBytes(context.account, document, hash)
    if (!(await signing.verify(device.signing, signed, file.signature))) return { failure: 'unsigned' }
    author = device.id
    return openWith(context.platform, { ...place, key }, bytes) ?? { failure: 'unreadable', author }
  } catch {
    // What a member seals may be anything; what nobody signed is not even that.
    return author === undefined ? { failure: 'unsigned' } : { failure: 'unreadable', author }
  }
}

/** Opens a snapshot from this device's store, where only verified ones are. @returns undefined when no key opens it any more */
export function openStoredSnapshot(
  context: AccountContext,
  document: DocumentId,
  bytes: Uint8Array,
): OpenedSnapshot | undefined {
  try {
    const { epoch } = decodeLargeEnvelope(decodeSnapshotFile(bytes).envelope)
    for (const { keyId, key } of openingKeys(context, document, epoch)) {
      const place = { account: context.account, document, keyId, key }
      const opened = openWith(context.platform, place, bytes)
      if (opened !== undefined) return opened
    }
  } catch {
    // As when no key opens it: whoever asked says what that means.
  }
  return undefined
}

type Opening = Pick<Platform, 'signing' | 'inflate'>

interface OpeningPlace {
  readonly account: AccountContext['account']
  readonly document: DocumentId
  readonly keyId: Hash
  readonly key: Uint8Array
}

function openWith(
  { signing, inflate }: Opening,
  { key, ...place }: OpeningPlace,
  bytes: Uint8Array,
): OpenedSnapshot | undefined {
  const { sha512 } = signing
  const file = decodeSnapshotFile(bytes)
  const header = decodeSnapshotHeader(file.header)
  const envelope = decodeLargeEnvelope(file.envelope)
  const isSame = envelope.kind === envelopeKinds.snapshot && envelope.documentEpoch === header.documentEpoch
  if (!isSame || envelope.version !== ENVELOPE_VERSION || envelope.suite !== SUITE_SECRETBOX) return undefined
  const bound = { ...place, previous: snapshotHeaderHash(sha512, file.header) }
  const opened = openEntry({ sha512, key, bytes: file.envelope, envelope, place: bound, inflate })
  if (!opened.ok) return undefined
  const body = decodeSnapshotBody(opened.content)
  return {
    hash: snapshotHash(sha512, place, file),
    header,
    author: envelope.device.slice() as DeviceId,
    context: new Map(body.context.map(({ writer, n }) => [writerFromBytes(writer) as string, n])),
    digest: body.digest,
    registers: body.registers,
    texts: body.texts,
    authors: new Map(body.authors.map(({ writer, device }) => [writerFromBytes(writer) as string, bytesToHex(device)])),
    bytes,
  }
}

/** Scratch documents with what the snapshot holds. @throws what Yjs throws on bytes that are not a state */
export function docsOfSnapshot({ registers, texts }: Pick<OpenedSnapshot, 'registers' | 'texts'>): BaseDocs {
  const docs = { registers: createDoc('registers'), texts: createDoc('texts') }
  Y.applyUpdateV2(docs.registers, registers)
  Y.applyUpdateV2(docs.texts, texts)
  return docs
}

/** What two devices compare to know that their documents are the same. Equal documents of one epoch have equal digests. */
export function digestOf(sha512: Sha512, docs: BaseDocs): Hash {
  const hash = (bytes: Uint8Array): Uint8Array => hashParts(sha512, 'document', bytes)
  return hashParts(sha512, 'snapshot-digest', digestRegisters(docs.registers, hash), digestRoots(docs.texts, hash))
}
