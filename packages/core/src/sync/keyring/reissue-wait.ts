// A new recovery phrase that a device asked for counts at once only by a device that is long in the account; otherwise after a week, in
// which every other device may veto (`reissueWaitsSince`). The relay keeps the week; a relay in league with a thief does not, so each
// device counts it, too: from the last moment, by its own clock, at which the relay showed it a keyring without the record that the week
// begins with.
//
//   ['keyring-checked']   when the relay last showed which length
import { decodeWhole, REISSUE_WAIT_MS, Writer } from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import type { StoreBatch, StoreKey } from '../../storage'

export const keyringCheckedKey: StoreKey = ['keyring-checked']

const ROW_VERSION = 1
/** Clocks of the device and the relay may part by as much within a week. */
const SLACK_MS = 3_600_000
/** Written no more often than this: it may only make the week begin earlier, and by less than the slack. */
const GRANULARITY_MS = 1_800_000

/** When the relay showed a keyring of this length. */
export interface KeyringChecked {
  readonly length: number
  readonly firstMs: number
  readonly lastMs: number
}

export class ReissueWait {
  /** By length, which is by time. */
  private checked: readonly KeyringChecked[]

  constructor(
    checked: readonly KeyringChecked[],
    private readonly now: () => number,
    private readonly store: (batch: StoreBatch) => Promise<void>,
  ) {
    this.checked = checked
  }

  /** The relay showed a keyring of this length. */
  shown(length: number): void {
    const now = this.now()
    const last = this.checked.at(-1)
    // Of a clock that was ahead, nothing is known but that it was before now.
    const isAhead = last !== undefined && last.lastMs > now
    if (last?.length === length && !isAhead && now - last.lastMs < GRANULARITY_MS) return
    const firstMs = last?.length === length ? last.firstMs : now
    const before = this.checked.filter((each) => each.length < length)
    const moments = noLaterThan(now, [...before, { length, firstMs, lastMs: now }])
    // One that is older than a week says all that older ones could.
    const firstRecent = moments.findIndex(({ lastMs }) => now - lastMs < REISSUE_WAIT_MS)
    this.keep(moments.slice(Math.max(0, firstRecent - 1)))
  }

  /** As `shown`, by a relay whose keyring this device cannot take in as it is: where nothing else is known, the week begins with that. */
  shownInPart(length: number): void {
    if (this.checked.length === 0) this.shown(length)
  }

  /** Whether a week has passed since the relay showed a keyring without the record at this position. */
  isOver(position: number): boolean {
    const now = this.now()
    // The clock was set back: the week begins anew, instead of when that moment comes again.
    if (this.checked.some(({ lastMs }) => lastMs > now)) this.keep(noLaterThan(now, this.checked))
    // When it always had the record, the first look is as early as can be told.
    const fromMs = this.checked.filter(({ length }) => length <= position).at(-1)?.lastMs ?? this.checked[0]?.firstMs
    return fromMs !== undefined && now >= fromMs + REISSUE_WAIT_MS - SLACK_MS
  }

  private keep(checked: readonly KeyringChecked[]): void {
    this.checked = checked
    // Closing rejects it; a moment that is not known makes the week longer and never shorter.
    void this.store({ put: [[keyringCheckedKey, encodeChecked(checked)]] }).catch(() => {})
  }

  /** The record was there before this device first looked. */
  precedes(position: number): boolean {
    return this.checked.every(({ length }) => length > position)
  }
}

function noLaterThan(now: number, checked: readonly KeyringChecked[]): KeyringChecked[] {
  return checked.map((each) => ({
    ...each,
    firstMs: Math.min(each.firstMs, now),
    lastMs: Math.min(each.lastMs, now),
  }))
}

function encodeChecked(checked: readonly KeyringChecked[]): Uint8Array {
  const writer = new Writer().byte(ROW_VERSION)
  const moment = (ms: number): number => Math.max(0, Math.floor(ms))
  writer.list(checked, ({ length, firstMs, lastMs }) =>
    writer.varUint(length).varUint(moment(firstMs)).varUint(moment(lastMs)),
  )
  return writer.finish()
}

/** @throws SyncError `profile-damaged` */
export function decodeChecked(bytes: Uint8Array): KeyringChecked[] {
  try {
    return decodeWhole(bytes, (reader) => {
      if (reader.byte() !== ROW_VERSION) throw new SyncError('profile-damaged', 'It was written by another version.')
      return reader.list(Number.MAX_SAFE_INTEGER, 3, () => ({
        length: reader.varUint(),
        firstMs: reader.varUint(),
        lastMs: reader.varUint(),
      }))
    })
  } catch (cause) {
    throw new SyncError('profile-damaged', 'When the keyring was read last cannot be told.', { cause })
  }
}
