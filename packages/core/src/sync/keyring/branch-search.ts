// Finds where the relay's keyring parts from this device's, and reads the relay's branch from there. It asks for ever longer ends until one
// begins with a record that both have: branches are short, and keyrings may be long.
import { bytesEqual, type Hash, recordHash, type Sha512 } from '@owlivion/sync-protocol'

interface KeyringItem {
  readonly record: Uint8Array
  readonly cut?: Uint8Array
}

const FIRST_STEP = 8
const STEP_GROWTH = 8
/** Records of a branch that are read. A relay may show what it likes, and what decides stands near the beginning. */
const MAX_BRANCH_RECORDS = 1_024

export type SearchResult =
  /** `more`: ask for the records from `next` on. `same`: nothing differs. `stranger`: not even the first record is the same. */
  | { readonly kind: 'more' }
  | { readonly kind: 'same' | 'stranger' }
  | { readonly kind: 'branch'; readonly position: number; readonly records: readonly KeyringItem[] }

export class BranchSearch {
  /** Position of the first record to ask for. */
  next: number
  private step = FIRST_STEP
  private readonly end: number
  /** A record was found that both have: what differs comes after it. */
  private isAnchored = false
  private position: number | undefined
  private readonly records: KeyringItem[] = []

  /** @param length of the relay's keyring */
  constructor(
    private readonly sha512: Sha512,
    private readonly ours: { readonly length: number; hashAt(position: number): Hash },
    length: number,
  ) {
    this.end = Math.min(ours.length, length)
    this.next = Math.max(0, this.end - this.step)
  }

  /** Takes the answer to what was asked for last. */
  take(records: readonly KeyringItem[], length: number): SearchResult {
    const first = records.findIndex((each, i) => this.position !== undefined || !this.isCommon(this.next + i, each))
    if (first === 0 && !this.isAnchored && this.next < this.end) {
      // The record before may differ as well.
      if (this.next === 0) return { kind: 'stranger' }
      this.step *= STEP_GROWTH
      this.next = Math.max(0, this.end - this.step)
      return { kind: 'more' }
    }
    this.isAnchored = true
    if (first >= 0) {
      this.position ??= this.next + first
      this.records.push(...records.slice(first))
    }
    this.next += records.length
    const isMore = records.length > 0 && this.next < length && this.records.length < MAX_BRANCH_RECORDS
    if (isMore) return { kind: 'more' }
    if (this.position === undefined || this.position >= this.ours.length) return { kind: 'same' }
    return { kind: 'branch', position: this.position, records: this.records }
  }

  private isCommon(position: number, { record }: KeyringItem): boolean {
    return position < this.ours.length && bytesEqual(recordHash(this.sha512, record), this.ours.hashAt(position))
  }
}
