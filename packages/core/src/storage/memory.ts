// A store that lives as long as the process. It answers within the microtasks of the call, so a test or a simulator that
// owns the event loop owns this store too.
import { fencedOff, storeClosed } from './failure'
import { decodeKey, encodeKey, encodeKeyRange } from './key'
import type { CommitOptions, Store, StoreBatch, StoreKey } from './store'
import { copyValue } from './value'

/** The encoded key as text, one character a byte: usable in a Map, and compared by the engine in the order of the bytes. */
type EncodedKey = string

/** What a memory store keeps its entries in. Pass one on to open the same entries again after a close. */
export class MemoryDisk {
  /** Every key in order, so that a listing is one cut and not a sort. */
  readonly #keys: EncodedKey[] = []
  readonly #values = new Map<EncodedKey, Uint8Array>()
  /** @internal How often a store has taken it for itself. */
  fences = 0

  /** An independent disk with the same entries: what a backup of a device holds. */
  copy(): MemoryDisk {
    const copy = new MemoryDisk()
    for (const key of this.#keys) copy.put(key, this.#values.get(key) as Uint8Array)
    return copy
  }

  /** @internal */
  put(key: EncodedKey, value: Uint8Array): void {
    if (!this.#values.has(key)) this.#keys.splice(this.#position(key), 0, key)
    this.#values.set(key, value)
  }

  /** @internal Removes the keys from `from` to below `to`. */
  remove(from: EncodedKey, to: EncodedKey): void {
    const start = this.#position(from)
    for (const key of this.#keys.splice(start, this.#position(to) - start)) this.#values.delete(key)
  }

  /** @internal */
  get(key: EncodedKey): Uint8Array | undefined {
    return this.#values.get(key)
  }

  /** @internal */
  list(from: EncodedKey, to: EncodedKey): (readonly [EncodedKey, Uint8Array])[] {
    return this.#keys.slice(this.#position(from), this.#position(to)).map((key) => [key, this.#values.get(key)!])
  }

  /** Where `key` stands, or would. */
  #position(key: EncodedKey): number {
    let low = 0
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#keys[middle]! < key) low = middle + 1
      else high = middle
    }
    return low
  }
}

/**
 * Opens a store that is gone with the process, for tests and for accounts that must leave nothing behind.
 *
 * @example
 * const store = openMemoryStore()
 * await store.commit({ put: [[['greeting'], new TextEncoder().encode('hello')]] })
 */
export function openMemoryStore(disk: MemoryDisk = new MemoryDisk()): Store {
  let isOpen = true
  let isDestroyed = false
  const assertOpen = () => {
    if (!isOpen) throw storeClosed()
  }
  return {
    async commit(batch: StoreBatch, { fence }: CommitOptions = {}) {
      assertOpen()
      if (fence !== undefined && fence !== disk.fences) throw fencedOff()
      // Everything that can be refused is refused here; from the first change on nothing can fail.
      const prefixes = (batch.removePrefix ?? []).map(prefixToRange)
      const removed = (batch.remove ?? []).map(keyToText)
      const put = (batch.put ?? []).map(([key, value]) => [keyToText(key), copyValue(value)] as const)

      for (const [from, to] of prefixes) disk.remove(from, to)
      // No key lies between an encoded key and itself followed by the lowest character.
      for (const key of removed) disk.remove(key, `${key}\0`)
      for (const [key, value] of put) disk.put(key, value)
    },
    async get(key: StoreKey) {
      assertOpen()
      const value = disk.get(keyToText(key))
      return value && copyValue(value)
    },
    async list(prefix: StoreKey) {
      assertOpen()
      return disk.list(...prefixToRange(prefix)).map(([key, value]) => [textToKey(key), copyValue(value)] as const)
    },
    async fence() {
      assertOpen()
      return ++disk.fences
    },
    async close() {
      isOpen = false
    },
    async destroy() {
      if (isDestroyed) return
      assertOpen()
      isOpen = false
      isDestroyed = true
      disk.remove(...prefixToRange([]))
    },
  }
}

function bytesToText(bytes: Uint8Array): EncodedKey {
  return String.fromCharCode(...bytes)
}

function keyToText(key: StoreKey): EncodedKey {
  return bytesToText(encodeKey(key))
}

function textToKey(text: EncodedKey): StoreKey {
  return decodeKey(Uint8Array.from(text, (character) => character.charCodeAt(0)))
}

function prefixToRange(prefix: StoreKey): readonly [EncodedKey, EncodedKey] {
  const [from, to] = encodeKeyRange(prefix)
  return [bytesToText(from), bytesToText(to)]
}
