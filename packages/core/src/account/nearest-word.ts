// "Did you mean": the word of a list that takes the fewest slips to mistype.

/** More slips than this are another word, not a mistyped one. */
const MOST_SLIPS = 2

/** The nearest word, or undefined when none is near. Of two equally near, the one that begins more alike. */
export function nearestWord(typed: string, words: readonly string[]): string | undefined {
  let best: string | undefined
  let bestSlips = MOST_SLIPS + 1
  for (const word of words) {
    const slips = countSlips(typed, word)
    if (slips < bestSlips || (slips === bestSlips && best && sharedStart(word, typed) > sharedStart(best, typed))) {
      best = word
      bestSlips = slips
    }
  }
  return best
}

/** Letters left out, put in, changed, or swapped with their neighbour. */
function countSlips(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MOST_SLIPS) return MOST_SLIPS + 1
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const changed = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let slips = Math.min(changed, at(last, j) + 1, at(row, j - 1) + 1)
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (isSwapped) slips = Math.min(slips, at(beforeLast, j - 2) + 1)
      row.push(slips)
    }
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}

function sharedStart(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}
