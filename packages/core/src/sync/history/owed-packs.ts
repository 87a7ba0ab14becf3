// Packs that this device has made of its log and has not written to the account yet. They are stored in the commit that lets the entries
// go, or before a summary is sent that covers them: a crash leaves neither a gap nor a change twice.
//
//   ['pack', document, id]   one pack
//   ['packed', document]     how far this device has made packs of each chain
import { bytesToHex, type DeviceId, type DocumentId, hexToBytes, Writer } from '@owlivion/sync-protocol'
import type { StoreKey } from '../../storage'
import { LineageMap } from '../device-map'
import type { DocumentState } from '../document/document-state'
import { readLineages, readRow, writeLineages } from '../document/rows'
import { type EntrySink, readLogChanges } from './log-changes'
import type { PackedChange } from './logged-change'
import { type EncodedPack, encodePack, lengthOf, type Span } from './pack'

type Row = readonly [StoreKey, Uint8Array]

/** Letters of one pack before it is deflated: short enough to be read for a page of a history, long enough to deflate well. */
const PACK_LENGTH = 65_536
const MAX_SPANS = 128
/** A pack is kept for as long as its latest change is: none keeps what is much older. */
const PACK_TIME_MS = 7 * 86_400_000
const ROW_VERSION = 1

export const packPrefix: StoreKey = ['pack']
export const packKeys = {
  of: (document: DocumentId): StoreKey => ['pack', bytesToHex(document)],
  one: (document: DocumentId, id: string): StoreKey => ['pack', bytesToHex(document), id],
  packed: (document: DocumentId): StoreKey => ['packed', bytesToHex(document)],
}

/**
 * Makes packs of everything that this device has verified and made none of yet. Call within a job.
 * @returns the rows to write with whatever lets the entries go
 * @throws SyncError `profile-damaged`
 */
export async function owedPacks(state: DocumentState): Promise<readonly Row[]> {
  const { context, document } = state
  if (!(await context.history?.keeps(document))) return []
  await context.writer.barrier()
  const row = await context.store.get(packKeys.packed(document))
  const builder = new PackBuilder(state, row === undefined ? new LineageMap() : decodePacked(row))
  await readLogChanges(state, builder)
  return builder.rows()
}

function decodePacked(bytes: Uint8Array): LineageMap<number> {
  return readRow(bytes, 'list of what a history has', (reader) => readLineages(reader, () => reader.varUint()))
}

class PackBuilder implements EntrySink {
  private readonly packs: EncodedPack[] = []
  private changes: PackedChange[] = []
  private spans = new Map<string, Span>()
  private length = 0

  constructor(
    private readonly state: DocumentState,
    private readonly packed: LineageMap<number>,
  ) {}

  /** What an entry did; nothing, mostly, to texts. */
  entry(
    lineage: { readonly device: DeviceId; readonly incarnation: number; readonly sequence: number },
    changes: readonly PackedChange[],
  ): void {
    const { incarnation, sequence } = lineage
    const before = this.packed.get(lineage) ?? 0
    if (sequence <= before) return
    const [first, next] = [this.changes[0], changes[0]]
    if (first !== undefined && next !== undefined && next.atMs - first.atMs > PACK_TIME_MS) this.end()
    const device = bytesToHex(lineage.device)
    const key = `${device}/${incarnation}`
    // What lies between was written again by its author, as something that is here.
    const from = this.spans.get(key)?.from ?? before + 1
    this.spans.set(key, { device, incarnation, from, to: sequence })
    this.packed.set(lineage, sequence)
    for (const change of changes) {
      this.changes.push(change)
      this.length += lengthOf(change)
    }
    if (this.length >= PACK_LENGTH || this.spans.size >= MAX_SPANS) this.end()
  }

  /** What the summary below the log says of chains counts as packed: whoever made that saw to it. */
  begin(below: LineageMap<number>): void {
    for (const [lineage, sequence] of below)
      if (sequence > (this.packed.get(lineage) ?? 0)) this.packed.set(lineage, sequence)
  }

  rows(): readonly Row[] {
    this.end()
    const { document } = this.state
    if (this.packs.length === 0) return []
    const writer = new Writer().byte(ROW_VERSION)
    writeLineages(writer, this.packed, (sequence) => writer.varUint(sequence))
    return [
      ...this.packs.map(({ id, bytes }): Row => [packKeys.one(document, id), bytes]),
      [packKeys.packed(document), writer.finish()],
    ]
  }

  private end(): void {
    if (this.spans.size > 0)
      this.packs.push(
        encodePack(this.state.context.platform.signing.sha512, {
          spans: [...this.spans.values()],
          changes: this.changes,
        }),
      )
    this.changes = []
    this.spans = new Map()
    this.length = 0
  }
}

export function documentOf(key: StoreKey): DocumentId {
  return hexToBytes(key[1] as string) as DocumentId
}
