// Where one collection stands, as the app is told.
import type { SyncError } from '../../errors'
import type { HeldEntry, HoldReason } from '../log/log-replica'
import type { Suspicion } from '../log/suspicion'
import type { DocumentCopy } from './copies'
import type { DocumentState } from './document-state'

/** Where the weakest of this device's own edits has come to. */
export type EditState = 'local' | 'stored' | 'seen'

/** Where one collection stands; every value is as of now. */
export interface DocumentStatus extends PartStatus {
  readonly state: EditState
  /** Transactions the relay has not confirmed. */
  readonly unsent: number
  /** Number of the newest entry of the collection's log that is taken in here; 0 as long as nobody's edits have come to the relay. */
  readonly lastEntry: number
  /** True when everything the relay had when last asked is here. */
  readonly caughtUp: boolean
  /** Entries kept aside because they cannot be trusted or understood, or wait for such a one. */
  readonly held: readonly { readonly number: number; readonly reason: HoldReason }[]
  /**
   * Entries that a removed device wrote beyond what counts of it, or that are by a device that is not in the account, as another device has
   * found, too. They are decided, and nothing is to be done about them.
   */
  readonly dropped: number
  /** What the relay refuses about this document, while it does. */
  readonly refused: SyncError | undefined
  /** This device does not sync the collection; see `setCollectionEnabled`. What is written stays here until it is switched on. */
  readonly isOff: boolean
  /** What the other devices of the account hold of it, as they said themselves. The relay's sealed copy is not among them. */
  readonly copies: readonly DocumentCopy[]
  /** True when no other device is known to hold everything that this one does: lose it, and what is not at the relay is gone. */
  readonly isOnlyCopy: boolean
}

/** What the parts of a document say of themselves. */
export interface PartStatus {
  /**
   * True while what the relay has lost or taken back is brought back to it; also while the document here lacks, for some seconds, what it held
   * before: written at another relay, or left out of a summary. It comes back by itself.
   */
  readonly healing: boolean
  /**
   * True when what this device has rests on a summary by another device that no third one has confirmed. It was all that the relay had; the
   * next device that holds the collection confirms it.
   */
  readonly unconfirmed: boolean
  /**
   * Devices to which the relay shows another log of the collection than to this one. Empty for an honest relay, also while it is healed. Goes when
   * the two have read the same again, or the device was removed.
   */
  readonly suspicions: readonly Suspicion[]
}

const quiet: PartStatus = { healing: false, unconfirmed: false, suspicions: [] }

type OwnStatus = Pick<DocumentStatus, 'lastEntry' | 'caughtUp' | 'refused' | 'isOff' | 'copies'> & {
  readonly isSeen: boolean
}

/** The status as it was, for as long as all that it is made of is the same: an app asks for that of a thousand documents with every change of one. */
export class StatusMemory {
  private basis: readonly unknown[] = []
  private status: DocumentStatus | undefined

  of(state: DocumentState, own: OwnStatus, parts: readonly Partial<PartStatus>[]): DocumentStatus {
    const { replica, outbox, context } = state
    const { held } = replica.state
    const basis: unknown[] = [
      replica,
      replica.state.number,
      held,
      held.length,
      outbox.pending.length,
      context.keyring().head,
    ]
    basis.push(state.agreement.through)
    basis.push(own.lastEntry, own.caughtUp, own.refused, own.isOff, own.copies, own.isSeen)
    for (const { healing, unconfirmed, suspicions } of parts) basis.push(healing, unconfirmed, suspicions)
    if (this.status === undefined || basis.some((each, i) => each !== this.basis[i]))
      this.status = documentStatus(state, own, parts)
    this.basis = basis
    return this.status
  }
}

/** What of the status is in the document itself; `parts` say the rest. */
function documentStatus(state: DocumentState, own: OwnStatus, parts: readonly Partial<PartStatus>[]): DocumentStatus {
  const { context, document } = state
  const unsent = state.outbox.pending.length
  const aside = state.replica.state.held
  // By the cut and not by the reason: what waited for its author when that was removed waits for nothing any more.
  const isDecided = ({ entry: { device, incarnation, sequence, number } }: HeldEntry): boolean =>
    context.isCutOff(document, device, incarnation, sequence) ||
    (sequence > 0 && state.agreement.isStranger(device, number))
  const held = aside.filter((item) => item.reason !== 'repaired' && !isDecided(item))
  const dropped = aside.filter(isDecided)
  return {
    ...Object.assign({}, quiet, ...parts),
    state: unsent > 0 ? 'local' : own.isSeen ? 'seen' : 'stored',
    unsent,
    lastEntry: own.lastEntry,
    caughtUp: own.caughtUp,
    held: held.map(({ entry, reason }) => ({ number: entry.number, reason })),
    dropped: dropped.length,
    refused: own.refused,
    isOff: own.isOff,
    copies: own.copies,
    isOnlyCopy: (unsent > 0 || state.replica.state.applied.size > 0) && !own.copies.some((copy) => copy.isComplete),
  }
}
