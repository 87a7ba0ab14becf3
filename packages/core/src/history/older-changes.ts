// What became of records below what this device keeps of the log, read from packs: in the order of the log, one pack at a time where they
// do not overlap, and each change once, however many packs say it.
import { keyOfChange, type LoggedChange, type PackedChange, type ShelvedPack, type StoredHistory } from '../sync'
import type { Moment } from './differences'
import { LatestPlaces } from './latest-places'

/** Where in the log a change is, and which of those at that place it is. */
export interface PackPlace {
  readonly number: number
  readonly index: number
}

interface OpenPack {
  readonly changes: readonly PackedChange[]
  at: number
}

export class OlderChanges {
  private readonly latest: LatestPlaces

  /** @param isCounted whether a change is of an entry that this device does not keep, and that counts */
  constructor(
    private readonly stored: Pick<StoredHistory, 'packs' | 'outdated'> | undefined,
    private readonly isComplete: boolean,
    private readonly isCounted: (change: PackedChange) => boolean,
  ) {
    this.latest = new LatestPlaces(stored?.packs ?? [])
  }

  /** It goes back to the beginning. */
  get isWhole(): boolean {
    return this.isComplete && this.stored?.outdated.length === 0
  }

  /** Everything is known that was written since. */
  reaches({ atMs, number }: Moment): boolean {
    if (!this.isComplete || this.stored === undefined) return false
    return this.stored.outdated.every((each) => (number === undefined ? atMs >= each.toMs : number >= each.last))
  }

  /** The newest first. @param before where to go on */
  *backward(before?: PackPlace): Generator<{ readonly change: LoggedChange; readonly place: PackPlace }> {
    for (const changes of this.places(-1, before?.number)) {
      for (let index = changes.length - 1; index >= 0; index--) {
        const change = changes[index]!
        const place = { number: change.number, index }
        if (before === undefined || place.number < before.number || index < before.index) yield { change, place }
      }
    }
  }

  /** In the order in which they took effect. */
  *forward(): Generator<LoggedChange> {
    for (const changes of this.places(1)) yield* changes
  }

  /** What was done at each place of the log. */
  private *places(sign: 1 | -1, from?: number): Generator<readonly PackedChange[]> {
    const edge = ({ first, last }: ShelvedPack): number => (sign > 0 ? first : -last)
    const isBefore = ({ number }: PackedChange): boolean => from === undefined || number <= from
    const waiting = (this.stored?.packs ?? [])
      .filter(({ first }) => from === undefined || first <= from)
      .sort((a, b) => edge(b) - edge(a) || (a.id < b.id ? -1 : 1))
    let open: OpenPack[] = []
    for (;;) {
      let next = nextOf(open, sign)
      for (let pack = waiting.at(-1); pack !== undefined && edge(pack) <= next; pack = waiting.at(-1)) {
        waiting.pop()
        const counted = this.latest.changesOf(pack).filter((change) => this.isCounted(change) && isBefore(change))
        open.push({ changes: sign > 0 ? counted : counted.reverse(), at: 0 })
        next = nextOf(open, sign)
      }
      if (next === Number.POSITIVE_INFINITY) return
      const found = open.map((pack) => takeAt(pack, sign * next))
      open = open.filter(({ changes, at }) => at < changes.length)
      yield withoutDoubles(found.flatMap((changes) => (sign > 0 ? changes : changes.reverse())))
    }
  }
}

function nextOf(open: readonly OpenPack[], sign: number): number {
  return open.reduce((next, { changes, at }) => {
    const change = changes[at]
    return change === undefined ? next : Math.min(next, sign * change.number)
  }, Number.POSITIVE_INFINITY)
}

function takeAt(pack: OpenPack, number: number): PackedChange[] {
  const taken: PackedChange[] = []
  for (let change = pack.changes[pack.at]; change?.number === number; change = pack.changes[pack.at]) {
    taken.push(change)
    pack.at++
  }
  return taken
}

function withoutDoubles(changes: readonly PackedChange[]): readonly PackedChange[] {
  const byKey = new Map<string, PackedChange>()
  for (const change of changes) if (!byKey.has(keyOfChange(change))) byKey.set(keyOfChange(change), change)
  return [...byKey.values()]
}
