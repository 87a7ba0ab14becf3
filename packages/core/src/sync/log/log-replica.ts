// What a device has verified of one document's log: cursor, chains, and which entries count. A pure machine: opened entries
// go in, those that may be applied come out, in an order in which every author's entry follows all it had seen.
//
// An entry that cannot be applied is held back alone, with its author's later entries and whatever causally needs it. The
// cursor moves on all the same, because the log hash covers the bytes as received.
import {
  type AccountId,
  type Body,
  bytesEqual,
  type DeviceId,
  type DocumentId,
  emptyLogHash,
  type Hash,
  nextLogHash,
  type SeenEntry,
  type Sha512,
} from '@owlivion/sync-protocol'
import { type Lineage, LineageMap } from '../device-map'

/**
 * Why an entry is kept aside. The first two resolve by themselves when what they wait for arrives. `unknown-epoch`: sealed under a key that
 * came after the last keyring record which the relay showed. `lost-epoch`: under one of a branch of the keyring that does not count;
 * its author seals it again. `repaired`: its author has. `other-document-epoch`: written before the document was rebased, and the rebase
 * does not have it; whoever has joins it.
 */
export type HoldReason =
  | 'waits-for-author'
  | 'waits-for-seen'
  | 'unknown-epoch'
  | 'lost-epoch'
  | 'repaired'
  | 'beyond-cut'
  | 'unknown-device'
  | 'unknown-key'
  | 'unknown-format'
  | 'other-document-epoch'
  | 'unsigned'
  | 'bad-signature'
  | 'chain-gap'
  | 'not-authentic'
  | 'damaged'

export interface Chain {
  readonly sequence: number
  readonly hash: Hash
  /** Set once an entry of the chain could not be placed: nothing after it can be verified. */
  readonly broken: boolean
}

/** An entry after opening, with everything that is needed to place it. */
export interface OpenedEntry extends Lineage {
  readonly number: number
  /** 0 when the envelope could not even be decoded. */
  readonly sequence: number
  readonly bytes: Uint8Array
  readonly previous: Hash
  readonly hash: Hash
  readonly envelopeHash: Hash
  readonly outcome: { readonly body: Body } | { readonly held: HoldReason }
  /** Our own entry, as it stands in the outbox. */
  readonly own: boolean
}

export interface HeldEntry {
  readonly entry: OpenedEntry
  readonly reason: HoldReason
}

export interface Received {
  /** In order; our own are marked and are in the live document already. */
  readonly applied: readonly OpenedEntry[]
  readonly newlyHeld: readonly HeldEntry[]
  readonly released: readonly OpenedEntry[]
  /** Kept aside before, and written again by their author since. */
  readonly repaired: readonly HeldEntry[]
}

export interface LogReplicaState {
  number: number
  hash: Hash
  readonly chains: LineageMap<Chain>
  readonly applied: LineageMap<number>
  /** By writer: the greatest n up to which everything is applied. */
  readonly context: Map<string, number>
  held: HeldEntry[]
}

export function emptyReplicaState(sha512: Sha512, account: AccountId, document: DocumentId): LogReplicaState {
  return {
    number: 0,
    hash: emptyLogHash(sha512, account, document),
    chains: new LineageMap(),
    applied: new LineageMap(),
    context: new Map(),
    held: [],
  }
}

const hashesOver = new WeakMap<OpenedEntry, { readonly previous: Hash; readonly hash: Hash }>()

export class LogReplica {
  constructor(
    private readonly sha512: Sha512,
    readonly state: LogReplicaState,
    /** Whether an entry of a removed device lies beyond what counts of it. */
    private readonly isCutOff: (device: DeviceId, incarnation: number, sequence: number) => boolean,
    private readonly writerOf: (bytes: Uint8Array) => string,
  ) {}

  /** A replica that can be moved on while this one stays. */
  clone(): LogReplica {
    const { number, hash, chains, applied, context, held } = this.state
    const state = {
      number,
      hash,
      chains: new LineageMap(chains),
      applied: new LineageMap(applied),
      context: new Map(context),
      held: [...held],
    }
    return this.withState(state)
  }

  /** A replica of the same document in another state. */
  withState(state: LogReplicaState): LogReplica {
    return new LogReplica(this.sha512, state, this.isCutOff, this.writerOf)
  }

  /** The log hash after these entries, without taking them in. */
  hashAfter(entries: readonly OpenedEntry[]): Hash {
    let hash = this.state.hash
    for (const entry of entries) hash = this.hashOver(hash, entry)
    return hash
  }

  /** An entry is compared with what the relay says before it is taken in: the hash is made once for both. */
  private hashOver(previous: Hash, entry: OpenedEntry): Hash {
    const known = hashesOver.get(entry)
    if (known?.previous === previous) return known.hash
    const hash = nextLogHash(this.sha512, previous, entry.envelopeHash)
    hashesOver.set(entry, { previous, hash })
    return hash
  }

  /** Takes in entries that follow the cursor without a gap. */
  receive(entries: readonly OpenedEntry[]): Received {
    return this.placeAll(entries, (entry) => {
      this.state.number = entry.number
      this.state.hash = this.hashOver(this.state.hash, entry)
      return this.reasonToHold(entry)
    })
  }

  /**
   * Takes in entries that a snapshot covers by number and does not hold, at the cursor where it leaves off: that stays. They may be what
   * this device can understand and the snapshot's author could not.
   */
  receiveExempt(entries: readonly OpenedEntry[]): Received {
    return this.placeAll(entries, (entry) => {
      // Its place counts as filled: what it wrote is there by another entry.
      const isFilled = entry.sequence > 0 && entry.sequence <= (this.state.applied.get(entry) ?? 0)
      return isFilled ? 'repaired' : this.reasonToHold(entry)
    })
  }

  /** As above, for those that can be verified only now: they wait until they are tried again. */
  receiveVerified(entries: readonly OpenedEntry[]): void {
    for (const entry of entries) {
      this.extendChain(entry)
      this.state.held.push({ entry, reason: 'held' in entry.outcome ? entry.outcome.held : 'waits-for-author' })
    }
  }

  private placeAll(entries: readonly OpenedEntry[], place: (entry: OpenedEntry) => HoldReason | undefined): Received {
    const { state } = this
    const applied: OpenedEntry[] = []
    const held: HeldEntry[] = []
    const released: OpenedEntry[] = []
    const repaired: HeldEntry[] = []
    for (const entry of entries) {
      this.extendChain(entry)
      const reason = place(entry)
      if (reason === undefined) {
        this.take(entry, repaired)
        applied.push(entry)
        this.release(applied, released, repaired)
      } else {
        // An entry may be a view into a page; what is kept for long holds on to no more than itself.
        const item = { entry: { ...entry, bytes: entry.bytes.slice() }, reason }
        state.held.push(item)
        held.push(item)
        if (reason === 'repaired') this.countRepaired(entry)
      }
    }
    return { applied, newlyHeld: held.filter((item) => state.held.includes(item)), released, repaired }
  }

  /**
   * Tries again what waits; for after the keyring or the app learned something new.
   * @param reopen answers an item as it is understood now
   */
  retryHeld(reopen: (item: HeldEntry) => HeldEntry): Received {
    this.state.held = this.state.held.map(reopen)
    const applied: OpenedEntry[] = []
    const released: OpenedEntry[] = []
    const repaired: HeldEntry[] = []
    this.release(applied, released, repaired)
    return { applied, newlyHeld: [], released, repaired }
  }

  /** Sees the entries that are kept aside in another light; their number and place stay. */
  replaceHeld(replace: (entry: OpenedEntry) => OpenedEntry): void {
    this.state.held = this.state.held.map((item) => {
      const entry = replace(item.entry)
      return entry === item.entry ? item : { entry, reason: 'held' in entry.outcome ? entry.outcome.held : item.reason }
    })
  }

  private extendChain(entry: OpenedEntry): void {
    if (entry.sequence === 0) return
    const broken = 'held' in entry.outcome && breaksChain(entry.outcome.held)
    const chain = this.state.chains.get(entry)
    if (chain?.broken) return
    // A repeated number is not the chain's next element and must not move its end back.
    if (chain !== undefined && entry.sequence <= chain.sequence) return
    this.state.chains.set(entry, { sequence: entry.sequence, hash: entry.hash, broken })
  }

  private reasonToHold(entry: OpenedEntry): HoldReason | undefined {
    if ('held' in entry.outcome) return entry.outcome.held
    if (this.isCutOff(entry.device, entry.incarnation, entry.sequence)) return 'beyond-cut'
    if ((this.state.applied.get(entry) ?? 0) !== entry.sequence - 1) return 'waits-for-author'
    const { continues, seen } = entry.outcome.body
    if (continues !== undefined && !this.hasApplied({ device: entry.device, ...continues })) return 'waits-for-author'
    if (!seen.every((other) => this.hasApplied(other))) return 'waits-for-seen'
    return undefined
  }

  /** What the others of a removed device's entries have seen beyond its cut counts not at all, and is not waited for. */
  private hasApplied(other: SeenEntry): boolean {
    const applied = this.state.applied.get(other) ?? 0
    return applied >= other.sequence || applied >= this.lastCounting(other)
  }

  private lastCounting({ device, incarnation, sequence }: SeenEntry): number {
    let least = 0
    let greatest = sequence
    while (least < greatest) {
      const middle = Math.ceil((least + greatest) / 2)
      if (this.isCutOff(device, incarnation, middle)) greatest = middle - 1
      else least = middle
    }
    return least
  }

  private take(entry: OpenedEntry, repaired: HeldEntry[]): void {
    this.state.applied.set(entry, entry.sequence)
    if ('held' in entry.outcome) return
    for (const { writer, n } of entry.outcome.body.writers) {
      const key = this.writerOf(writer)
      this.state.context.set(key, Math.max(n, this.state.context.get(key) ?? 0))
    }
    const { repairs } = entry.outcome.body
    if (repairs !== undefined) this.repair({ device: entry.device, ...repairs }, repaired)
  }

  /** Only what could not be read: an entry that waits will be read. */
  private repair({ device, incarnation, sequence }: SeenEntry, repaired: HeldEntry[]): void {
    this.state.held = this.state.held.map((item) => {
      const { entry } = item
      const isMeant =
        entry.incarnation === incarnation && entry.sequence === sequence && bytesEqual(entry.device, device)
      if (!isMeant || !('held' in entry.outcome)) return item
      this.countRepaired(entry)
      const reason = 'repaired'
      const again: HeldEntry = { reason, entry: { ...entry, outcome: { held: reason } } }
      repaired.push(again)
      return again
    })
  }

  /** What it wrote is there by another entry; so whoever had seen it waits for it no more. */
  private countRepaired(entry: OpenedEntry): void {
    if ((this.state.applied.get(entry) ?? 0) === entry.sequence - 1) this.state.applied.set(entry, entry.sequence)
  }

  private release(applied: OpenedEntry[], released: OpenedEntry[], repaired: HeldEntry[]): void {
    for (let progress = true; progress; ) {
      progress = false
      for (const item of this.state.held) {
        if ('held' in item.entry.outcome || this.reasonToHold(item.entry) !== undefined) continue
        this.state.held = this.state.held.filter((other) => other !== item)
        this.take(item.entry, repaired)
        applied.push(item.entry)
        released.push(item.entry)
        progress = true
        break
      }
    }
  }
}

/** Whether the chain's hash is unknown or untrue after an entry held for this reason. */
function breaksChain(reason: HoldReason): boolean {
  return (
    reason === 'chain-gap' ||
    reason === 'not-authentic' ||
    reason === 'bad-signature' ||
    reason === 'unsigned' ||
    reason === 'unknown-device' ||
    reason === 'unknown-epoch'
  )
}
