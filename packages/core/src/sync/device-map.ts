// A map keyed by (device, incarnation): the unit of every chain, seen vector and cut.
import { bytesToHex, type DeviceId, hexToBytes } from '@owlivion/sync-protocol'

export interface Lineage {
  readonly device: DeviceId
  readonly incarnation: number
}

const keyOf = (device: DeviceId, incarnation: number): string => `${bytesToHex(device)}/${incarnation}`

export class LineageMap<T> {
  private readonly values = new Map<string, T>()

  constructor(entries: Iterable<readonly [Lineage, T]> = []) {
    for (const [lineage, value] of entries) this.set(lineage, value)
  }

  get({ device, incarnation }: Lineage): T | undefined {
    return this.values.get(keyOf(device, incarnation))
  }

  set({ device, incarnation }: Lineage, value: T): this {
    this.values.set(keyOf(device, incarnation), value)
    return this
  }

  get size(): number {
    return this.values.size
  }

  *[Symbol.iterator](): Generator<readonly [Lineage, T]> {
    for (const [key, value] of this.values) {
      const [device, incarnation] = key.split('/') as [string, string]
      yield [{ device: hexToBytes(device) as DeviceId, incarnation: Number(incarnation) }, value] as const
    }
  }
}
