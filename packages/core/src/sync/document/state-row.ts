// The state row of a document: where its log stands on this device, who this device is in it, and what the others know of that. It is
// written with every step, in the same commit.
import { HASH_BYTES, type Hash, type Reader, WRITER_BYTES, Writer } from '@owlivion/sync-protocol'
import type { Writer as WriterId } from '../../document'
import type { LineageMap } from '../device-map'
import type { Chain } from '../log/log-replica'
import { writerFromBytes, writerToBytes } from '../writer-bytes'
import { Authors, readAuthors, writeAuthors } from './authors'
import { NO_LIMIT, readLineages, readRow, writeLineages } from './rows'

/** 2: with the document's epoch and the snapshot below the log. 3: with the age of the tail. 4: with who writes as whom. */
const STATE_ROW_VERSION = 4

export interface StateRow {
  readonly number: number
  readonly hash: Hash
  readonly chains: LineageMap<Chain>
  readonly applied: LineageMap<number>
  readonly context: ReadonlyMap<string, number>
  readonly incarnation: number
  readonly continues: { readonly incarnation: number; readonly sequence: number; readonly hash: Hash } | undefined
  readonly writer: WriterId
  readonly announcedSeen: LineageMap<number>
  readonly announcedKeyringLength: number
  /** Highest sequence of our own lineages that another device has told us it has seen. */
  readonly seenByOthers: LineageMap<number>
  readonly nextOrder: number
  /** Counts the rebases of the document that this device has taken over. */
  readonly documentEpoch: number
  /** The snapshot from which what this device keeps of the log goes on; undefined when that is all of it. */
  readonly foundation: Foundation | undefined
  /** How many bytes of entries follow a number of the log; undefined when that was not counted yet. */
  readonly tail: LogTail | undefined
  readonly authors: Authors
}

/** What a snapshot would sum up. */
export interface LogTail {
  /** The number that the newest known snapshot covers, 0 without one. */
  readonly after: number
  readonly bytes: number
  /** When the first of them that could be read was sealed, by its author's clock; undefined when there is none. */
  readonly sinceMs: number | undefined
}

/** A snapshot in this device's store. */
export interface Foundation {
  /** The last number that it covers. */
  readonly number: number
  readonly hash: Hash
}

export function encodeState(state: StateRow): Uint8Array {
  const writer = new Writer().byte(STATE_ROW_VERSION).varUint(state.number).fixed(state.hash)
  writeLineages(writer, state.chains, (chain) => writer.varUint(chain.sequence).fixed(chain.hash).flag(chain.broken))
  writeLineages(writer, state.applied, (sequence) => writer.varUint(sequence))
  writer.list([...state.context], ([id, n]) => writer.fixed(writerToBytes(id as WriterId)).varUint(n))
  writer.uint32(state.incarnation)
  writer.optional(state.continues, (value) =>
    writer.uint32(value.incarnation).varUint(value.sequence).fixed(value.hash),
  )
  writer.fixed(writerToBytes(state.writer))
  writeLineages(writer, state.announcedSeen, (sequence) => writer.varUint(sequence))
  writer.varUint(state.announcedKeyringLength)
  writeLineages(writer, state.seenByOthers, (sequence) => writer.varUint(sequence))
  writer.varUint(state.nextOrder).varUint(state.documentEpoch)
  writer.optional(state.foundation, ({ number, hash }) => writer.varUint(number).fixed(hash))
  writer.optional(state.tail, ({ after, bytes, sinceMs }) =>
    writer
      .varUint(after)
      .varUint(bytes)
      .optional(sinceMs, (ms) => writer.varUint(ms)),
  )
  writeAuthors(writer, state.authors)
  return writer.finish()
}

export function decodeState(bytes: Uint8Array): StateRow {
  return readRow(bytes, 'state of a document', readState, STATE_ROW_VERSION)
}

function readState(reader: Reader, version: number): StateRow {
  const row = {
    number: reader.varUint(),
    hash: reader.fixed<Hash>(HASH_BYTES).slice() as Hash,
    chains: readLineages(reader, () => ({
      sequence: reader.varUint(),
      hash: reader.fixed<Hash>(HASH_BYTES).slice() as Hash,
      broken: reader.flag(),
    })),
    applied: readLineages(reader, () => reader.varUint()),
    context: new Map(
      reader.list(
        NO_LIMIT,
        WRITER_BYTES + 1,
        () => [writerFromBytes(reader.fixed(WRITER_BYTES)) as string, reader.varUint()] as const,
      ),
    ),
    incarnation: reader.uint32(),
    continues: reader.optional(() => ({
      incarnation: reader.uint32(),
      sequence: reader.varUint(),
      hash: reader.fixed<Hash>(HASH_BYTES).slice() as Hash,
    })),
    writer: writerFromBytes(reader.fixed(WRITER_BYTES)),
    announcedSeen: readLineages(reader, () => reader.varUint()),
    announcedKeyringLength: reader.varUint(),
    seenByOthers: readLineages(reader, () => reader.varUint()),
    nextOrder: reader.varUint(),
  }
  // A profile from before there were snapshots.
  if (version === 1) return { ...row, documentEpoch: 0, foundation: undefined, tail: undefined, authors: new Authors() }
  const below = {
    documentEpoch: reader.varUint(),
    foundation: reader.optional(() => ({
      number: reader.varUint(),
      hash: reader.fixed<Hash>(HASH_BYTES).slice() as Hash,
    })),
  }
  const tail = reader.optional(() => ({
    after: reader.varUint(),
    bytes: reader.varUint(),
    sinceMs: version === 2 ? undefined : reader.optional(() => reader.varUint()),
  }))
  const authors = version < 4 ? new Authors() : readAuthors(reader)
  // Without its age it is counted anew.
  return { ...row, ...below, tail: version === 2 ? undefined : tail, authors }
}
