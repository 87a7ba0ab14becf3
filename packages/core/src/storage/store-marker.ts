// Remembers, outside of a store, that there is something in it. A browser may throw a whole database away: to make room, after some days in which
// nobody came by, or because it finds the files damaged. What is left then looks like a device that never had an account; this tells the two apart.
import type { CommitOptions, Store, StoreBatch, StoreKey } from './store'

/**
 * A note under a name of its own that a store holds data, kept where the store's database is not. An implementer promises: what was kept is read
 * again after a restart, for as long as the place is not cleared itself. Nothing in it is secret.
 *
 * @example
 * // A cookie outlives what some browsers clear after a week, if the server sets it.
 * const marker: StoreMarker = {
 *   read: async () => document.cookie.includes('had-mail=1'),
 *   keep: async () => void (await fetch('/had-mail', { method: 'PUT' })),
 *   remove: async () => void (await fetch('/had-mail', { method: 'DELETE' })),
 * }
 */
export interface StoreMarker {
  /** True when it was kept and not removed since. */
  read(): Promise<boolean>
  keep(): Promise<void>
  remove(): Promise<void>
}

/** In the page's local storage, which browsers keep in other files than their databases. In a worker, which has none, nothing is remembered. */
export function localStorageMarker(name: string): StoreMarker {
  const key = `owlivion-sync ${name}`
  const use = <T>(call: (storage: globalThis.Storage) => T, otherwise: T): T => {
    try {
      // Reading the property throws where the person has forbidden it, and writing where it is full.
      return globalThis.localStorage === undefined ? otherwise : call(globalThis.localStorage)
    } catch {
      // The store works without it, and is only not missed when it is gone.
      return otherwise
    }
  }
  return {
    read: async () => use((storage) => storage.getItem(key) !== null, false),
    keep: async () => use((storage) => storage.setItem(key, '1'), undefined),
    remove: async () => use((storage) => storage.removeItem(key), undefined),
  }
}

/** A store whose marker is kept from its first row on. One that was only looked into leaves none. */
export class MarkedStore implements Store {
  readonly fence?: () => Promise<number>
  private isMarked = false

  constructor(
    private readonly store: Store,
    private readonly marker: StoreMarker,
  ) {
    const fence = store.fence?.bind(store)
    if (fence !== undefined) this.fence = fence
  }

  async commit(batch: StoreBatch, options?: CommitOptions): Promise<void> {
    await this.store.commit(batch, options)
    if (this.isMarked || (batch.put ?? []).length === 0) return
    this.isMarked = true
    // A marker that cannot be kept is tried again with the next start.
    await this.marker.keep().catch(() => {})
  }

  get(key: StoreKey): Promise<Uint8Array | undefined> {
    return this.store.get(key)
  }

  list(prefix: StoreKey): Promise<(readonly [StoreKey, Uint8Array])[]> {
    return this.store.list(prefix)
  }

  close(): Promise<void> {
    return this.store.close()
  }

  /** The marker first: without it rows are marked again, and without rows it would speak of a loss. */
  async destroy(): Promise<void> {
    await this.marker.remove()
    this.isMarked = false
    await this.store.destroy()
  }
}
