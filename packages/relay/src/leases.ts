// Who may rebase or heal a document right now. In memory only: a relay that forgets a lease lets another device begin, and
// compare-and-set decides between the two.
import { bytesToHex, type DocumentId, HEAL_LEASE_MS, type LeasePurpose, REBASE_LEASE_MS } from '@owlivion/sync-protocol'

const leaseMs: Readonly<Record<LeasePurpose, number>> = { rebase: REBASE_LEASE_MS, heal: HEAL_LEASE_MS }

interface Lease {
  /** The connection that holds it. */
  readonly holder: object
  readonly untilMs: number
}

/** The leases of one account. */
export class Leases {
  private readonly byKey = new Map<string, Lease>()

  /** @param now wall clock in milliseconds since 1970 */
  constructor(private readonly now: () => number) {}

  /**
   * Takes or prolongs a lease.
   * @returns how long it is held, or, for one that another connection holds, how long to wait
   */
  take(
    document: DocumentId,
    purpose: LeasePurpose,
    holder: object,
  ): { readonly isTaken: boolean; readonly forMs: number } {
    const running = this.running(document, purpose)
    if (running !== undefined && running.holder !== holder)
      return { isTaken: true, forMs: running.untilMs - this.now() }
    const forMs = leaseMs[purpose]
    this.byKey.set(keyOf(document, purpose), { holder, untilMs: this.now() + forMs })
    return { isTaken: false, forMs }
  }

  release(document: DocumentId, purpose: LeasePurpose, holder: object): void {
    if (this.holds(document, purpose, holder)) this.byKey.delete(keyOf(document, purpose))
  }

  holds(document: DocumentId, purpose: LeasePurpose, holder: object): boolean {
    return this.running(document, purpose)?.holder === holder
  }

  isRebasing(document: DocumentId): boolean {
    return this.running(document, 'rebase') !== undefined
  }

  /** How long pushes to the document are still held up, 0 when they are not. */
  rebasingForMs(document: DocumentId): number {
    const running = this.running(document, 'rebase')
    return running === undefined ? 0 : running.untilMs - this.now()
  }

  /** The connection ended. */
  leave(holder: object): void {
    for (const [key, lease] of this.byKey) if (lease.holder === holder) this.byKey.delete(key)
  }

  private running(document: DocumentId, purpose: LeasePurpose): Lease | undefined {
    const key = keyOf(document, purpose)
    const lease = this.byKey.get(key)
    const restMs = lease === undefined ? 0 : lease.untilMs - this.now()
    // A clock that jumped back must not hold a document up for years.
    if (restMs > 0 && restMs <= leaseMs[purpose]) return lease
    this.byKey.delete(key)
    return undefined
  }
}

function keyOf(document: DocumentId, purpose: LeasePurpose): string {
  return `${bytesToHex(document)} ${purpose}`
}
