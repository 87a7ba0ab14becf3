// What is inside a box, after padding is removed: invisible to the relay. The seen vector and the keyring head stand here,
// so that the device chain covers them.
import { decodeWhole, type Reader, Writer } from './codec'
import { ProtocolFailure } from './codes'
import { DEVICE_ID_BYTES, type DeviceId, HASH_BYTES, type Hash } from './ids'
import { MAX_BODY_ITEMS, MAX_INFLATED_BYTES } from './limits'

/** Bytes of a writer's name: 48 random bits. */
export const WRITER_BYTES = 6

/** Which of a document's two Yjs documents an update belongs to. */
export const roots = { registers: 0, texts: 1 } as const

export interface KeyringHead {
  /** Number of records. */
  readonly length: number
  readonly hash: Hash
}

export interface SeenEntry {
  readonly device: DeviceId
  readonly incarnation: number
  readonly sequence: number
}

export interface WriterCount {
  readonly writer: Uint8Array
  /** The writer's greatest transaction number in this entry; all before it are in this or earlier entries. */
  readonly n: number
}

export interface Update {
  readonly root: number
  /** 1 or 2: the Yjs update format. */
  readonly format: number
  readonly bytes: Uint8Array
}

export interface Body {
  /** The author's corrected clock when it sealed, in ms; for people to read, never for merging. */
  readonly sealedAtMs: number
  /** In the first entry of an incarnation that follows another: where the device's verified chain ended. */
  readonly continues?: { readonly incarnation: number; readonly sequence: number; readonly hash: Hash }
  /** Names a bad entry of the author that this one replaces. */
  readonly repairs?: { readonly incarnation: number; readonly sequence: number }
  /** In the first entry of an incarnation, and whenever it changed since the author's last entry. */
  readonly keyringHead?: KeyringHead
  /** What the author had applied when it wrote: in full in the first entry of an incarnation, else what changed since its last entry. */
  readonly seen: readonly SeenEntry[]
  readonly writers: readonly WriterCount[]
  readonly updates: readonly Update[]
}

const BODY_VERSION = 1

export function encodeBody(body: Body): Uint8Array {
  const writer = new Writer().byte(BODY_VERSION).varUint(body.sealedAtMs)
  writer.optional(body.continues, (value) =>
    writer.uint32(value.incarnation).varUint(value.sequence).fixed(value.hash, HASH_BYTES),
  )
  writer.optional(body.repairs, (value) => writer.uint32(value.incarnation).varUint(value.sequence))
  writer.optional(body.keyringHead, (value) => writeKeyringHead(writer, value))
  writer.list(body.seen, (entry) => writeSeen(writer, entry), MAX_BODY_ITEMS)
  writer.list(body.writers, (entry) => writer.fixed(entry.writer, WRITER_BYTES).varUint(entry.n), MAX_BODY_ITEMS)
  writer.list(
    body.updates,
    (update) => writer.byte(update.root).byte(update.format).bytes(update.bytes, MAX_INFLATED_BYTES),
    MAX_BODY_ITEMS,
  )
  return writer.finish()
}

export function decodeBody(bytes: Uint8Array): Body {
  return decodeWhole(bytes, (reader) => {
    if (reader.byte() !== BODY_VERSION)
      throw new ProtocolFailure('unsupported-version', 'the content of an entry is of a version this app does not know')
    const sealedAtMs = reader.varUint()
    const continues = reader.optional(() => ({
      incarnation: reader.uint32(),
      sequence: reader.varUint(),
      hash: reader.fixed<Hash>(HASH_BYTES),
    }))
    const repairs = reader.optional(() => ({ incarnation: reader.uint32(), sequence: reader.varUint() }))
    const keyringHead = reader.optional(() => readKeyringHead(reader))
    const seen = reader.list(MAX_BODY_ITEMS, DEVICE_ID_BYTES + 5, () => readSeen(reader))
    const writers = reader.list(MAX_BODY_ITEMS, WRITER_BYTES + 1, () => ({
      writer: reader.fixed(WRITER_BYTES),
      n: reader.varUint(),
    }))
    const updates = reader.list(MAX_BODY_ITEMS, 3, () => ({
      root: reader.byte(),
      format: reader.byte(),
      bytes: reader.bytes(MAX_INFLATED_BYTES),
    }))
    return {
      sealedAtMs,
      ...(continues && { continues }),
      ...(repairs && { repairs }),
      ...(keyringHead && { keyringHead }),
      seen,
      writers,
      updates,
    }
  })
}

export function writeKeyringHead(writer: Writer, head: KeyringHead): void {
  writer.varUint(head.length).fixed(head.hash, HASH_BYTES)
}

export function readKeyringHead(reader: Reader): KeyringHead {
  return { length: reader.varUint(), hash: reader.fixed<Hash>(HASH_BYTES) }
}

function writeSeen(writer: Writer, entry: SeenEntry): void {
  writer.fixed(entry.device, DEVICE_ID_BYTES).uint32(entry.incarnation).varUint(entry.sequence)
}

function readSeen(reader: Reader): SeenEntry {
  return { device: reader.fixed<DeviceId>(DEVICE_ID_BYTES), incarnation: reader.uint32(), sequence: reader.varUint() }
}

/** The content of a `seen` row: what a device has applied and verified of one document, whether or not it ever writes. */
export interface SeenBody {
  readonly sealedAtMs: number
  readonly keyringHead: KeyringHead
  /** The log position this speaks of. */
  readonly number: number
  readonly logHash: Hash
  readonly seen: readonly SeenEntry[]
}

export function encodeSeenBody(body: SeenBody): Uint8Array {
  const writer = new Writer().byte(BODY_VERSION).varUint(body.sealedAtMs)
  writeKeyringHead(writer, body.keyringHead)
  writer.varUint(body.number).fixed(body.logHash, HASH_BYTES)
  return writer.list(body.seen, (entry) => writeSeen(writer, entry), MAX_BODY_ITEMS).finish()
}

export function decodeSeenBody(bytes: Uint8Array): SeenBody {
  return decodeWhole(bytes, (reader) => {
    if (reader.byte() !== BODY_VERSION)
      throw new ProtocolFailure('unsupported-version', 'a seen row is of a version this app does not know')
    return {
      sealedAtMs: reader.varUint(),
      keyringHead: readKeyringHead(reader),
      number: reader.varUint(),
      logHash: reader.fixed<Hash>(HASH_BYTES),
      seen: reader.list(MAX_BODY_ITEMS, DEVICE_ID_BYTES + 5, () => readSeen(reader)),
    }
  })
}
