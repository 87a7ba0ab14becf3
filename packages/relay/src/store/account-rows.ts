// What a store keeps of an account beside its keyring and its logs: where devices were seen, the audit chain, and that an
// account was deleted.
import {
  type AccountId,
  type AuditRow,
  type DeviceId,
  encodeAuditRow,
  type Hash,
  nextAuditHash,
  type Sha512,
} from '@owlivion/sync-protocol'

/** A row of the audit log before it has its number. */
export type AuditEvent = Omit<AuditRow, 'n'>

/** A device was there once or several times. */
export interface DeviceSeen {
  readonly account: AccountId
  readonly device: DeviceId
  /** The relay's clock, the first time and the last. */
  readonly firstMs: number
  readonly lastMs: number
  /** Empty when it is not known or not kept. */
  readonly address: string
}

/** What is kept of the sightings of a device. */
export interface SeenDevice {
  readonly device: DeviceId
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  /** At the last sighting. */
  readonly address: string
}

/** A part of an account’s audit log. */
export interface AuditSlice {
  /** Number of the newest row, 0 when there is none. */
  readonly length: number
  /** Chain hash after the newest row. */
  readonly head: Hash
  /** Number of the first of `rows`; with no rows, the number that the next row will have. */
  readonly first: number
  /** Chain hash before row `first`. */
  readonly previous: Hash
  readonly rows: readonly Uint8Array[]
}

/**
 * An implementer promises, beside what `RelayStore` promises: each writing call is one transaction; audit rows of an account
 * are numbered 1, 2, 3, … in the order in which they were stored; the hash before the first is the protocol's `emptyAuditHash`,
 * and every kept row is stored with the hash before it, so that the chain can be verified from the first row that is kept.
 */
export interface AccountRows {
  /** Of accounts that the store does not know, nothing is stored. */
  putDevicesSeen(sightings: readonly DeviceSeen[]): Promise<void>
  /** Sorted by device. */
  readDevicesSeen(account: AccountId): Promise<readonly SeenDevice[]>
  /** The oldest rows beyond MAX_AUDIT_ROWS go. @returns false when the store does not know the account; nothing is stored then */
  appendAudit(account: AccountId, events: readonly AuditEvent[]): Promise<boolean>
  /** Rows from number `from` on, or from the first that is kept; at least one if there is one, then up to `maxRows` and `maxBytes`. */
  readAudit(account: AccountId, from: number, maxRows: number, maxBytes: number): Promise<AuditSlice>
  /**
   * Everything of the account goes, if its keyring is the expected one. What stays is that there was such an account: nobody
   * opens one with its id or its recovery key again, and `accountByRecovery` still finds it.
   * @returns false when the keyring is another
   */
  deleteAccount(account: AccountId, expectedHead: Hash, atMs: number): Promise<boolean>
  isDeleted(account: AccountId): Promise<boolean>
}

/** The end of an audit chain. */
export interface AuditEnd {
  readonly length: number
  readonly head: Hash
}

/** A row as it is stored. */
export interface ChainedAuditRow {
  readonly n: number
  readonly bytes: Uint8Array
  /** Chain hash before the row. */
  readonly previous: Hash
}

/** The rows that these events become behind the end of a chain. */
export function chainAudit(sha512: Sha512, end: AuditEnd, events: readonly AuditEvent[]): ChainedAuditRow[] {
  let { length, head } = end
  return events.map((event) => {
    const bytes = encodeAuditRow({ ...event, n: ++length })
    const row = { n: length, bytes, previous: head }
    head = nextAuditHash(sha512, head, bytes)
    return row
  })
}
