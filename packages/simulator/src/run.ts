// What one run of a world is given, and what comes of it.
import type { Tampering } from './connection'
import type { Boundary } from './crash-points'
import type { SimDevice } from './device'
import type { CrashKind, DiskDefect } from './disk'
import type { Plan } from './plan'

/** Ways to break a world on purpose, so that a test sees the checks notice. */
export interface Defects {
  /** The relay confirms what its disk does not hold yet. */
  readonly relayAnswersEarly?: boolean
  readonly disk?: DiskDefect
  readonly tamper?: Tampering
  /** Changes what a document's records do. */
  readonly records?: (device: SimDevice) => void
}

/** A process dies once, wherever it is. */
export interface Death {
  /** A device by its number. */
  readonly actor: number | 'relay'
  /** Position among the boundaries that it comes to, from 0. */
  readonly at: number
  readonly how: CrashKind
  readonly downMs: number
}

export interface RunOptions {
  readonly plan: Plan
  /** Beside what the plan has happen. */
  readonly death?: Death | undefined
  readonly defects?: Defects
  /** Keeps every line of the trace, not only their hash. */
  readonly keepsTrace?: boolean
}

export interface RunResult {
  readonly seed: number
  /** Empty when all is well. */
  readonly failures: readonly string[]
  readonly traceHash: string
  readonly trace: readonly string[]
  /** By kind of event, how often it happened. */
  readonly counts: ReadonlyMap<string, number>
  /** What each process came to until faults ended: of the relay, then of the devices. */
  readonly boundaries: ReadonlyMap<Death['actor'], readonly Boundary[]>
  readonly calls: number
  readonly edits: number
  readonly rewrites: number
  /** Transactions in which devices purged by themselves what was deleted long ago. */
  readonly purges: number
  /** Edits that never reached the disk of their device, or were lost from it by a power cut before the relay had them. */
  readonly neverPromised: number
  readonly conflicts: number
  /** Stored at the relay: without the rebases, and those. */
  readonly snapshots: number
  readonly rebases: number
  /** Entries that the relay's disk holds only inside snapshots at the end. */
  readonly pruned: number
  /** Promised edits that some device lacks at the end. */
  readonly lost: number
  readonly virtualMs: number
}
