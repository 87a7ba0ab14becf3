// What a device keeps its data in. Five methods, so that an adapter for another platform is an afternoon's work; the
// contract suite in `@owlivion/sync/testing` proves it.

/** A kind followed by parts, for example ['log', document, 17]. Numbers are whole and ≥ 0, order before text, and order by value; text orders by UTF-16 code unit. */
export type StoreKey = readonly (string | number)[]

/** Changes that are made together or not at all. */
export interface StoreBatch {
  /** Of two values for one key the later in the list stays. */
  readonly put?: readonly (readonly [StoreKey, Uint8Array])[]
  /** Applied before `put`. A key that is not there is no error. */
  readonly remove?: readonly StoreKey[]
  /** Removes every key that starts with this prefix (and the prefix itself when it is a key). Applied before `put`. */
  readonly removePrefix?: readonly StoreKey[]
}

/** How safe a batch has to be before `commit` resolves. */
export interface CommitOptions {
  /**
   * `relaxed` (default): survives the death of the process. `strict`: survives a power cut where the platform can promise it.
   */
  readonly durability?: 'relaxed' | 'strict'
  /** What `fence` answered: the batch is refused with `lead-lost` when `fence` was called again since, here or in another tab. */
  readonly fence?: number
}

/**
 * An implementer may assume: keys and values are not changed by the caller while a call runs; no two stores are open on the
 * same place at once, unless they have `fence`. An implementer promises:
 * - a batch is applied whole or not at all, even when the process is killed in the middle;
 * - batches are applied in the order of the `commit` calls, and a `get` or `list` that was called after a `commit` call sees it;
 * - when the promise of `commit` resolves, the batch survives the death of the process; when it rejects, nothing of it was applied;
 * - values come back as fresh copies that own their whole buffer; a value that was a view is stored without the rest of its buffer;
 * - after `close`, every call rejects with `closed`. `close` waits for commits under way and may be called twice;
 * - `destroy` closes the store and removes all that it kept, so that its place is as new. It waits for commits under way; when it rejects,
 *   it may be called again and goes on where it was. On a store that was closed it is refused like every other call.
 * Failures are SyncError `storage-failed` (retryable) with the platform's error as cause.
 */
export interface Store {
  commit(batch: StoreBatch, options?: CommitOptions): Promise<void>
  get(key: StoreKey): Promise<Uint8Array | undefined>
  /** Every entry whose key starts with `prefix`, in key order. */
  list(prefix: StoreKey): Promise<(readonly [StoreKey, Uint8Array])[]>
  close(): Promise<void>
  /**
   * There only when several tabs may have the place open at once. Ends what earlier callers may write: from now on, commits with an
   * older number are refused, by a check within the same transaction. Those that came before are complete, and seen by what is read
   * after this.
   */
  fence?(): Promise<number>
  /** Closes the store and removes everything it kept: every row, the files or the database it owns, and the key they were boxed under. */
  destroy(): Promise<void>
}
