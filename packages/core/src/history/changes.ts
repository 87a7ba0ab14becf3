// What became of a collection's records, as a person reads it: who changed what, when, on which device.
import type { LoggedChange } from '../sync'

/** What one edit did to one record, and where. */
export interface HistoryChange extends Omit<LoggedChange, 'device'> {
  readonly device: {
    /** Hex of the device's id. */
    readonly id: string
    /** undefined when this device does not know it */
    readonly name: string | undefined
  }
}

/** A part of a history. */
export interface HistoryPage {
  /** Newest first. */
  readonly changes: readonly HistoryChange[]
  /** To ask on from: `before` of the next call. Undefined when there is nothing older. */
  readonly next: HistoryPosition | undefined
  /**
   * The history of the collection, as this device has it, goes back to its beginning. False on a device that let the older entries go, or
   * joined when they were gone.
   */
  readonly isWhole: boolean
}

/** Where a page ends. It stays what it is while changes come. */
export interface HistoryPosition {
  /** How many changes are older. */
  readonly older: number
}

/** Which part of a history is asked for. */
export interface HistoryOptions {
  /** Of one record; default all. */
  readonly id?: string
  /** How many changes at most; default 100. */
  readonly limit?: number
  /** `next` of the page before. */
  readonly before?: HistoryPosition
}

const USUAL_LIMIT = 100

export function pageOf(
  changes: readonly LoggedChange[],
  isWhole: boolean,
  { id, limit = USUAL_LIMIT, before }: HistoryOptions,
  deviceName: (id: string) => string | undefined,
): HistoryPage {
  const page: HistoryChange[] = []
  let older = Math.min(before?.older ?? changes.length, changes.length)
  for (; older > 0 && page.length < limit; older--) {
    const change = changes[older - 1]!
    if (id !== undefined && change.id !== id) continue
    page.push({ ...change, device: { id: change.device, name: deviceName(change.device) } })
  }
  const isMore = changes.slice(0, older).some((change) => id === undefined || change.id === id)
  return { changes: page, next: isMore ? { older } : undefined, isWhole }
}
