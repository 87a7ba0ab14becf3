// Finds the last number that the relay's log and this device's have in common. A log hash stands for everything before it, so the numbers
// up to which both agree are all below those at which they do not: a search that asks for as many numbers at once as one answer holds.
import { bytesEqual, type Frame, type Hash, MAX_HASHES } from '@owlivion/sync-protocol'

export type CommonNumber =
  /** Ask for the hashes at these numbers. */
  | { readonly kind: 'ask'; readonly numbers: readonly number[] }
  | { readonly kind: 'found'; readonly number: number }
  /** There is none that this device could compare. */
  | { readonly kind: 'none' }

export class CommonNumberSearch {
  /** The greatest number known to be common. */
  private common: number | undefined
  /** Numbers to look at: from, and up to and with. */
  private low: number
  private high: number

  /** @param own this device's log hashes: the first is that at `first`, one for each number from there on */
  constructor(
    private readonly first: number,
    private readonly own: readonly Hash[],
  ) {
    this.low = first
    this.high = first + own.length - 1
  }

  next(): CommonNumber {
    if (this.low > this.high)
      return this.common === undefined ? { kind: 'none' } : { kind: 'found', number: this.common }
    const count = this.high - this.low + 1
    if (count <= MAX_HASHES) return { kind: 'ask', numbers: Array.from({ length: count }, (_, i) => this.low + i) }
    const step = (count - 1) / (MAX_HASHES - 1)
    return { kind: 'ask', numbers: Array.from({ length: MAX_HASHES }, (_, i) => this.low + Math.round(i * step)) }
  }

  /** Takes the answer to what `next` asked for. */
  take(answer: Extract<Frame, { type: 'hashes' }>): void {
    const asked = this.next()
    if (asked.kind !== 'ask') return
    const hashes = new Map(answer.hashes.map(({ number, hash }) => [number, hash]))
    for (const number of asked.numbers) {
      const hash = hashes.get(number)
      if (hash === undefined) {
        // Pruned, so that nothing can be said; or beyond the relay's end.
        if (number <= answer.base) this.low = Math.max(this.low, number + 1)
        else this.high = Math.min(this.high, number - 1)
      } else if (bytesEqual(hash, this.own[number - this.first] as Hash)) {
        this.common = number
        this.low = number + 1
      } else {
        this.high = Math.min(this.high, number - 1)
      }
    }
  }
}
