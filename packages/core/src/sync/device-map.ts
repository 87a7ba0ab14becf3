// A map keyed by (device, incarnation): the unit of every chain, seen vector and cut.
import { bytesToHex, type DeviceId } from '@owlivion/sync-protocol'

export interface Lineage {
  readonly device: DeviceId
  readonly incarnation: number
}

const keyOf = ({ device, incarnation }: Lineage): string => `${bytesToHex(device)}/${incarnation}`

export class LineageMap<T> {
  private readonly items = new Map<string, readonly [Lineage, T]>()

  constructor(entries: Iterable<readonly [Lineage, T]> = []) {
    for (const [lineage, value] of entries) this.set(lineage, value)
  }

  get(lineage: Lineage): T | undefined {
    return this.items.get(keyOf(lineage))?.[1]
  }

  set(lineage: Lineage, value: T): this {
    const key = keyOf(lineage)
    const known = this.items.get(key)?.[0]
    // A lineage may be a view into a frame, or a larger object: what is kept holds on to neither.
    this.items.set(key, [
      known ?? { device: lineage.device.slice() as DeviceId, incarnation: lineage.incarnation },
      value,
    ])
    return this
  }

  get size(): number {
    return this.items.size
  }

  [Symbol.iterator](): IterableIterator<readonly [Lineage, T]> {
    return this.items.values()
  }
}
