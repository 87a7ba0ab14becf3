// What a rebase left out and this device has, on its disk until a later rebase holds it.
//
//   ['owed', document, k]   one part; k counts up
import { bytesToHex, type DocumentId, type Reader, WRITER_BYTES, Writer } from '@owlivion/sync-protocol'
import { foldState, readState } from '../document'
import { SyncError } from '../errors'
import type { StoreKey } from '../storage'
import { createDoc, Y } from '../yjs'
import type { AccountContext } from './account-context'
import type { OwedPart } from './rebase-state'
import { NO_LIMIT, readRow } from './rows'
import { writerFromBytes, writerToBytes } from './writer-bytes'

const ROW_VERSION = 1

const owedKey = (document: DocumentId, k?: number): StoreKey => [
  'owed',
  bytesToHex(document),
  ...(k === undefined ? [] : [k]),
]

export interface OwedRow {
  readonly key: StoreKey
  readonly part: OwedPart
}

/** @throws SyncError `profile-damaged` */
export async function readOwed({ store }: AccountContext, document: DocumentId): Promise<OwedRow[]> {
  const rows = await store.list(owedKey(document))
  return rows.map(([key, bytes]) => ({ key, part: readRow(bytes, 'part of a document', readPart) }))
}

/** Read once, and again after it was written. */
export class OwedList {
  private rows: readonly OwedRow[] | undefined

  constructor(
    private readonly context: AccountContext,
    private readonly document: DocumentId,
  ) {}

  /** @throws SyncError `profile-damaged` */
  async list(): Promise<readonly OwedRow[]> {
    this.rows ??= await readOwed(this.context, this.document)
    return this.rows
  }

  forget(): void {
    this.rows = undefined
  }
}

/** The rows of what is owed now, in place of those before. */
export function owedRows(
  context: AccountContext,
  document: DocumentId,
  parts: readonly OwedPart[],
): (readonly [StoreKey, Uint8Array])[] {
  return parts.map((part, k) => [owedKey(document, k), encodePart(context, part)] as const)
}

function encodePart({ platform }: AccountContext, { kind, folded }: OwedPart): Uint8Array {
  const writer = new Writer().byte(ROW_VERSION).flag(kind === 'join')
  writer.list([...folded.context], ([id, n]) => writer.fixed(writerToBytes(id)).varUint(n))
  writer.bytes(Y.encodeStateAsUpdateV2(foldState(folded.state, platform.random)))
  return writer.bytes(Y.encodeStateAsUpdateV2(folded.texts)).finish()
}

function readPart(reader: Reader): OwedPart {
  const kind = reader.flag() ? 'join' : 'left-out'
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
  const state = readState(registers)
  if (state === undefined) throw new SyncError('profile-damaged', 'What a rebase left out cannot be read.')
  return { kind, folded: { state, context, texts } }
}
