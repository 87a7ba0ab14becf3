// Which entries packs speak of, chain by chain.
import { bytesToHex } from '@owlivion/sync-protocol'
import type { LineageMap } from '../device-map'
import type { Span } from './pack'

export class Coverage {
  private readonly byChain = new Map<string, Span[]>()

  constructor(spans: Iterable<Span>) {
    for (const span of spans) {
      const key = keyOf(span)
      const list = this.byChain.get(key) ?? []
      this.byChain.set(key, list)
      list.push(span)
    }
    for (const list of this.byChain.values()) list.sort((a, b) => a.from - b.from)
  }

  covers(span: Span): boolean {
    let next = span.from
    for (const { from, to } of this.byChain.get(keyOf(span)) ?? []) {
      if (from > next) break
      next = Math.max(next, to + 1)
    }
    return next > span.to
  }

  /** All that these chains have up to there. */
  coversAll(ends: LineageMap<number>): boolean {
    return [...ends].every(([{ device, incarnation }, to]) =>
      this.covers({ device: bytesToHex(device), incarnation, from: 1, to }),
    )
  }
}

export function overlap(a: readonly Span[], b: readonly Span[]): boolean {
  return a.some((one) => b.some((other) => keyOf(one) === keyOf(other) && one.from <= other.to && other.from <= one.to))
}

function keyOf({ device, incarnation }: Span): string {
  return `${device}/${incarnation}`
}
