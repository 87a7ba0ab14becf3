// What a rebase left out and this device has, on its disk until a later rebase holds it; and what this device had before one of which it
// cannot tell.
//
//   ['left-out', document, k]   one part; k counts up
import {
  bytesToHex,
  type DocumentId,
  HASH_BYTES,
  type Hash,
  type Reader,
  WRITER_BYTES,
  Writer,
} from '@owlivion/sync-protocol'
import { foldState, readState } from '../../document'
import { SyncError } from '../../errors'
import type { StoreKey } from '../../storage'
import { createDoc, Y } from '../../yjs'
import type { AccountContext } from '../account-context'
import { NO_LIMIT, readRow } from '../document/rows'
import type { BaseDocs } from '../log/base'
import { writerFromBytes, writerToBytes } from '../writer-bytes'
import type { OwedPart } from './rebase-state'

const ROW_VERSION = 1
/** In the order of their numbers on disk. */
const kinds = ['left-out', 'join', 'unjudged'] as const

const owedKey = (document: DocumentId, k?: number): StoreKey => [
  'left-out',
  bytesToHex(document),
  ...(k === undefined ? [] : [k]),
]

/** The document as it was before a rebase that a newer version of the app has to compare it with. */
export interface UnjudgedPart {
  readonly kind: 'unjudged'
  readonly docs: BaseDocs
  readonly context: ReadonlyMap<string, number>
  /** Of the rebase. */
  readonly hash: Hash
  /** When the rebase was taken over, by the device's own clock. */
  readonly sinceMs: number
}

export type KeptPart = OwedPart | UnjudgedPart

export interface OwedRow {
  readonly key: StoreKey
  readonly part: KeptPart
}

/** Read once, and again after it was written. */
export class OwedList {
  private rows: readonly OwedRow[] | undefined
  /** As far as it was read: the document lacks something that the next rebase is to bring back. */
  isOwing = false

  constructor(
    private readonly context: AccountContext,
    private readonly document: DocumentId,
  ) {}

  /**
   * What the next rebase is to bring back.
   * @throws SyncError `profile-damaged`
   */
  async list(): Promise<readonly OwedPart[]> {
    return (await this.all()).flatMap(({ part }) => (part.kind === 'unjudged' ? [] : [part]))
  }

  /** @throws SyncError `profile-damaged` */
  async unjudged(): Promise<readonly UnjudgedPart[]> {
    return (await this.all()).flatMap(({ part }) => (part.kind === 'unjudged' ? [part] : []))
  }

  /** @throws SyncError `profile-damaged` */
  async all(): Promise<readonly OwedRow[]> {
    this.rows ??= (await this.context.store.list(owedKey(this.document))).map(([key, bytes]) => ({
      key,
      part: readRow(bytes, 'part of a document', readPart),
    }))
    this.isOwing = isOwing(this.rows.map(({ part }) => part))
    return this.rows
  }

  /** These are about to take the place of all rows. */
  replaced(parts: readonly KeptPart[]): void {
    this.rows = undefined
    this.isOwing = isOwing(parts)
  }
}

function isOwing(parts: readonly KeptPart[]): boolean {
  return parts.some(({ kind }) => kind !== 'unjudged')
}

/** The rows of what is kept now, in place of those before. */
export function owedRows(
  context: AccountContext,
  document: DocumentId,
  parts: readonly KeptPart[],
): (readonly [StoreKey, Uint8Array])[] {
  return parts.map((part, k) => [owedKey(document, k), encodePart(context, part)] as const)
}

function encodePart({ platform }: AccountContext, part: KeptPart): Uint8Array {
  const writer = new Writer().byte(ROW_VERSION).byte(kinds.indexOf(part.kind))
  const { context } = part.kind === 'unjudged' ? part : part.folded
  writer.list([...context], ([id, n]) => writer.fixed(writerToBytes(id as never)).varUint(n))
  const registers = part.kind === 'unjudged' ? part.docs.registers : foldState(part.folded.state, platform.random)
  const { texts } = part.kind === 'unjudged' ? part.docs : part.folded
  writer.bytes(Y.encodeStateAsUpdateV2(registers)).bytes(Y.encodeStateAsUpdateV2(texts))
  if (part.kind === 'unjudged') writer.fixed(part.hash, HASH_BYTES).varUint(Math.max(0, Math.floor(part.sinceMs)))
  return writer.finish()
}

function readPart(reader: Reader): KeptPart {
  const kind = kinds[reader.byte()]
  const context = new Map(
    reader.list(
      NO_LIMIT,
      WRITER_BYTES + 1,
      () => [writerFromBytes(reader.fixed(WRITER_BYTES)), reader.varUint()] as const,
    ),
  )
  const [registers, texts] = [createDoc('registers'), createDoc('texts')]
  Y.applyUpdateV2(registers, reader.bytes(NO_LIMIT))
  Y.applyUpdateV2(texts, reader.bytes(NO_LIMIT))
  if (kind === 'unjudged') {
    const hash = reader.fixed<Hash>(HASH_BYTES).slice() as Hash
    return { kind, docs: { registers, texts }, context, hash, sinceMs: reader.varUint() }
  }
  const state = readState(registers)
  if (kind === undefined || state === undefined)
    throw new SyncError('profile-damaged', 'What a rebase left out cannot be read.')
  return { kind, folded: { state, context, texts } }
}
