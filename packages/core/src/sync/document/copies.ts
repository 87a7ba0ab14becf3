// Which other devices hold a document, how far, and when they were last heard of. All of it is from what they signed: rows that say what
// they have applied, and entries, whose author has what it says it had seen. What a relay says of devices is not asked for.
//
//   ['copies', document]   what is known of each device, so that it can be told offline
import {
  bytesToHex,
  DEVICE_ID_BYTES,
  type DeviceId,
  type DocumentId,
  decodeWhole,
  hexToBytes,
  type SeenEntry,
  Writer,
} from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import type { StoreKey } from '../../storage'
import { type Lineage, LineageMap } from '../device-map'

/** What another device of the account holds of a collection. */
export interface DocumentCopy {
  /** Hex of the device's id, as in `devices()`. */
  readonly device: string
  /** True when it has applied everything that this device has of the collection. What neither knows of is not in question. */
  readonly isComplete: boolean
  /** When it last said so, by its own clock as its relay corrects it, in ms since 1970; never later than now. */
  readonly lastHeardMs: number
}

interface KnownCopy {
  heardAtMs: number
  readonly has: LineageMap<number>
  /** It has read the log this far, and could not name all that it has. */
  unnamedThrough?: number
}

export const copiesKey = (document: DocumentId): StoreKey => ['copies', bytesToHex(document)]

const ROW_VERSION = 1
const NO_LIMIT = Number.MAX_SAFE_INTEGER
/** A device, an incarnation and a sequence. */
const MIN_LINEAGE_BYTES = DEVICE_ID_BYTES + 2
/** A device, a time and a count. */
const MIN_COPY_BYTES = DEVICE_ID_BYTES + 2

export class Copies {
  private readonly known = new Map<string, KnownCopy>()
  /** Changes with everything that is learned. */
  version = 0

  /** @throws SyncError `profile-damaged` */
  restore(row: Uint8Array): void {
    try {
      decodeWhole(row, (reader) => {
        if (reader.byte() !== ROW_VERSION) throw new SyncError('profile-damaged', 'It was written by another version.')
        reader.list(NO_LIMIT, MIN_COPY_BYTES, () => {
          const device = bytesToHex(reader.fixed(DEVICE_ID_BYTES))
          const heardAtMs = reader.varUint()
          const has = reader.list(NO_LIMIT, MIN_LINEAGE_BYTES, () => {
            const lineage = { device: reader.fixed<DeviceId>(DEVICE_ID_BYTES), incarnation: reader.varUint() }
            return [lineage, reader.varUint()] as const
          })
          this.known.set(device, { heardAtMs, has: new LineageMap(has) })
        })
      })
    } catch (cause) {
      throw new SyncError('profile-damaged', 'Which devices hold a collection cannot be read.', { cause })
    }
  }

  toRow(): Uint8Array {
    const writer = new Writer().byte(ROW_VERSION)
    writer.list([...this.known], ([device, { heardAtMs, has }]) => {
      writer.fixed(hexToBytes(device), DEVICE_ID_BYTES).varUint(heardAtMs)
      writer.list([...has], ([lineage, sequence]) =>
        writer.fixed(lineage.device, DEVICE_ID_BYTES).varUint(lineage.incarnation).varUint(sequence),
      )
    })
    return writer.finish()
  }

  /**
   * A device has shown, verified, that it has applied this much.
   * @param has its own entry among them, when it was an entry that said so
   * @param saidAtMs by the device's clock
   * @param unnamedThrough the number through which it has read, when it named as much of it as fits a row
   */
  heard(device: DeviceId, has: readonly SeenEntry[], saidAtMs: number, unnamedThrough?: number): void {
    const key = bytesToHex(device)
    const copy = this.known.get(key) ?? { heardAtMs: 0, has: new LineageMap<number>() }
    this.known.set(key, copy)
    if (saidAtMs > copy.heardAtMs) {
      copy.heardAtMs = saidAtMs
      this.version++
    }
    if (unnamedThrough !== undefined) copy.unnamedThrough = unnamedThrough
    for (const entry of has) {
      if (entry.sequence <= (copy.has.get(entry) ?? 0)) continue
      copy.has.set(entry, entry.sequence)
      this.version++
    }
  }

  /**
   * @param mine what this device has, and through which number of the log; `hasUnsent`: and more, which nobody else can have
   * @param isActive whether a device is still in the account: what one that was removed holds is no copy of the account's
   */
  list(
    mine: { readonly applied: LineageMap<number>; readonly number: number; readonly hasUnsent: boolean },
    isActive: (device: DeviceId) => boolean,
    nowMs: number,
  ): DocumentCopy[] {
    return [...this.known]
      .filter(([device]) => isActive(hexToBytes(device) as DeviceId))
      .map(([device, copy]) => ({
        device,
        isComplete: !mine.hasUnsent && covers(copy, mine.applied, mine.number),
        lastHeardMs: Math.min(copy.heardAtMs, nowMs),
      }))
      .sort((a, b) => (a.device < b.device ? -1 : 1))
  }

  /** True when each of these devices has shown that it has applied this much, or was heard of before `sinceMs`, if ever. */
  haveAll(devices: readonly DeviceId[], { applied, number, unheard }: HolderProgress, sinceMs: number): boolean {
    return devices.every((device) => {
      const copy = this.known.get(bytesToHex(device))
      if (copy === undefined) return unheard === 'silent'
      return copy.heardAtMs <= sinceMs || covers(copy, applied, number)
    })
  }
}

/** What others may have to have shown. */
export interface HolderProgress {
  readonly applied: LineageMap<number>
  /** And the log up to this number. */
  readonly number: number
  /** What is thought of a device of the account that has never shown anything of the document: it may hold it and be offline. */
  readonly unheard: 'silent' | 'holds it'
}

function covers(
  { has, unnamedThrough = -1 }: KnownCopy,
  applied: Iterable<readonly [Lineage, number]>,
  number: number,
): boolean {
  const unnamed = unnamedThrough >= number ? Number.POSITIVE_INFINITY : 0
  for (const [lineage, sequence] of applied) if ((has.get(lineage) ?? unnamed) < sequence) return false
  return true
}
