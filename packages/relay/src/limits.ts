// Bounds that are the operator's to choose. What both sides must agree on stands in the protocol's own limits.
import { MAX_DOCUMENTS } from '@owlivion/sync-protocol'

/** What one relay allows. Milliseconds and bytes, as the names say. */
export interface RelayLimits {
  /** From the connection to a finished login. A connection that says nothing costs memory. */
  readonly handshakeTimeoutMs: number
  /** From the first call on a connection that has not logged in to its end or its login. */
  readonly signInTimeoutMs: number
  /** Silence after which a logged-in connection counts as dead. Devices ping more often. */
  readonly idleTimeoutMs: number
  readonly maxConnections: number
  /** Pairings under way or just ended, in all and from one address. Each may hold 32 KB for the side that has not come yet. */
  readonly maxMailboxes: number
  readonly maxMailboxesPerAddress: number
  /** Bytes waiting to leave for one device; beyond it the device is disconnected and catches up when it comes back. */
  readonly maxBufferedBytes: number
  /** Bytes of one device that were received and not answered yet. */
  readonly maxInFlightBytes: number
  /** Frames a second that one connection may send for long, and at once. A frame counts one more for each 16 KB. */
  readonly framesPerSecond: number
  readonly frameBurst: number
  /** Presence frames a second that one connection may send for long, and at once. */
  readonly presencePerSecond: number
  readonly presenceBurst: number
  readonly maxDocuments: number
  /** Envelopes, seen rows, snapshots and keyring of one account together; undefined for no bound. */
  readonly maxAccountBytes: number | undefined
  /** Removing devices and recovering the account stay possible beyond it. */
  readonly maxKeyringRecords: number
  /** Records a second that one account's keyring may grow by for long, and at once; removals are not counted. */
  readonly keyringRecordsPerSecond: number
  readonly keyringBurst: number
  /** Envelopes in one transaction: bounds how long a commit holds up everybody else. */
  readonly maxTurnBytes: number
  /** Envelopes answered to one subscribe frame; documents beyond it get an empty page and are asked for again. */
  readonly maxSubscribeBytes: number
  /** Parts of unfinished snapshots of all devices together. */
  readonly maxUploadBytes: number
  /** How long a device is asked to wait when the disk refuses, and how often the relay tries the disk itself. */
  readonly storageRetryMs: number
  /** Quiet time before the store is tidied (write-ahead log emptied, free pages returned). */
  readonly tidyAfterMs: number
}

/** The limits of a relay that is told nothing else. */
export const defaultLimits: RelayLimits = {
  handshakeTimeoutMs: 10_000,
  signInTimeoutMs: 300_000,
  idleTimeoutMs: 120_000,
  maxConnections: 10_000,
  maxMailboxes: 2_000,
  maxMailboxesPerAddress: 40,
  maxBufferedBytes: 16_777_216,
  maxInFlightBytes: 8_388_608,
  framesPerSecond: 5_000,
  frameBurst: 20_000,
  presencePerSecond: 40,
  presenceBurst: 120,
  maxDocuments: MAX_DOCUMENTS,
  maxAccountBytes: undefined,
  maxKeyringRecords: 16_384,
  keyringRecordsPerSecond: 0.2,
  keyringBurst: 64,
  maxTurnBytes: 16_777_216,
  maxSubscribeBytes: 4_194_304,
  maxUploadBytes: 268_435_456,
  storageRetryMs: 2_000,
  tidyAfterMs: 5_000,
}
