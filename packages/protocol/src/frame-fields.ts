// Parts that several frames share, and the rules on a frame's content that its fields alone cannot say. Writing and reading run
// the same checks, so that a device refuses by itself what the relay would refuse.
import { bytesToHex } from './bytes'
import { malformed, type Reader, type Writer } from './codec'
import { ProtocolFailure } from './codes'
import type { KeyringItem, LeasePurpose, SignedHead, SnapshotPart, Verdict } from './frame-types'
import {
  DEVICE_ID_BYTES,
  type DeviceId,
  DOCUMENT_ID_BYTES,
  type DocumentId,
  HASH_BYTES,
  type Hash,
  SIGNATURE_BYTES,
} from './ids'
import {
  MAX_ACTIVE_DEVICES,
  MAX_CUT_BYTES,
  MAX_ENVELOPE_BYTES,
  MAX_KEYRING_RECORD_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_PRESENCE_BYTES,
  MAX_PUSH_BYTES,
  MAX_SEEN_BYTES,
  MAX_SNAPSHOT_PARTS,
  MIN_ENVELOPE_BYTES,
  SNAPSHOT_PART_BYTES,
} from './limits'

export function readDocument(reader: Reader): DocumentId {
  return reader.fixed<DocumentId>(DOCUMENT_ID_BYTES)
}

export function readHash(reader: Reader): Hash {
  return reader.fixed<Hash>(HASH_BYTES)
}

interface SeenRow {
  readonly document: DocumentId
  readonly envelope: Uint8Array
  readonly signature: Uint8Array
}

export function writeSeenRow(writer: Writer, row: SeenRow): void {
  writer
    .fixed(row.document, DOCUMENT_ID_BYTES)
    .bytes(row.envelope, MAX_SEEN_BYTES)
    .fixed(row.signature, SIGNATURE_BYTES)
}

export function readSeenRow(reader: Reader): SeenRow {
  return {
    document: readDocument(reader),
    envelope: reader.bytes(MAX_SEEN_BYTES),
    signature: reader.fixed(SIGNATURE_BYTES),
  }
}

interface PresenceRow {
  readonly document: DocumentId
  readonly envelope: Uint8Array
}

export function writePresence(writer: Writer, row: PresenceRow): void {
  writer.fixed(row.document, DOCUMENT_ID_BYTES).bytes(row.envelope, MAX_PRESENCE_BYTES)
}

export function readPresence(reader: Reader): PresenceRow {
  return { document: readDocument(reader), envelope: reader.bytes(MAX_PRESENCE_BYTES) }
}

export function writePart(writer: Writer, frame: { readonly document: DocumentId; readonly part: SnapshotPart }): void {
  const { hash, index, count, bytes } = frame.part
  checkPart(frame.part)
  writer.fixed(frame.document, DOCUMENT_ID_BYTES).fixed(hash, HASH_BYTES).varUint(index).varUint(count)
  writer.bytes(bytes, SNAPSHOT_PART_BYTES)
}

export function readPart(reader: Reader): { document: DocumentId; part: SnapshotPart } {
  const document = readDocument(reader)
  const part = {
    hash: readHash(reader),
    index: reader.varUint(),
    count: reader.varUint(),
    bytes: reader.bytes(SNAPSHOT_PART_BYTES),
  }
  checkPart(part)
  return { document, part }
}

function checkPart({ index, count }: SnapshotPart): void {
  if (count > MAX_SNAPSHOT_PARTS)
    throw new ProtocolFailure(
      'frame-too-large',
      `a snapshot of ${count} parts is over its limit of ${MAX_SNAPSHOT_PARTS}`,
    )
  if (index >= count) throw malformed('a snapshot part lies outside its snapshot')
}

const verdicts = ['accept', 'reject'] as const
const purposes = ['rebase', 'heal'] as const

/** The byte that stands for a verdict, on the wire and in what its device signs. */
export function verdictByte(verdict: Verdict): number {
  return verdicts.indexOf(verdict)
}

export function writeVerdict(writer: Writer, verdict: Verdict): void {
  writer.byte(verdictByte(verdict))
}

export function readVerdict(reader: Reader): Verdict {
  const verdict = verdicts[reader.byte()]
  if (verdict === undefined) throw malformed('a verdict is to accept or to reject')
  return verdict
}

export function writePurpose(writer: Writer, purpose: LeasePurpose): void {
  writer.byte(purposes.indexOf(purpose))
}

export function readPurpose(reader: Reader): LeasePurpose {
  const purpose = purposes[reader.byte()]
  if (purpose === undefined) throw malformed('a lease is for a rebase or for healing')
  return purpose
}

/** Device ids, sorted by nobody: their order means nothing. */
export function writeDevices(writer: Writer, devices: readonly DeviceId[]): Writer {
  return writer.list(devices, (id) => writer.fixed(id, DEVICE_ID_BYTES), MAX_ACTIVE_DEVICES)
}

export function readDevices(reader: Reader): DeviceId[] {
  return reader.list(MAX_ACTIVE_DEVICES, DEVICE_ID_BYTES, () => reader.fixed<DeviceId>(DEVICE_ID_BYTES))
}

export function writeHeads(writer: Writer, heads: readonly SignedHead[], limit: number): void {
  writer.list(
    heads,
    (head) =>
      writer
        .fixed(head.device, DEVICE_ID_BYTES)
        .uint32(head.incarnation)
        .varUint(head.sequence)
        .fixed(head.signature, SIGNATURE_BYTES),
    limit,
  )
}

export function readHeads(reader: Reader, limit: number): SignedHead[] {
  return reader.list(limit, DEVICE_ID_BYTES + 5 + SIGNATURE_BYTES, () => ({
    device: reader.fixed<DeviceId>(DEVICE_ID_BYTES),
    incarnation: reader.uint32(),
    sequence: reader.varUint(),
    signature: reader.fixed(SIGNATURE_BYTES),
  }))
}

export function writeRecord(writer: Writer, item: KeyringItem): void {
  writer.bytes(item.record, MAX_KEYRING_RECORD_BYTES).optional(item.cut, (cut) => writer.bytes(cut, MAX_CUT_BYTES))
}

export function readRecord(reader: Reader): KeyringItem {
  const record = reader.bytes(MAX_KEYRING_RECORD_BYTES)
  const cut = reader.optional(() => reader.bytes(MAX_CUT_BYTES))
  return { record, ...(cut && { cut }) }
}

export function checkBranch(records: readonly KeyringItem[]): void {
  if (records.length === 0) throw malformed('a branch without records')
}

// One entry that is too large stops its document and not the connection, hence a code of its own.
export function writeEntry(writer: Writer, entry: Uint8Array): void {
  writer.bytes(entry, MAX_ENVELOPE_BYTES, 'entry-too-large')
}

export function readEntry(reader: Reader): Uint8Array {
  return reader.bytes(MAX_ENVELOPE_BYTES, 'entry-too-large')
}

/** A push that the relay has stored must fit a page whole. */
export function checkPush(entries: readonly Uint8Array[]): void {
  if (entries.length === 0) throw malformed('a push without entries')
  let total = 0
  for (const entry of entries) {
    if (entry.length < MIN_ENVELOPE_BYTES) throw malformed('an entry is too short to be one')
    total += entry.length
  }
  if (total > MAX_PUSH_BYTES)
    throw new ProtocolFailure('frame-too-large', `a push of ${total} bytes is over its limit of ${MAX_PUSH_BYTES}`)
}

/** As a push, for it becomes a page like one. */
export function checkRefill(refill: {
  readonly first: number
  readonly entries: readonly Uint8Array[]
  readonly heads: readonly SignedHead[]
}): void {
  if (refill.first === 0) throw malformed('numbers of a log count from 1')
  checkPush(refill.entries)
  if (refill.heads.length === 0 || refill.heads.length > refill.entries.length)
    throw malformed('a refill has a signed head for each chain, and none without an entry')
}

export function checkLogin(hello: {
  readonly device?: DeviceId | undefined
  readonly recoveryKey?: Uint8Array | undefined
}): void {
  if ((hello.device === undefined) === (hello.recoveryKey === undefined))
    throw malformed('a hello names a device or a recovery key')
}

/** A document that is named a thousand times in one frame would be answered with a thousand pages. */
export function checkNamedOnce(documents: readonly DocumentId[]): void {
  if (new Set(documents.map(bytesToHex)).size !== documents.length) throw malformed('a document is named twice')
}

/** A sentence that can be sent: cut between two characters where it is over the limit, half characters replaced. */
export function shortened(message: string): string {
  const bytes = new TextEncoder().encode(message)
  let end = Math.min(bytes.length, MAX_MESSAGE_BYTES)
  while (end < bytes.length && ((bytes[end] as number) & 0xc0) === 0x80) end--
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, end))
}
