// Keeps count of the documents that are being healed at the relay, over the whole account: the app is told once that it began, and once, with
// the sum, when the last of them is done.
//
//   ['generation']   what the relay called its database when it was last seen
import { bytesEqual, bytesToHex, type DocumentId, type Generation } from '@owlivion/sync-protocol'
import { SyncError } from '../../errors'
import type { Store, StoreBatch, StoreKey } from '../../storage'
import type { SyncEvent } from '../sync-event'

/** What the healing of one document came to on this device. */
export interface HealedCounts {
  /** Entries that this device gave back. */
  readonly restored: number
  /** Entries that the relay refuses for good: beyond what counts of a removed device. */
  readonly dropped: number
}

/** What a document tells of its own healing. */
export interface HealingLedger {
  began(document: DocumentId): void
  ended(document: DocumentId, counts: HealedCounts): void
}

const generationKey: StoreKey = ['generation']

export interface AccountHealingOptions {
  readonly store: Store
  write(batch: StoreBatch): Promise<void>
  /** The relay is not what it was: documents that the app has not opened may be concerned as well. */
  openAll(): void
  emit(event: SyncEvent): void
}

export class AccountHealing implements HealingLedger {
  private readonly documents = new Set<string>()
  private count = 0
  private restored = 0
  private dropped = 0

  constructor(private readonly options: AccountHealingOptions) {}

  /** The relay names its database: another name than before means that it is another, or was put back. */
  async generationShown(generation: Generation): Promise<void> {
    const { store, write, openAll } = this.options
    const before = await store.get(generationKey)
    if (before !== undefined && bytesEqual(before, generation)) return
    await write({ put: [[generationKey, generation]] })
    if (before !== undefined) openAll()
  }

  began(document: DocumentId): void {
    const isFirst = this.documents.size === 0
    this.documents.add(bytesToHex(document))
    if (!isFirst) return
    this.options.emit({ type: 'healing' })
    const message = 'The relay has less than it had, or something else: this device brings back to it what is missing.'
    this.options.emit({ type: 'error', error: new SyncError('relay-rolled-back', message) })
    this.options.openAll()
  }

  ended(document: DocumentId, { restored, dropped }: HealedCounts): void {
    if (!this.documents.delete(bytesToHex(document))) return
    this.count++
    this.restored += restored
    this.dropped += dropped
    if (this.documents.size > 0) return
    const event = { documents: this.count, restored: this.restored, dropped: this.dropped }
    this.count = 0
    this.restored = 0
    this.dropped = 0
    this.options.emit({ type: 'healed', ...event })
  }
}
