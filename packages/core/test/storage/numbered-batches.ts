// What the tests that kill a process in mid-write let it write: batches that carry their number in every part, so that a batch of
// which only a part survived shows, whatever the part.
import type { Store, StoreBatch } from '../../src/storage'

/** One value spans many pages of a database, the others share one. */
const sizes = [8, 300, 70_000, 40]
/** A batch takes the parts of the one so many numbers before it away. */
const lifetime = 6

const numberToBytes = (n: number, sizeBytes: number): Uint8Array => {
  const value = new Uint8Array(sizeBytes).fill(n & 0xff)
  new DataView(value.buffer).setUint32(0, n)
  return value
}

const bytesToNumber = (value: Uint8Array): number => new DataView(value.buffer).getUint32(0)

export function numberedBatch(n: number): StoreBatch {
  return {
    removePrefix: n > lifetime ? [['log', n - lifetime]] : [],
    put: [
      [['first'], numberToBytes(n, 8)],
      ...sizes.map((sizeBytes, part) => [['log', n, part], numberToBytes(n, sizeBytes)] as const),
      [['last'], numberToBytes(n, 3_000)],
    ],
  }
}

/** Every third batch asks for the disk itself, so that both kinds are met by the kill. */
export const durabilityOf = (n: number): 'relaxed' | 'strict' => (n % 3 === 0 ? 'strict' : 'relaxed')

/** The number of the last batch in the store; 0 for an empty one. Throws when the entries are not whole batches in a row. */
export async function lastWholeBatch(store: Store): Promise<number> {
  const first = await store.get(['first'])
  const n = first ? bytesToNumber(first) : 0
  const expected = new Map<string, Uint8Array>()
  for (let each = Math.max(1, n - lifetime + 1); each <= n; each++)
    for (const [key, value] of numberedBatch(each).put ?? []) expected.set(JSON.stringify(key), value)
  const found = await store.list([])
  for (const [key, value] of found) {
    const wanted = expected.get(JSON.stringify(key))
    if (wanted?.length !== value.length || !wanted.every((byte, index) => byte === value[index]))
      throw new Error(`Batch ${n} is the last, but ${JSON.stringify(key)} is from batch ${bytesToNumber(value)}.`)
  }
  if (found.length !== expected.size)
    throw new Error(`Batch ${n} is the last, but ${expected.size - found.length} of its entries are missing.`)
  return n
}
