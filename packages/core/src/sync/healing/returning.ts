// Entries that the relay may have lost, on their way back to it. They are taken out of this device's log, the relay's log is read in their
// place, and what that does not hold is given back: in the old order, each chain without a gap, and never what the relay has already.
import {
  bytesEqual,
  decodeEnvelope,
  type Envelope,
  envelopeHash,
  type Hash,
  MAX_PAGE_ENTRIES,
  MAX_PUSH_BYTES,
  type Sha512,
  type SignedHead,
} from '@owlivion/sync-protocol'
import { type Lineage, LineageMap } from '../device-map'
import type { LogRow, StoredEntry } from '../document/rows'
import type { Chain } from '../log/log-replica'
import type { HealingRow } from './healing-row'

/** What one `refill` holds. */
export interface RefillBatch {
  readonly entries: readonly Uint8Array[]
  readonly heads: readonly SignedHead[]
}

/** An entry in its place, by what is hashed of it. */
type PlacedEntry = Lineage & { readonly sequence: number; readonly envelopeHash: Hash }

interface Returned extends Lineage {
  readonly sequence: number
  readonly entry: StoredEntry
}

interface Run {
  readonly entries: readonly Returned[]
  readonly heads: readonly SignedHead[]
}

export class ReturningEntries {
  private readonly runs: readonly Run[]
  /** Position of the first run that may hold something that the relay lacks. */
  private first = 0
  private readonly hashByPlace = new LineageMap<Map<number, Hash>>()
  /** From this sequence of a chain on, the relay will not have what is here: it has something else, or refuses it for good. */
  private readonly lostFrom = new LineageMap<number>()

  private readonly useless = new Set<StoredEntry>()

  /** @param rows verbatim, in the order in which they were in the log */
  constructor(
    private readonly sha512: Sha512,
    readonly rows: readonly LogRow[],
    /** Since when, and what this device had before they were taken out. */
    readonly before: HealingRow,
  ) {
    this.runs = rows.map(({ entries, heads }) => ({ heads, entries: entries.flatMap(placeOf) }))
    for (const { entries } of this.runs)
      for (const each of entries) {
        const hashes = this.hashByPlace.get(each) ?? new Map<number, Hash>()
        this.hashByPlace.set(each, hashes.set(each.sequence, envelopeHash(sha512, each.entry.bytes)))
      }
  }

  /** It was in this device's log before: what this device wrote of it, it wrote in this life. */
  has(entry: PlacedEntry): boolean {
    const hash = this.hashByPlace.get(entry)?.get(entry.sequence)
    return hash !== undefined && bytesEqual(hash, entry.envelopeHash)
  }

  /** The relay's log has an entry: perhaps another one than stood in its place before. */
  found(entry: PlacedEntry): void {
    const isOther = this.hashByPlace.get(entry)?.has(entry.sequence) === true && !this.has(entry)
    if (isOther) this.give(entry, entry.sequence)
  }

  /** As `found`, for an entry from the disk. */
  foundBytes(bytes: Uint8Array): void {
    const place = readPlace(bytes)
    if (place !== undefined) this.found({ ...place, envelopeHash: envelopeHash(this.sha512, bytes) })
  }

  /** The relay refuses an entry of a batch for good, and with it what follows in its chain. */
  refused({ entries }: RefillBatch, position: number): void {
    const bytes = entries[position]
    const place = bytes && readPlace(bytes)
    if (place !== undefined) this.give(place, place.sequence)
  }

  /** Leaves out what no relay takes. @returns how many entries that is */
  leaveOut(isUseless: (bytes: Uint8Array, place: Lineage & { readonly sequence: number }) => boolean): number {
    let count = 0
    for (const { entries } of this.runs)
      for (const each of entries) {
        if (!isUseless(each.entry.bytes, each)) continue
        this.useless.add(each.entry)
        this.give(each, each.sequence)
        count++
      }
    return count
  }

  private give(lineage: Lineage, sequence: number): void {
    this.lostFrom.set(lineage, Math.min(sequence, this.lostFrom.get(lineage) ?? sequence))
  }

  /**
   * The next that the relay lacks, as much as one frame holds; undefined when nothing is left that it could take.
   * @param chains their ends in the relay's log
   */
  next(chains: LineageMap<Chain>): RefillBatch | undefined {
    // They rest on what is nowhere as an entry any more.
    if (this.before.isAnew) return undefined
    const ends = new LineageMap<number>([...chains].map(([lineage, { sequence }]) => [lineage, sequence]))
    const entries: Uint8Array[] = []
    const heads: SignedHead[] = []
    let sizeBytes = 0
    while (this.first < this.runs.length && this.isDone(this.runs[this.first] as Run, ends)) this.first++
    for (const run of this.runs.slice(this.first)) {
      const lacking = this.lackingOf(run, ends)
      const runBytes = lacking.reduce((sum, { entry }) => sum + entry.bytes.length, 0)
      const isFull = sizeBytes + runBytes > MAX_PUSH_BYTES || entries.length + lacking.length > MAX_PAGE_ENTRIES
      if (isFull && entries.length > 0) break
      for (const each of lacking) {
        entries.push(each.entry.bytes)
        ends.set(each, each.sequence)
      }
      sizeBytes += runBytes
      heads.push(...run.heads.filter((head) => lacking.some((each) => isAt(each, head))))
    }
    return entries.length > 0 ? { entries, heads } : undefined
  }

  private isDone({ entries }: Run, ends: LineageMap<number>): boolean {
    return entries.every((each) => each.sequence <= (ends.get(each) ?? 0) || this.isLost(each))
  }

  private isLost(each: Returned): boolean {
    return each.sequence >= (this.lostFrom.get(each) ?? Number.POSITIVE_INFINITY)
  }

  /** Of this run, what goes on where the chains end, as far as a head of the run vouches for it. */
  private lackingOf({ entries, heads }: Run, ends: LineageMap<number>): Returned[] {
    const reached = new LineageMap<number>(ends)
    for (const each of entries)
      if (each.sequence === (reached.get(each) ?? 0) + 1 && !this.isLost(each)) reached.set(each, each.sequence)
    const vouched = new LineageMap<number>()
    for (const head of heads)
      if (head.sequence <= (reached.get(head) ?? 0)) vouched.set(head, Math.max(head.sequence, vouched.get(head) ?? 0))
    return entries.filter((each) => each.sequence > (ends.get(each) ?? 0) && each.sequence <= (vouched.get(each) ?? 0))
  }

  /** What was in this device's log and is not in the relay's, nor will be as an entry; but for what counts nowhere. */
  missing(chains: LineageMap<Chain>): StoredEntry[] {
    return this.runs
      .flatMap(({ entries }) => entries)
      .filter((each) => each.sequence > (chains.get(each)?.sequence ?? 0) || this.isLost(each))
      .map(({ entry }) => entry)
      .filter((entry) => !this.useless.has(entry))
  }
}

function placeOf(entry: StoredEntry): Returned[] {
  const place = readPlace(entry.bytes)
  return place === undefined ? [] : [{ ...place, entry }]
}

/** Undefined for what could not be read when it came, and has no place in any chain. */
function readPlace(bytes: Uint8Array): Pick<Envelope, 'device' | 'incarnation' | 'sequence'> | undefined {
  try {
    const { device, incarnation, sequence } = decodeEnvelope(bytes)
    return { device, incarnation, sequence }
  } catch {
    return undefined
  }
}

function isSameChain(a: Lineage, b: Lineage): boolean {
  return a.incarnation === b.incarnation && bytesEqual(a.device, b.device)
}

function isAt(a: Lineage & { readonly sequence: number }, b: Lineage & { readonly sequence: number }): boolean {
  return a.sequence === b.sequence && isSameChain(a, b)
}
