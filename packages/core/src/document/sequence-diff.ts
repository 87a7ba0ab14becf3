// What was changed between two lists, and the same change made in a third that others have changed meanwhile. What both sides put in
// stays, what one side took out is gone, and what both did in the same way is there once.

/** `before[from..to)` became `after[at..at + length)`. */
export interface ListChange {
  readonly from: number
  readonly to: number
  readonly at: number
  readonly length: number
}

/** More changes than these are told as one: looking for the fewest takes time that grows with their square. */
const MAX_EDITS = 1_000

/** @param before and `after`: of each item a text that is its own only if they are the same */
export function changesBetween(before: readonly string[], after: readonly string[]): ListChange[] {
  const most = Math.min(before.length, after.length)
  let start = 0
  while (start < most && before[start] === after[start]) start++
  let end = 0
  while (end < most - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++
  const [a, b] = [before.slice(start, before.length - end), after.slice(start, after.length - end)]
  if (a.length === 0 && b.length === 0) return []
  const kept = a.length === 0 || b.length === 0 ? [] : (keptItems(a, b) ?? [])
  const changes: ListChange[] = []
  let [from, at] = [0, 0]
  for (const [nextFrom, nextAt] of [...kept, [a.length, b.length] as const]) {
    if (nextFrom > from || nextAt > at)
      changes.push({ from: start + from, to: start + nextFrom, at: start + at, length: nextAt - at })
    ;[from, at] = [nextFrom + 1, nextAt + 1]
  }
  return changes.map((change, i) => slid(change, before, after, changes[i + 1]?.from ?? before.length))
}

/** Of the places that are as good, the last: what is put in between two equal items can be told in two ways, and both sides must say the same. */
function slid(change: ListChange, before: readonly string[], after: readonly string[], end: number): ListChange {
  let { from, to, at, length } = change
  const isPut = from === to
  if (!isPut && length > 0) return change
  while (to < end && before[to] === (isPut ? after[at] : before[from])) {
    from++
    to++
    at++
  }
  return { from, to, at, length }
}

/** Each item that was changed into another one by itself, as far as the two can be told to be one. */
export function splitChanges(changes: readonly ListChange[]): ListChange[] {
  return changes.flatMap(({ from, to, at, length }) => {
    const pairs = Math.min(to - from, length)
    const split = Array.from({ length: pairs }, (_, i) => ({ from: from + i, to: from + i + 1, at: at + i, length: 1 }))
    const rest = { from: from + pairs, to, at: at + pairs, length: length - pairs }
    return rest.to > rest.from || rest.length > 0 ? [...split, rest] : split
  })
}

/** Myers, An O(ND) Difference Algorithm: positions of what stays in both, undefined when almost nothing does. */
function keptItems(a: readonly string[], b: readonly string[]): (readonly [number, number])[] | undefined {
  const most = Math.min(a.length + b.length, MAX_EDITS)
  // By diagonal, from `-most - 1` on: how far of `a` so many edits come.
  const middle = most + 1
  const ends = new Int32Array(2 * middle + 1)
  const trace: Ends[] = []
  for (let edits = 0; edits <= most; edits++) {
    trace.push({ ends: ends.slice(middle - edits - 1, middle + edits + 2), middle: edits + 1 })
    for (let k = -edits; k <= edits; k += 2) {
      let x = isDown({ ends, middle }, k, edits) ? ends[middle + k + 1]! : ends[middle + k - 1]! + 1
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++
      ends[middle + k] = x
      if (x >= a.length && x - k >= b.length) return walkBack(trace, a.length, b.length)
    }
  }
  return undefined
}

interface Ends {
  readonly ends: Int32Array
  /** Where the diagonal 0 is. */
  readonly middle: number
}

function isDown({ ends, middle }: Ends, k: number, edits: number): boolean {
  return k === -edits || (k !== edits && ends[middle + k - 1]! < ends[middle + k + 1]!)
}

function walkBack(trace: readonly Ends[], aEnd: number, bEnd: number) {
  const kept: (readonly [number, number])[] = []
  let [x, y] = [aEnd, bEnd]
  for (let edits = trace.length - 1; edits >= 0; edits--) {
    const known = trace[edits]!
    const k = x - y
    const previous = isDown(known, k, edits) ? k + 1 : k - 1
    const fromX = edits === 0 ? 0 : known.ends[known.middle + previous]!
    const fromY = edits === 0 ? 0 : fromX - previous
    while (x > fromX && y > fromY) kept.push([--x, --y])
    ;[x, y] = [fromX, fromY]
  }
  return kept.reverse()
}

/** Where things of `before` are now. */
export class ListPositions {
  constructor(private readonly theirs: readonly ListChange[]) {}

  /** Position of an item, undefined when it was taken out or changed. */
  of(item: number): number | undefined {
    let shift = 0
    for (const { from, to, length } of this.theirs) {
      if (from > item) break
      if (item < to) return undefined
      shift += length - (to - from)
    }
    return item + shift
  }

  /** Where to put in what belongs before an item: behind what they put in there, and what took the place of several. */
  before(item: number): number {
    let shift = 0
    for (const { from, to, at, length } of this.theirs) {
      if (from > item) break
      if (item < to) return item === from && to - from === 1 ? at : at + length
      shift += length - (to - from)
    }
    return item + shift
  }

  /** What an item was changed into by itself. */
  replacement(item: number): number | undefined {
    return this.theirs.find(({ from, to, length }) => from === item && to - from === 1 && length === 1)?.at
  }
}
