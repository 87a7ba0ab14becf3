// Distinct texts in order, for finding those that begin with a prefix. Kept up to date lazily: an import of a whole book adds thousands,
// and putting each into its place at once would move the whole list thousands of times.

/** So many late-comers are put in their places one by one; more are sorted and merged in one pass. */
const FEW = 32

export class SortedKeys {
  private sorted: string[] = []
  private added: string[] = []
  /** How many of `sorted` went, at most. */
  private gone = 0

  /** @param isKey tells whether a text is still one */
  constructor(private readonly isKey: (key: string) => boolean) {}

  /** @param key one that is not in here, or went */
  add(key: string): void {
    this.added.push(key)
  }

  /** One of the keys is one no more. It stays in its place for a while: closing every gap would move the list each time. */
  removed(): void {
    this.gone++
  }

  /** Keys that begin with `prefix`, in order of their UTF-16 code units. */
  *startingWith(prefix: string): Iterable<string> {
    this.settle()
    for (let at = firstNotBelow(this.sorted, prefix); at < this.sorted.length; at++) {
      const key = this.sorted[at] as string
      if (!key.startsWith(prefix)) return
      if (this.isKey(key)) yield key
    }
  }

  private settle(): void {
    const isHollow = this.gone > FEW && this.gone * 2 > this.sorted.length
    if (this.added.length === 0 && !isHollow) return
    if (this.added.length <= FEW && !isHollow) {
      for (const key of this.added) {
        const at = firstNotBelow(this.sorted, key)
        // One that went and came again is still in its place.
        if (this.sorted[at] !== key) this.sorted.splice(at, 0, key)
      }
    } else {
      // Two runs in order: what the engine's sort merges in one pass.
      const all = this.sorted.concat(this.added.sort()).sort()
      this.sorted = all.filter((key, at) => key !== all[at - 1] && this.isKey(key))
      this.gone = 0
    }
    this.added = []
  }
}

/** Where the first key stands that is not below `key`. */
function firstNotBelow(sorted: readonly string[], key: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] as string) < key) low = middle + 1
    else high = middle
  }
  return low
}
