// What the relay writes down of an account's security events. What happens with a write is stored in the same transaction as
// that write (`event`); what happens by itself becomes a row of its own (`write`), and no kind of it can flood the log: the
// oldest rows go first, so whoever could write without bound could erase what came before.
import {
  type AccountId,
  type AuditKind,
  bytesToHex,
  type DeviceId,
  MAX_ADDRESS_BYTES,
  MAX_AUDIT_DETAIL_BYTES,
} from '@owlivion/sync-protocol'
import type { RelayLog, RelayPlatform } from '../platform'
import type { AuditEvent } from '../store/account-rows'
import type { RelayStore } from '../store/relay-store'

export interface AuditDetails {
  /** Who did it; left out for the recovery key and for somebody who never got in. */
  readonly device?: DeviceId | undefined
  /** To whom it was done. */
  readonly target?: DeviceId | undefined
  /** Of the connection it came over. */
  readonly address?: string
  /** Codes and counts, never content. Longer than the protocol allows, it is cut. */
  readonly detail?: string
}

export interface AuditLogParts {
  readonly platform: RelayPlatform
  readonly store: RelayStore
  readonly log: RelayLog
  /** False for a relay that keeps no addresses. */
  readonly keepsAddresses: boolean
}

/** Rows of one kind in one window; what comes beyond is counted, and the count is a row when the window is over. */
interface Window {
  readonly account: AccountId
  readonly kind: AuditKind
  readonly device: DeviceId | undefined
  readonly endsAtMs: number
  rows: number
  more: number
}

const ROWS_A_WINDOW = 20
const WINDOW_MS = 3_600_000
/** Windows kept in memory; beyond it the oldest ends early. */
const MAX_WINDOWS = 10_000
/** Written by whoever names an account: all devices together, for a stranger can name any. */
const strangersKinds: ReadonlySet<AuditKind> = new Set(['sign-in-failed', 'sign-in-locked', 'deletion-refused'])

export class AuditLog {
  private readonly windows = new Map<string, Window>()
  private writing: Promise<unknown> = Promise.resolve()

  constructor(private readonly parts: AuditLogParts) {}

  /** A row that goes into the transaction of the write it tells of. */
  event(kind: AuditKind, { device, target, address = '', detail = '' }: AuditDetails = {}): AuditEvent {
    return {
      timeMs: this.parts.platform.now(),
      kind,
      ...(device && { device }),
      ...(target && { target }),
      address: this.addressToKeep(address),
      detail: cutText(detail, MAX_AUDIT_DETAIL_BYTES),
    }
  }

  /** As addresses are kept: cut to size, or not at all. */
  addressToKeep(address: string): string {
    return this.parts.keepsAddresses ? cutText(address, MAX_ADDRESS_BYTES) : ''
  }

  /**
   * Writes a row by itself, or counts it when there were many of its kind. Of an account that the relay does not know, nothing.
   * @throws RelayError when the disk refuses
   */
  async write(account: AccountId, kind: AuditKind, details: AuditDetails = {}): Promise<void> {
    const device = strangersKinds.has(kind) ? undefined : details.device
    const key = `${bytesToHex(account)}/${kind}/${device ? bytesToHex(device) : ''}`
    const now = this.parts.platform.now()
    let window = this.windows.get(key)
    if (window !== undefined && window.endsAtMs <= now) {
      await this.end(key, window)
      window = this.windows.get(key)
    }
    if (window === undefined) {
      window = { account, kind, device, endsAtMs: now + WINDOW_MS, rows: 0, more: 0 }
      this.windows.set(key, window)
      for (const [oldest, each] of this.windows) {
        if (this.windows.size <= MAX_WINDOWS) break
        void this.end(oldest, each).catch((error) => this.failed(error))
      }
    }
    if (window.rows >= ROWS_A_WINDOW) {
      window.more++
      return
    }
    window.rows++
    const isKnown = await this.append(account, this.event(kind, details))
    // Whoever makes up accounts takes no room here.
    if (!isKnown) this.windows.delete(key)
  }

  /** As `write`, for what goes on whether or not the disk takes the row. */
  note(account: AccountId, kind: AuditKind, details: AuditDetails = {}): void {
    this.keep(this.write(account, kind, details))
  }

  /** Writes the counts of windows that are over; of all windows at the end of the relay. */
  async flush(ending = false): Promise<void> {
    const now = this.parts.platform.now()
    for (const [key, window] of [...this.windows])
      if (ending || window.endsAtMs <= now) await this.end(key, window).catch((error) => this.failed(error))
    await this.writing
  }

  /** Work that is under way when the relay ends is waited for. */
  keep(work: Promise<unknown>): void {
    const kept = work.catch((error) => this.failed(error))
    this.writing = Promise.all([this.writing, kept])
  }

  private async end(key: string, { account, kind, device, more }: Window): Promise<void> {
    this.windows.delete(key)
    if (more > 0) await this.append(account, this.event(kind, { device, detail: `more:${more}` }))
  }

  private append(account: AccountId, event: AuditEvent): Promise<boolean> {
    return this.parts.store.accountRows.appendAudit(account, [event])
  }

  private failed(error: unknown): void {
    this.parts.log.warn({ error }, 'an audit row could not be written')
  }
}

function cutText(text: string, maxBytes: number): string {
  const encoder = new TextEncoder()
  let cut = text.slice(0, maxBytes)
  while (encoder.encode(cut).length > maxBytes) cut = cut.slice(0, -1)
  // Half a pair at the end is no text.
  return /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut
}
