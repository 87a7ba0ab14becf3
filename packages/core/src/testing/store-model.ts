// The simplest thing that a store must agree with: a sorted list, and batches drawn from a seed over few keys, so that they
// meet each other all the time.
import { compareKeys, type StoreBatch, type StoreKey } from '../storage'

export type ModelEntries = readonly (readonly [StoreKey, Uint8Array])[]

/** Batch number `seed`, and what the entries are after it. The same seed draws the same batch. */
export function createModelStep(
  seed: number,
  before: ModelEntries,
): { readonly batch: StoreBatch; readonly after: ModelEntries } {
  const below = seededNumbers(seed)
  const parts = ['', 'a', 'b', '\uffff', 0, 1, 300]
  const key = (shortest: number): StoreKey =>
    Array.from({ length: shortest + below(3) }, () => parts[below(parts.length)]!)
  const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make)

  const batch = {
    put: times(below(8), () => [key(1), Uint8Array.from(times(below(20), () => below(256)))] as const),
    remove: times(below(4), () => key(1)),
    removePrefix: times(below(3) === 0 ? 1 : 0, () => key(1)),
  }
  const removed = (each: StoreKey) =>
    batch.remove.some((other) => compareKeys(each, other) === 0) ||
    batch.removePrefix.some((prefix) => prefix.every((part, index) => part === each[index]))
  let after = before.filter(([each]) => !removed(each))
  for (const entry of batch.put) after = [...after.filter(([each]) => compareKeys(each, entry[0]) !== 0), entry]
  return { batch, after: after.sort(([left], [right]) => compareKeys(left, right)) }
}

/** Whole numbers below a limit, the same for the same seed (a linear congruential generator; its high bits are good enough here). */
function seededNumbers(seed: number): (limit: number) => number {
  let state = (Math.imul(seed, 2_654_435_761) ^ 0x9e3779b9) >>> 0
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}
