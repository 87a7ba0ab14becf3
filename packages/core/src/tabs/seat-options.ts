// What a tab's seat among the others needs of the tab.
import type { DeviceId } from '@owlivion/sync-protocol'
import type { SyncError } from '../errors'
import type { Platform, TabPlatform } from '../platform'
import type { SyncEvent } from '../sync'
import type { SharedStore } from './lead'
import type { SharedMessage } from './messages'

export interface TabSeatOptions {
  readonly platform: Platform
  readonly tabs: TabPlatform
  readonly store: SharedStore
  readonly device: DeviceId
  readonly isOnlineWanted: boolean
  /** Brings every open collection to whoever leads now. */
  bring(): Promise<void>
  /** This tab leads no more; nothing may be awaited. */
  unlead(): void
  received(message: SharedMessage & { readonly document: string }): void
  changed(name: string, ids: ReadonlySet<string> | undefined): void
  onStatus(): void
  onEvent(event: SyncEvent): void
  /** This tab, which was open, cannot go on. */
  ended(reason: SyncError): void
}
