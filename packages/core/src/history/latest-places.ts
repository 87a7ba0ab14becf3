// Packs that speak of the same entries may give them other places in the log: those of before a relay lost it, and those at which it was given
// back. The latest place counts: what a log is given back comes after what was there, never before it.
import { keyOfChange, type PackedChange, type ShelvedPack } from '../sync'

/** The part of a chain that a pack speaks of. */
interface Stretch {
  readonly pack: ShelvedPack
  readonly from: number
  readonly to: number
}

export class LatestPlaces {
  private readonly byChain = new Map<string, Stretch[]>()
  /** Of packs that overlap one that was asked for: where each change is. */
  private readonly places = new Map<ShelvedPack, ReadonlyMap<string, number>>()

  constructor(packs: Iterable<ShelvedPack>) {
    for (const pack of packs)
      for (const { device, incarnation, from, to } of pack.spans) {
        const key = `${device}/${incarnation}`
        const chain = this.byChain.get(key) ?? []
        this.byChain.set(key, chain)
        chain.push({ pack, from, to })
      }
    for (const chain of this.byChain.values()) chain.sort((a, b) => a.from - b.from)
  }

  /** What a pack says, but for what is at a later place, in it or in another. Reads no more than it and the packs that it overlaps. */
  changesOf(pack: ShelvedPack): PackedChange[] {
    const changes = pack.read()?.changes ?? []
    const all = [...this.overlapping(pack)].map((each) => this.placesIn(each))
    return changes.filter((change) => {
      const key = keyOfChange(change)
      return all.every((places) => (places.get(key) ?? 0) <= change.number)
    })
  }

  /** The pack among them. */
  private overlapping(pack: ShelvedPack): ReadonlySet<ShelvedPack> {
    const found = new Set([pack])
    for (const { device, incarnation, from, to } of pack.spans)
      for (const other of this.byChain.get(`${device}/${incarnation}`) ?? []) {
        if (other.from > to) break
        if (other.to >= from) found.add(other.pack)
      }
    return found
  }

  private placesIn(pack: ShelvedPack): ReadonlyMap<string, number> {
    const known = this.places.get(pack)
    if (known !== undefined) return known
    const places = new Map<string, number>()
    for (const change of pack.read()?.changes ?? []) {
      const key = keyOfChange(change)
      places.set(key, Math.max(change.number, places.get(key) ?? 0))
    }
    this.places.set(pack, places)
    return places
  }
}
