// What became of a collection's records, as a person reads it: who changed what, when, on which device.
import type { LoggedChange } from '../sync'
import type { OlderChanges, PackPlace } from './older-changes'

/** What one edit did to one record, and where. */
export interface HistoryChange extends Omit<LoggedChange, 'device'> {
  /** A text of the record was begun, or written in: told at most once a minute, without what was written. `fields` has no texts. */
  readonly isTextChanged: boolean
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
  /** How many changes of the log are older. */
  readonly older: number
  /** Of what is below the log, what is before this. */
  readonly below?: PackPlace
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

/** What a person sees of it. */
interface Showing {
  deviceName(id: string): string | undefined
  isOfText(field: string): boolean
}

/** What this device has of a history. */
export interface KnownHistory {
  readonly changes: readonly LoggedChange[]
  readonly older: OlderChanges
  readonly isWhole: boolean
}

export function pageOf(
  { changes, older: below, isWhole }: KnownHistory,
  { id, limit = USUAL_LIMIT, before }: HistoryOptions,
  { deviceName, isOfText }: Showing,
): HistoryPage {
  const page: HistoryChange[] = []
  const isMeant = (change: LoggedChange): boolean => id === undefined || change.id === id
  const put = (change: LoggedChange): void => {
    page.push({ ...shownChange(change, isOfText), device: { id: change.device, name: deviceName(change.device) } })
  }
  let older = Math.min(before?.older ?? changes.length, changes.length)
  for (; older > 0 && page.length < limit; older--) if (isMeant(changes[older - 1]!)) put(changes[older - 1]!)
  if (changes.slice(0, older).some(isMeant)) return { changes: page, next: { older }, isWhole }
  let place = before?.below
  for (const each of below.backward(place)) {
    if (!isMeant(each.change)) continue
    if (page.length >= limit) return { changes: page, next: { older: 0, ...(place && { below: place }) }, isWhole }
    put(each.change)
    place = each.place
  }
  return { changes: page, next: undefined, isWhole }
}

/** Without what only says where it is kept, or where a text is. */
function shownChange(
  { id, kind, fields, counts, device, atMs, number }: LoggedChange,
  isOfText: Showing['isOfText'],
): LoggedChange & { readonly isTextChanged: boolean } {
  const shown = fields.filter(({ field }) => !isOfText(field))
  const isTextChanged = kind === 'changed' && shown.length < fields.length
  return { id, kind, fields: shown, counts, device, atMs, number, isTextChanged }
}
