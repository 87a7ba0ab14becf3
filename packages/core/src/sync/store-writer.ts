// The one writer of a profile's store. Batches that arrive while a commit is under way become one commit, so all edits of a
// turn share a storage transaction; a batch that fails stays at the head and is retried, and nothing overtakes it.
import { isSyncError, SyncError } from '../errors'
import type { Platform } from '../platform'
import type { Store, StoreBatch, StoreKey } from '../storage'
import { backoffMs } from './connection/backoff'

/** Rows that hold what a person wrote and no relay has. Rows of other kinds can be made or read again. */
const editKinds: ReadonlySet<unknown> = new Set(['pending', 'lane'])

interface Waiting {
  readonly batch: StoreBatch
  readonly strict: boolean
  readonly resolve: () => void
  readonly reject: (error: SyncError) => void
}

export class StoreWriter {
  private queue: Waiting[] = []
  /** In the commit that is under way. */
  private taken: readonly Waiting[] = []
  private running = false
  private failures = 0
  private cancelRetry: (() => void) | undefined
  private closing = false
  private closed = false
  private idleListeners: (() => void)[] = []
  private triedListeners: (() => void)[] = []
  private lostEdits = 0

  constructor(
    private readonly store: Store,
    private readonly platform: Platform,
    /** Called with the error when a commit fails and will be retried, with undefined when it works again. */
    private readonly onHealth: (error: SyncError | undefined) => void,
  ) {}

  /** Resolves when the batch is committed. Rejects only when the writer is closed first. */
  write(batch: StoreBatch, options: { readonly strict?: boolean } = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.closed) {
        reject(new SyncError('closed', 'The account is closed.'))
        return
      }
      this.queue.push({ batch, strict: options.strict ?? false, resolve, reject })
      this.schedule()
    })
  }

  /** Resolves when everything handed over before is committed, however much follows. */
  barrier(): Promise<void> {
    return this.write({})
  }

  private async idle(): Promise<void> {
    if (this.queue.length > 0 || this.running) await new Promise<void>((resolve) => this.idleListeners.push(resolve))
  }

  /** Edits that are in memory only: not on the disk yet, or, once it is closed, never. */
  get unsavedEdits(): number {
    return this.lostEdits + countEdits([...this.taken, ...this.queue])
  }

  /** Does not wait until what failed is due again. @returns when it was tried, whatever came of it */
  async tryNow(): Promise<void> {
    if (this.failures === 0 || this.closed) return
    this.cancelRetry?.()
    this.cancelRetry = undefined
    const tried = new Promise<void>((resolve) => this.triedListeners.push(resolve))
    this.schedule()
    await tried
  }

  /** Waits for what can be written; what a broken store refuses is rejected as `closed`. */
  async close(): Promise<void> {
    this.closing = true
    if (this.failures === 0) await this.idle()
    this.closed = true
    this.cancelRetry?.()
    this.rejectQueue()
  }

  /** Another tab writes this profile from now on. */
  private giveUp(error: SyncError): void {
    this.closed = true
    this.running = false
    this.rejectQueue(error)
    this.nowIdle()
  }

  private rejectQueue(error = new SyncError('closed', 'The account was closed before this could be stored.')): void {
    const left = this.queue
    this.queue = []
    if (error.code === 'closed') this.lostEdits += countEdits(left)
    for (const waiting of left) waiting.reject(error)
  }

  private nowIdle(): void {
    const listeners = this.idleListeners
    this.idleListeners = []
    for (const listener of listeners) listener()
    this.nowTried()
  }

  private nowTried(): void {
    const listeners = this.triedListeners
    this.triedListeners = []
    for (const listener of listeners) listener()
  }

  private schedule(): void {
    if (this.running || this.cancelRetry !== undefined) return
    this.running = true
    void Promise.resolve().then(() => this.run())
  }

  private async run(): Promise<void> {
    while (this.queue.length > 0 && !this.closed) {
      const taken = this.queue
      this.queue = []
      this.taken = taken
      try {
        await this.store.commit(
          mergeBatches(taken.map((item) => item.batch)),
          taken.some((item) => item.strict) ? { durability: 'strict' } : {},
        )
      } catch (error) {
        this.queue = [...taken, ...this.queue]
        this.taken = []
        if (isSyncError(error, 'lead-lost')) {
          this.giveUp(error)
          return
        }
        this.retryLater(error)
        return
      }
      if (this.failures > 0) {
        this.failures = 0
        this.onHealth(undefined)
      }
      this.taken = []
      for (const item of taken) item.resolve()
    }
    this.running = false
    this.nowIdle()
  }

  private retryLater(cause: unknown): void {
    this.running = false
    this.failures++
    this.onHealth(
      isSyncError(cause)
        ? cause
        : new SyncError('storage-failed', 'The device could not write to its store.', { cause }),
    )
    if (this.closed) this.rejectQueue()
    this.nowTried()
    // Nobody is to wait for a store that has just begun to fail.
    if (this.closing) {
      this.nowIdle()
      return
    }
    this.cancelRetry = this.platform.setTimer(backoffMs(this.failures, this.platform.random), () => {
      this.cancelRetry = undefined
      this.schedule()
    })
  }
}

function countEdits(items: readonly Waiting[]): number {
  const keys = items.flatMap(({ batch }) => batch.put?.flatMap(([key]) => (editKinds.has(key[0]) ? [key] : [])) ?? [])
  return new Set(keys.map((key) => JSON.stringify(key))).size
}

/** One batch with the effect of all in order: of two writes to one key the later counts. */
function mergeBatches(batches: readonly StoreBatch[]): StoreBatch {
  const [only] = batches
  if (batches.length === 1 && only !== undefined) return only
  const effects = new Map<string, { key: StoreKey; value: Uint8Array | undefined }>()
  const prefixes: StoreKey[] = []
  for (const batch of batches) {
    for (const prefix of batch.removePrefix ?? []) {
      prefixes.push(prefix)
      for (const [id, { key }] of effects) if (prefix.every((part, i) => key[i] === part)) effects.delete(id)
    }
    for (const key of batch.remove ?? []) effects.set(JSON.stringify(key), { key, value: undefined })
    for (const [key, value] of batch.put ?? []) effects.set(JSON.stringify(key), { key, value })
  }
  const put: (readonly [StoreKey, Uint8Array])[] = []
  const remove: StoreKey[] = []
  for (const { key, value } of effects.values()) {
    if (value === undefined) remove.push(key)
    else put.push([key, value])
  }
  return { put, remove, removePrefix: prefixes }
}
