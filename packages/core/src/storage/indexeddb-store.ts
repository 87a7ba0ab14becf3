// Rows in the browser's own database, kept as they are handed in; `openIndexedDbStore` boxes them first. Reached through idb-keyval with a
// store function of ours (see indexeddb-connection.ts).
// Keys are used as they are: IndexedDB orders arrays as store.ts asks, so nothing has to be decoded to read them in the inspector.
import { get, promisifyRequest, type UseStore } from 'idb-keyval'
import { fencedOff, storageFailure, storeClosed } from './failure'
import { IndexedDbConnection, lossKey } from './indexeddb-connection'
import { encodeKey, encodeKeyRange } from './key'
import type { CommitOptions, Store, StoreBatch, StoreKey } from './store'
import { copyValue } from './value'

/** Not an array as the keys of rows are, so that it lies outside every range of them. */
const fenceKey = 'fence'

export interface IndexedDbRows extends Store {
  /** Why the browser says that it lost what was here before; undefined when it says nothing of the kind. */
  loss(): Promise<string | undefined>
}

export async function openIndexedDbRows(factory: IDBFactory, name: string): Promise<IndexedDbRows> {
  return new IndexedDbStore(await IndexedDbConnection.open(factory, name))
}

class IndexedDbStore implements IndexedDbRows {
  readonly #connection: IndexedDbConnection
  readonly #use: Record<'relaxed' | 'strict', UseStore>
  /**
   * Settles when every commit so far has. One commit waits for the one before, because a commit that has to be repeated on a new
   * connection must neither be overtaken nor undo a later one.
   */
  #committed: Promise<unknown> = Promise.resolve()
  readonly #running = new Set<Promise<unknown>>()
  #closing: Promise<void> | undefined
  #isDestroyed = false

  constructor(connection: IndexedDbConnection) {
    this.#connection = connection
    this.#use = { relaxed: connection.withDurability('relaxed'), strict: connection.withDurability('strict') }
  }

  async commit(batch: StoreBatch, { durability = 'relaxed', fence }: CommitOptions = {}): Promise<void> {
    this.#assertOpen()
    const prefixes = (batch.removePrefix ?? []).map(prefixToRange)
    const removed = (batch.remove ?? []).map(checkedKey)
    const put = (batch.put ?? []).map(([key, value]) => [checkedKey(key), copyValue(value)] as const)

    const commit = this.#track(() =>
      this.#use[durability]('readwrite', async (store) => {
        if (fence !== undefined && (await promisifyRequest(store.get(fenceKey))) !== fence) throw fencedOff()
        for (const range of prefixes) store.delete(range)
        for (const key of removed) store.delete(key)
        for (const [key, value] of put) store.put(value, key)
      }),
    )
    this.#committed = commit.catch(() => {})
    await commit
  }

  async fence(): Promise<number> {
    this.#assertOpen()
    return await this.#track(() =>
      this.#use.strict('readwrite', async (store) => {
        const next = ((await promisifyRequest<number | undefined>(store.get(fenceKey))) ?? 0) + 1
        store.put(next, fenceKey)
        return next
      }),
    )
  }

  async loss(): Promise<string | undefined> {
    this.#assertOpen()
    return await this.#track(() => get<string>(lossKey, this.#use.relaxed))
  }

  async get(key: StoreKey): Promise<Uint8Array | undefined> {
    this.#assertOpen()
    const checked = checkedKey(key)
    return await this.#track(() => get<Uint8Array>(checked, this.#use.relaxed))
  }

  async list(prefix: StoreKey): Promise<(readonly [StoreKey, Uint8Array])[]> {
    this.#assertOpen()
    const range = prefixToRange(prefix)
    return await this.#track(async () => {
      const [keys, values] = await this.#use.relaxed('readonly', (store) =>
        Promise.all([promisifyRequest(store.getAllKeys(range)), promisifyRequest<Uint8Array[]>(store.getAll(range))]),
      )
      return keys.map((key, index) => [key as StoreKey, values[index]!] as const)
    })
  }

  close(): Promise<void> {
    this.#closing ??= Promise.allSettled(this.#running).then(() => this.#connection.close())
    return this.#closing
  }

  async destroy(): Promise<void> {
    if (!this.#isDestroyed) this.#assertOpen()
    this.#isDestroyed = true
    await this.close()
    await this.#connection.deleteDatabase()
  }

  #assertOpen(): void {
    if (this.#closing) throw storeClosed()
  }

  /** Runs a call after the commits before it, and keeps `close` waiting for it. */
  #track<T>(call: () => Promise<T>): Promise<T> {
    const running = this.#committed.then(call).catch((error: unknown) => {
      throw storageFailure(
        (error as Error | null)?.name === 'QuotaExceededError'
          ? 'The browser gives this site no more storage'
          : 'IndexedDB failed',
        error,
      )
    })
    this.#running.add(running)
    const done = () => this.#running.delete(running)
    running.then(done, done)
    return running
  }
}

/** The same keys are refused as in every other store, and not only those that IndexedDB has no order for. */
function checkedKey(key: StoreKey): IDBValidKey {
  encodeKey(key)
  return key as IDBValidKey
}

/** An array sorts behind every number and text, so prefix + [] is behind every key that starts with the prefix. */
function prefixToRange(prefix: StoreKey): IDBKeyRange {
  encodeKeyRange(prefix)
  return IDBKeyRange.bound(prefix, [...prefix, []], false, true)
}
