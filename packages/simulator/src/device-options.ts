// What a device of a world is made of.
import type { Sync } from '@owlivion/sync'
import type { DocumentLimits } from '@owlivion/sync/testing'
import type { VirtualTime } from './clock'
import type { Cryptography } from './cryptography'
import type { SimDisk } from './disk'
import type { Duties } from './hostile/duties'
import type { Ledger } from './ledger'
import type { Network } from './network'
import type { Phrases } from './phrases'
import type { RelayLosses } from './relay-losses'
import type { SentEntries } from './sent-entries'
import type { Trace } from './trace'

export interface SimDeviceOptions {
  readonly name: string
  readonly seed: number
  readonly time: VirtualTime
  readonly trace: Trace
  readonly network: Network
  readonly disk: SimDisk
  readonly cryptography: Cryptography
  readonly ledger: Ledger
  readonly sentEntries: SentEntries
  readonly duties: Duties
  readonly losses: RelayLosses
  readonly collectionNames: readonly string[]
  /** By name, hex of its id; of those that some device has opened. */
  readonly documents: Map<string, string>
  /** Lower than usual, where documents are to be summed up. */
  readonly documentLimits: DocumentLimits | undefined
  /** Those of the account, once it exists. */
  readonly phrases: Phrases
  readonly makesAccount: boolean
  /** A device that is in the account and can let another one in. */
  readonly findMember: () => { readonly name: string; readonly sync: Sync | undefined } | undefined
  /** Something happened that must not happen in any world. */
  readonly fail: (reason: string) => void
  /** Called whenever the device has opened its collections. */
  readonly whenOpen?: () => void
}

/** `absent` has never been used. `dead` was killed, `closed` was closed by its app. */
export type DeviceState = 'absent' | 'opening' | 'open' | 'closing' | 'closed' | 'dead'
