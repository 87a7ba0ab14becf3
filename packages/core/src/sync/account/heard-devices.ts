// When each device of the account was last heard of, in whichever collection: by what it signed and sealed itself, not by the word of the relay. A
// relay that keeps a device's news back cannot be proved to do so, but the person who holds that device in the other hand sees it here.
//
//   ['heard']   device → when, so that it can be told offline
import { bytesToHex, DEVICE_ID_BYTES, type DeviceId, decodeWhole, hexToBytes, Writer } from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import type { Store, StoreBatch, StoreKey } from '../../storage'

/** A device that is used is heard of every hour; one that was not for as long as this is off, or is kept from this one. */
export const SILENT_AFTER_MS = 3 * 24 * 60 * 60 * 1_000

const heardKey: StoreKey = ['heard']
const ROW_VERSION = 1
const NO_LIMIT = Number.MAX_SAFE_INTEGER

export class HeardDevices {
  private isKept = true
  /** Silences that the app was told of. */
  private readonly told = new Set<string>()

  private constructor(private readonly heardAtMs: Map<string, number>) {}

  /** @throws SyncError `profile-damaged` */
  static async read(store: Store): Promise<HeardDevices> {
    const row = await store.get(heardKey)
    if (row === undefined) return new HeardDevices(new Map())
    try {
      return decodeWhole(row, (reader) => {
        if (reader.byte() !== ROW_VERSION) throw new SyncError('profile-damaged', 'It was written by another version.')
        const entries = reader.list(
          NO_LIMIT,
          DEVICE_ID_BYTES + 1,
          () => [bytesToHex(reader.fixed(DEVICE_ID_BYTES)), reader.varUint()] as const,
        )
        return new HeardDevices(new Map(entries))
      })
    } catch (cause) {
      throw new SyncError('profile-damaged', 'When the devices were heard of cannot be read.', { cause })
    }
  }

  /**
   * @param saidAtMs by the device's clock
   * @param nowMs nobody is heard of later than now: a device whose clock is ahead would never be silent
   */
  heard(device: DeviceId, saidAtMs: number, nowMs: number): void {
    const key = bytesToHex(device)
    const atMs = Math.max(0, Math.floor(Math.min(saidAtMs, nowMs)))
    if (atMs <= (this.heardAtMs.get(key) ?? -1)) return
    this.heardAtMs.set(key, atMs)
    this.told.delete(key)
    this.isKept = false
  }

  lastHeardMs(device: string): number | undefined {
    return this.heardAtMs.get(device)
  }

  /** What is to be written, once. */
  toKeep(): StoreBatch | undefined {
    if (this.isKept) return undefined
    this.isKept = true
    const writer = new Writer().byte(ROW_VERSION)
    writer.list([...this.heardAtMs], ([device, atMs]) =>
      writer.fixed(hexToBytes(device), DEVICE_ID_BYTES).varUint(atMs),
    )
    return { put: [[heardKey, writer.finish()]] }
  }

  /** @returns those of the silent devices whose silence is news */
  newlySilent(silent: readonly string[]): readonly string[] {
    const news = silent.filter((device) => !this.told.has(device))
    for (const device of news) this.told.add(device)
    return news
  }
}

/** @param sinceMs when it was last heard of, or came into the account; undefined for one that never was: nothing is known of it */
export function isSilentSince(sinceMs: number | undefined, nowMs: number): boolean {
  return sinceMs !== undefined && nowMs - sinceMs > SILENT_AFTER_MS
}
